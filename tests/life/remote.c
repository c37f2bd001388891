/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * remote.c -- all blocks of a thread are freed by others while it sleeps and never calls the
 * allocator again. The memory must still come back. */
#include "life.h"
#include <semaphore.h>

enum { BLOCKS = 100000, FREERS = 4 };

static char *blocks[BLOCKS];
static sem_t allocated, wake;

static void *owner(void *arg) {
    struct rng rng = rng_init(11);
    for (size_t i = 0; i < BLOCKS; i++) {
        size_t size = rng_between(&rng, 1, i % 50 == 0 ? 20000 : 1000);
        blocks[i] = launder(malloc(size));
        if (blocks[i] == NULL)
            tap_bail("no memory");
        memset(blocks[i], 1, size);
    }
    sem_post(&allocated);
    while (sem_wait(&wake) != 0)
        continue;
    free(launder(malloc(100))); /* and then it is still well */
    return arg;
}

static void *freer(void *first) {
    for (size_t i = (uintptr_t)first; i < BLOCKS; i += FREERS)
        free(blocks[i]);
    return NULL;
}

int main(void) {
    pthread_t freers[FREERS];
    life_start();
    memset(blocks, 0, sizeof blocks);
    sem_init(&allocated, 0, 0);
    sem_init(&wake, 0, 0);
    struct hkz_stats before = life_stats();
    size_t base = rss_exact_bytes();
    pthread_t sleeper = life_thread(owner, NULL);
    while (sem_wait(&allocated) != 0)
        continue;
    size_t full = rss_exact_bytes();
    for (uintptr_t i = 0; i < FREERS; i++)
        freers[i] = life_thread(freer, (void *)i);
    for (size_t i = 0; i < FREERS; i++)
        pthread_join(freers[i], NULL);
    struct hkz_stats after = life_stats();
    tap_ok(after.allocated <= before.allocated + 64 * KIB, "allocated %llu, was %llu",
           (unsigned long long)after.allocated, (unsigned long long)before.allocated);
    hkz.trim();
    size_t trimmed = rss_exact_bytes();
    tap_ok(full > base + 30 * MIB && trimmed < base + (full - base) / 10, "resident %zu KiB, full %zu, trimmed %zu",
           base >> 10, full >> 10, trimmed >> 10);
    sem_post(&wake);
    pthread_join(sleeper, NULL);
    return tap_done();
}
