/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * block.c -- what only the direct names offer for blocks: usable and good sizes, expand, sized
 * free, batches, ownership. */
#include "entry.h"
#include "limits.h"
#include <pthread.h>
#include <sys/mman.h>

enum { SENTINEL = 12345 };

static void check_good_size(size_t size) {
    void *block = a_malloc(size);
    need(block != NULL, "malloc(%zu) failed", size);
    need(hkz_good_size(opaque(size)) == hkz_usable_size(block), "%zu: good %zu, usable %zu", size,
         hkz_good_size(opaque(size)), hkz_usable_size(block));
    hkz_free(block);
}

Test(good_size, is_the_usable_size) {
    for (size_t size = 0; size <= LIMIT_SWEEP; size = limit_next_size(size))
        check_good_size(size);
    for (size_t i = 0; i < LIMIT_LARGE_SIZES; i++)
        check_good_size(limit_large_sizes[i]);
    check_good_size(80 * MIB);
}

Test(good_size, never_falls_and_is_a_fixed_point) {
    size_t before = 0;
    for (size_t size = 0; size <= LIMIT_SWEEP; size++) {
        size_t good = hkz_good_size(opaque(size));
        need(good >= size && good >= before, "good_size(%zu) is %zu after %zu", size, good, before);
        need(hkz_good_size(opaque(good)) == good, "good_size(good_size(%zu)) is %zu", size,
             hkz_good_size(opaque(good)));
        before = good;
    }
}

Test(good_size, of_impossible_sizes_is_zero) {
    cr_assert_eq(hkz_good_size(opaque(SIZE_MAX)), 0);
    cr_assert_eq(hkz_good_size(opaque((size_t)PTRDIFF_MAX + 1)), 0);
}

/* Who knows the good size may write as much. */
Test(good_size, is_kept_by_realloc) {
    static const size_t sizes[] = {5000, 129 * KIB, 300000};
    void *before[3];
    for (size_t i = 0; i < 3; i++)
        before[i] = a_malloc(sizes[i]);
    for (size_t i = 0; i < 3; i++) {
        check_moved(before[i], hkz_good_size(opaque(sizes[i])));
        check_moved(a_malloc(sizes[i]), hkz_good_size(opaque(sizes[i])));
    }
}

Test(expand, is_kept_by_realloc) {
    char *block = a_malloc(129 * KIB);
    cr_assert_eq(hkz_expand(block, opaque(150 * KIB)), block);
    cr_assert_eq(hkz_expand(block, opaque(1)), block);
    check_moved(block, 150 * KIB);
}

Test(usable_size, is_all_usable) {
    for (size_t size = 1; size <= LIMIT_SWEEP; size += 1 + size / 9) {
        char *first = a_malloc(size), *second = a_malloc(size);
        need(first != NULL && second != NULL, "malloc(%zu) failed", size);
        size_t usable = hkz_usable_size(first);
        memset(second, 2, hkz_usable_size(second));
        memset(first, 1, usable);
        need(second[0] == 2 && second[size - 1] == 2, "the usable bytes of two blocks overlap, %zu", size);
        hkz_free(first);
        hkz_free(second);
    }
}

static void check_expand(size_t size) {
    char *block = a_malloc(size);
    need(block != NULL, "malloc(%zu) failed", size);
    pattern_fill(block, size, size);
    size_t usable = hkz_usable_size(block);
    need(launder(hkz_expand(block, opaque(usable))) == block, "%zu: not to its usable %zu", size, usable);
    need(launder(hkz_expand(block, opaque(1))) == block, "%zu: not to 1", size);
    need(hkz_usable_size(block) >= usable, "expand shrank %zu to %zu", usable, hkz_usable_size(block));
    const size_t wishes[] = {usable + 1, usable * 2, usable + 128 * KIB, usable + 3 * MIB};
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
        errno = SENTINEL;
        char *same = launder(hkz_expand(block, opaque(wishes[i])));
        need(same == NULL || same == block, "expand moved %zu bytes", size);
        need(errno == SENTINEL, "expand set errno %d", errno);
        need(same == NULL || hkz_usable_size(block) >= wishes[i], "%zu: said %zu, is %zu", size, wishes[i],
             hkz_usable_size(block));
        if (same != NULL)
            block[wishes[i] - 1] = 9;
    }
    errno = SENTINEL;
    need(launder(hkz_expand(block, opaque(SIZE_MAX - 10))) == NULL, "expand to the end of memory");
    need(launder(hkz_expand(block, opaque(PTRDIFF_MAX))) == NULL, "expand to PTRDIFF_MAX");
    need(errno == SENTINEL, "a refused expand set errno %d", errno);
    size_t kept = size - size % 8;
    need(pattern_check(block, size, kept, size) == PATTERN_INTACT, "expand changed %zu bytes", size);
    hkz_free(block);
}

Test(expand, grows_in_place_or_refuses) {
    for (size_t size = 1; size <= LIMIT_SWEEP; size += 1 + size / 7)
        check_expand(size);
    for (size_t i = 0; i < LIMIT_LARGE_SIZES; i++)
        check_expand(limit_large_sizes[i]);
}

/* What expand gained must not be somebody else's. */
Test(expand, does_not_run_into_the_neighbour) {
    for (size_t size = 129 * KIB; size <= 2 * MIB; size += 300 * KIB) {
        char *first = a_malloc(size), *second = a_malloc(size), *third = a_malloc(size);
        pattern_fill(second, size, 2);
        pattern_fill(third, size, 3);
        hkz_free(first);
        first = a_malloc(size / 3);
        if (launder(hkz_expand(first, opaque(4 * size))) != NULL)
            memset(first, 1, 4 * size);
        need(pattern_check(second, size, size, 2) == PATTERN_INTACT, "overlap, size %zu", size);
        need(pattern_check(third, size, size, 3) == PATTERN_INTACT, "overlap, size %zu", size);
        hkz_free(first);
        hkz_free(second);
        hkz_free(third);
    }
}

Test(free_sized, frees) {
    for (size_t size = 0; size <= LIMIT_SWEEP; size += 1 + size / 5) {
        struct hkz_stats before = {.size = sizeof before}, after = {.size = sizeof after};
        hkz_stats_get(&before);
        void *plain = a_malloc(size), *aligned = a_aligned_alloc(256, size);
        errno = SENTINEL;
        hkz_free_sized(plain, size);
        hkz_free_aligned_sized(aligned, 256, size);
        hkz_free_sized(NULL, size);
        hkz_free_aligned_sized(NULL, 256, size);
        need(errno == SENTINEL, "free_sized set errno %d", errno);
        hkz_stats_get(&after);
        need(before.allocated == after.allocated, "free_sized of %zu bytes did not free", size);
    }
}

enum { BATCH = 1000 };

static int by_address(const void *left, const void *right) {
    uintptr_t a = *(const uintptr_t *)left, b = *(const uintptr_t *)right;
    return (a > b) - (a < b);
}

static void check_batch(size_t size, size_t count) {
    static void *blocks[BATCH + 1];
    char mark;
    blocks[count] = &mark;
    need(hkz_batch_malloc(opaque(size), blocks, count) == count, "%zu of %zu bytes refused", count, size);
    need(blocks[count] == &mark, "wrote behind the array");
    for (size_t i = 0; i < count; i++) {
        need(blocks[i] != NULL && (uintptr_t)blocks[i] % limit_alignment(size) == 0, "%p", blocks[i]);
        need(hkz_usable_size(blocks[i]) == hkz_good_size(opaque(size)), "usable %zu", hkz_usable_size(blocks[i]));
        memset(blocks[i], 1, size);
    }
    qsort(blocks, count, sizeof *blocks, by_address);
    for (size_t i = 1; i < count; i++)
        need((char *)blocks[i - 1] + hkz_usable_size(blocks[i - 1]) <= (char *)blocks[i], "overlap");
    if (count > 2) {
        hkz_free(blocks[count / 2]);
        blocks[count / 2] = NULL;
    }
    errno = SENTINEL;
    hkz_batch_free(blocks, count);
    need(errno == SENTINEL, "batch_free set errno %d", errno);
}

Test(batch, allocates_and_frees) {
    static const size_t sizes[] = {0, 1, 16, 100, 1024, 3000, 20000, 100000, 200 * KIB};
    static const size_t counts[] = {0, 1, 2, 3, 17, 64, 65, BATCH};
    struct hkz_stats before = {.size = sizeof before}, after = {.size = sizeof after};
    hkz_stats_get(&before);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t j = 0; j < sizeof counts / sizeof *counts; j++)
            if (sizes[i] * counts[j] <= 32 * MIB)
                check_batch(sizes[i], counts[j]);
    hkz_stats_get(&after);
    cr_assert_eq(before.allocated, after.allocated, "batches leaked");
}

Test(batch, refuses_impossible_sizes) {
    char mark;
    void *blocks[4] = {&mark, &mark, &mark, &mark};
    for (size_t i = 0; i < LIMIT_IMPOSSIBLE_SIZES; i++) {
        errno = 0;
        need(hkz_batch_malloc(opaque(limit_impossible_sizes[i]), blocks, 4) == 0, "got blocks");
        need(errno == ENOMEM, "errno %d", errno);
        need(blocks[0] == &mark && blocks[3] == &mark, "wrote into the array");
    }
}

/* Freed by a thread that owns none of them. */
static void *free_batch(void *blocks) {
    hkz_batch_free(blocks, BATCH);
    return NULL;
}

Test(batch, may_be_freed_elsewhere) {
    static void *blocks[BATCH];
    struct hkz_stats before = {.size = sizeof before}, after = {.size = sizeof after};
    pthread_t thread;
    hkz_stats_get(&before);
    for (size_t i = 0; i < BATCH; i++)
        blocks[i] = a_malloc(1 + i * 37 % 30000);
    cr_assert_eq(pthread_create(&thread, NULL, free_batch, blocks), 0);
    pthread_join(thread, NULL);
    hkz_stats_get(&after);
    cr_assert_eq(before.allocated, after.allocated, "blocks freed elsewhere still count");
}

static char static_object[64 * 1024];

Test(owns, heap_and_nothing_else) {
    static const size_t sizes[] = {0, 16, 1000, 20000, 128 * KIB, 300 * KIB, 8 * MIB, 80 * MIB};
    char on_stack[64];
    void *from_libc = malloc(100), *big_from_libc = malloc(8 * MIB);
    void *mapped = mmap(NULL, MIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *block = a_malloc(sizes[i]);
        need(hkz_owns(block) && hkz_owns(block + hkz_usable_size(block) - 1), "%zu bytes not owned", sizes[i]);
        need(hkz_owns(block + sizes[i] / 2), "middle of %zu bytes not owned", sizes[i]);
        hkz_free(block);
    }
    cr_assert(!hkz_owns(NULL) && !hkz_owns((void *)1) && !hkz_owns((void *)UINTPTR_MAX));
    cr_assert(!hkz_owns(on_stack) && !hkz_owns(static_object) && !hkz_owns("text"));
    cr_assert(!hkz_owns(from_libc) && !hkz_owns(big_from_libc));
    cr_assert(!hkz_owns(mapped) && !hkz_owns((char *)mapped + MIB - 1));
    munmap(mapped, MIB);
    free(from_libc);
    free(big_from_libc);
}
