/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * signals.c -- a handler, run every 50 microseconds, that calls malloc, calloc, realloc, aligned_alloc,
 * malloc_usable_size and free in a thread that is busy in the allocator. It is served, its blocks are whole,
 * and nobody waits for ever.
 * usage: signals slow | any | fork | fork-and-return [milliseconds]
 * slow: the busy thread stays off the hot paths. any: it does anything, which option signal_safe makes right.
 * fork: the handler forks, too. fork-and-return: the same, and the child goes on where the handler interrupted
 * it, while other threads, which it does not have, hold locks under which they only read.
 * The library says itself whether the handler interrupted it: statistics are refused then. */
#include "process.h"
#include <malloc.h>
#include <time.h>

enum { KEPT = 64, CHILDREN_MAX = 40, PERIOD_NS = 50000, WATCH = 120, FORK_EVERY = 15, AFTER_FORK = 3, OTHERS = 2 };

struct kept {
    char *block;
    size_t bytes;
    uint64_t id;
};

static struct kept kept[KEPT]; /* the handler's */
static struct rng handler_rng;
static uint64_t next_id;
static bool may_fork, is_fork_to_return;
static volatile sig_atomic_t runs, runs_inside, children, is_child;
static atomic_size_t broken, refused;

/* Blocks for such a handler begin a page; asking each time for statistics would leave the thread no time. */
static bool is_inside(void) {
    struct hkz_stats stats = {.size = sizeof stats};
    void *block = launder(malloc(40));
    free(block);
    return (uintptr_t)block % 4096 == 0 && hkz.stats_get(&stats) == EBUSY;
}

static void drop(struct kept *old) {
    if (old->block == NULL)
        return;
    if (pattern_check(old->block, old->bytes, old->bytes, old->id) != PATTERN_INTACT)
        atomic_fetch_add(&broken, 1);
    free(old->block);
    old->block = NULL;
}

static char *take(size_t bytes, size_t way) {
    switch (way) {
    case 0: return launder(calloc(1, bytes));
    case 1: return launder(aligned_alloc(256, bytes));
    case 2: return launder(realloc(launder(malloc(20)), bytes));
    default: return launder(malloc(bytes));
    }
}

static void replace(struct kept *slot, struct rng *rng, uint64_t id) {
    drop(slot);
    slot->bytes = life_size(rng);
    slot->id = id;
    slot->block = take(slot->bytes, rng_below(rng, 8));
    if (slot->block == NULL) {
        atomic_fetch_add(&refused, 1);
        return;
    }
    if (malloc_usable_size(slot->block) < slot->bytes)
        atomic_fetch_add(&broken, 1);
    pattern_fill(slot->block, slot->bytes, slot->id);
}

/* The child allocates; then it ends, or returns to where its parent was interrupted. */
static void fork_here(void) {
    pid_t pid = fork();
    if (pid > 0)
        children++;
    if (pid != 0)
        return;
    watchdog_start(WATCH);
    for (size_t i = 0; i < KEPT; i++)
        replace(&kept[rng_below(&handler_rng, KEPT)], &handler_rng, ++next_id);
    if (!is_fork_to_return)
        _exit(atomic_load(&broken) == 0 && atomic_load(&refused) == 0 ? 0 : 1);
    is_child = 1;
}

static void on_timer(int signal_number) {
    int saved = errno;
    (void)signal_number;
    if (is_child)
        return;
    runs++;
    bool inside = is_inside();
    runs_inside += inside;
    for (int i = 0; i < 2; i++)
        replace(&kept[rng_below(&handler_rng, KEPT)], &handler_rng, ++next_id);
    if (may_fork && inside && runs_inside % FORK_EVERY == 0 && children < CHILDREN_MAX)
        fork_here();
    errno = saved;
}

/* glibc of Debian 12 does not have the manual's name for it. */
#ifdef sigev_notify_thread_id
#define SIGNALS_THREAD_ID sigev_notify_thread_id
#else
#define SIGNALS_THREAD_ID _sigev_un._tid
#endif

static timer_t start_timer(void) {
    timer_t timer;
    struct sigaction action = {.sa_handler = on_timer, .sa_flags = SA_RESTART};
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};
    struct itimerspec period = {{0, PERIOD_NS}, {0, PERIOD_NS}};
    event.SIGNALS_THREAD_ID = (pid_t)syscall(SYS_gettid);
    if (sigaction(SIGUSR1, &action, NULL) != 0 || timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 ||
        timer_settime(timer, 0, &period, NULL) != 0)
        tap_bail("no timer");
    return timer;
}

/* Small blocks come by aligned_alloc and are freed by other threads; large ones are on no hot path. */
static void work_slowly(struct rng *rng, struct kept *large, size_t count) {
    for (int i = 0; i < 50; i++) {
        char *block = launder(aligned_alloc(16, rng_between(rng, 1, 5000)));
        if (block != NULL)
            block[0] = 1;
        char *_Atomic *slot = &exchange[rng_below(rng, EXCHANGE_SLOTS)];
        for (char *present = NULL; !atomic_compare_exchange_weak(slot, &present, block); present = NULL)
            sched_yield();
    }
    struct kept *slot = &large[rng_below(rng, count)];
    drop(slot);
    slot->bytes = rng_between(rng, 140 * KIB, 600 * KIB);
    slot->id = rng_next(rng);
    slot->block = launder(realloc(launder(malloc(150 * KIB)), slot->bytes));
    if (slot->block == NULL)
        tap_bail("no memory");
    pattern_fill(slot->block, slot->bytes, slot->id);
    if (rng_below(rng, 100) == 0)
        (void)hkz.trim();
}

static void work_anyhow(struct rng *rng, struct kept *blocks, size_t count) {
    for (int i = 0; i < 200; i++)
        replace(&blocks[rng_below(rng, count)], rng, rng_next(rng));
    if (!may_fork)
        pass_blocks(rng, 20);
}

static void *consume(void *arg) {
    while (!atomic_load(&stop)) {
        exchange_empty();
        usleep(20);
    }
    return arg;
}

static void *read_statistics(void *arg) {
    while (!atomic_load(&stop)) {
        (void)life_stats();
        usleep(20);
    }
    return arg;
}

static void run(bool is_slow, size_t milliseconds) {
    struct kept blocks[KEPT] = {{NULL, 0, 0}};
    struct rng rng = rng_init(5);
    struct timespec begin, now;
    handler_rng = rng_init(7);
    clock_gettime(CLOCK_MONOTONIC, &begin);
    timer_t timer = start_timer();
    do {
        if (is_slow)
            work_slowly(&rng, blocks, 4);
        else
            work_anyhow(&rng, blocks, KEPT);
        if (is_child)
            break;
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((size_t)(now.tv_sec - begin.tv_sec) * 1000 + (size_t)now.tv_nsec / 1000000 <
             milliseconds + (size_t)begin.tv_nsec / 1000000);
    if (!is_child)
        timer_delete(timer);
    for (int i = 0; is_child && i < AFTER_FORK; i++)
        work_anyhow(&rng, blocks, KEPT);
    for (size_t i = 0; i < KEPT; i++)
        drop(&blocks[i]);
    for (size_t i = 0; i < KEPT; i++)
        drop(&kept[i]);
}

static int await_children(void) {
    int wrong = 0;
    for (int i = 0; i < children; i++) {
        int status = -1;
        while (wait(&status) < 0 && errno == EINTR)
            continue;
        if (status != 0)
            tap_diag("a child's status %#x", (unsigned)status);
        wrong += status != 0;
    }
    return wrong;
}

int main(int argc, char **argv) {
    pthread_t others[OTHERS];
    life_start();
    const char *mode = argc > 1 ? argv[1] : "slow";
    size_t milliseconds = process_count(argc - 1, argv + 1, 500);
    watchdog_start(WATCH + (unsigned)(milliseconds / 1000));
    bool is_slow = strcmp(mode, "slow") == 0;
    is_fork_to_return = strcmp(mode, "fork-and-return") == 0;
    may_fork = is_fork_to_return || strcmp(mode, "fork") == 0;
    for (size_t i = 0; i < OTHERS; i++)
        others[i] = life_thread(is_fork_to_return ? read_statistics : consume, NULL);
    struct hkz_stats before = life_stats();
    run(is_slow, milliseconds);
    if (is_child)
        _exit(atomic_load(&broken) == 0 && atomic_load(&refused) == 0 ? 0 : 1);
    atomic_store(&stop, true);
    for (size_t i = 0; i < OTHERS; i++)
        pthread_join(others[i], NULL);
    exchange_empty();
    tap_ok(runs > 100 && runs_inside > 10, "%d signals, %d of them inside the allocator", (int)runs, (int)runs_inside);
    tap_ok(atomic_load(&broken) == 0, "%zu blocks broken", atomic_load(&broken));
    tap_ok(atomic_load(&refused) == 0, "%zu requests refused", atomic_load(&refused));
    int wrong = await_children();
    tap_ok(wrong == 0 && (children > 0) == may_fork, "%d children forked by the handler: %d ended badly", (int)children,
           wrong);
    struct hkz_stats after = life_stats();
    tap_ok(after.allocated <= before.allocated + 64 * KIB && after.huge <= before.huge, "allocated %llu, was %llu",
           (unsigned long long)after.allocated, (unsigned long long)before.allocated);
    return tap_done();
}
