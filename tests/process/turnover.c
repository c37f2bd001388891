/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * turnover.c -- threads that start, allocate, pass blocks on and end, eight at a time; in the end there is
 * nothing more than after the first tenth. usage: turnover [threads] */
#include "process.h"

enum { AT_ONCE = 8, STACK_BYTES = 128 * 1024, WATCH = 120 };

static void *live(void *seed) {
    char *blocks[8] = {NULL};
    struct rng rng = rng_init((uintptr_t)seed);
    for (size_t i = 0; i < 8; i++) {
        blocks[i] = launder(malloc(rng_between(&rng, 1, 2000)));
        if (blocks[i] == NULL)
            tap_bail("no memory");
        blocks[i][0] = 1;
    }
    char *left = atomic_exchange(&exchange[(uintptr_t)seed % EXCHANGE_SLOTS], blocks[0]);
    blocks[0] = left;
    life_free_all(blocks, 8);
    return NULL;
}

static void run(size_t first, size_t count) {
    pthread_t threads[AT_ONCE];
    for (size_t i = 0; i < count; i += AT_ONCE) {
        if (i % 10000 == 0)
            watchdog_start(WATCH);
        for (size_t j = 0; j < AT_ONCE; j++)
            threads[j] = process_thread(STACK_BYTES, live, (void *)(first + i + j));
        for (size_t j = 0; j < AT_ONCE; j++)
            pthread_join(threads[j], NULL);
    }
}

struct state {
    size_t resident;
    struct hkz_stats stats;
};

static struct state settle(void) {
    (void)hkz.trim();
    return (struct state){rss_exact_bytes(), life_stats()};
}

int main(int argc, char **argv) {
    life_start();
    size_t count = process_count(argc, argv, 4000) / AT_ONCE * AT_ONCE;
    run(0, count / 10);
    struct state early = settle();
    run(count / 10, count);
    struct state late = settle();
    tap_ok(late.resident <= early.resident + 4 * MIB, "%zu threads: resident %zu KiB, was %zu", count,
           late.resident >> 10, early.resident >> 10);
    tap_ok(late.stats.allocated <= early.stats.allocated + MIB, "allocated %llu, was %llu",
           (unsigned long long)late.stats.allocated, (unsigned long long)early.stats.allocated);
    tap_ok(late.stats.mapped <= early.stats.mapped + 4 * MIB, "mapped %llu KiB, was %llu",
           (unsigned long long)late.stats.mapped >> 10, (unsigned long long)early.stats.mapped >> 10);
    tap_ok(late.stats.metadata <= early.stats.metadata + 4 * MIB, "metadata %llu KiB, was %llu",
           (unsigned long long)late.stats.metadata >> 10, (unsigned long long)early.stats.metadata >> 10);
    tap_ok(late.stats.threads <= early.stats.threads, "thread caches %llu, were %llu",
           (unsigned long long)late.stats.threads, (unsigned long long)early.stats.threads);
    exchange_empty();
    return tap_done();
}
