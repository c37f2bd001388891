/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * crowd.c -- many threads alive at once on small stacks, each with blocks of its own; then as many again.
 * usage: crowd [threads] */
#include "process.h"
#include <limits.h>

enum { STACK_BYTES = 64 * 1024, OWN_BLOCKS = 4, SECONDS = 200 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t all_arrived = PTHREAD_COND_INITIALIZER, end_allowed = PTHREAD_COND_INITIALIZER;
static size_t missing; /* mutex */
static bool may_end;   /* mutex */
static atomic_size_t broken;

static void *live(void *arg) {
    char *blocks[OWN_BLOCKS];
    for (size_t i = 0; i < OWN_BLOCKS; i++) {
        size_t size = (size_t)16 << (2 * i);
        blocks[i] = launder(malloc(size));
        if (blocks[i] == NULL)
            tap_bail("thread %zu: no memory", (size_t)(uintptr_t)arg);
        pattern_fill(blocks[i], size, (uintptr_t)arg + i);
    }
    pthread_mutex_lock(&mutex);
    if (--missing == 0)
        pthread_cond_signal(&all_arrived);
    while (!may_end)
        pthread_cond_wait(&end_allowed, &mutex);
    pthread_mutex_unlock(&mutex);
    for (size_t i = 0; i < OWN_BLOCKS; i++) {
        size_t size = (size_t)16 << (2 * i);
        if (pattern_check(blocks[i], size, size, (uintptr_t)arg + i) != PATTERN_INTACT)
            atomic_fetch_add(&broken, 1);
        free(blocks[i]);
    }
    return NULL;
}

/* The thread caches that were alive when all threads were. */
static size_t assemble(pthread_t *threads, size_t count, size_t *ret_metadata) {
    missing = count;
    may_end = false;
    for (size_t i = 0; i < count; i++)
        threads[i] = process_thread(STACK_BYTES, live, (void *)(i + 1));
    pthread_mutex_lock(&mutex);
    while (missing != 0)
        pthread_cond_wait(&all_arrived, &mutex);
    struct hkz_stats stats = life_stats();
    may_end = true;
    pthread_cond_broadcast(&end_allowed);
    pthread_mutex_unlock(&mutex);
    for (size_t i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    *ret_metadata = (size_t)stats.metadata;
    return (size_t)stats.threads;
}

int main(int argc, char **argv) {
    size_t metadata[2], alive[2], resident[2];
    life_start();
    size_t count = process_count(argc, argv, 1000);
    watchdog_start(SECONDS + (unsigned)count / 10);
    pthread_t *threads = launder(malloc(count * sizeof *threads));
    for (int round = 0; round < 2; round++) {
        alive[round] = assemble(threads, count, &metadata[round]);
        (void)hkz.trim();
        resident[round] = rss_exact_bytes();
    }
    tap_ok(alive[0] >= count && alive[1] >= count, "%zu threads at once: %zu and %zu thread caches", count, alive[0],
           alive[1]);
    tap_ok(atomic_load(&broken) == 0, "their blocks are whole");
    /* libc keeps up to 40 MiB of stacks, and which ones differs. */
    tap_ok(resident[1] <= resident[0] + resident[0] / 4 + 24 * MIB,
           "resident %zu KiB after them, %zu after as many again", resident[0] >> 10, resident[1] >> 10);
    tap_ok(metadata[1] <= metadata[0] + metadata[0] / 10 + MIB, "metadata %zu KiB, then %zu", metadata[0] >> 10,
           metadata[1] >> 10);
    tap_diag("metadata per thread %zu bytes", metadata[0] / count);
    free(threads);
    return tap_done();
}
