// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

// Says what it is: what the compiler built it for, and on what it finds itself running.

#include <stdio.h>
#include <sys/utsname.h>

#if defined(__x86_64__)
#define ARCHITECTURE "x86-64"
#elif defined(__aarch64__)
#define ARCHITECTURE "AArch64"
#elif defined(__arm__)
#define ARCHITECTURE "ARM"
#elif defined(__i386__)
#define ARCHITECTURE "x86"
#elif defined(__riscv)
#define ARCHITECTURE "RISC-V"
#elif defined(__powerpc64__)
#define ARCHITECTURE "POWER"
#elif defined(__s390x__)
#define ARCHITECTURE "z/Architecture"
#else
#define ARCHITECTURE "some other machine"
#endif

int main(void) {
    struct utsname machine;
    if (uname(&machine) != 0) {
        perror("uname");
        return 1;
    }
    printf("built for %s, running on %s, %zu-bit pointers\n", ARCHITECTURE, machine.machine, 8 * sizeof(void *));
    return 0;
}
