/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * steps.c -- a process forks after each locked instruction that another of its threads executes.
 *
 * The child process has two threads: the worker allocates and frees, the other one forks when told to. This
 * process single-steps the worker. After each instruction with a lock prefix (and each exchange with memory,
 * which needs none) the worker stands still while the other thread forks; should the fork wait for a lock that
 * the worker holds, the worker goes on. The forked child allocates every size, frees blocks of its parent and
 * ends; if it does not, some lock was forgotten.
 * x86-64 only. usage: steps [FORKS]; run with a library preloaded by HKZ_TEST_LIBRARY */
#include "pattern.h"
#include "tap.h"
#include "watchdog.h"
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

enum { SHARED = 16, CHILD_SECONDS = 10, PATIENCE_MS = 20 };

/* --- The stepped process ------------------------------------------------------------------------ */

static const size_t sizes[] = {24, 300, 2000, 9000, 60000, 200000};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

static char *_Atomic shared[SHARED]; /* each is taken, and then freed, by one of the two threads */
static int orders[2], results[2];    /* pipes: fork now; what became of it */

/* Every lock in sight: own and foreign blocks, refills, large ones, trimming. */
static void *work(void *arg) {
    int *ready = arg;
    pid_t tid = (pid_t)syscall(SYS_gettid);
    (void)!write(*ready, &tid, sizeof tid);
    for (unsigned round = 0;; round++) {
        char *blocks[SIZES];
        for (unsigned i = 0; i < SIZES; i++)
            blocks[i] = malloc(sizes[i]);
        for (unsigned i = 0; i < SIZES; i++)
            free(blocks[i]);
        free(__atomic_exchange_n((char **)&shared[round % SHARED], NULL, __ATOMIC_ACQ_REL));
        if (round % 7 == 6)
            (void)malloc_trim(0);
    }
    return NULL;
}

static void *in_thread(void *arg) {
    free(malloc(5000));
    return arg;
}

/* In the forked child: all of it must come to an end. */
static void prove(char *mine) {
    pthread_t thread;
    alarm(CHILD_SECONDS);
    for (unsigned round = 0; round < 3; round++)
        for (unsigned i = 0; i < SIZES; i++) {
            char *block = malloc(sizes[i]);
            if (block == NULL)
                _exit(3);
            pattern_fill(block, sizes[i], i);
            free(block);
        }
    free(mine);
    (void)malloc_trim(0);
    if (pthread_create(&thread, NULL, in_thread, NULL) != 0 || pthread_join(thread, NULL) != 0)
        _exit(4);
    _exit(0);
}

static void fork_on_order(void) {
    char order;
    for (unsigned round = 0; read(orders[0], &order, 1) == 1; round++) {
        int status = -1;
        char *mine = malloc(sizes[round % SIZES]);
        pid_t pid = fork();
        if (pid == 0)
            prove(mine);
        if (pid > 0)
            while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                continue;
        /* the worker may free it, or nobody */
        free(__atomic_exchange_n((char **)&shared[round % SHARED], mine, __ATOMIC_ACQ_REL));
        (void)!write(results[1], &status, sizeof status);
    }
    _exit(0);
}

static void be_stepped(int ready) {
    pthread_t worker;
    pthread_create(&worker, NULL, work, &ready);
    fork_on_order();
}

/* --- The stepping process ------------------------------------------------------------------------ */

/* Whether the instruction is one that other processors see as a whole. */
static bool is_locked(const unsigned char *code) {
    unsigned at = 0;
    while (at < 4 && (code[at] == 0x66 || code[at] == 0xf2 || code[at] == 0xf3 || code[at] == 0x2e || code[at] == 0x3e))
        at++;
    if (code[at] == 0xf0)
        return true;
    if ((code[at] & 0xf0) == 0x40)
        at++; /* rex */
    bool is_exchange = code[at] == 0x86 || code[at] == 0x87;
    return is_exchange && (code[at + 1] & 0xc0) != 0xc0; /* with memory */
}

static bool next_is_locked(pid_t pid, pid_t tid) {
    struct user_regs_struct registers;
    unsigned char code[16];
    if (ptrace(PTRACE_GETREGS, tid, NULL, &registers) != 0)
        return false;
    struct iovec here = {code, sizeof code}, there = {(void *)registers.rip, sizeof code};
    return process_vm_readv(pid, &here, 1, &there, 1, 0) == (ssize_t)sizeof code && is_locked(code);
}

static bool step(pid_t tid) {
    int status;
    return ptrace(PTRACE_SINGLESTEP, tid, NULL, NULL) == 0 && waitpid(tid, &status, __WALL) == tid &&
           WIFSTOPPED(status);
}

static int wait_result(int timeout_ms) {
    struct pollfd ready = {.fd = results[0], .events = POLLIN};
    int status = -1;
    if (poll(&ready, 1, timeout_ms) != 1 || read(results[0], &status, sizeof status) != (ssize_t)sizeof status)
        return -2;
    return status;
}

/* How often the fork had to wait for the worker. */
static unsigned waited;

static int fork_here(pid_t tid) {
    int stopped;
    char order = 0;
    (void)!write(orders[1], &order, 1);
    int status = wait_result(PATIENCE_MS);
    if (status != -2)
        return status;
    waited++;
    ptrace(PTRACE_CONT, tid, NULL, NULL);
    status = wait_result((CHILD_SECONDS + 5) * 1000);
    ptrace(PTRACE_INTERRUPT, tid, NULL, NULL);
    waitpid(tid, &stopped, __WALL);
    return status;
}

static bool run(pid_t pid, pid_t tid, unsigned wanted) {
    int stopped;
    unsigned forks = 0, wrong = 0;
    uint64_t steps = 0;
    if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) != 0 || ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) != 0) {
        tap_skip("no tracing here");
        return true;
    }
    waitpid(tid, &stopped, __WALL);
    for (bool is_alive = true; is_alive && forks < wanted && wrong == 0; steps++) {
        bool is_due = next_is_locked(pid, tid);
        is_alive = step(tid);
        if (!is_due || !is_alive)
            continue;
        int status = fork_here(tid);
        forks++;
        if (status != 0) {
            wrong++;
            tap_diag("fork %u: status %#x%s", forks, (unsigned)status, status == -2 ? ", it hangs" : "");
        }
    }
    return tap_ok(forks == wanted && wrong == 0,
                  "%u forks, one after each locked instruction in %llu; %u waited for the other thread", forks,
                  (unsigned long long)steps, waited);
}

int main(int argc, char **argv) {
    unsigned wanted = argc > 1 ? (unsigned)atoi(argv[1]) : 100;
    const char *library = getenv("HKZ_TEST_LIBRARY");
    int ready[2];
    pid_t tid;
    if (argc > 2) { /* the stepped one, with the library */
        int fds[5];
        sscanf(argv[2], "%d,%d,%d,%d,%d", &fds[0], &fds[1], &fds[2], &fds[3], &fds[4]);
        orders[0] = fds[0];
        results[1] = fds[3];
        be_stepped(fds[4]);
    }
    if (pipe(orders) != 0 || pipe(results) != 0 || pipe(ready) != 0)
        tap_bail("no pipes");
    pid_t pid = fork();
    if (pid == 0) {
        char fds[80];
        snprintf(fds, sizeof fds, "%d,%d,%d,%d,%d", orders[0], orders[1], results[0], results[1], ready[1]);
        if (library != NULL)
            setenv("LD_PRELOAD", library, 1);
        execl("/proc/self/exe", argv[0], "0", fds, (char *)NULL);
        _exit(97);
    }
    watchdog_start(570);
    if (read(ready[0], &tid, sizeof tid) != (ssize_t)sizeof tid)
        tap_bail("the program does not start");
    (void)run(pid, tid, wanted);
    kill(pid, SIGKILL);
    return tap_done();
}
