// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

// File systems by the mount interface of Linux 5.2 and newer: made detached, then put in their place by descriptor,
// so that no path is looked up twice.

#include "csandbox.h"
#include "syscalls.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>

const unsigned long MF_PERSONALITY_LINUX32 = PER_LINUX32;
const uint64_t MF_MOUNT_READ_ONLY = MOUNT_ATTR_RDONLY;
const uint64_t MF_MOUNT_NO_SETUID = MOUNT_ATTR_NOSUID;
const uint64_t MF_MOUNT_NO_DEVICES = MOUNT_ATTR_NODEV;
const uint64_t MF_MOUNT_NO_EXECUTE = MOUNT_ATTR_NOEXEC;

enum { FSCONFIG_VALUE_LIMIT = 255 };

// Writes "/proc/self/fd/N" without stdio, which may hold a lock.
static void descriptor_path(char *text, int descriptor) {
    static const char prefix[] = "/proc/self/fd/";
    char digits[12];
    int count = 0;
    do {
        digits[count++] = (char)('0' + descriptor % 10);
        descriptor /= 10;
    } while (descriptor > 0);
    memcpy(text, prefix, sizeof prefix - 1);
    text += sizeof prefix - 1;
    while (count > 0) *text++ = digits[--count];
    *text = '\0';
}

int mf_configure(int fs, const char *const *options, size_t count) {
    for (size_t i = 0; i + 1 < count; i += 2) {
        const char *key = options[i], *value = options[i + 1];
        int result;
        if (!value) {
            result = mf_fsconfig(fs, FSCONFIG_SET_FLAG, key, NULL, 0);
        } else if (strlen(value) <= FSCONFIG_VALUE_LIMIT) {
            result = mf_fsconfig(fs, FSCONFIG_SET_STRING, key, value, 0);
        } else {
            char path[40];
            int descriptor = open(value, O_PATH | O_CLOEXEC);
            if (descriptor < 0) return -1;
            descriptor_path(path, descriptor);
            result = mf_fsconfig(fs, FSCONFIG_SET_STRING, key, path, 0);
            int saved = errno;
            close(descriptor);
            errno = saved;
        }
        if (result < 0) return -1;
    }
    return 0;
}

int mf_overlay(const char *const *options, size_t count, int *detail) {
    *detail = MF_DETAIL_MOUNT;
    int fs = mf_fsopen("overlay");
    if (fs < 0) return -1;
    int mount = -1;
    *detail = MF_DETAIL_OPTIONS;
    if (mf_configure(fs, options, count) == 0) {
        *detail = MF_DETAIL_MOUNT;
        if (mf_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0) mount = mf_fsmount(fs, 0);
    }
    int saved = errno;
    close(fs);
    errno = saved;
    return mount;
}

int mf_overlay_view(const char *const *lower, size_t count) {
    if (count == 1) return open(lower[0], O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fs = mf_fsopen("overlay");
    if (fs < 0) return -1;
    int mount = -1;
    const char *flag[2] = {"userxattr", NULL};
    int result = mf_configure(fs, flag, 2);
    for (size_t i = 0; result == 0 && i < count; i++) {
        const char *option[2] = {"lowerdir+", lower[i]};
        result = mf_configure(fs, option, 2);
    }
    if (result == 0 && mf_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0) {
        mount = mf_fsmount(fs, MOUNT_ATTR_RDONLY);
    }
    int saved = errno;
    close(fs);
    errno = saved;
    return mount;
}

int mf_mount_binfmt(void) {
    // In the first user namespace this would be the host's own list, which is not ours to change.
    if (mf_in_initial_user_namespace()) {
        errno = EPERM;
        return -1;
    }
    int fs = mf_fsopen("binfmt_misc");
    if (fs < 0) return -1;
    int mount = -1;
    if (mf_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0) mount = mf_fsmount(fs, 0);
    int saved = errno;
    close(fs);
    errno = saved;
    return mount;
}

int mf_open_in_root(int root, const char *path, int flags, uint32_t mode) {
    struct open_how how = {
        .flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
        .mode = mode,
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };
    // EAGAIN: something was renamed meanwhile and the kernel cannot be sure that the path stays inside.
    for (int tries = 0;; tries++) {
        int descriptor = (int)syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof how);
        if (descriptor >= 0 || errno != EAGAIN || tries == 32) return descriptor;
    }
}

int mf_look_in_root(int root, const char *path) { return mf_open_in_root(root, path, O_PATH | O_NOFOLLOW, 0); }

void mf_copy_attributes(int source, int target) {
    char names[65536], value[65536];
    ssize_t length = flistxattr(source, names, sizeof names);
    for (const char *name = names; length > 0 && name < names + length; name += strlen(name) + 1) {
        if (strncmp(name, "user.overlay.", 13) == 0 || strncmp(name, "trusted.overlay.", 16) == 0) continue;
        ssize_t size = fgetxattr(source, name, value, sizeof value);
        if (size >= 0) (void)fsetxattr(target, name, value, (size_t)size, 0);
    }
}

int mf_memory_file(void) { return memfd_create("manifold", MFD_CLOEXEC); }

bool mf_in_initial_user_namespace(void) {
    // The first user namespace's inode number is fixed (PROC_USER_INIT_INO in the kernel's proc_ns.h).
    struct stat status;
    if (stat("/proc/self/ns/user", &status) < 0) return true;
    return status.st_ino == 0xEFFFFFFDU;
}

bool mf_runs_linux32(void) {
    int before = personality(0xffffffff);
    if (before < 0 || personality(PER_LINUX32) < 0) return false;
    personality((unsigned long)before);
    return true;
}

int mf_watch(const int *descriptors, size_t count) {
    int watch = epoll_create1(EPOLL_CLOEXEC);
    if (watch < 0) return -1;
    for (size_t i = 0; i < count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
        if (descriptors[i] >= 0 && epoll_ctl(watch, EPOLL_CTL_ADD, descriptors[i], &event) < 0) {
            int saved = errno;
            close(watch);
            errno = saved;
            return -1;
        }
    }
    return watch;
}

int mf_watch_more(int watch, int descriptor, uint32_t tag) {
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = tag};
    return epoll_ctl(watch, EPOLL_CTL_ADD, descriptor, &event);
}

uint32_t mf_ready(int watch) {
    struct epoll_event events[8];
    int count = epoll_wait(watch, events, 8, 0);
    uint32_t ready = 0;
    for (int i = 0; i < count; i++) ready |= 1U << events[i].data.u32;
    return ready;
}

void mf_unwatch(int watch, int descriptor) { epoll_ctl(watch, EPOLL_CTL_DEL, descriptor, NULL); }

int mf_kill(int pidfd) { return (int)syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0); }

int mf_reap(int pidfd) {
    siginfo_t info;
    int result;
    do {
        // __WALL: our children send no signal when they end, and only so does waitid see them.
        result = waitid((idtype_t)3 /* P_PIDFD */, (id_t)pidfd, &info, WEXITED | __WALL);
    } while (result < 0 && errno == EINTR);
    return result;
}
