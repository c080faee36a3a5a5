// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

// The child between clone3 and execve.
//
// The program that calls this has many threads. After the clone only the calling thread exists in the child, and any
// lock that another thread held at that moment, malloc's among them, stays locked for ever. So nothing that mf_child
// calls may allocate, use stdio, or call a libc function that speaks to other threads; whatever needs memory was
// prepared before. The operations themselves are in operations.c.
//
// Two processes come of it. The first, "init", is process 1 of the new pid namespace: when it ends, the kernel kills
// every other process in there. It makes the file systems, forks the process that becomes the program, and then waits
// for two things: the program's end, which it reports, and the end of manifold, which it sees as end of file on the
// lifeline. PR_SET_PDEATHSIG would not do: it fires when the *thread* that cloned ends, and pool threads come and go.

#include "child.h"
#include "syscalls.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

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

// ---- The program ----

static _Noreturn void execute(struct child *child, const struct mf_operation *operation, int index) {
    const char *file = NULL;
    int error = ENOENT;
    // Who joins another sandbox is not in a pid namespace that ends with its init. The parent has one thread, and what
    // would take the setting away, a change of ids, is done.
    if (child->plan->joined >= 0) prctl(PR_SET_PDEATHSIG, SIGKILL);
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
    write_report(MF_STARTED, 0, 0, 0, NULL, 0);
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
        if (watched[0].revents) {
            // What comes before its end are signals for the program.
            unsigned char numbers[16];
            ssize_t count = watched[0].revents & POLLIN ? read(LIFELINE, numbers, sizeof numbers) : 0;
            if (count <= 0 && !(count < 0 && errno == EINTR)) {
                kill(program, SIGKILL);
                _exit(1);
            }
            for (ssize_t i = 0; i < count; i++) kill(program, numbers[i]);
        }
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
    close(LIFELINE);
    mf_close_range(FIRST_FREE, ~0U, 0);
    return 0;
}

static int carry_out(struct child *child, const struct mf_operation *operation, int index) {
    switch (operation->code) {
    case MF_FORK: return fork_program();
    case MF_EXECUTE: execute(child, operation, index);
    default: return mf_carry_out(child, operation);
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

static uint64_t wanted_namespaces(const struct mf_plan *plan) {
    uint64_t flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS;
    if (plan->namespaces & MF_NEW_NETWORK) flags |= CLONE_NEWNET;
    if (plan->namespaces & MF_NEW_CGROUP) flags |= CLONE_NEWCGROUP;
    return flags;
}

static _Noreturn void mf_child(const struct mf_plan *plan, const int *descriptors) {
    // Of a pid namespace only what is forked from now on is a member.
    int joined = plan->joined < 0 ? 0 : (int)syscall(SYS_setns, plan->joined, wanted_namespaces(plan));
    int join_error = errno;
    if (arrange_descriptors(descriptors) < 0) _exit(1);
    // Every signal is blocked since before the clone and stays so in init, which hears of SIGCHLD by signalfd; the
    // program gets an empty mask. An ignored SIGCHLD, which is inherited, would take the exit statuses away.
    signal(SIGCHLD, SIG_DFL);
    setsid();
    // For the program, and for what is made in the new root before it runs.
    umask(022);

    if (joined < 0) {
        write_report(MF_FAILED, 0, join_error, MF_DETAIL_WHOLE, NULL, 0);
        _exit(1);
    }

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

// The other end of a terminal is a descriptor, which only a socket can carry.
static int make_output(int *ends, bool has_terminal) {
    if (!has_terminal) return make_pipe(ends, true);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) return -1;
    return fcntl(ends[0], F_SETFL, O_NONBLOCK);
}

int mf_spawn(const struct mf_plan *plan, struct mf_process *process) {
    struct ends ends = {{-1, -1}, {-1, -1}, {-1, -1}, {-1, -1}, -1};
    ends.input = plan->input < 0 ? open("/dev/null", O_RDONLY | O_CLOEXEC) : fcntl(plan->input, F_DUPFD_CLOEXEC, 3);
    if (ends.input < 0 || make_pipe(ends.report, true) < 0 || make_pipe(ends.lifeline, false) < 0 ||
        make_output(ends.output, plan->has_terminal) < 0 || make_pipe(ends.errors, true) < 0) {
        close_ends(&ends);
        return -1;
    }
    const int descriptors[FIRST_FREE] = {
        ends.input, ends.output[1], ends.errors[1], ends.report[1], ends.lifeline[0]};

    int pidfd = -1;
    struct clone_args arguments = {
        .flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND | (plan->joined < 0 ? wanted_namespaces(plan) : 0),
        .pidfd = (uint64_t)(uintptr_t)&pidfd,
        // No signal to us: nobody else's wait() can then take the exit status away, nor an ignored SIGCHLD.
        .exit_signal = 0,
    };

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
