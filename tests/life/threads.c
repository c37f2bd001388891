/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * threads.c -- many short threads, many at once, threads whose blocks others free, exit among
 * threads. */
#include "life.h"
#include <sys/stat.h>

enum { SHORT_THREADS = 10000, SETTLED_AFTER = 100, OWN_BLOCKS = 30, LEFT_BLOCKS = 12, AT_ONCE = 300 };

#define GROWTH_LIMIT (4 * MIB)

static char *left[LEFT_BLOCKS];

static void *short_life(void *arg) {
    char *blocks[OWN_BLOCKS] = {NULL};
    struct rng rng = rng_init((uintptr_t)arg);
    life_churn(&rng, blocks, OWN_BLOCKS, OWN_BLOCKS * 2);
    life_free_all(blocks, OWN_BLOCKS);
    return NULL;
}

/* Frees what the thread before left, and leaves as much. */
static void *leaving_life(void *arg) {
    struct rng rng = rng_init((uintptr_t)arg);
    life_churn(&rng, left, LEFT_BLOCKS, LEFT_BLOCKS * 3);
    return short_life(arg);
}

/* What is dirty when the threads have settled may become resident: they use one part after another. */
static void many_short_threads(const char *what, void *(*life)(void *)) {
    size_t settled = 0, dirty = 0;
    for (uintptr_t i = 0; i < SHORT_THREADS; i++) {
        pthread_join(life_thread(life, (void *)(i + 1)), NULL);
        if (i == SETTLED_AFTER) {
            settled = rss_exact_bytes();
            dirty = (size_t)life_stats().dirty;
        }
    }
    size_t end = rss_exact_bytes();
    tap_ok(end <= settled + dirty + GROWTH_LIMIT,
           "%d short threads%s: resident %zu KiB after %d, %zu dirty; %zu at the end", SHORT_THREADS, what,
           settled >> 10, SETTLED_AFTER, dirty >> 10, end >> 10);
}

static void test_short_threads(void) {
    struct hkz_stats before = life_stats();
    many_short_threads("", short_life);
    many_short_threads(" that leave blocks", leaving_life);
    life_free_all(left, LEFT_BLOCKS);
    struct hkz_stats after = life_stats();
    tap_ok(after.allocated <= before.allocated + 64 * KIB, "allocated %llu, was %llu",
           (unsigned long long)after.allocated, (unsigned long long)before.allocated);
    tap_ok(after.threads <= before.threads + 1, "thread caches %llu, were %llu", (unsigned long long)after.threads,
           (unsigned long long)before.threads);
}

/* Behind its last destructor libc may free for the thread, which is its first call then. */
static void *silent_life(void *unused) { return unused; }

static void start_detached(char *stack, size_t bytes) {
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstack(&attributes, stack, bytes);
    if (pthread_create(&thread, &attributes, silent_life, NULL) != 0)
        tap_bail("no thread");
    pthread_attr_destroy(&attributes);
}

static unsigned task_count(void) {
    struct stat tasks;
    return stat("/proc/self/task", &tasks) == 0 ? (unsigned)tasks.st_nlink - 2 : 1;
}

static void test_silent_threads(void) {
    enum { THREADS = 64 };
    static _Alignas(65536) char stacks[THREADS][256 * 1024];
    struct hkz_stats before = life_stats();
    for (unsigned i = 0; i < THREADS; i++)
        start_detached(stacks[i], sizeof stacks[i]);
    for (unsigned i = 0; i < 5000 && task_count() > 1; i++)
        usleep(1000);
    struct hkz_stats after = life_stats();
    tap_ok(after.threads <= before.threads, "%d detached threads without an allocation: thread caches %llu, were %llu",
           THREADS, (unsigned long long)after.threads, (unsigned long long)before.threads);
}

static pthread_barrier_t meeting;
static unsigned long long mapped_at_meeting; /* written between the two waits */

static void *crowd_life(void *arg) {
    char *blocks[100] = {NULL};
    struct rng rng = rng_init((uintptr_t)arg);
    life_churn(&rng, blocks, 100, 300);
    if (pthread_barrier_wait(&meeting) == PTHREAD_BARRIER_SERIAL_THREAD)
        mapped_at_meeting = life_stats().mapped;
    pthread_barrier_wait(&meeting);
    life_free_all(blocks, 100);
    return NULL;
}

/* Returns what is mapped when all have their blocks: later it depends on how long they have been done. */
static unsigned long long crowd(void) {
    pthread_t threads[AT_ONCE];
    pthread_barrier_init(&meeting, NULL, AT_ONCE);
    for (uintptr_t i = 0; i < AT_ONCE; i++)
        threads[i] = life_thread(crowd_life, (void *)(i + 1));
    for (size_t i = 0; i < AT_ONCE; i++)
        pthread_join(threads[i], NULL);
    return mapped_at_meeting;
}

/* The most of so many crowds. */
static unsigned long long crowds(int count) {
    unsigned long long most = 0;
    while (count-- > 0) {
        unsigned long long mapped = crowd();
        most = mapped > most ? mapped : most;
    }
    return most;
}

/* Where runs come in bulk the first crowds take fewer of them than later ones, which find many that are free. */
static void test_crowds(void) {
    unsigned long long early_mapped = crowds(3);
    struct hkz_stats early = life_stats();
    unsigned long long late_mapped = crowds(5);
    struct hkz_stats late = life_stats();
    tap_ok(late.allocated <= early.allocated + 64 * KIB, "%d threads at once: allocated %llu, then %llu", AT_ONCE,
           (unsigned long long)early.allocated, (unsigned long long)late.allocated);
    tap_ok(late_mapped <= 2 * early_mapped + 16 * MIB, "mapped %llu KiB, then %llu", early_mapped >> 10,
           late_mapped >> 10);
}

static void *endless_life(void *arg) {
    char *blocks[50] = {NULL};
    struct rng rng = rng_init((uintptr_t)arg);
    for (;;)
        life_churn(&rng, blocks, 50, 1000);
    return NULL;
}

static void exit_among_threads(void *arg) {
    for (uintptr_t i = 0; i < 4; i++)
        life_thread(endless_life, (void *)(i + 1));
    free(launder(malloc(100)));
    exit((int)(intptr_t)arg);
}

static void test_exit_among_threads(void) {
    static struct child child;
    int wrong = 0;
    for (intptr_t i = 0; i < 20; i++)
        wrong += !child_run(&child, exit_among_threads, (void *)(i + 1)) || !child_exited(&child, (int)i + 1);
    tap_ok(wrong == 0, "exit while other threads allocate: %d of 20 ended badly", wrong);
}

int main(void) {
    life_start();
    test_short_threads();
    test_silent_threads();
    test_crowds();
    test_exit_among_threads();
    return tap_done();
}
