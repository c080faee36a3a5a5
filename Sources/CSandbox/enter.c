// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

// The one entry into the user namespace, made while the process has one thread.
//
// The process itself calls unshare(2); a helper that stays outside writes the id maps, since only somebody with rights
// over the outer namespace may map more than one id. Then the process executes itself, and its second life finds a
// marker in the environment: its own pid and the outer namespace. It believes the marker only when its pid is that
// pid, its namespace is another one and it is root in there, so a marker that is inherited or invented has no effect.

#include "csandbox.h"
#include "syscalls.h"

#include <grp.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

// linux/mount.h has the new flags; these are the old ones.
enum { REC = 16384, SLAVE = 1 << 19 };

#define MARKER "_MANIFOLD_NAMESPACE"
#define NO_RANGE_REMEDY                                                                                                \
    "give the user a range of subordinate ids: sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 %s"

enum { RANGE_LIMIT = 64, NAME_LIMIT = 256 };

struct range {
    unsigned long inside, outside, count;
};

struct map {
    struct range ranges[340];
    size_t count;
};

__attribute__((format(printf, 4, 5))) static int fail(
    struct mf_enter_error *failure, enum mf_enter_code code, int error, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(failure->message, sizeof failure->message, format, arguments);
    va_end(arguments);
    failure->code = code;
    failure->error = error;
    failure->remedy[0] = '\0';
    return -1;
}

__attribute__((format(printf, 2, 3))) static void remedy(struct mf_enter_error *failure, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(failure->remedy, sizeof failure->remedy, format, arguments);
    va_end(arguments);
}

// ---- What forbids it ----

static long read_number(const char *path, long otherwise) {
    FILE *file = fopen(path, "re");
    long value = otherwise;
    if (!file) return otherwise;
    if (fscanf(file, "%ld", &value) != 1) value = otherwise;
    fclose(file);
    return value;
}

static bool in_container(void) {
    return access("/.dockerenv", F_OK) == 0 || access("/run/.containerenv", F_OK) == 0 || getenv("container") != NULL;
}

static int forbidden(struct mf_enter_error *failure, const char *what, int error) {
    fail(failure, MF_ENTER_FORBIDDEN, error, "%s failed: %s", what, strerror(error));
    if (read_number("/proc/sys/user/max_user_namespaces", 1) == 0) {
        remedy(failure, "the kernel allows no user namespaces: sudo sysctl user.max_user_namespaces=65536");
    } else if (read_number("/proc/sys/kernel/unprivileged_userns_clone", 1) == 0) {
        remedy(failure, "the kernel allows them to root only: sudo sysctl kernel.unprivileged_userns_clone=1");
    } else if (read_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 0) != 0) {
        remedy(
            failure, "AppArmor takes the rights in them away: sudo sysctl "
                     "kernel.apparmor_restrict_unprivileged_userns=0, or give this program a profile with \"userns,\"");
    } else if (in_container()) {
        remedy(
            failure, "the container that this runs in forbids user namespaces or mounts: start it with "
                     "--security-opt seccomp=unconfined --security-opt apparmor=unconfined "
                     "--security-opt systempaths=unconfined, or run outside of it");
    } else if (error == ENOSPC) {
        remedy(failure, "there are too many user namespaces: sudo sysctl user.max_user_namespaces=65536");
    } else {
        remedy(
            failure,
            "a security module, a chroot or a surrounding container forbids user namespaces; run outside of it");
    }
    return -1;
}

// ---- Which ids ----

static bool parse_number(const char *text, unsigned long *number) {
    char *end;
    if (*text < '0' || *text > '9') return false;
    errno = 0;
    *number = strtoul(text, &end, 10);
    return errno == 0 && (*end == '\0' || *end == '\n');
}

// The user's name by /etc/passwd: getpwuid(3) would load libraries into a program that is linked statically.
static void user_name(uid_t uid, char *name, size_t size) {
    const char *login = getenv("USER");
    snprintf(name, size, "%s", login ? login : "");
    FILE *file = fopen("/etc/passwd", "re");
    if (!file) return;
    char line[4096];
    while (fgets(line, sizeof line, file)) {
        char *rest = line;
        char *user = strsep(&rest, ":");
        strsep(&rest, ":");
        char *id = strsep(&rest, ":");
        unsigned long number;
        if (id && parse_number(id, &number) && number == uid) {
            snprintf(name, size, "%s", user);
            break;
        }
    }
    fclose(file);
}

// Appends the lines of subuid(5) or subgid(5) that name the user, from id 1 upwards.
static void add_subordinate(const char *path, const char *name, uid_t uid, struct map *map) {
    FILE *file = fopen(path, "re");
    if (!file) return;
    char line[4096], by_number[24];
    snprintf(by_number, sizeof by_number, "%lu", (unsigned long)uid);
    unsigned long inside = 1;
    while (map->count < RANGE_LIMIT && fgets(line, sizeof line, file)) {
        char *rest = line;
        char *owner = strsep(&rest, ":");
        char *first = strsep(&rest, ":");
        unsigned long outside, count;
        if (!first || !rest || !parse_number(first, &outside) || !parse_number(rest, &count) || count == 0) continue;
        if (strcmp(owner, by_number) != 0 && (name[0] == '\0' || strcmp(owner, name) != 0)) continue;
        if (outside > UINT32_MAX || count > UINT32_MAX - inside) continue;
        map->ranges[map->count++] = (struct range){inside, outside, count};
        inside += count;
    }
    fclose(file);
}

// Every id that exists here, as itself: on a machine all of them, in a nested namespace those that it has.
static bool identity(const char *path, struct map *map) {
    FILE *file = fopen(path, "re");
    if (!file) return false;
    struct range range;
    while (map->count < 340 && fscanf(file, "%lu %lu %lu", &range.inside, &range.outside, &range.count) == 3) {
        map->ranges[map->count++] = (struct range){range.inside, range.inside, range.count};
    }
    fclose(file);
    return map->count > 0;
}

// ---- The helper, outside ----

struct helper_result {
    int code;
    int error;
    char message[900];
};

static int write_map(pid_t pid, const char *name, const struct map *map) {
    char path[64], text[4096];
    size_t length = 0;
    for (size_t i = 0; i < map->count; i++) {
        const struct range *range = &map->ranges[i];
        int written = snprintf(
            text + length, sizeof text - length, "%lu %lu %lu\n", range->inside, range->outside, range->count);
        if (written < 0 || (size_t)written >= sizeof text - length) {
            errno = E2BIG;
            return -1;
        }
        length += (size_t)written;
    }
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0) return -1;
    // The kernel takes a map in one write only.
    ssize_t written = write(file, text, length);
    int saved = errno;
    close(file);
    errno = saved;
    return written == (ssize_t)length ? 0 : -1;
}

// Runs newuidmap or newgidmap, keeping what it says.
static void run_map_program(const char *program, pid_t pid, const struct map *map, struct helper_result *result) {
    enum { WIDTH = 24 };
    static char numbers[3 * RANGE_LIMIT + 4][WIDTH];
    char *arguments[3 * RANGE_LIMIT + 6];
    size_t count = 0;
    arguments[count++] = (char *)(uintptr_t)program;
    snprintf(numbers[0], WIDTH, "%d", (int)pid);
    arguments[count++] = numbers[0];
    for (size_t i = 0; i < map->count && i <= RANGE_LIMIT; i++) {
        const unsigned long values[3] = {map->ranges[i].inside, map->ranges[i].outside, map->ranges[i].count};
        for (size_t j = 0; j < 3; j++) {
            snprintf(numbers[count - 1], WIDTH, "%lu", values[j]);
            arguments[count] = numbers[count - 1];
            count++;
        }
    }
    arguments[count] = NULL;

    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) {
        *result = (struct helper_result){.code = MF_ENTER_INTERNAL, .error = errno, .message = "pipe"};
        return;
    }
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], 1);
        dup2(ends[1], 2);
        execvp(program, arguments);
        _exit(errno == ENOENT ? 126 : 127);
    }
    close(ends[1]);
    size_t length = 0;
    ssize_t got;
    char said[512];
    while (length < sizeof said - 1 && (got = read(ends[0], said + length, sizeof said - 1 - length)) > 0) {
        length += (size_t)got;
    }
    while (length > 0 && said[length - 1] == '\n') length--;
    said[length] = '\0';
    close(ends[0]);
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) < 0) {
        *result = (struct helper_result){.code = MF_ENTER_INTERNAL, .error = errno, .message = "fork"};
    } else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        bool missing = WIFEXITED(status) && WEXITSTATUS(status) == 126 && length == 0;
        result->code = missing ? MF_ENTER_NO_HELPER : MF_ENTER_HELPER_FAILED;
        result->error = 0;
        const char *format = missing ? "%s is not installed" : "%s failed: %s";
        snprintf(result->message, sizeof result->message, format, program, said);
    }
}

static _Noreturn void be_helper(
    pid_t pid, bool root, const struct map *users, const struct map *groups, int go, int answer) {
    struct helper_result result = {.code = MF_ENTER_OK};
    char byte;
    if (read(go, &byte, 1) != 1) _exit(1);
    if (root) {
        if (write_map(pid, "uid_map", users) < 0 || write_map(pid, "gid_map", groups) < 0) {
            result.code = MF_ENTER_FORBIDDEN;
            result.error = errno;
        }
    } else {
        run_map_program("newuidmap", pid, users, &result);
        if (result.code == MF_ENTER_OK) run_map_program("newgidmap", pid, groups, &result);
    }
    ssize_t written = write(answer, &result, sizeof result);
    _exit(written == sizeof result ? 0 : 1);
}

// ---- The process itself ----

// An overlay of hundreds of layers and hundreds of pipes need more than the usual 1,024 descriptors. What a RUN step
// inherits is set for it alone.
static int raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        rlim_t wanted = limit.rlim_max < 65536 ? limit.rlim_max : 65536;
        if (limit.rlim_cur < wanted) limit.rlim_cur = wanted;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    return 0;
}

static bool is_marked(struct mf_enter_error *failure, int *result) {
    const char *marker = getenv(MARKER);
    if (!marker) return false;
    long pid = 0;
    unsigned long long user = 0, mounts = 0;
    int fields = sscanf(marker, "%ld:%llu:%llu", &pid, &user, &mounts);
    unsetenv(MARKER);
    // A marker of another process has been inherited: it says nothing about this one.
    if (fields != 3 || pid != (long)getpid()) return false;
    struct stat own_user, own_mounts;
    if (stat("/proc/self/ns/user", &own_user) < 0 || stat("/proc/self/ns/mnt", &own_mounts) < 0 ||
        own_user.st_ino == user || own_mounts.st_ino == mounts || mf_in_initial_user_namespace() || geteuid() != 0) {
        *result = fail(
            failure, MF_ENTER_INTERNAL, 0,
            "the environment variable %s says that this is a namespace of its own, and it is not", MARKER);
    } else {
        *result = 0;
    }
    return true;
}

static int check_ranges(
    const char *name, uid_t uid, const struct map *users, const struct map *groups, struct mf_enter_error *failure) {
    const char *file = users->count < 2 ? "/etc/subuid" : groups->count < 2 ? "/etc/subgid" : NULL;
    if (!file) return 0;
    char who[NAME_LIMIT];
    if (name[0]) snprintf(who, sizeof who, "%s", name);
    else snprintf(who, sizeof who, "%lu", (unsigned long)uid);
    fail(failure, MF_ENTER_NO_RANGE, 0, "the user %s has no range of subordinate ids in %s", who, file);
    remedy(failure, NO_RANGE_REMEDY, who);
    return -1;
}

static int await_helper(pid_t helper, int answer, struct mf_enter_error *failure) {
    struct helper_result result;
    ssize_t got = read(answer, &result, sizeof result);
    close(answer);
    int status;
    while (waitpid(helper, &status, 0) < 0 && errno == EINTR) continue;
    if (got != sizeof result) return fail(failure, MF_ENTER_INTERNAL, 0, "the helper that maps ids died");
    if (result.code == MF_ENTER_OK) return 0;
    if (result.code == MF_ENTER_FORBIDDEN) {
        return forbidden(failure, "mapping the ids of a user namespace", result.error);
    }
    fail(failure, (enum mf_enter_code)result.code, result.error, "%s", result.message);
    if (result.code == MF_ENTER_NO_HELPER) {
        remedy(failure, "install them: sudo apt install uidmap");
    } else if (result.code == MF_ENTER_HELPER_FAILED) {
        remedy(
            failure, "see that newuidmap and newgidmap are set-uid root (sudo apt install --reinstall uidmap) and that "
                     "/etc/subuid and /etc/subgid have the user's ranges");
    }
    return -1;
}

// Makes the namespaces and becomes root in them; what is left is to execute the program anew.
static int enter(struct mf_enter_error *failure) {
    uid_t uid = geteuid();
    gid_t gid = getegid();
    struct map users = {.count = 0}, groups = {.count = 0};
    if (uid == 0) {
        if (!identity("/proc/self/uid_map", &users) || !identity("/proc/self/gid_map", &groups)) {
            return fail(failure, MF_ENTER_INTERNAL, errno, "/proc/self/uid_map cannot be read: %s", strerror(errno));
        }
    } else {
        char name[NAME_LIMIT];
        user_name(uid, name, sizeof name);
        users.ranges[users.count++] = (struct range){0, uid, 1};
        groups.ranges[groups.count++] = (struct range){0, gid, 1};
        add_subordinate("/etc/subuid", name, uid, &users);
        add_subordinate("/etc/subgid", name, uid, &groups);
        if (check_ranges(name, uid, &users, &groups, failure) < 0) return -1;
    }

    struct stat outer_user, outer_mounts;
    if (stat("/proc/self/ns/user", &outer_user) < 0 || stat("/proc/self/ns/mnt", &outer_mounts) < 0) {
        return fail(failure, MF_ENTER_INTERNAL, errno, "/proc/self/ns cannot be read: %s", strerror(errno));
    }
    int go[2] = {-1, -1}, answer[2] = {-1, -1};
    if (pipe2(go, O_CLOEXEC) < 0 || pipe2(answer, O_CLOEXEC) < 0) {
        return fail(failure, MF_ENTER_INTERNAL, errno, "pipe failed: %s", strerror(errno));
    }
    // Forget SIGCHLD's disposition that a careless parent left: were it ignored, no child could be waited for.
    signal(SIGCHLD, SIG_DFL);
    pid_t self = getpid();
    pid_t helper = fork();
    if (helper < 0) return fail(failure, MF_ENTER_INTERNAL, errno, "fork failed: %s", strerror(errno));
    if (helper == 0) {
        close(go[1]);
        close(answer[0]);
        be_helper(self, uid == 0, &users, &groups, go[0], answer[1]);
    }
    close(go[0]);
    close(answer[1]);
    if (syscall(SYS_unshare, CLONE_NEWUSER | CLONE_NEWNS) < 0) {
        int error = errno;
        close(go[1]);
        close(answer[0]);
        while (waitpid(helper, NULL, 0) < 0 && errno == EINTR) continue;
        if (error == EINVAL) {
            return fail(
                failure, MF_ENTER_INTERNAL, error, "the user namespace must be entered before any thread is started");
        }
        return forbidden(failure, "making a user namespace", error);
    }
    ssize_t written = write(go[1], "", 1);
    close(go[1]);
    if (written != 1) return fail(failure, MF_ENTER_INTERNAL, errno, "the helper that maps ids died");
    if (await_helper(helper, answer[0], failure) < 0) return -1;

    if (syscall(MF_SETRESGID, 0, 0, 0) < 0 || syscall(MF_SETRESUID, 0, 0, 0) < 0) {
        return fail(
            failure, MF_ENTER_INTERNAL, errno, "becoming root in the user namespace failed: %s", strerror(errno));
    }
    // The caller's other groups have no name in here; where that is refused they stay, harmless.
    (void)syscall(MF_SETGROUPS, 0, NULL);
    // What is mounted in here stays in here; what the host unmounts goes away in here, too.
    if (mount(NULL, "/", NULL, REC | SLAVE, NULL) < 0) {
        return forbidden(failure, "mounting in a user namespace", errno);
    }
    char marker[80];
    snprintf(
        marker, sizeof marker, "%ld:%llu:%llu", (long)self, (unsigned long long)outer_user.st_ino,
        (unsigned long long)outer_mounts.st_ino);
    if (setenv(MARKER, marker, 1) < 0) return fail(failure, MF_ENTER_INTERNAL, errno, "setenv failed");
    return 0;
}

int mf_enter_user_namespace(int argc, char *const *argv, struct mf_enter_error *failure) {
    (void)argc;
    memset(failure, 0, sizeof *failure);
    int result = 0;
    if (is_marked(failure, &result)) return result == 0 ? raise_descriptor_limit() : result;
    if (enter(failure) < 0) return -1;
    execv("/proc/self/exe", argv);
    return fail(failure, MF_ENTER_INTERNAL, errno, "executing /proc/self/exe failed: %s", strerror(errno));
}

bool mf_can_enter_user_namespace(struct mf_enter_error *failure) {
    memset(failure, 0, sizeof *failure);
    int result = 0;
    const char *marker = getenv(MARKER);
    if (marker) {
        // The process may be what mf_enter_user_namespace has started; it is that one's to take note of it.
        char kept[80];
        snprintf(kept, sizeof kept, "%s", marker);
        bool marked = is_marked(failure, &result);
        (void)setenv(MARKER, kept, 1);
        if (marked) return result == 0;
    }
    int answer[2];
    if (pipe2(answer, O_CLOEXEC) < 0) {
        fail(failure, MF_ENTER_INTERNAL, errno, "pipe failed: %s", strerror(errno));
        return false;
    }
    pid_t child = fork();
    if (child == 0) {
        struct mf_enter_error found;
        memset(&found, 0, sizeof found);
        enter(&found);
        ssize_t written = write(answer[1], &found, sizeof found);
        _exit(written == sizeof found ? 0 : 1);
    }
    close(answer[1]);
    ssize_t got = child < 0 ? -1 : read(answer[0], failure, sizeof *failure);
    close(answer[0]);
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR) continue;
    if (got != sizeof *failure) fail(failure, MF_ENTER_INTERNAL, 0, "the process that tries it died");
    return failure->code == MF_ENTER_OK;
}

void mf_enter_print(const struct mf_enter_error *error) {
    fprintf(stderr, "manifold: %s\n", error->message);
    if (error->remedy[0]) fprintf(stderr, "%s\n", error->remedy);
    fprintf(stderr, "manifold doctor shows all that this machine lacks, and what mends it\n");
}
