// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "csandbox.h"

static bool is_name(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '%'; }

bool mf_qemu_version(int descriptor, char *line, size_t size) {
    static const char prefix[] = "qemu-", middle[] = " version ";
    enum { MIDDLE = sizeof middle - 1, PREFIX = sizeof prefix - 1, LONGEST_NAME = 32 };
    struct stat status;
    if (size == 0 || fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size <= 0) return false;
    size_t length = (size_t)status.st_size;
    char *bytes = mmap(NULL, length, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (bytes == MAP_FAILED) return false;
    const char *end = bytes + length;
    bool found = false;
    for (const char *at = bytes; !found && (at = memmem(at, (size_t)(end - at), prefix, PREFIX)) != NULL; at++) {
        const char *name = at + PREFIX, *word = name;
        while (word < end && word - name < LONGEST_NAME && is_name(*word)) word++;
        if (word == name || end - word <= MIDDLE || memcmp(word, middle, MIDDLE) != 0) continue;
        // A format (`qemu-%s version %s`) says nothing.
        if (word[MIDDLE] < '0' || word[MIDDLE] > '9') continue;
        size_t count = 0;
        while (count < size - 1 && at + count < end && at[count] >= ' ' && at[count] <= '~') count++;
        memcpy(line, at, count);
        line[count] = '\0';
        found = true;
    }
    munmap(bytes, length);
    return found;
}
