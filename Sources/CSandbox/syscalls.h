// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

// The system calls that libc has no function for, or whose libc function may not be used between clone and execve:
// setresuid(3) and friends tell every thread, and after a clone the other threads are not there to answer.

#pragma once

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

// Newer than some headers; one number on every architecture.
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif

// On 32-bit x86 and ARM the plain calls take 16-bit ids.
#ifdef SYS_setresuid32
#define MF_SETRESUID SYS_setresuid32
#define MF_SETRESGID SYS_setresgid32
#define MF_SETGROUPS SYS_setgroups32
#else
#define MF_SETRESUID SYS_setresuid
#define MF_SETRESGID SYS_setresgid
#define MF_SETGROUPS SYS_setgroups
#endif

// linux/mount.h and sys/mount.h of some libc versions cannot both be included.
int mount(const char *, const char *, const char *, unsigned long, const void *);
int umount2(const char *, int);
#ifndef MNT_DETACH
#define MNT_DETACH 2
#endif

static inline long mf_clone3(struct clone_args *arguments) {
    return syscall(SYS_clone3, arguments, sizeof *arguments);
}

static inline int mf_close_range(unsigned first, unsigned last, unsigned flags) {
    return (int)syscall(SYS_close_range, first, last, flags);
}

static inline int mf_fsopen(const char *type) { return (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC); }

static inline int mf_fsconfig(int fs, unsigned command, const char *key, const void *value, int auxiliary) {
    return (int)syscall(SYS_fsconfig, fs, command, key, value, auxiliary);
}

static inline int mf_fsmount(int fs, unsigned attributes) {
    return (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attributes);
}

static inline int mf_open_tree(int directory, const char *path, unsigned flags) {
    return (int)syscall(SYS_open_tree, directory, path, flags);
}

static inline int mf_move_mount(int mount, int directory, const char *path, unsigned flags) {
    return (int)syscall(SYS_move_mount, mount, "", directory, path, flags | MOVE_MOUNT_F_EMPTY_PATH);
}

static inline int mf_mount_setattr(int mount, const char *path, unsigned flags, struct mount_attr *attributes) {
    return (int)syscall(SYS_mount_setattr, mount, path, flags, attributes, sizeof *attributes);
}

/// Configures an overlay; used by the child, so nothing here allocates. `detail` says what failed.
int mf_overlay(const char *const *options, size_t count, int *detail);
/// Sets the options of a file system that is being made; a path that is too long for fsconfig goes by descriptor.
int mf_configure(int fs, const char *const *options, size_t count);
