/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * aligned.c -- aligned_alloc and posix_memalign: addresses, odd sizes, realloc, refusals. */
#include "entry.h"
#include "limits.h"

enum { SENTINEL = 12345, ALIVE = 5 };

static const size_t sizes[] = {
    0,    1,     7,     16,    24,    100,    128,       1000,          1025,   4095,    4096,
    4097, 20000, 65535, 65536, 65537, 100000, 128 * KIB, 128 * KIB + 1, 200000, 1 * MIB, 3 * MIB + 5,
};

enum { SIZES = sizeof sizes / sizeof *sizes, LAST_POWER = 24 /* 16 MiB */ };

static void check_block(char *block, size_t alignment, size_t size) {
    need(block != NULL, "alignment %zu, size %zu: refused", alignment, size);
    need((uintptr_t)block % alignment == 0, "alignment %zu, size %zu: %p", alignment, size, (void *)block);
    need((uintptr_t)block % LIMIT_ALIGNMENT == 0 || alignment < LIMIT_ALIGNMENT, "below 16: %p", (void *)block);
    need(a_usable_size(block) >= size, "alignment %zu, size %zu: usable %zu", alignment, size, a_usable_size(block));
    if (size > 0) {
        block[0] = 1;
        block[size - 1] = 2;
    }
}

static void check_ends(const char *block, size_t size) {
    need(size < 2 || (block[0] == 1 && block[size - 1] == 2), "contents of %zu bytes changed", size);
}

/* A few blocks stay alive, so that the next one cannot be aligned by chance. */
Test(aligned_alloc, every_alignment_with_many_sizes) {
    char *alive[ALIVE] = {NULL};
    size_t alive_size[ALIVE] = {0}, turn = 0;
    for (size_t power = 0; power <= LAST_POWER; power++) {
        for (size_t i = 0; i < SIZES; i++, turn = (turn + 1) % ALIVE) {
            char *block = a_aligned_alloc((size_t)1 << power, sizes[i]);
            check_block(block, (size_t)1 << power, sizes[i]);
            check_ends(alive[turn], alive[turn] != NULL ? alive_size[turn] : 0);
            a_free(alive[turn]);
            alive[turn] = block;
            alive_size[turn] = sizes[i];
        }
    }
    for (size_t i = 0; i < ALIVE; i++)
        a_free(alive[i]);
}

Test(aligned_alloc, many_blocks_of_one_alignment) {
    enum { COUNT = 200 };
    char *blocks[COUNT];
    for (size_t alignment = 32; alignment <= 64 * KIB; alignment *= 2) {
        for (size_t i = 0; i < COUNT; i++) {
            blocks[i] = a_aligned_alloc(alignment, alignment / 2 + i);
            check_block(blocks[i], alignment, alignment / 2 + i);
        }
        for (size_t i = 0; i < COUNT; i++) {
            check_ends(blocks[i], alignment / 2 + i);
            a_free(blocks[i]);
        }
    }
}

Test(aligned_alloc, realloc_keeps_contents) {
    for (size_t power = 0; power <= LAST_POWER; power += 2) {
        for (size_t i = 0; i < SIZES; i++) {
            char *block = a_aligned_alloc((size_t)1 << power, sizes[i]);
            need(block != NULL, "alignment %zu, size %zu: refused", (size_t)1 << power, sizes[i]);
            pattern_fill(block, sizes[i], power);
            block = a_realloc(block, sizes[i] * 2 + 100);
            need(block != NULL, "realloc to %zu failed", sizes[i] * 2 + 100);
            need(pattern_check(block, sizes[i], sizes[i], power) == PATTERN_INTACT,
                 "alignment %zu, size %zu: contents lost", (size_t)1 << power, sizes[i]);
            need(a_usable_size(block) >= sizes[i] * 2 + 100, "usable after realloc");
            a_free(block);
        }
    }
}

Test(aligned_alloc, shrinking_keeps_contents) {
    for (size_t power = 4; power <= LAST_POWER; power += 5) {
        char *block = a_aligned_alloc((size_t)1 << power, 300000);
        need(block != NULL, "alignment %zu refused", (size_t)1 << power);
        pattern_fill(block, 300000, power);
        block = a_realloc(block, 3000);
        need(block != NULL && pattern_check(block, 300000, 3000, power) == PATTERN_INTACT,
             "alignment %zu: contents lost", (size_t)1 << power);
        a_free(block);
    }
}

static const size_t not_powers[] = {0, 3, 5, 24, 48, 4095, 4097, 65537, 3 * MIB, SIZE_MAX, SIZE_MAX - 1};

Test(aligned_alloc, other_alignments_are_einval) {
    for (size_t i = 0; i < sizeof not_powers / sizeof *not_powers; i++) {
        errno = 0;
        void *block = a_aligned_alloc(not_powers[i], 64);
        need(block == NULL && errno == EINVAL, "alignment %zu: %p, errno %d", not_powers[i], block, errno);
    }
}

Test(aligned_alloc, impossible_sizes_are_enomem) {
    for (size_t power = 0; power < 64; power += 3) {
        for (size_t i = 0; i < LIMIT_IMPOSSIBLE_SIZES; i++) {
            errno = 0;
            void *block = a_aligned_alloc((size_t)1 << power, limit_impossible_sizes[i]);
            need(block == NULL && errno == ENOMEM, "alignment 2^%zu, size %#zx: %p, errno %d", power,
                 limit_impossible_sizes[i], block, errno);
        }
    }
    for (size_t power = 48; power < 64; power++) {
        errno = 0;
        void *block = a_aligned_alloc((size_t)1 << power, 1);
        need(block == NULL && errno == ENOMEM, "alignment 2^%zu: %p, errno %d", power, block, errno);
    }
}

Test(aligned_alloc, success_keeps_errno) {
    for (size_t power = 0; power <= LAST_POWER; power++) {
        errno = SENTINEL;
        void *block = a_aligned_alloc((size_t)1 << power, 100);
        need(block != NULL && errno == SENTINEL, "alignment 2^%zu: errno %d", power, errno);
        a_free(block);
        need(errno == SENTINEL, "free, alignment 2^%zu: errno %d", power, errno);
    }
}

Test(posix_memalign, aligns) {
    for (size_t power = 3; power <= LAST_POWER; power++) {
        for (size_t i = 0; i < SIZES; i += 3) {
            void *block = NULL;
            errno = SENTINEL;
            need(a_posix_memalign(&block, (size_t)1 << power, sizes[i]) == 0, "2^%zu refused", power);
            need(errno == SENTINEL, "errno became %d", errno);
            check_block(launder(block), (size_t)1 << power, sizes[i]);
            a_free(block);
        }
    }
}

static void memalign_refuses(size_t alignment, size_t size, int error) {
    char mark;
    void *block = &mark;
    errno = SENTINEL;
    int got = a_posix_memalign(&block, alignment, size);
    need(got == error, "posix_memalign(%#zx, %#zx) returned %d", alignment, size, got);
    need(errno == SENTINEL, "posix_memalign(%#zx, %#zx) set errno %d", alignment, size, errno);
    need(block == &mark, "posix_memalign(%#zx, %#zx) wrote the result", alignment, size);
}

Test(posix_memalign, refuses_and_touches_nothing) {
    for (size_t i = 0; i < sizeof not_powers / sizeof *not_powers; i++)
        memalign_refuses(not_powers[i], 64, EINVAL);
    for (size_t alignment = 1; alignment < sizeof(void *); alignment *= 2)
        memalign_refuses(alignment, 64, EINVAL);
    for (size_t i = 0; i < LIMIT_IMPOSSIBLE_SIZES; i++) {
        memalign_refuses(sizeof(void *), limit_impossible_sizes[i], ENOMEM);
        memalign_refuses(4096, limit_impossible_sizes[i], ENOMEM);
        memalign_refuses(4 * MIB, limit_impossible_sizes[i], ENOMEM);
    }
}
