// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

// The operations of a plan, each a few system calls. Nothing here may allocate or lock: see spawn.c.

#include "child.h"
#include "syscalls.h"

#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

static int failed(struct child *child, int detail) {
    child->detail = detail;
    return -1;
}

// ---- Mounts ----

static int open_target(struct child *child, const struct mf_operation *operation) {
    return mf_open_in_root(child->slots[operation->slot], operation->target, O_PATH, 0);
}

static int place(struct child *child, int mount, int target) {
    if (mf_move_mount(mount, target, "", MOVE_MOUNT_T_EMPTY_PATH) < 0) return failed(child, MF_DETAIL_PLACE);
    return 0;
}

static int set_attributes(struct child *child, int mount, uint64_t attributes) {
    if (attributes == 0) return 0;
    struct mount_attr wanted = {.attr_set = attributes};
    if (mf_mount_setattr(mount, "", AT_EMPTY_PATH | AT_RECURSIVE, &wanted) < 0) {
        return failed(child, MF_DETAIL_ATTRIBUTES);
    }
    return 0;
}

static int open_root(struct child *child, const char *path) {
    int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) return failed(child, MF_DETAIL_TARGET);
    child->slots[child->operation->slot] = root;
    return 0;
}

// Kernels before 6.5 take the layers as one option, which fsconfig limits to 255 bytes and mount(2) to a page. The
// layers are named by short descriptors' paths, so that a page holds about two hundred.
static int legacy_overlay(struct child *child, const struct mf_operation *operation) {
    static char data[4096];
    size_t length = 0;
    bool in_layers = false;
    for (size_t i = 0; i + 1 < operation->strings_count; i += 2) {
        const char *key = operation->strings[i], *value = operation->strings[i + 1];
        bool layer = strcmp(key, "lowerdir+") == 0;
        char path[40] = "/proc/self/fd/";
        size_t path_length = 0;
        if (value) {
            int descriptor = open(value, O_PATH | O_CLOEXEC);
            if (descriptor < 0) return failed(child, MF_DETAIL_SOURCE);
            char digits[12];
            int count = 0;
            for (int rest = descriptor; rest > 0 || count == 0; rest /= 10) digits[count++] = (char)('0' + rest % 10);
            path_length = 14;
            while (count > 0) path[path_length++] = digits[--count];
        }
        if (layer) key = "lowerdir";
        size_t key_length = strlen(key);
        if (length + key_length + path_length + 3 > sizeof data) {
            errno = E2BIG;
            return failed(child, MF_DETAIL_OPTIONS);
        }
        if (layer && in_layers) {
            data[length++] = ':';
        } else {
            if (length > 0) data[length++] = ',';
            memcpy(data + length, key, key_length);
            length += key_length;
            if (value) data[length++] = '=';
        }
        memcpy(data + length, path, path_length);
        length += path_length;
        in_layers = layer;
    }
    data[length] = '\0';
    if (mount("overlay", operation->source, "overlay", 0, data) < 0) return failed(child, MF_DETAIL_MOUNT);
    // The mount holds the layers now.
    mf_close_range(FIRST_FREE, ~0U, 0);
    return open_root(child, operation->source);
}

static int mount_overlay(struct child *child, const struct mf_operation *operation) {
    if (operation->flags & MF_LEGACY) return legacy_overlay(child, operation);
    int overlay = mf_overlay(operation->strings, operation->strings_count, &child->detail);
    if (overlay < 0) return -1;
    if (mf_move_mount(overlay, AT_FDCWD, operation->source, 0) < 0) return failed(child, MF_DETAIL_PLACE);
    child->slots[operation->slot] = overlay;
    return 0;
}

static int bind_root(struct child *child, const struct mf_operation *operation) {
    int tree = mf_open_tree(AT_FDCWD, operation->strings[0], OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    if (tree < 0) return failed(child, MF_DETAIL_SOURCE);
    if (mf_move_mount(tree, AT_FDCWD, operation->source, 0) < 0) return failed(child, MF_DETAIL_PLACE);
    child->slots[operation->slot] = tree;
    return 0;
}

static int make_file_system(struct child *child, const struct mf_operation *operation) {
    int fs = mf_fsopen(operation->source);
    if (fs < 0) return failed(child, MF_DETAIL_MOUNT);
    if (mf_configure(fs, operation->strings, operation->strings_count) < 0) return failed(child, MF_DETAIL_OPTIONS);
    if (mf_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0) return failed(child, MF_DETAIL_MOUNT);
    int mount = mf_fsmount(fs, (unsigned)operation->number);
    if (mount < 0) return failed(child, MF_DETAIL_MOUNT);
    close(fs);
    child->slots[operation->slot] = mount;
    return 0;
}

static int attach(struct child *child, const struct mf_operation *operation) {
    int target = open_target(child, operation);
    if (target < 0) {
        if (errno == ENOENT && (operation->flags & MF_SKIP_MISSING_TARGET)) return 0;
        return failed(child, MF_DETAIL_TARGET);
    }
    int result = place(child, child->slots[operation->other], target);
    close(target);
    return result;
}

static int bind_path(struct child *child, const struct mf_operation *operation) {
    int target = open_target(child, operation);
    if (target < 0) {
        if (errno == ENOENT && (operation->flags & MF_SKIP_MISSING_TARGET)) return 0;
        return failed(child, MF_DETAIL_TARGET);
    }
    unsigned recursive = operation->flags & MF_RECURSIVE ? AT_RECURSIVE : 0;
    int tree = mf_open_tree(AT_FDCWD, operation->source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | recursive);
    if (tree < 0) {
        if (errno == ENOENT && (operation->flags & MF_SKIP_MISSING_SOURCE)) {
            close(target);
            return 0;
        }
        return failed(child, MF_DETAIL_SOURCE);
    }
    if (set_attributes(child, tree, operation->number) < 0) return -1;
    int result = place(child, tree, target);
    close(tree);
    close(target);
    return result;
}

static int restrict_path(struct child *child, const struct mf_operation *operation) {
    int target = open_target(child, operation);
    if (target < 0) {
        if (errno == ENOENT && (operation->flags & MF_SKIP_MISSING_TARGET)) return 0;
        return failed(child, MF_DETAIL_TARGET);
    }
    int tree = mf_open_tree(target, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    if (tree < 0) return failed(child, MF_DETAIL_SOURCE);
    if (set_attributes(child, tree, operation->number) < 0) return -1;
    int result = place(child, tree, target);
    close(tree);
    close(target);
    return result;
}

static int protect(struct child *child, const struct mf_operation *operation) {
    struct mount_attr wanted = {.attr_set = operation->number};
    return mf_mount_setattr(child->slots[operation->slot], "", AT_EMPTY_PATH, &wanted);
}

static int make_file(struct child *child, const struct mf_operation *operation) {
    int file = openat(
        child->slots[operation->slot], operation->target, O_CREAT | O_EXCL | O_RDONLY | O_CLOEXEC,
        (mode_t)operation->number);
    if (file < 0) return -1;
    close(file);
    return 0;
}

static int pivot(struct child *child, const struct mf_operation *operation) {
    if (fchdir(child->slots[operation->slot]) < 0) return -1;
    // The new root is put on top of the old one, which is then taken away from under it (pivot_root(2), NOTES).
    if (syscall(SYS_pivot_root, ".", ".") < 0) return -1;
    if (umount2(".", MNT_DETACH) < 0) return -1;
    return chdir("/");
}

static int bring_loopback_up(void) {
    int socket_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket_ < 0) return -1;
    struct ifreq request = {.ifr_name = "lo"};
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    int result = ioctl(socket_, SIOCSIFFLAGS, &request);
    int saved = errno;
    close(socket_);
    errno = saved;
    return result;
}

// ---- Rights ----

static int drop_bounding(uint64_t keep) {
    for (unsigned capability = 0; capability < 64; capability++) {
        if (keep >> capability & 1) continue;
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0) {
            // The first number that the kernel does not know ends the list.
            if (errno == EINVAL) return 0;
            return -1;
        }
    }
    return 0;
}

static int set_capabilities(uint64_t mask) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {
        {.effective = (uint32_t)mask, .permitted = (uint32_t)mask},
        {.effective = (uint32_t)(mask >> 32), .permitted = (uint32_t)(mask >> 32)},
    };
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL) return -1;
    return (int)syscall(SYS_capset, &header, data);
}

static int install_filter(const struct mf_operation *operation) {
    struct sock_fprog program = {
        .len = (unsigned short)(operation->bytes_count / sizeof(struct sock_filter)),
        .filter = (struct sock_filter *)operation->bytes,
    };
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

// ---- All of them ----

int mf_carry_out(struct child *child, const struct mf_operation *operation) {
    switch (operation->code) {
    case MF_OVERLAY: return mount_overlay(child, operation);
    case MF_BIND_ROOT: return bind_root(child, operation);
    case MF_FILE_SYSTEM: return make_file_system(child, operation);
    case MF_ATTACH: return attach(child, operation);
    case MF_BIND: return bind_path(child, operation);
    case MF_RESTRICT: return restrict_path(child, operation);
    case MF_PROTECT: return protect(child, operation);
    case MF_DIRECTORY:
        return mkdirat(child->slots[operation->slot], operation->target, (mode_t)operation->number);
    case MF_FILE: return make_file(child, operation);
    case MF_SYMLINK: return symlinkat(operation->source, child->slots[operation->slot], operation->target);
    case MF_PIVOT: return pivot(child, operation);
    case MF_HOSTNAME: return sethostname(operation->source, strlen(operation->source));
    case MF_LOOPBACK: return bring_loopback_up();
    case MF_TERMINAL: return mf_make_terminal(operation);
    case MF_CHDIR: return chdir(operation->target);
    case MF_LIMIT: {
        struct rlimit limit = {.rlim_cur = (rlim_t)operation->number, .rlim_max = (rlim_t)operation->second};
        return setrlimit((__rlimit_resource_t)operation->slot, &limit);
    }
    case MF_PERSONALITY: return personality((unsigned long)operation->number) < 0 ? -1 : 0;
    case MF_BOUNDING: return drop_bounding(operation->number);
    case MF_SECCOMP: return install_filter(operation);
    case MF_GROUPS:
        return (int)syscall(MF_SETGROUPS, operation->bytes_count / sizeof(gid_t), operation->bytes);
    case MF_GROUP: return (int)syscall(MF_SETRESGID, operation->number, operation->number, operation->number);
    case MF_USER: return (int)syscall(MF_SETRESUID, operation->number, operation->number, operation->number);
    case MF_CAPABILITIES: return set_capabilities(operation->number);
    default: errno = ENOSYS; return -1;
    }
}
