/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * refused.c -- runs a program many times and has the kernel refuse, in run k, exactly its k-th memory call
 * (mmap without a file, mprotect, madvise, munmap, mremap), and then pairs of calls. So the installed library
 * is what is tested, not a build for tests. The means is a seccomp filter that asks this process about each
 * such call.
 * usage: refused PROGRAM [EACH-NTH [PAIRS]]: every EACH-NTH k only; PAIRS pairs */
#include "rng.h"
#include "tap.h"
#include "watchdog.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { MARK_BEGIN = 4242, MARK_END = 4243, RUN_SECONDS = 20, CALLS_MAX = 100000 };

/* What to refuse, counted from 1 in one run; and what happened. */
struct run {
    unsigned first, second;
    unsigned calls; /* that could have been refused */
    unsigned refused;
    int status;
    bool hangs;
};

/* --- The child: a filter, whose descriptor goes to the parent ---------------------------------- */

#define ASK_ABOUT(number) \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF)

static int install_filter(void) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        ASK_ABOUT(SYS_mprotect),
        ASK_ABOUT(SYS_madvise),
        ASK_ABOUT(SYS_munmap),
        ASK_ABOUT(SYS_mremap),
        ASK_ABOUT(SYS_mmap),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof code[0], code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -1;
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

static void send_descriptor(int socket, int descriptor) {
    char byte = 0;
    struct iovec part = {&byte, 1};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.header = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control.bytes};
    memcpy(CMSG_DATA(&control.header), &descriptor, sizeof descriptor);
    if (sendmsg(socket, &message, 0) < 0)
        _exit(98);
}

static int receive_descriptor(int socket) {
    char byte;
    int descriptor = -1;
    struct iovec part = {&byte, 1};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control.bytes};
    if (recvmsg(socket, &message, 0) <= 0 || CMSG_FIRSTHDR(&message) == NULL)
        return -1;
    memcpy(&descriptor, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof descriptor);
    return descriptor;
}

static const char *library; /* to preload in the program, not here */

static void become(char *const *argv, int socket) {
    if (library != NULL)
        setenv("LD_PRELOAD", library, 1);
    int null = open("/dev/null", O_WRONLY);
    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    int listener = install_filter();
    send_descriptor(socket, listener);
    close(listener);
    execv(argv[0], argv);
    _exit(97);
}

/* --- The parent: answers ----------------------------------------------------------------------- */

/* Between the program's signs, and only what an allocator asks for: not files, not stacks of threads. */
static bool counts(const struct seccomp_data *call, bool *is_live) {
    if (call->nr == SYS_madvise && call->args[0] == 4096) {
        *is_live = call->args[2] == MARK_BEGIN;
        return false;
    }
    if (call->nr == SYS_mmap && ((int)call->args[4] >= 0 || (call->args[3] & MAP_STACK) != 0))
        return false;
    return *is_live;
}

static void answer(int listener, struct run *run, bool *is_live) {
    struct seccomp_notif asked;
    struct seccomp_notif_resp response;
    memset(&asked, 0, sizeof asked);
    memset(&response, 0, sizeof response);
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) != 0)
        return;
    response.id = asked.id;
    response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    if (counts(&asked.data, is_live)) {
        run->calls++;
        if (run->calls == run->first || run->calls == run->second) {
            response.flags = 0;
            response.error = -ENOMEM;
            run->refused++;
        }
    }
    (void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

/* Answers until the program is gone, which ends the filter. */
static void supervise(int listener, pid_t pid, struct run *run) {
    bool is_live = false;
    for (int left_ms = RUN_SECONDS * 1000;;) {
        struct pollfd ready = {.fd = listener, .events = POLLIN};
        int count = poll(&ready, 1, 100);
        if (count > 0 && (ready.revents & POLLIN) != 0)
            answer(listener, run, &is_live);
        else if (count > 0)
            break;
        if (count == 0 && (left_ms -= 100) <= 0) {
            run->hangs = true;
            kill(pid, SIGKILL);
            break;
        }
    }
}

static bool execute(char *const *argv, struct run *run) {
    int sockets[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0)
        return false;
    pid_t pid = fork();
    if (pid < 0)
        return false;
    if (pid == 0)
        become(argv, sockets[1]);
    close(sockets[1]);
    int listener = receive_descriptor(sockets[0]);
    close(sockets[0]);
    if (listener >= 0)
        supervise(listener, pid, run);
    close(listener);
    while (waitpid(pid, &run->status, 0) < 0)
        if (errno != EINTR)
            return false;
    return listener >= 0;
}

/* --- Sweeps ------------------------------------------------------------------------------------ */

static bool is_well(const struct run *run) {
    if (!run->hangs && WIFEXITED(run->status) && WEXITSTATUS(run->status) == 0)
        return true;
    tap_diag("calls %u and %u refused: %s, status %#x", run->first, run->second, run->hangs ? "hangs" : "ends",
             (unsigned)run->status);
    return false;
}

static unsigned refused_total;

static bool try_pair(char *const *argv, unsigned first, unsigned second) {
    struct run run = {.first = first, .second = second};
    if (!execute(argv, &run))
        tap_bail("cannot run %s", argv[0]);
    refused_total += run.refused;
    return is_well(&run);
}

int main(int argc, char **argv) {
    if (argc < 2)
        tap_bail("usage: refused PROGRAM [EACH-NTH [PAIRS]]");
    char *const program[] = {argv[1], NULL};
    unsigned step = argc > 2 ? (unsigned)atoi(argv[2]) : 1;
    unsigned pairs = argc > 3 ? (unsigned)atoi(argv[3]) : 0;
    library = getenv("HKZ_TEST_LIBRARY");
    struct run whole = {0};
    if (!execute(program, &whole)) {
        tap_skip("no seccomp notification here");
        return tap_done();
    }
    tap_ok(is_well(&whole) && whole.calls > 10 && whole.calls < CALLS_MAX, "%u memory calls, none refused",
           whole.calls);
    bool is_good = true;
    for (unsigned k = 1; k <= whole.calls + 2; k += step)
        is_good = try_pair(program, k, 0) && is_good;
    tap_ok(is_good, "each memory call refused once (every %u.): %u refusals", step, refused_total);
    struct rng rng = rng_init(7);
    for (unsigned i = 0; i < pairs; i++) {
        unsigned first = (unsigned)rng_between(&rng, 1, whole.calls);
        is_good =
            try_pair(program, first, first + (unsigned)rng_between(&rng, 1, i % 2 != 0 ? 3 : whole.calls)) && is_good;
    }
    tap_ok(is_good, "%u pairs: %u refusals in all", pairs, refused_total);
    return tap_done();
}
