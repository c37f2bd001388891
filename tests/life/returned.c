/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * returned.c -- memory goes back by itself: after a burst of 1 GiB by eight threads, of which half
 * end and half stay idle, two seconds of light work leave less than a part of the peak resident: what the
 * bins of the idle ones hold. usage: returned [PART], a twentieth if not said */
#include "life.h"

enum { THREADS = 8, LIGHT_MS = 2000 };

#define BURST (1024 * MIB)

static pthread_barrier_t burst_freed, work_done;

static void *burst(void *arg) {
    size_t index = (uintptr_t)arg, held = 0;
    struct rng rng = rng_init(index + 5);
    void *newest = NULL; /* blocks are chained through their first words */
    while (held < BURST / THREADS) {
        size_t size = 16 + life_size(&rng);
        void **block = launder(malloc(size));
        if (block == NULL)
            tap_bail("no memory");
        memset(block, 1, size);
        *block = newest;
        newest = block;
        held += size;
    }
    pthread_barrier_wait(&burst_freed); /* all bursts at their peak */
    while (newest != NULL) {
        void *next = *(void **)newest;
        free(newest);
        newest = next;
    }
    pthread_barrier_wait(&burst_freed);
    if (index % 2 == 0)
        pthread_barrier_wait(&work_done);
    return NULL;
}

static void light_work(void) {
    char *blocks[20] = {NULL};
    struct rng rng = rng_init(1);
    for (int i = 0; i < LIGHT_MS; i++) {
        life_churn(&rng, blocks, 20, 5);
        usleep(1000);
    }
    life_free_all(blocks, 20);
}

int main(int argc, char **argv) {
    pthread_t threads[THREADS];
    size_t part = argc > 1 ? strtoul(argv[1], NULL, 10) : 20;
    life_start();
    pthread_barrier_init(&burst_freed, NULL, THREADS + 1);
    pthread_barrier_init(&work_done, NULL, THREADS / 2 + 1);
    for (uintptr_t i = 0; i < THREADS; i++)
        threads[i] = life_thread(burst, (void *)i);
    pthread_barrier_wait(&burst_freed);
    size_t peak = rss_exact_bytes();
    pthread_barrier_wait(&burst_freed);
    size_t freed = rss_exact_bytes();
    light_work();
    size_t end = rss_exact_bytes();
    struct hkz_stats stats = life_stats();
    tap_diag("MiB: active %llu, of these allocated %llu, cached %llu; dirty %llu, clean %llu",
             (unsigned long long)stats.active >> 20, (unsigned long long)stats.allocated >> 20,
             (unsigned long long)stats.cached >> 20, (unsigned long long)stats.dirty >> 20,
             (unsigned long long)stats.clean >> 20);
    /* On a busy machine an eager profile returns what the first threads freed before the last ones allocate. */
    tap_ok(peak > 400 * MIB && end < peak / part, "resident %zu MiB, %zu when freed, %zu after light work (part %zu)",
           peak >> 20, freed >> 20, end >> 20, part);
    pthread_barrier_wait(&work_done);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    return tap_done();
}
