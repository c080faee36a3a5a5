// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

// Whether this process could enter namespaces of its own, tried by a child that is thrown away. The child of a program
// with threads may call nothing but what signal handlers may, which system calls are.

#include "csandbox.h"
#include "syscalls.h"

#include <sched.h>
#include <sys/wait.h>
#include <sys/xattr.h>

// linux/mount.h has the new flags; these are the old ones.
enum { REC = 16384, SLAVE = 1 << 19 };

enum mf_trial mf_try_namespaces(int *error) {
    int answer[2];
    *error = 0;
    if (pipe2(answer, O_CLOEXEC) < 0) {
        *error = errno;
        return MF_TRIAL_UNKNOWN;
    }
    pid_t child = fork();
    if (child == 0) {
        int result[2] = {MF_TRIAL_OK, 0};
        if (syscall(SYS_unshare, CLONE_NEWUSER | CLONE_NEWNS) < 0) {
            result[0] = MF_TRIAL_NO_NAMESPACE;
            result[1] = errno;
        } else if (mount(NULL, "/", NULL, REC | SLAVE, NULL) < 0) {
            result[0] = MF_TRIAL_NO_MOUNT;
            result[1] = errno;
        }
        _exit(write(answer[1], result, sizeof result) == sizeof result ? 0 : 1);
    }
    int saved = errno;
    close(answer[1]);
    int result[2] = {MF_TRIAL_UNKNOWN, saved};
    if (child > 0) {
        if (read(answer[0], result, sizeof result) != sizeof result) result[0] = MF_TRIAL_UNKNOWN;
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR) continue;
    }
    close(answer[0]);
    *error = result[1];
    return (enum mf_trial)result[0];
}

bool mf_has_capabilities(const char *path) { return getxattr(path, "security.capability", NULL, 0) > 0; }
