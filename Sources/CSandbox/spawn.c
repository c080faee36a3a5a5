// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

// The child between clone3 and execve.
//
// The program that calls this has many threads. After the clone only the calling thread exists in the child, and any lock
// that another thread held at that moment, malloc's among them, stays locked for ever. So nothing below mf_child may
// allocate, use stdio, or call a libc function that speaks to other threads; whatever needs memory was prepared before.
//
// Two processes come of it. The first, "init", is process 1 of the new pid namespace: when it ends, the kernel kills
// every other process in there. It makes the file systems, forks the process that becomes the program, and then waits
// for two things: the program's end, which it reports, and the end of manifold, which it sees as end of file on the
// lifeline. PR_SET_PDEATHSIG would not do: it fires when the *thread* that cloned ends, and pool threads come and go.

#include "csandbox.h"
#include "syscalls.h"

#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { REPORT = 3, LIFELINE = 4, FIRST_FREE = 5 };

// Where this program's arguments and environment lie. Init is a copy of manifold, and everybody in the sandbox may
// read /proc/1/cmdline, so it wipes them: a build argument may be a password.
static char *const *program_arguments;
static char *const *program_environment;

__attribute__((constructor)) static void remember_arguments(int argc, char **argv, char **environment) {
    (void)argc;
    program_arguments = argv;
    program_environment = environment;
}

static void wipe(char *const *strings) {
    if (!strings) return;
    for (; *strings; strings++) memset(*strings, 0, strlen(*strings));
}

struct child {
    const struct mf_plan *plan;
    const struct mf_operation *operation;
    int detail;
    int slots[MF_SLOTS];
};

static void write_report(uint32_t kind, int index, int error, int detail, const void *file, uint32_t length) {
    // One write of less than PIPE_BUF bytes is whole or not at all.
    unsigned char buffer[sizeof(struct mf_report) + MF_REPORT_FILE];
    struct mf_report report = {
        .kind = kind, .index = index, .error = error, .detail = detail, .length = length};
    memcpy(buffer, &report, sizeof report);
    if (length > 0) memcpy(buffer + sizeof report, file, length);
    ssize_t written;
    do {
        written = write(REPORT, buffer, sizeof report + length);
    } while (written < 0 && errno == EINTR);
}

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

// ---- The program ----

static _Noreturn void execute(struct child *child, const struct mf_operation *operation, int index) {
    const char *file = NULL;
    int error = ENOENT;
    for (size_t i = 0; i < operation->strings_count; i++) {
        const char *candidate = operation->strings[i];
        execve(candidate, (char *const *)child->plan->arguments, (char *const *)child->plan->environment);
        // As execvp(3): what is not there is passed over, what may not be executed is remembered.
        if (errno == ENOENT || errno == ENOTDIR) {
            struct stat status;
            if (errno == ENOENT && stat(candidate, &status) == 0) {
                file = candidate;
                error = ENOENT;
                break;
            }
            continue;
        }
        file = candidate;
        error = errno;
        if (error != EACCES) break;
    }
    static unsigned char beginning[MF_REPORT_FILE];
    ssize_t length = 0;
    if (file) {
        int descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (descriptor >= 0) length = read(descriptor, beginning, sizeof beginning);
        if (length < 0) length = 0;
    }
    int detail = file && error == ENOENT ? MF_DETAIL_INTERPRETER : MF_DETAIL_WHOLE;
    write_report(MF_FAILED, index, error, detail, beginning, (uint32_t)length);
    _exit(127);
}

static void reset_signals(void) {
    struct sigaction action = {.sa_handler = SIG_DFL};
    for (int number = 1; number <= 64; number++) sigaction(number, &action, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

// ---- Init ----

static _Noreturn void be_init(pid_t program) {
    // Not dumpable: nobody in the sandbox may look into the copy of manifold's memory that this process is.
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    prctl(PR_SET_NAME, "init", 0, 0, 0);
    wipe(program_arguments);
    wipe(program_environment);
    close(0);
    close(1);
    close(2);
    mf_close_range(FIRST_FREE, ~0U, 0);

    sigset_t child_ended;
    sigemptyset(&child_ended);
    sigaddset(&child_ended, SIGCHLD);
    int signals = signalfd(-1, &child_ended, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals < 0) _exit(1);
    struct pollfd watched[2] = {{.fd = LIFELINE, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
    for (;;) {
        for (;;) {
            int status;
            pid_t ended = waitpid(-1, &status, WNOHANG | __WALL);
            if (ended <= 0) break;
            if (ended != program) continue;
            if (WIFSIGNALED(status)) {
                write_report(MF_SIGNALLED, 0, WTERMSIG(status), 0, NULL, 0);
            } else {
                write_report(MF_EXITED, 0, WEXITSTATUS(status), 0, NULL, 0);
            }
            _exit(0);
        }
        if (poll(watched, 2, -1) < 0 && errno != EINTR) _exit(1);
        if (watched[0].revents) _exit(1);
        if (watched[1].revents) {
            struct signalfd_siginfo information[4];
            while (read(signals, information, sizeof information) > 0) continue;
        }
    }
}

static int fork_program(void) {
    struct clone_args arguments = {.exit_signal = SIGCHLD};
    long program = mf_clone3(&arguments);
    if (program < 0) return -1;
    if (program > 0) be_init((pid_t)program);
    // Of its own session, so that a terminal's Ctrl-C reaches manifold and nobody else.
    setsid();
    umask(022);
    close(LIFELINE);
    mf_close_range(FIRST_FREE, ~0U, 0);
    return 0;
}

static int carry_out(struct child *child, const struct mf_operation *operation, int index) {
    switch (operation->code) {
    case MF_OVERLAY: return mount_overlay(child, operation);
    case MF_BIND_ROOT: return bind_root(child, operation);
    case MF_FILE_SYSTEM: return make_file_system(child, operation);
    case MF_ATTACH: return attach(child, operation);
    case MF_BIND: return bind_path(child, operation);
    case MF_RESTRICT: return restrict_path(child, operation);
    case MF_DIRECTORY:
        return mkdirat(child->slots[operation->slot], operation->target, (mode_t)operation->number);
    case MF_FILE: return make_file(child, operation);
    case MF_SYMLINK: return symlinkat(operation->source, child->slots[operation->slot], operation->target);
    case MF_PIVOT: return pivot(child, operation);
    case MF_HOSTNAME: return sethostname(operation->source, strlen(operation->source));
    case MF_LOOPBACK: return bring_loopback_up();
    case MF_FORK: return fork_program();
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
    case MF_EXECUTE: execute(child, operation, index);
    default: errno = ENOSYS; return -1;
    }
}

// Puts the five descriptors that the child needs at 0 to 4 and closes all others, among them the ends of other
// sandboxes' pipes, which would otherwise never be seen to close.
static int arrange_descriptors(const int *descriptors) {
    int high[FIRST_FREE];
    for (int i = 0; i < FIRST_FREE; i++) {
        high[i] = fcntl(descriptors[i], F_DUPFD, 64);
        if (high[i] < 0) return -1;
    }
    for (int i = 0; i < FIRST_FREE; i++) {
        if (dup3(high[i], i, i >= REPORT ? O_CLOEXEC : 0) < 0) return -1;
    }
    return mf_close_range(FIRST_FREE, ~0U, 0);
}

static _Noreturn void mf_child(const struct mf_plan *plan, const int *descriptors) {
    if (arrange_descriptors(descriptors) < 0) _exit(1);
    reset_signals();
    // Init keeps every signal blocked; the program gets an empty mask. SIGCHLD arrives by signalfd.
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    setsid();

    struct child child = {.plan = plan};
    for (size_t i = 0; i < plan->operations_count; i++) {
        const struct mf_operation *operation = &plan->operations[i];
        child.operation = operation;
        child.detail = MF_DETAIL_WHOLE;
        if (operation->code == MF_EXECUTE) reset_signals();
        if (carry_out(&child, operation, (int)i) < 0) {
            write_report(MF_FAILED, (int)i, errno, child.detail, NULL, 0);
            _exit(1);
        }
    }
    _exit(1);
}

// ---- The parent ----

struct ends {
    int report[2], lifeline[2], output[2], errors[2], input;
};

static void close_ends(struct ends *ends) {
    int all[] = {ends->report[0], ends->report[1], ends->lifeline[0], ends->lifeline[1], ends->output[0],
                 ends->output[1], ends->errors[0], ends->errors[1],   ends->input};
    int saved = errno;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (all[i] >= 0) close(all[i]);
    }
    errno = saved;
}

static int make_pipe(int *ends, bool non_blocking) {
    if (pipe2(ends, O_CLOEXEC) < 0) return -1;
    // The two ends are two open files: the program's end stays blocking.
    if (non_blocking && fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0) return -1;
    return 0;
}

int mf_spawn(const struct mf_plan *plan, struct mf_process *process) {
    struct ends ends = {{-1, -1}, {-1, -1}, {-1, -1}, {-1, -1}, -1};
    ends.input = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (ends.input < 0 || make_pipe(ends.report, true) < 0 || make_pipe(ends.lifeline, false) < 0 ||
        make_pipe(ends.output, true) < 0 || make_pipe(ends.errors, true) < 0) {
        close_ends(&ends);
        return -1;
    }
    const int descriptors[FIRST_FREE] = {
        ends.input, ends.output[1], ends.errors[1], ends.report[1], ends.lifeline[0]};

    int pidfd = -1;
    struct clone_args arguments = {
        .flags = CLONE_PIDFD | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS,
        .pidfd = (uint64_t)(uintptr_t)&pidfd,
        // No signal to us: nobody else's wait() can then take the exit status away, nor an ignored SIGCHLD.
        .exit_signal = 0,
    };
    if (plan->namespaces & MF_NEW_NETWORK) arguments.flags |= CLONE_NEWNET;
    if (plan->namespaces & MF_NEW_CGROUP) arguments.flags |= CLONE_NEWCGROUP;

    // A handler of ours must not run in the child before it has reset them.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    long pid = mf_clone3(&arguments);
    if (pid == 0) mf_child(plan, descriptors);
    int saved = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = saved;
    if (pid < 0) {
        close_ends(&ends);
        return -1;
    }
    close(ends.input);
    close(ends.report[1]);
    close(ends.lifeline[0]);
    close(ends.output[1]);
    close(ends.errors[1]);
    *process = (struct mf_process){
        .pid = (int32_t)pid,
        .pidfd = pidfd,
        .report = ends.report[0],
        .lifeline = ends.lifeline[1],
        .output = ends.output[0],
        .errors = ends.errors[0],
    };
    return 0;
}
