/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * starve.c -- 64 threads on one processor, where whoever holds a lock may wait long for its turn: all of
 * them get ahead, and the work ends. usage: starve [rounds] */
#include "process.h"
#include <sched.h>

enum { THREADS = 64, WATCH = 300 };

static size_t rounds;
static atomic_size_t finished;

static void *work(void *seed) {
    char *blocks[PASS_BLOCKS] = {NULL};
    struct rng rng = rng_init((uintptr_t)seed);
    for (size_t i = 0; i < rounds; i++) {
        life_churn(&rng, blocks, PASS_BLOCKS, 50);
        pass_blocks(&rng, 50);
    }
    life_free_all(blocks, PASS_BLOCKS);
    atomic_fetch_add(&finished, 1);
    return NULL;
}

int main(int argc, char **argv) {
    pthread_t threads[THREADS];
    cpu_set_t one;
    life_start();
    watchdog_start(WATCH);
    rounds = process_count(argc, argv, 20);
    CPU_ZERO(&one);
    CPU_SET((size_t)sched_getcpu(), &one);
    tap_ok(sched_setaffinity(0, sizeof one, &one) == 0, "on one processor");
    for (uintptr_t i = 0; i < THREADS; i++)
        threads[i] = life_thread(work, (void *)(i + 1));
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    tap_ok(atomic_load(&finished) == THREADS, "%zu of %d threads did %zu rounds", atomic_load(&finished), THREADS,
           rounds);
    exchange_empty();
    (void)hkz.trim();
    struct hkz_stats stats = life_stats();
    tap_ok(stats.allocated < MIB && stats.threads <= 1, "%llu bytes allocated at the end, %llu thread caches",
           (unsigned long long)stats.allocated, (unsigned long long)stats.threads);
    return tap_done();
}
