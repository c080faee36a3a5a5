// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

// Terminals: the one that a sandbox has, and the one that this process sits at.

#include "child.h"
#include "syscalls.h"

#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

// ---- The sandbox's, in the child: nothing here may allocate or lock, see spawn.c ----

static int send_descriptor(int socket_, int descriptor) {
    char byte = 0;
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr aligned;
    } control;
    memset(&control, 0, sizeof control);
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof descriptor);
    memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    return sendmsg(socket_, &message, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

int mf_make_terminal(const struct mf_operation *operation) {
    int master = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC), locked = 0;
    if (master < 0 || ioctl(master, TIOCSPTLCK, &locked) < 0) return -1;
    int terminal = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal < 0) return -1;
    struct winsize size = {
        .ws_row = (unsigned short)(operation->second >> 16), .ws_col = (unsigned short)operation->second};
    // The group is that of the file system's option gid.
    if (ioctl(terminal, TIOCSWINSZ, &size) < 0 || fchown(terminal, (uid_t)operation->number, (gid_t)-1) < 0 ||
        send_descriptor(STDOUT_FILENO, master) < 0 || ioctl(terminal, TIOCSCTTY, 0) < 0) {
        return -1;
    }
    for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++) {
        if (dup2(terminal, i) < 0) return -1;
    }
    close(terminal);
    close(master);
    return 0;
}

// ---- The sandbox's, in the parent ----

int mf_receive(int output) {
    char byte;
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr aligned;
    } control;
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    ssize_t count;
    do {
        count = recvmsg(output, &message, MSG_CMSG_CLOEXEC);
    } while (count < 0 && errno == EINTR);
    if (count < 0) return -1;
    struct cmsghdr *header = count > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
        header->cmsg_len != CMSG_LEN(sizeof(int))) {
        errno = EPIPE;
        return -1;
    }
    int terminal;
    memcpy(&terminal, CMSG_DATA(header), sizeof terminal);
    if (fcntl(terminal, F_SETFL, O_NONBLOCK) < 0) {
        int saved = errno;
        close(terminal);
        errno = saved == EAGAIN ? EPIPE : saved;
        return -1;
    }
    return terminal;
}

int mf_terminal_size(int terminal, uint16_t *rows, uint16_t *columns) {
    struct winsize size;
    if (ioctl(terminal, TIOCGWINSZ, &size) < 0) return -1;
    *rows = size.ws_row;
    *columns = size.ws_col;
    return 0;
}

int mf_resize_terminal(int terminal, uint16_t rows, uint16_t columns) {
    struct winsize size = {.ws_row = rows, .ws_col = columns};
    return ioctl(terminal, TIOCSWINSZ, &size);
}

// ---- Our own ----

static const int crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGABRT, SIGSYS};
static struct termios found;
static volatile sig_atomic_t raw_terminal = -1;

void mf_calm_terminal(void) {
    int terminal = raw_terminal;
    if (terminal < 0) return;
    raw_terminal = -1;
    int saved = errno;
    // What was typed for the program that has ended is not meant for the shell.
    while (tcsetattr(terminal, TCSAFLUSH, &found) < 0 && errno == EINTR) continue;
    errno = saved;
}

// The handler is gone once it is called, so that the signal then does what it does.
static void crash(int number) {
    mf_calm_terminal();
    raise(number);
}

int mf_raw_terminal(int terminal) {
    if (tcgetattr(terminal, &found) < 0) return -1;
    struct termios raw = found;
    cfmakeraw(&raw);
    raw_terminal = terminal;
    struct sigaction action = {.sa_handler = crash, .sa_flags = (int)SA_RESETHAND};
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++) sigaction(crashes[i], &action, NULL);
    if (tcsetattr(terminal, TCSADRAIN, &raw) < 0) {
        raw_terminal = -1;
        return -1;
    }
    return 0;
}
