/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * exits.c -- ways in which threads and processes end while others allocate: cancellation, exit,
 * quick_exit, _exit, the end of main, and the end of the main thread before the others.
 * Asynchronous cancellation inside malloc is not tested: POSIX leaves it undefined. */
#include "process.h"

enum { OTHERS = 4, TURNS = 5, CANCELLED = 200 };

static void *endless(void *seed) {
    char *blocks[50] = {NULL};
    struct rng rng = rng_init((uintptr_t)seed);
    for (;;) {
        life_churn(&rng, blocks, 50, 100);
        pass_blocks(&rng, 100);
    }
    return NULL;
}

static void start_others(void) {
    for (uintptr_t i = 0; i < OTHERS; i++)
        pthread_detach(life_thread(endless, (void *)(i + 1)));
    usleep(2000);
    free(launder(malloc(100)));
}

static void allocate_late(void) {
    char *block = launder(calloc(100, 300));
    if (block == NULL || !pattern_is_zero(block, 30000))
        _exit(99);
    free(launder(realloc(block, 500 * KIB)));
    exchange_empty();
}

static void end_by_exit(void) {
    atexit(allocate_late);
    start_others();
    exit(1);
}

static void end_by_quick_exit(void) {
    at_quick_exit(allocate_late);
    start_others();
    quick_exit(2);
}

static void end_at_once(void) {
    start_others();
    _exit(3);
}

static void *short_life(void *arg) {
    struct rng rng = rng_init((uintptr_t)arg);
    usleep(1000);
    pass_blocks(&rng, 500);
    return NULL;
}

/* The last thread to end ends the process, with 0 and after the handlers. */
static void end_main_thread(void) {
    atexit(allocate_late);
    for (uintptr_t i = 0; i < OTHERS; i++)
        pthread_detach(life_thread(short_life, (void *)(i + 1)));
    free(launder(malloc(100)));
    pthread_exit(NULL);
}

static const struct way {
    const char *name;
    void (*end)(void);
    int code;
} ways[] = {{"exit", end_by_exit, 1},
            {"quick_exit", end_by_quick_exit, 2},
            {"_exit", end_at_once, 3},
            {"return from main", start_others, 4},
            {"end of the main thread", end_main_thread, 0}};

/* In a program of its own, so that main can return. */
static int end_in_child(const char *name) {
    watchdog_start(CHILD_SECONDS);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (strcmp(name, ways[i].name) == 0) {
            ways[i].end();
            return ways[i].code;
        }
    return 98;
}

static void test_ways(char *self) {
    static struct child child;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        char *const arguments[] = {self, (char *)ways[i].name, NULL};
        struct child_program program = {.argv = arguments};
        int wrong = 0;
        for (int turn = 0; turn < TURNS; turn++)
            if (!child_run_program(&child, &program) || !child_exited(&child, ways[i].code)) {
                tap_diag("status %#x, err: %s", (unsigned)child.status, child.err);
                wrong++;
            }
        tap_ok(wrong == 0, "%s while threads allocate: %d of %d ended badly", ways[i].name, wrong, TURNS);
    }
}

static void free_all(void *blocks) { life_free_all(blocks, 20); }

/* Cancelled wherever its cancellation point is reached, between any two operations. */
static void *until_cancelled(void *seed) {
    char *blocks[20] = {NULL};
    struct rng rng = rng_init((uintptr_t)seed);
    pthread_cleanup_push(free_all, blocks);
    for (;;) {
        life_churn(&rng, blocks, 20, 1 + rng_below(&rng, 30));
        pthread_testcancel();
    }
    pthread_cleanup_pop(1);
    return NULL;
}

static void cancel_some(int count) {
    for (int i = 0; i < count; i++) {
        void *result;
        pthread_t thread = life_thread(until_cancelled, (void *)(intptr_t)(i + 1));
        usleep((useconds_t)(i % 7) * 100);
        pthread_cancel(thread);
        pthread_join(thread, &result);
        if (result != PTHREAD_CANCELED)
            tap_bail("a thread ended by itself");
    }
}

int main(int argc, char **argv) {
    if (argc > 1)
        return end_in_child(argv[1]);
    life_start();
    cancel_some(CANCELLED / 10);
    struct hkz_stats before = life_stats();
    cancel_some(CANCELLED);
    struct hkz_stats after = life_stats();
    tap_ok(after.allocated <= before.allocated + 64 * KIB && after.threads <= before.threads,
           "%d threads cancelled: allocated %llu, was %llu", CANCELLED, (unsigned long long)after.allocated,
           (unsigned long long)before.allocated);
    test_ways(argv[0]);
    return tap_done();
}
