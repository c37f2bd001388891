/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * aside.c -- blocks and waiting pointers of signal handlers: more than one chunk of the tables holds, and by
 * several threads at once. */
#include "hz_aside.h"
#include "unit.h"
#include <pthread.h>
#include <stdatomic.h>

enum { MANY = 700, THREADS = 4, ROUNDS = 200 };

static void check_empty(void) {
    size_t blocks, bytes;
    hz_aside_count(&blocks, &bytes);
    cr_assert(blocks == 0 && bytes == 0, "%zu blocks, %zu bytes", blocks, bytes);
    cr_assert_null(hz_aside_resume());
}

Test(aside, blocks_are_zero_aligned_and_known_by_their_start) {
    char *block = hz_aside_take(100, 1 << 20);
    cr_assert_not_null(block);
    cr_assert(((uintptr_t)block & ((1 << 20) - 1)) == 0 && block[0] == 0 && block[99] == 0);
    cr_assert(hz_aside_bytes(block) >= 100 && hz_aside_bytes(block + 16) == 0);
    cr_assert(hz_aside_contains(block + 99) && !hz_aside_contains(block - 1));
    cr_assert_not(hz_aside_give(block + 16));
    cr_assert(hz_aside_give(block));
    cr_assert_not(hz_aside_give(block), "given twice");
    cr_assert_not(hz_aside_give(NULL));
    cr_assert_null(hz_aside_take(SIZE_MAX, 1));
    cr_assert_null(hz_aside_take(PTRDIFF_MAX, 1), "which the kernel refuses");
    check_empty();
}

Test(aside, tables_grow_and_entries_serve_again) {
    static char *blocks[MANY];
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < MANY; i++) {
            blocks[i] = hz_aside_take(1, 1);
            cr_assert_not_null(blocks[i]);
            cr_assert(hz_aside_defer(blocks[i] + 1));
        }
        size_t resumed = 0;
        while (hz_aside_resume() != NULL)
            resumed++;
        cr_assert(resumed == MANY, "%zu of %d pointers waited", resumed, MANY);
        for (size_t i = 0; i < MANY; i++)
            cr_assert(hz_aside_give(blocks[i]));
    }
    cr_assert(hz_aside_metadata() > 0 && hz_aside_metadata() < 64 * 1024);
    check_empty();
}

static atomic_size_t wrong, deferred, resumed_by_all;

static void *hurry(void *arg) {
    for (size_t round = 0; round < ROUNDS; round++) {
        char *block = hz_aside_take(5000, 1);
        if (block == NULL || hz_aside_bytes(block) < 5000)
            atomic_fetch_add(&wrong, 1);
        atomic_fetch_add(&deferred, (size_t)hz_aside_defer((char *)arg + 16 * (round + 1)));
        atomic_fetch_add(&resumed_by_all, (size_t)(hz_aside_resume() != NULL));
        if (!hz_aside_give(block))
            atomic_fetch_add(&wrong, 1);
    }
    return NULL;
}

Test(aside, threads_share_the_tables) {
    static char bases[THREADS][16 * (ROUNDS + 2)];
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        cr_assert(pthread_create(&threads[i], NULL, hurry, bases[i]) == 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    while (hz_aside_resume() != NULL)
        atomic_fetch_add(&resumed_by_all, 1);
    cr_assert(wrong == 0, "%zu", (size_t)wrong);
    cr_assert(deferred == (size_t)THREADS * ROUNDS && resumed_by_all == deferred, "%zu, %zu", (size_t)deferred,
              (size_t)resumed_by_all);
    check_empty();
}
