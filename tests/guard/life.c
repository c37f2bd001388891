/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * life.c -- guarded blocks in a program's life: what malloc owes its callers, many threads, threads that
 * end, fork, slots that run out, signal handlers of the program's own, and nothing at all where the option
 * is off. */
#include "guard.h"
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>

enum { THREADS = 8, STEPS = 1000, SHARED = 64, FORKS = 10, SLOTS = 64 };

/* --- Contracts --------------------------------------------------------------------------------- */

static void need_identities(void) {
    struct hkz_stats stats = {.size = sizeof stats};
    NEED(hkz_stats_get(&stats) == 0);
    NEED(stats.active == stats.allocated + stats.cached + stats.unused);
    NEED(stats.mapped == stats.active + stats.dirty + stats.clean);
    NEED(stats.reserved >= stats.mapped);
}

static void zeros(void) {
    for (int i = 0; i < 1000; i++) {
        size_t size = (size_t)i * 7 % 5000 | 1;
        char *block = launder(hkz_calloc(1, size));
        NEED(is_guarded(block) && pattern_is_zero(block, size));
        memset(block, 0xff, size);
        hkz_free(block);
    }
}

static void alignments(void) {
    for (size_t alignment = 8; alignment <= 2 * PAGE; alignment *= 2)
        for (size_t size = 1; size < 3 * PAGE; size += 1021) {
            char *block = launder(hkz_aligned_alloc(alignment, size | 1));
            NEED(block != NULL && (uintptr_t)block % alignment == 0 && (uintptr_t)block % 16 == 0);
            NEED(is_guarded(block) == (alignment <= PAGE));
            memset(block, 1, size | 1);
            hkz_free(block);
        }
}

/* Into the pool, within it and out of it: contents go along. */
static void resizes(void) {
    struct rng rng = rng_init(4711);
    char *block = NULL;
    size_t size = 0;
    for (int i = 0; i < 2000; i++) {
        size_t wanted = rng_between(&rng, 1, rng_below(&rng, 10) == 0 ? 300000 : 10000) | 1;
        char *resized = launder(hkz_realloc(block, wanted));
        size_t kept = size < wanted ? size : wanted;
        NEED(resized != NULL && pattern_check(resized, size, kept, 5) == PATTERN_INTACT);
        NEED(hkz_owns(resized) && hkz_usable_size(resized) >= wanted);
        block = resized;
        pattern_fill(block, wanted, 5);
        size = wanted;
    }
    NEED(hkz_realloc(block, 0) == NULL);
    char *small = launder(hkz_malloc(33));
    NEED(hkz_expand(small, 33) == small && (hkz_expand(small, 34) == NULL || !is_guarded(small)));
    NEED(hkz_realloc(small, 33) == small);
    hkz_free(small);
    errno = 77;
    hkz_free(launder(hkz_malloc(33)));
    NEED(errno == 77);
    need_identities();
}

/* All slots are taken: the rest is served as ever, and what is freed serves again, in turn. */
static void exhaustion(void) {
    char *live[3 * SLOTS];
    int count = 0;
    for (int i = 0; i < 3 * SLOTS; i++) {
        live[i] = launder(hkz_malloc(101));
        count += is_guarded(live[i]);
        pattern_fill(live[i], 101, (uint64_t)i);
    }
    NEED(count == SLOTS);
    need_identities();
    for (int i = 0; i < 3 * SLOTS; i++) {
        NEED(pattern_check(live[i], 101, 101, (uint64_t)i) == PATTERN_INTACT);
        hkz_free(live[i]);
    }
    char *former = live[SLOTS - 1]; /* freed last */
    for (int i = 0; i < SLOTS / 2; i++) {
        char *block = launder(hkz_malloc(101));
        NEED(is_guarded(block) && (uintptr_t)block / PAGE != (uintptr_t)former / PAGE);
        hkz_free(block);
    }
    need_identities();
}

/* --- Threads ------------------------------------------------------------------------------------ */

static char *_Atomic shared[SHARED];

static void *churn(void *arg) {
    struct rng rng = rng_init((uint64_t)(uintptr_t)arg);
    for (int i = 0; i < STEPS; i++) {
        size_t at = rng_below(&rng, SHARED);
        char *old = shared[at];
        if (rng_below(&rng, 2) == 0) {
            char *block = launder(hkz_malloc(201));
            pattern_fill(block, 201, 9);
            old = __atomic_exchange_n((char **)&shared[at], block, __ATOMIC_ACQ_REL);
        } else {
            old = __atomic_exchange_n((char **)&shared[at], NULL, __ATOMIC_ACQ_REL);
        }
        NEED(old == NULL || pattern_check(old, 201, 201, 9) == PATTERN_INTACT);
        hkz_free(old);
    }
    return NULL;
}

static void start_threads(pthread_t threads[THREADS]) {
    for (uintptr_t i = 0; i < THREADS; i++)
        NEED(pthread_create(&threads[i], NULL, churn, (void *)(i + 1)) == 0);
}

static void threads(void) {
    pthread_t running[THREADS];
    start_threads(running);
    for (int i = 0; i < THREADS; i++)
        pthread_join(running[i], NULL);
    for (int i = 0; i < SHARED; i++)
        hkz_free(shared[i]);
    need_identities();
}

static pthread_key_t late_key;

/* Runs when the thread's cache may be gone. */
static void allocate_late(void *block) {
    hkz_free(block);
    char *late = launder(hkz_malloc(77));
    NEED(late != NULL && is_guarded(late));
    hkz_free(late);
}

static void *live_short(void *ret_block) {
    NEED(pthread_setspecific(late_key, hkz_malloc(55)) == 0);
    *(char **)ret_block = hkz_malloc(99);
    return NULL;
}

/* The key is made before the allocator's own, so that its destructor runs before, and again after. */
static void ends(void) {
    NEED(pthread_key_create(&late_key, allocate_late) == 0);
    for (int i = 0; i < 200; i++) {
        pthread_t thread;
        char *block;
        NEED(pthread_create(&thread, NULL, live_short, &block) == 0);
        pthread_join(thread, NULL);
        NEED(is_guarded(block));
        memset(block, 1, 99);
        hkz_free(block);
    }
}

static void forks(void) {
    pthread_t running[THREADS];
    char *kept = launder(hkz_malloc(99));
    pattern_fill(kept, 99, 3);
    start_threads(running);
    for (int i = 0; i < FORKS; i++) {
        int status;
        pid_t pid = fork();
        NEED(pid >= 0);
        if (pid == 0) {
            watchdog_start(20);
            NEED(is_guarded(kept) && pattern_check(kept, 99, 99, 3) == PATTERN_INTACT);
            hkz_free(kept);
            for (int j = 0; j < 500; j++) {
                char *block = launder(hkz_malloc(101));
                memset(block, 1, 101);
                hkz_free(block);
            }
            need_identities();
            _exit(5);
        }
        NEED(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 5);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(running[i], NULL);
}

/* --- Signals ------------------------------------------------------------------------------------ */

static sigjmp_buf back;
static void *volatile seen_address;
static char *closed; /* a page of our own without access rights */

static void see(int number, siginfo_t *info, void *context) {
    (void)context;
    sigset_t blocked;
    sigprocmask(SIG_BLOCK, NULL, &blocked);
    seen_address = sigismember(&blocked, number) && sigismember(&blocked, SIGUSR1) ? info->si_addr : NULL;
    siglongjmp(back, 1);
}

static void see_plainly(int number) {
    seen_address = closed + number;
    siglongjmp(back, 1);
}

static void prepare(struct sigaction *action) {
    closed = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    NEED(closed != MAP_FAILED);
    if (action != NULL)
        NEED(sigaction(SIGSEGV, action, NULL) == 0);
    NEED(is_guarded(launder(hkz_malloc(33)))); /* ours comes in front */
}

static void fault(void) { *(volatile char *)(closed + 11) = 1; }

static void fault_freed(void) {
    char *block = launder(hkz_malloc(33));
    hkz_free(block);
    *(volatile char *)launder(block) = 1;
}

static void former(void) {
    struct sigaction action = {.sa_sigaction = see, .sa_flags = SA_SIGINFO};
    sigaddset(&action.sa_mask, SIGUSR1);
    prepare(&action);
    for (int i = 0; i < 3; i++) {
        seen_address = NULL;
        if (sigsetjmp(back, 1) == 0)
            fault();
        NEED(seen_address == closed + 11);
    }
    fault_freed();
}

static void former_plain(void) {
    struct sigaction action = {.sa_handler = see_plainly};
    prepare(&action);
    if (sigsetjmp(back, 1) == 0)
        fault();
    NEED(seen_address == closed + SIGSEGV);
    fault_freed();
}

/* A handler for one time: after it the default. */
static void former_once(void) {
    struct sigaction action = {.sa_handler = see_plainly, .sa_flags = (int)SA_RESETHAND};
    prepare(&action);
    if (sigsetjmp(back, 1) == 0)
        fault();
    printf("once\n");
    fflush(stdout);
    fault();
}

static void former_ignored(void) {
    struct sigaction action = {.sa_handler = SIG_IGN};
    prepare(&action);
    raise(SIGSEGV);
    printf("ignored\n");
    fflush(stdout);
    fault();
}

static void accept(int number) { _exit(number == SIGSEGV ? 0 : WRONG); }

static void use_freed(int number) { *(volatile char *)launder(seen_address) = (char)number; }

/* The thread is inside the allocator, which reports, and may hold any lock: the former handler has it all. */
static void inside(void) {
    struct sigaction action = {.sa_handler = accept};
    struct sigaction on_abort = {.sa_handler = use_freed};
    prepare(&action);
    NEED(sigaction(SIGABRT, &on_abort, NULL) == 0);
    seen_address = launder(hkz_malloc(33));
    hkz_free(seen_address);
    hkz_free(launder(seen_address));
}

static void default_fault(void) {
    prepare(NULL);
    fault();
}

static void default_sent(void) {
    prepare(NULL);
    raise(SIGSEGV);
}

/* --- Off ---------------------------------------------------------------------------------------- */

/* Prints whether there is a handler, and the address space that is reserved. */
static void show(void) {
    struct sigaction action;
    struct hkz_stats stats = {.size = sizeof stats};
    hkz_free(launder(hkz_malloc(33)));
    NEED(sigaction(SIGSEGV, NULL, &action) == 0 && hkz_stats_get(&stats) == 0);
    printf("%d %llu\n", action.sa_handler != SIG_DFL, (unsigned long long)stats.reserved);
}

static const struct guard_case cases[] = {
    {"zeros", zeros},
    {"alignments", alignments},
    {"resizes", resizes},
    {"exhaustion", exhaustion},
    {"threads", threads},
    {"ends", ends},
    {"forks", forks},
    {"former", former},
    {"former_plain", former_plain},
    {"former_once", former_once},
    {"former_ignored", former_ignored},
    {"default_fault", default_fault},
    {"default_sent", default_sent},
    {"inside", inside},
    {"show", show},
};

static void quiet(const char *name, const char *sample, const char *slots) {
    GUARD_RUN(name, sample, slots);
    if (!tap_ok(child_exited(&child, 0) && child.err[0] == '\0', "%s, %s, %s", name, sample, slots))
        guard_show();
}

static bool died_of_fault(void) {
    return WIFSIGNALED(child.status) && WTERMSIG(child.status) == SIGSEGV && child.err[0] == '\0';
}

static bool reported(void) {
    return child_aborted(&child) && strstr(child.err, "error: use-after-free: write") != NULL;
}

static void check_signals(void) {
    static const char on[] = "HAKOZUNA_GUARD_SAMPLE=1";
    GUARD_RUN("former", on);
    guard_ok(reported(), "the former handler has the other faults, with its mask; ours are ours");
    GUARD_RUN("former_plain", on);
    guard_ok(reported(), "the same of a handler with one argument");
    GUARD_RUN("former_once", on);
    guard_ok(died_of_fault() && strcmp(child.out, "once\n") == 0, "a handler for one time is called once");
    GUARD_RUN("former_ignored", on);
    guard_ok(died_of_fault() && strcmp(child.out, "ignored\n") == 0, "sent signals stay ignored, faults do not");
    GUARD_RUN("default_fault", on);
    guard_ok(died_of_fault(), "other faults end the process as ever");
    GUARD_RUN("default_sent", on);
    guard_ok(died_of_fault(), "so does a signal that was sent");
    GUARD_RUN("inside", on);
    guard_ok(child_exited(&child, 0) && guard_count(child.err, "error: ") == 1,
             "a wrong access inside the allocator is the former handler's");
}

static void check_off(void) {
    int has_handler = -1;
    unsigned long long off = 0, on = 0;
    GUARD_RUN("show", NULL);
    sscanf(child.out, "%d %llu", &has_handler, &off);
    guard_ok(child_exited(&child, 0) && has_handler == 0 && off > 0, "off: no handler");
    GUARD_RUN("show", "HAKOZUNA_GUARD_SAMPLE=1000");
    sscanf(child.out, "%d %llu", &has_handler, &on);
    guard_ok(child_exited(&child, 0) && has_handler == 1 && on > off, "on: a handler and a pool; off: no pool");
}

int main(int argc, char **argv) {
    guard_main_case(argc, argv, cases, sizeof cases / sizeof *cases);
    watchdog_start(GUARD_SECONDS);
    quiet("zeros", "HAKOZUNA_GUARD_SAMPLE=1", "HAKOZUNA_GUARD_SLOTS=64");
    quiet("alignments", "HAKOZUNA_GUARD_SAMPLE=1", "HAKOZUNA_GUARD_SLOTS=64");
    quiet("resizes", "HAKOZUNA_GUARD_SAMPLE=1", "HAKOZUNA_GUARD_SLOTS=64");
    quiet("resizes", "HAKOZUNA_GUARD_SAMPLE=3", "HAKOZUNA_GUARD_SLOTS=1");
    quiet("exhaustion", "HAKOZUNA_GUARD_SAMPLE=1", "HAKOZUNA_GUARD_SLOTS=64");
    quiet("threads", "HAKOZUNA_GUARD_SAMPLE=1", "HAKOZUNA_GUARD_SLOTS=64");
    quiet("threads", "HAKOZUNA_GUARD_SAMPLE=5", "HAKOZUNA_GUARD_SLOTS=8");
    quiet("ends", "HAKOZUNA_GUARD_SAMPLE=1", "HAKOZUNA_GUARD_SLOTS=64");
    quiet("forks", "HAKOZUNA_GUARD_SAMPLE=1", "HAKOZUNA_GUARD_SLOTS=256");
    quiet("forks", "HAKOZUNA_GUARD_SAMPLE=1", "HAKOZUNA_GUARD_SLOTS=16384");
    check_signals();
    check_off();
    return tap_done();
}
