/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * race.c -- two threads that do not own a block free it at the same moment, many times: one succeeds, the
 * other is reported, always. (Not so if one of them owns the block: see hz_mark.h.) For strict profiles, and
 * for large blocks under all. usage: race strict | plain [ROUNDS] */
#include "fatal.h"

static const size_t sizes[] = {300 * 1024, 16, 100, 1000, 3000, 20000, 131072};
enum { SIZES = sizeof sizes / sizeof *sizes, FREERS = 2 };

static unsigned rounds = 10000;
static size_t size_count;
static pthread_barrier_t begin, end;
static char *block;

static void *free_each(void *arg) {
    for (unsigned round = 0; round < rounds; round++) {
        pthread_barrier_wait(&begin);
        hkz_free(launder(block));
        pthread_barrier_wait(&end);
    }
    return arg;
}

/* Runs in a child whose misuse is reported, not fatal. */
static void run(void *arg) {
    pthread_t threads[FREERS];
    unsigned wrong = 0, exact = 0;
    setenv("HAKOZUNA_ON_ERROR", "report", 1);
    listen_start();
    pthread_barrier_init(&begin, NULL, FREERS + 1);
    pthread_barrier_init(&end, NULL, FREERS + 1);
    for (int i = 0; i < FREERS; i++)
        threads[i] = fatal_thread(free_each, arg);
    for (unsigned round = 0; round < rounds; round++) {
        block = fatal_allocate(sizes[round % size_count]);
        pthread_barrier_wait(&begin);
        pthread_barrier_wait(&end);
        unsigned lines = listen_lines();
        exact += lines == 1;
        if (lines != 1 && wrong++ < 10)
            dprintf(1, "round %u, size %zu: %u lines\n", round, sizes[round % size_count], lines);
    }
    for (int i = 0; i < FREERS; i++)
        pthread_join(threads[i], NULL);
    hkz_trim();
    dprintf(1, "%u reported once, %u more at the end, %llu allocated\n", exact, listen_lines(),
            (unsigned long long)fatal_stats().allocated);
}

int main(int argc, char **argv) {
    static struct child child;
    char expected[128];
    watchdog_start(FATAL_SECONDS);
    if (argc < 2 || (strcmp(argv[1], "strict") != 0 && strcmp(argv[1], "plain") != 0))
        tap_bail("usage: race strict | plain [ROUNDS]");
    size_count = strcmp(argv[1], "strict") == 0 ? SIZES : 1;
    if (argc > 2)
        rounds = (unsigned)strtoul(argv[2], NULL, 10);
    snprintf(expected, sizeof expected, "%u reported once, 0 more at the end, 0 allocated\n", rounds);
    bool done = child_run(&child, run, NULL);
    tap_ok(done && child_exited(&child, 0) && strcmp(child.out, expected) == 0, "%u races: status %#x", rounds,
           (unsigned)child.status);
    if (tap_state.failed != 0)
        tap_diag("%.400s", child.out);
    return tap_done();
}
