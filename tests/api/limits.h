/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * limits.h -- what the tests hold every profile to, and the sizes that they visit. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KIB ((size_t)1024)
#define MIB ((size_t)1024 * 1024)

enum {
    LIMIT_ALIGNMENT = 16,       /* of every block, in bytes */
    LIMIT_NATURAL = 64 * 1024,  /* powers of two up to this are aligned to their size */
    LIMIT_CLASSES = 128 * 1024, /* sizes up to this obey the waste bound */
    LIMIT_SWEEP = 256 * 1024,   /* sweeps over sizes end here */
};

/* The waste bound: how many bytes more than `size` a block may hold. */
static inline size_t limit_waste(size_t size) { return size / 4 > 15 ? size / 4 : 15; }

static inline bool limit_is_power(size_t value) { return value != 0 && (value & (value - 1)) == 0; }

/* The alignment promised to a block of size bytes. */
static inline size_t limit_alignment(size_t size) {
    return limit_is_power(size) && size > LIMIT_ALIGNMENT && size <= LIMIT_NATURAL ? size : LIMIT_ALIGNMENT;
}

/* The size that a sweep visits after `size`: every size to 4096, then steps, but no power of two
 * and neither of its neighbours is left out. */
static inline size_t limit_next_size(size_t size) {
    if (size < 4096)
        return size + 1;
    size_t step = size + size / 16 + 37;
    size_t power = 4096;
    while (power + 1 <= size)
        power *= 2;
    if (size < power - 1)
        return step < power - 1 ? step : power - 1;
    return size + 1;
}

/* Sizes beyond the sweep: in whole runs and in mappings of their own. */
static const size_t limit_large_sizes[] = {
    129 * KIB, 200 * KIB, 256 * KIB + 1, 500 * KIB, 1 * MIB, 1 * MIB + 1, 3 * MIB, 8 * MIB, 33 * MIB,
};

enum { LIMIT_LARGE_SIZES = sizeof limit_large_sizes / sizeof *limit_large_sizes };

/* Sizes that no allocation can have: beyond PTRDIFF_MAX, near the wrap, and beyond the address
 * space. */
static const size_t limit_impossible_sizes[] = {
    SIZE_MAX,         SIZE_MAX - 1,       SIZE_MAX - 15,       SIZE_MAX - 16,         SIZE_MAX - 4095,
    SIZE_MAX - 65535, SIZE_MAX - 65536,   SIZE_MAX - 4 * MIB,  SIZE_MAX / 2 + 1,      PTRDIFF_MAX,
    PTRDIFF_MAX - 1,  PTRDIFF_MAX - 4095, PTRDIFF_MAX - 65536, PTRDIFF_MAX - 4 * MIB, SIZE_MAX / 4,
};

enum { LIMIT_IMPOSSIBLE_SIZES = sizeof limit_impossible_sizes / sizeof *limit_impossible_sizes };
