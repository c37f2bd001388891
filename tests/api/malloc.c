/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * malloc.c -- malloc, calloc, zalloc and free: every size, contents, overflow, errno. */
#include "entry.h"
#include "limits.h"
#include <pthread.h>

enum { WINDOW = 48, SENTINEL = 12345 };

/* Blocks alive at once while sizes are swept: old ones are checked and freed as new ones come. */
struct window {
    struct {
        char *block;
        size_t size, usable;
    } slot[WINDOW];
    size_t next;
};

static void window_drop(struct window *window, size_t i) {
    char *block = window->slot[i].block;
    size_t size = window->slot[i].size;
    if (block == NULL)
        return;
    need(pattern_check(block, size, size, size) == PATTERN_INTACT, "contents of %zu bytes changed", size);
    a_free(block);
    window->slot[i].block = NULL;
}

static void window_add(struct window *window, char *block, size_t size) {
    size_t usable = a_usable_size(block);
    window_drop(window, window->next);
    for (size_t i = 0; i < WINDOW; i++) {
        char *other = window->slot[i].block;
        need(other == NULL || block + usable <= other || other + window->slot[i].usable <= block,
             "a block of %zu bytes overlaps one of %zu", size, window->slot[i].size);
    }
    window->slot[window->next].block = block;
    window->slot[window->next].size = size;
    window->slot[window->next].usable = usable;
    window->next = (window->next + 1) % WINDOW;
}

static void window_empty(struct window *window) {
    for (size_t i = 0; i < WINDOW; i++)
        window_drop(window, i);
}

static void visit_size(struct window *window, size_t size) {
    errno = SENTINEL;
    char *block = a_malloc(size);
    need(block != NULL, "malloc(%zu) failed", size);
    need(errno == SENTINEL, "malloc(%zu) succeeded and set errno %d", size, errno);
    need((uintptr_t)block % limit_alignment(size) == 0, "malloc(%zu) is %p", size, (void *)block);
    need(a_usable_size(block) >= size, "malloc(%zu): usable %zu", size, a_usable_size(block));
    pattern_fill(block, size, size);
    window_add(window, block, size);
}

Test(malloc, every_size) {
    static struct window window;
    for (size_t size = 0; size <= LIMIT_SWEEP; size = limit_next_size(size))
        visit_size(&window, size);
    window_empty(&window);
}

Test(malloc, random_sizes_to_80_mib) {
    static struct window window;
    struct rng rng = rng_init(42);
    for (int i = 0; i < 200; i++)
        visit_size(&window, (80 * MIB) >> rng_below(&rng, 20));
    for (size_t i = 0; i < LIMIT_LARGE_SIZES; i++)
        visit_size(&window, limit_large_sizes[i]);
    window_empty(&window);
}

Test(malloc, zero_size_is_unique_and_usable) {
    char *first = a_malloc(0), *second = a_malloc(0), *third = a_calloc(0, 8), *fourth = a_calloc(8, 0);
    cr_assert(first && second && third && fourth);
    cr_assert(first != second && second != third && third != fourth);
    a_free(first);
    a_free(second);
    a_free(third);
    a_free(fourth);
}

Test(malloc, waste_is_bounded) {
    for (size_t size = 0; size <= LIMIT_CLASSES; size++) {
        void *block = a_malloc(size);
        need(block != NULL, "malloc(%zu) failed", size);
        size_t usable = a_usable_size(block);
        need(usable - size <= limit_waste(size) || size == 0, "%zu bytes take %zu", size, usable);
        a_free(block);
    }
}

Test(malloc, impossible_sizes_are_enomem) {
    for (size_t i = 0; i < LIMIT_IMPOSSIBLE_SIZES; i++) {
        errno = 0;
        void *block = a_malloc(limit_impossible_sizes[i]);
        need(block == NULL && errno == ENOMEM, "malloc(%#zx): %p, errno %d", limit_impossible_sizes[i], block, errno);
        errno = 0;
        block = a_zalloc(limit_impossible_sizes[i]);
        need(block == NULL && errno == ENOMEM, "zalloc(%#zx): %p, errno %d", limit_impossible_sizes[i], block, errno);
    }
    void *block = a_malloc(100);
    cr_assert(block != NULL, "works after failures");
    a_free(block);
}

Test(calloc, overflowing_products_are_enomem) {
    static const size_t pairs[][2] = {
        {SIZE_MAX, 2},
        {2, SIZE_MAX},
        {SIZE_MAX, SIZE_MAX},
        {(size_t)1 << 32, (size_t)1 << 32},
        {((size_t)1 << 32) + 1, (size_t)1 << 32},
        {SIZE_MAX / 2 + 1, 2},
        {SIZE_MAX / 3 + 1, 3},
        {SIZE_MAX / 16 + 1, 16},
        {SIZE_MAX / 16 + 2, 16},
        {65537, SIZE_MAX / 65536},
        {1, SIZE_MAX},
        {PTRDIFF_MAX, 1},
        {PTRDIFF_MAX / 8, 8},
        {3, PTRDIFF_MAX / 2},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        errno = 0;
        void *block = a_calloc(pairs[i][0], pairs[i][1]);
        need(block == NULL && errno == ENOMEM, "calloc(%#zx, %#zx): %p, errno %d", pairs[i][0], pairs[i][1], block,
             errno);
    }
}

static void *dirty_block(size_t size, int byte) {
    void *block = a_malloc(size);
    need(block != NULL, "malloc(%zu) failed", size);
    memset(block, byte, a_usable_size(block));
    return block;
}

static void *zeroed_block(size_t size, size_t factor, bool by_calloc) {
    void *block = by_calloc ? a_calloc(size / factor, factor) : a_zalloc(size);
    need(block != NULL, "calloc(%zu) failed", size);
    need(pattern_is_zero(block, size / factor * factor), "%zu recycled bytes are not zero", size);
    return block;
}

/* Dirties a batch of blocks, frees most of it and takes as much again with calloc and zalloc. Some
 * blocks stay, or the run would go back to the kernel and return as zero pages. */
static void recycle_zeroed(size_t size, size_t factor) {
    enum { MOST = 64, STAYS = 8 };
    void *blocks[MOST];
    size_t count = MIB / (size + 1);
    count = count < 2 ? 2 : count > MOST ? MOST : count;
    for (size_t i = 0; i < count; i++)
        blocks[i] = dirty_block(size, 0xa5);
    for (size_t i = 0; i < count; i++)
        if (i % STAYS != 1)
            a_free(blocks[i]);
    for (size_t i = 0; i < count; i++)
        if (i % STAYS != 1)
            blocks[i] = zeroed_block(size, factor, i % 2 == 0);
    for (size_t i = 0; i < count; i++)
        a_free(blocks[i]);
}

Test(calloc, recycled_memory_is_zero) {
    for (size_t size = 1; size <= LIMIT_CLASSES; size += 1 + size / 5)
        recycle_zeroed(size, 1);
    for (size_t size = 16; size <= LIMIT_CLASSES; size *= 2)
        recycle_zeroed(size, 16);
}

Test(calloc, recycled_large_memory_is_zero) {
    for (size_t i = 0; i < LIMIT_LARGE_SIZES; i++)
        recycle_zeroed(limit_large_sizes[i], 1);
}

static const size_t errno_sizes[] = {0, 16, 1000, 20000, 100000, 200000, 8 * MIB, 80 * MIB};

enum { ERRNO_SIZES = sizeof errno_sizes / sizeof *errno_sizes };

Test(free, null_is_ignored) {
    errno = SENTINEL;
    a_free(NULL);
    cr_assert_eq(errno, SENTINEL);
    cr_assert_eq(a_usable_size(NULL), 0);
}

Test(free, keeps_errno) {
    for (size_t i = 0; i < ERRNO_SIZES; i++) {
        char *block = a_malloc(errno_sizes[i]);
        need(block != NULL, "malloc(%zu) failed", errno_sizes[i]);
        memset(block, 1, errno_sizes[i]);
        errno = SENTINEL;
        a_free(block);
        need(errno == SENTINEL, "free of %zu bytes set errno %d", errno_sizes[i], errno);
    }
}

/* Many at once: caches overflow, runs empty and pages go back while errno must stay. */
Test(free, keeps_errno_in_bulk) {
    enum { COUNT = 4000 };
    static void *blocks[COUNT];
    static const size_t sizes[] = {32, 512, 5000, 40000};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        size_t count = sizes[s] > 1000 ? COUNT / 10 : COUNT;
        for (size_t i = 0; i < count; i++)
            need((blocks[i] = a_malloc(sizes[s])) != NULL, "malloc(%zu) failed", sizes[s]);
        errno = SENTINEL;
        for (size_t i = 0; i < count; i++)
            a_free(blocks[i]);
        cr_assert_eq(errno, SENTINEL, "freeing %zu blocks of %zu bytes set errno %d", count, sizes[s], errno);
    }
}

static void *free_remotely(void *arg) {
    void **blocks = arg;
    int *changed = calloc(1, sizeof *changed);
    for (size_t i = 0; i < ERRNO_SIZES; i++) {
        errno = SENTINEL;
        a_free(blocks[i]);
        *changed += errno != SENTINEL;
    }
    return changed;
}

Test(free, keeps_errno_in_another_thread) {
    void *blocks[ERRNO_SIZES];
    int *changed;
    pthread_t thread;
    for (size_t i = 0; i < ERRNO_SIZES; i++)
        blocks[i] = a_malloc(errno_sizes[i]);
    cr_assert_eq(pthread_create(&thread, NULL, free_remotely, blocks), 0);
    pthread_join(thread, (void **)&changed);
    cr_assert_eq(*changed, 0);
    free(changed);
}
