/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_class.h -- size classes: which block size serves a request, and how many pages its runs have.
 * Pure arithmetic; the table is filled once by hz_class_init() and constant afterwards.
 *
 * Classes rise in steps of 16 bytes to 2^(HZ_CLASS_STEP_LOG2 + 5), then in 2^HZ_CLASS_STEP_LOG2 steps per
 * doubling. Waste inside a block: at most 15 bytes, or for larger sizes less than 1 / 2^HZ_CLASS_STEP_LOG2
 * of the request. */
#pragma once
#include "hz_bits.h"

#define HZ_CLASS_STEP_LOG2 2
#define HZ_CLASS_FIRST_BIT (4 + HZ_CLASS_STEP_LOG2)
#define HZ_CLASS_MAX_LOG2 17
#define HZ_CLASS_MAX_BYTES ((size_t)1 << HZ_CLASS_MAX_LOG2)
#define HZ_CLASS_COUNT \
    ((2u << HZ_CLASS_STEP_LOG2) + ((unsigned)(HZ_CLASS_MAX_LOG2 - 1 - HZ_CLASS_FIRST_BIT) << HZ_CLASS_STEP_LOG2))

/* A run never has more blocks than its free bitmap has bits. */
#define HZ_RUN_MAX_BLOCKS 4096u
/* Up to this many blocks the descriptor's own mask is the bitmap. */
#define HZ_RUN_MASK_BLOCKS 64u

struct hz_class {
    uint32_t block_bytes;
    uint32_t reciprocal; /* ceil(2^31 / (block_bytes / 16)): see hz_class_block_index() */
    uint16_t block_count;
    uint16_t run_pages;
};

/* const after hz_class_init() */
struct hz_class_tables {
    alignas(HZ_SEAL) struct hz_class table[HZ_CLASS_COUNT];
    /* The class of every size, in steps of 16 bytes. Before init zero, which is a class whose bin is empty then. */
    uint8_t index[HZ_CLASS_MAX_BYTES / 16 + 1];
};
extern struct hz_class_tables hz_classes HZ_HIDDEN;
#define hz_class_table hz_classes.table
#define hz_class_index hz_classes.index

/* Fills both tables, the index up to index_bytes, a block size: no more of it than is used should be touched.
 * Idempotent, until they are sealed. */
HZ_HIDDEN void hz_class_init(size_t index_bytes);

/* The class for 1 <= size <= HZ_CLASS_MAX_BYTES. */
HZ_INLINE unsigned hz_class_of(size_t size) {
    size_t last = size - 1;
    unsigned bit = hz_highest_bit(last | ((size_t)1 << HZ_CLASS_FIRST_BIT));
    return (unsigned)(last >> (bit - HZ_CLASS_STEP_LOG2)) + ((bit - HZ_CLASS_FIRST_BIT) << HZ_CLASS_STEP_LOG2);
}

/* The same for 0 <= size <= index_bytes of hz_class_init() by table, for the hot path: faster than counting zeros. */
HZ_INLINE unsigned hz_class_look_up(size_t size) { return hz_class_index[(size + 15) >> 4]; }

/* hz_class_of() of a constant power of two from 128 on, as a constant expression. */
#define HZ_CLASS_OF(bytes)            \
    ((2u << HZ_CLASS_STEP_LOG2) - 1 + \
     ((unsigned)(__builtin_ctzl(bytes) - 1 - HZ_CLASS_FIRST_BIT) << HZ_CLASS_STEP_LOG2))

/* The block size of a class: the largest size that hz_class_of() maps to it. */
HZ_INLINE size_t hz_class_bytes(unsigned class_index) {
    unsigned steps = 1u << HZ_CLASS_STEP_LOG2;
    if (class_index < 2 * steps)
        return ((size_t)class_index + 1) * 16;
    unsigned doubling = (class_index >> HZ_CLASS_STEP_LOG2) - 1;
    return (size_t)((class_index & (steps - 1)) + steps + 1) << (4 + doubling);
}

/* The smallest class whose blocks hold size bytes at addresses that are multiples of alignment (a power
 * of two up to HZ_PAGE), or HZ_CLASS_COUNT when there is none. 1 <= size. */
HZ_INLINE unsigned hz_class_of_aligned(size_t size, size_t alignment) {
    size_t bytes = hz_max(size, alignment);
    if (bytes > HZ_CLASS_MAX_BYTES || alignment > HZ_PAGE)
        return HZ_CLASS_COUNT;
    unsigned class_index = hz_class_of(bytes);
    while (class_index < HZ_CLASS_COUNT && (hz_class_bytes(class_index) & (alignment - 1)) != 0)
        class_index++;
    return class_index;
}

/* offset / block_bytes by multiplication. Exact for every offset inside a run: offset / 16 is below 2^17
 * and block_bytes / 16 at most 2^13, so the error term stays below 2^31 (tested exhaustively). */
HZ_INLINE uint32_t hz_class_block_index(const struct hz_class *class, size_t offset) {
    return (uint32_t)(((uint64_t)(offset >> 4) * class->reciprocal) >> 31);
}
