// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// ---- Entering the user namespace -------------------------------------------------------------------------------

/// Why the user namespace could not be entered.
enum mf_enter_code {
    MF_ENTER_OK = 0,
    /// The user has no line in /etc/subuid or /etc/subgid.
    MF_ENTER_NO_RANGE,
    /// newuidmap or newgidmap is not installed.
    MF_ENTER_NO_HELPER,
    /// newuidmap or newgidmap refused.
    MF_ENTER_HELPER_FAILED,
    /// The kernel, a sysctl, a security module or the surrounding container forbids user namespaces.
    MF_ENTER_FORBIDDEN,
    /// Something that should not happen; the message has the call.
    MF_ENTER_INTERNAL,
};

struct mf_enter_error {
    enum mf_enter_code code;
    int error;
    /// What failed, one sentence.
    char message[1024];
    /// What to do about it, one sentence; empty when nothing is known to help.
    char remedy[512];
};

/// Enters a user and mount namespace of its own, in which the process is root, by executing itself again.
///
/// To be called by a synchronous `main` while the process has one thread (unshare(2) refuses CLONE_NEWUSER otherwise).
/// The first call does not return when all goes well: the program starts anew with the same arguments, and the call
/// made there returns 0. Not root: the map is the caller's id as 0 and the caller's subordinate ids from 1 (subuid(5)),
/// written by newuidmap(1) and newgidmap(1). Root: every id is mapped to itself.
///
/// Returns 0 inside the namespace, -1 with `error` filled otherwise.
int mf_enter_user_namespace(int argc, char *const *argv, struct mf_enter_error *error);

/// Whether mf_enter_user_namespace would succeed, tried by a child of one thread; `error` has the reason if not.
///
/// A program that can do without calls this first: a process that fails half way is in a namespace of no use.
bool mf_can_enter_user_namespace(struct mf_enter_error *error);
/// What became of a trial of mf_try_namespaces.
enum mf_trial {
    MF_TRIAL_OK = 0,
    /// No user namespace may be made.
    MF_TRIAL_NO_NAMESPACE,
    /// One may be made, but nothing can be mounted in it.
    MF_TRIAL_NO_MOUNT,
    /// It could not be tried.
    MF_TRIAL_UNKNOWN,
};

/// Tries in a child whether this process may make user and mount namespaces; `error` is the kernel's answer if not.
enum mf_trial mf_try_namespaces(int *error);

/// Whether a program's file gives it capabilities (capabilities(7)).
bool mf_has_capabilities(const char *path);

/// Writes `error` and what to do about it to standard error.
void mf_enter_print(const struct mf_enter_error *error);

/// Whether this process is in the machine's first user namespace, where a mount would change the host.
bool mf_in_initial_user_namespace(void);

// ---- Running one process ---------------------------------------------------------------------------------------

/// What the child does, in order; see `struct mf_operation` for who uses which field.
enum mf_operation_code {
    /// Mounts `strings` (key, value, key, value …) as an overlay at the host path `source`, opens it into `slot`.
    MF_OVERLAY = 1,
    /// Binds the host directory `first` with all that is mounted below it at the host path `source`, into `slot`.
    MF_BIND_ROOT,
    /// Makes a file system of type `source` with options `strings` and attributes `number`, detached, into `slot`.
    MF_FILE_SYSTEM,
    /// Attaches the mount in slot `other` at `target` of `slot`.
    MF_ATTACH,
    /// Binds the host path `source` at `target` of `slot`, with attributes `number`.
    MF_BIND,
    /// Binds `target` of `slot` on itself with attributes `number`.
    MF_RESTRICT,
    /// Gives the mount in `slot`, and nothing that is mounted on it, attributes `number`.
    MF_PROTECT,
    /// Makes the directory, the empty file or the link to `source` called `target` directly in `slot`; mode `number`.
    MF_DIRECTORY,
    MF_FILE,
    MF_SYMLINK,
    /// Makes `slot` the root directory and lets go of the old one.
    MF_PIVOT,
    /// Sets the host name to `source`.
    MF_HOSTNAME,
    /// Brings the loopback interface up.
    MF_LOOPBACK,
    /// Splits init, which stays as the first process, from the process that carries out the rest.
    MF_FORK,
    /// Makes a terminal of the sandbox's own with `second` rows (upper 16 bits) and columns (lower 16 bits), which belongs to
    /// user `number`: the process's standard descriptors and controlling terminal. Its other end goes to the caller.
    MF_TERMINAL,
    /// Changes to directory `target`.
    MF_CHDIR,
    /// Sets resource `slot` to soft limit `number` and hard limit `second`.
    MF_LIMIT,
    /// Sets the personality to `number`.
    MF_PERSONALITY,
    /// Drops every capability that is not in the mask `number` from the bounding set.
    MF_BOUNDING,
    /// Installs the `bytes_count` bytes of BPF at `bytes` as seccomp filter.
    MF_SECCOMP,
    /// Sets the supplementary groups to the ids at `bytes`, the group and the user to `number`.
    MF_GROUPS,
    MF_GROUP,
    MF_USER,
    /// Sets permitted and effective capabilities to the mask `number`, inheritable and ambient to none.
    MF_CAPABILITIES,
    /// Executes the first of `strings` that exists.
    MF_EXECUTE,
};

enum mf_operation_flags {
    /// Bind with everything mounted below.
    MF_RECURSIVE = 1,
    /// Not an error when the target is not there.
    MF_SKIP_MISSING_TARGET = 2,
    /// Not an error when the source is not there.
    MF_SKIP_MISSING_SOURCE = 4,
    /// Mount the overlay with mount(2), for kernels before 6.5.
    MF_LEGACY = 8,
};

/// Which part of an operation failed.
enum mf_detail {
    MF_DETAIL_WHOLE = 0,
    /// The source could not be opened.
    MF_DETAIL_SOURCE,
    /// The target could not be opened.
    MF_DETAIL_TARGET,
    /// The file system refused its options.
    MF_DETAIL_OPTIONS,
    /// The mount could not be made.
    MF_DETAIL_MOUNT,
    /// The mount could not be given its attributes.
    MF_DETAIL_ATTRIBUTES,
    /// The mount could not be put in its place.
    MF_DETAIL_PLACE,
    /// The file to be executed is there, but what it names as its interpreter is not.
    MF_DETAIL_INTERPRETER,
};

struct mf_operation {
    uint32_t code;
    uint32_t flags;
    int32_t slot;
    int32_t other;
    uint64_t number;
    uint64_t second;
    const char *source;
    const char *target;
    const char *const *strings;
    size_t strings_count;
    const void *bytes;
    size_t bytes_count;
};

enum { MF_SLOTS = 8 };

enum mf_namespaces {
    /// A network namespace of its own.
    MF_NEW_NETWORK = 1,
    /// A cgroup namespace of its own.
    MF_NEW_CGROUP = 2,
};

struct mf_plan {
    const struct mf_operation *operations;
    size_t operations_count;
    uint32_t namespaces;
    const char *const *arguments;
    const char *const *environment;
    /// What the program reads as its standard input, which stays the caller's; -1 for nothing.
    int input;
    /// Whether the operations make a terminal.
    bool has_terminal;
    /// pidfd of a sandbox's first process that has reported MF_STARTED: the operations are carried out in its namespaces, and
    /// `namespaces` says which of its are not everybody's. -1 for a sandbox of the plan's own.
    int joined;
};

/// A running sandbox; every descriptor is close-on-exec and belongs to the caller.
struct mf_process {
    int32_t pid;
    /// pidfd of the sandbox's first process.
    int pidfd;
    /// Records of `struct mf_report`; non-blocking.
    int report;
    /// When the last copy of this is closed, the sandbox dies. Each byte written to it is the number of a signal that
    /// the program is sent.
    int lifeline;
    /// What the process writes; non-blocking. Of a plan with a terminal a socket for `mf_receive`.
    int output;
    int errors;
};

enum mf_report_kind {
    /// Operation `index` failed with `error`; after MF_EXECUTE `length` bytes of the file's beginning follow.
    MF_FAILED = 1,
    /// The process ended by itself with status `error`.
    MF_EXITED,
    /// The process was ended by signal `error`.
    MF_SIGNALLED,
    /// The root file system is made, and the process that becomes the program is there.
    MF_STARTED,
};

struct mf_report {
    uint32_t kind;
    int32_t index;
    int32_t error;
    int32_t detail;
    uint32_t length;
};

enum { MF_REPORT_FILE = 2048 };

/// Starts `plan` in new pid, mount, ipc and uts namespaces, or in those of a running sandbox. May be called from any thread of a busy program.
///
/// Returns 0, or -1 with errno set.
int mf_spawn(const struct mf_plan *plan, struct mf_process *process);

/// Takes the other end of a sandbox's terminal out of its `output`: non-blocking, close-on-exec.
///
/// Returns -1 with errno EAGAIN when it is not there yet, and with another when it will not come.
int mf_receive(int output);

/// Kills every process of the sandbox whose pidfd this is. Returns 0 or -1 with errno set.
int mf_kill(int pidfd);

/// Waits for the sandbox whose pidfd this is and lets the kernel forget it.
int mf_reap(int pidfd);

/// Starts the program `arguments[0]` as it is, in `directory`, with no environment and no input, and with both outputs
/// going to the descriptor `output`; it leads a process group of its own. The caller is to wait for `*pid`.
///
/// Returns 0, or why it was not started: ENOEXEC when the kernel has no handler for such a file.
int mf_start_program(const char *const *arguments, const char *directory, int output, int32_t *pid);

// ---- This process's own terminal ----------------------------------------------------------------------------------

/// Has every key of a terminal handed on as it is (cfmakeraw(3)), until `mf_calm_terminal`; a crash of this process, too,
/// brings the terminal back to what it was. For one terminal at a time. Returns 0, or -1 with errno set.
int mf_raw_terminal(int terminal);
/// Brings the terminal back to what it was; without effect when that has been done. Async-signal-safe.
void mf_calm_terminal(void);

/// The size of a terminal. Returns 0, or -1 with errno set.
int mf_terminal_size(int terminal, uint16_t *rows, uint16_t *columns);
/// Gives a terminal a size, of which its foreground processes hear. Returns 0, or -1 with errno set.
int mf_resize_terminal(int terminal, uint16_t rows, uint16_t columns);

// ---- Small kernel interfaces that libc lacks ----------------------------------------------------------------------

/// openat2(2) with RESOLVE_IN_ROOT and RESOLVE_NO_MAGICLINKS: no symbolic link leads out of `root`.
int mf_open_in_root(int root, const char *path, int flags, uint32_t mode);

/// As mf_open_in_root, for looking only, and at a symbolic link itself when the path ends in one.
int mf_look_in_root(int root, const char *path);

/// Gives `target` the extended attributes of `source`, except those of overlayfs, as far as they can be read and set.
void mf_copy_attributes(int source, int target);

/// An unnamed file in memory; -1 with errno set on failure.
int mf_memory_file(void);

/// A detached read-only overlay of `lower` (topmost first); the descriptor is its root. -1 with errno set on failure.
int mf_overlay_view(const char *const *lower, size_t count);

/// A detached binfmt_misc of the caller's user namespace (Linux 6.7 and newer); -1 with errno set on failure.
int mf_mount_binfmt(void);

/// Whether the processor runs 32-bit programs, asked of the kernel by personality(2).
bool mf_runs_linux32(void);

/// The first line of what a QEMU user emulator prints about its version (`qemu-arm version 7.2.22 (...)`), found among the
/// bytes of its file without running it. False when the file has no such line.
bool mf_qemu_version(int descriptor, char *line, size_t size);

/// One epoll instance that watches the given descriptors for reading (-1: none), tagged 0, 1, 2 …
int mf_watch(const int *descriptors, size_t count);
/// Watches one more descriptor for reading. Returns 0, or -1 with errno set.
int mf_watch_more(int watch, int descriptor, uint32_t tag);
/// The tags that are ready now, as a bit mask; 0 when none is.
uint32_t mf_ready(int watch);
/// Stops watching one descriptor.
void mf_unwatch(int watch, int descriptor);

extern const unsigned long MF_PERSONALITY_LINUX32;
extern const uint64_t MF_MOUNT_READ_ONLY, MF_MOUNT_NO_SETUID, MF_MOUNT_NO_DEVICES, MF_MOUNT_NO_EXECUTE;
