/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * realloc.c -- realloc and reallocarray: contents, failure, the special sizes, paths between kinds.
 */
#include "entry.h"
#include "limits.h"

enum { SENTINEL = 12345 };

static const size_t stations[] = {
    1,     16,     17,        100,       1000,   1024,    1025,    5000,     32 * KIB,
    65536, 100000, 128 * KIB, 129 * KIB, 300000, 1 * MIB, 5 * MIB, 20 * MIB,
};

enum { STATIONS = sizeof stations / sizeof *stations };

static void travel(size_t from, size_t to) {
    size_t kept = from < to ? from : to;
    char *block = a_malloc(from);
    need(block != NULL, "malloc(%zu) failed", from);
    pattern_fill(block, from, from + to);
    errno = SENTINEL;
    block = a_realloc(block, to);
    need(block != NULL && errno == SENTINEL, "realloc %zu -> %zu: errno %d", from, to, errno);
    need(pattern_check(block, from, kept, from + to) == PATTERN_INTACT, "%zu -> %zu: contents lost", from, to);
    need(a_usable_size(block) >= to, "%zu -> %zu: usable %zu", from, to, a_usable_size(block));
    need((uintptr_t)block % LIMIT_ALIGNMENT == 0, "%zu -> %zu: %p", from, to, (void *)block);
    pattern_fill(block, to, from);
    a_free(block);
}

Test(realloc, between_every_pair_of_kinds) {
    for (size_t i = 0; i < STATIONS; i++)
        for (size_t j = 0; j < STATIONS; j++)
            travel(stations[i], stations[j]);
}

Test(realloc, grows_byte_by_byte) {
    char *block = NULL;
    for (size_t size = 1; size <= 3000; size++) {
        block = a_realloc(block, size);
        need(block != NULL, "realloc to %zu failed", size);
        block[size - 1] = (char)size;
        need(block[size / 2] == (char)(size / 2 + 1), "byte %zu of %zu changed", size / 2, size);
    }
    for (size_t size = 3000; size > 0; size--) {
        block = a_realloc(block, size);
        need(block != NULL, "realloc to %zu failed", size);
        need(block[size - 1] == (char)size, "byte %zu changed", size - 1);
    }
    a_free(block);
}

/* A second block is kept behind the first so that growth in place is not always possible. */
Test(realloc, grows_to_300_mib) {
    size_t size = 100 * KIB;
    char *block = a_malloc(size);
    while (size < 300 * MIB) {
        size_t grown = size * 5 / 2 < 300 * MIB ? size * 5 / 2 : 300 * MIB;
        void *wall = a_malloc(size);
        pattern_fill(block, size, size);
        block = a_realloc(block, grown);
        cr_assert(block != NULL, "realloc to %zu failed", grown);
        need(pattern_check(block, size, size, size) == PATTERN_INTACT, "%zu bytes: contents lost", size);
        a_free(wall);
        size = grown;
    }
    block[size - 1] = 1;
    a_free(block);
}

/* Who is told of more bytes than were asked for may write them. */
Test(realloc, keeps_all_that_is_usable) {
    for (size_t i = 0; i < STATIONS; i++) {
        char *block = a_malloc(stations[i]);
        size_t usable = a_usable_size(block);
        check_moved(block, usable);
        block = a_aligned_alloc(64 * KIB, stations[i]);
        usable = a_usable_size(block);
        check_moved(block, usable);
        block = a_realloc(a_malloc(2 * stations[i]), stations[i] + 1);
        usable = a_usable_size(block);
        check_moved(block, usable);
    }
}

Test(realloc, null_allocates) {
    for (size_t i = 0; i < STATIONS; i++) {
        char *block = a_realloc(NULL, stations[i]);
        need(block != NULL && a_usable_size(block) >= stations[i], "realloc(NULL, %zu)", stations[i]);
        a_free(block);
    }
    void *empty = a_realloc(NULL, 0);
    cr_assert(empty != NULL, "realloc(NULL, 0) is malloc(0)");
    a_free(empty);
}

/* That the block is really freed shows in the figures: heap.c, "allocated_follows_realloc". */
Test(realloc, zero_frees) {
    for (size_t i = 0; i < 2000; i++) {
        void *block = a_malloc(i % 2 == 0 ? 64 : MIB);
        need(block != NULL, "malloc failed in round %zu", i);
        errno = SENTINEL;
        block = a_realloc(block, 0);
        need(block == NULL && errno == SENTINEL, "realloc(block, 0): %p, errno %d", block, errno);
    }
}

Test(realloc, failure_keeps_the_block) {
    for (size_t i = 0; i < STATIONS; i++) {
        size_t size = stations[i];
        char *block = a_malloc(size);
        size_t usable = a_usable_size(block);
        pattern_fill(block, size, 7);
        for (size_t j = 0; j < LIMIT_IMPOSSIBLE_SIZES; j++) {
            errno = 0;
            void *moved = a_realloc(block, limit_impossible_sizes[j]);
            need(moved == NULL && errno == ENOMEM, "%zu -> %#zx: %p, errno %d", size, limit_impossible_sizes[j], moved,
                 errno);
        }
        need(a_usable_size(block) == usable, "a failed realloc of %zu bytes changed it", size);
        void *probe = a_malloc(size);
        need(probe != (void *)block, "a failed realloc freed %zu bytes", size);
        memset(probe, 0, size);
        a_free(probe);
        need(pattern_check(block, size, size, 7) == PATTERN_INTACT, "contents of %zu bytes lost", size);
        a_free(block);
    }
}

Test(realloc, shrinking_gives_memory_back) {
    char *block = a_malloc(20 * MIB);
    cr_assert(block != NULL);
    block[0] = 77;
    block = a_realloc(block, 100);
    cr_assert(block != NULL && block[0] == 77);
    cr_assert(a_usable_size(block) < 20 * MIB, "20 MiB kept for 100 bytes");
    a_free(block);
}

Test(realloc, random_walk) {
    enum { COUNT = 64 };
    char *blocks[COUNT] = {NULL};
    size_t sizes[COUNT] = {0};
    struct rng rng = rng_init(7);
    for (int step = 0; step < 20000; step++) {
        size_t i = rng_below(&rng, COUNT);
        size_t size = 1 + (rng_next(&rng) & 0xffff) / (1 + rng_below(&rng, 200));
        blocks[i] = a_realloc(blocks[i], size);
        need(blocks[i] != NULL, "realloc to %zu failed", size);
        need(pattern_check(blocks[i], sizes[i], sizes[i] < size ? sizes[i] : size, i) == PATTERN_INTACT,
             "step %d: contents lost, %zu -> %zu", step, sizes[i], size);
        pattern_fill(blocks[i], size, i);
        sizes[i] = size;
    }
    for (size_t i = 0; i < COUNT; i++)
        a_free(blocks[i]);
}

Test(reallocarray, multiplies) {
    char *block = a_reallocarray(NULL, 10, 100);
    cr_assert(block != NULL && a_usable_size(block) >= 1000);
    pattern_fill(block, 1000, 3);
    block = a_reallocarray(block, 1000, 1000);
    cr_assert(block != NULL && a_usable_size(block) >= 1000000);
    cr_assert_eq(pattern_check(block, 1000, 1000, 3), PATTERN_INTACT);
    a_free(block);
}

Test(reallocarray, overflow_keeps_the_block) {
    static const size_t pairs[][2] = {
        {SIZE_MAX, 2},
        {2, SIZE_MAX},
        {(size_t)1 << 32, (size_t)1 << 32},
        {((size_t)1 << 32) + 1, (size_t)1 << 32},
        {SIZE_MAX / 16 + 2, 16},
        {PTRDIFF_MAX, 1},
    };
    char *block = a_malloc(500);
    pattern_fill(block, 500, 4);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        errno = 0;
        void *moved = a_reallocarray(block, pairs[i][0], pairs[i][1]);
        need(moved == NULL && errno == ENOMEM, "%#zx * %#zx: %p, errno %d", pairs[i][0], pairs[i][1], moved, errno);
    }
    cr_assert_eq(pattern_check(block, 500, 500, 4), PATTERN_INTACT);
    a_free(block);
}
