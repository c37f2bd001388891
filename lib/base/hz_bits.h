/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_bits.h -- arithmetic on bits, alignments and sizes. Pure. */
#pragma once
#include "hz_base.h"

HZ_INLINE bool hz_is_power_of_two(size_t value) { return value != 0 && (value & (value - 1)) == 0; }

/* alignment is a power of two. */
HZ_INLINE size_t hz_align_up(size_t value, size_t alignment) { return (value + alignment - 1) & ~(alignment - 1); }

HZ_INLINE size_t hz_align_down(size_t value, size_t alignment) { return value & ~(alignment - 1); }

/* Index of the lowest set bit; bits is not 0. */
HZ_INLINE unsigned hz_lowest_bit(uint64_t bits) { return (unsigned)__builtin_ctzll(bits); }

HZ_INLINE unsigned hz_count_bits(uint64_t bits) { return (unsigned)__builtin_popcountll(bits); }

/* Index of the highest set bit; bits is not 0. */
HZ_INLINE unsigned hz_highest_bit(uint64_t bits) { return 63u ^ (unsigned)__builtin_clzll(bits); }

HZ_INLINE size_t hz_min(size_t a, size_t b) { return a < b ? a : b; }
HZ_INLINE size_t hz_max(size_t a, size_t b) { return a > b ? a : b; }

/* a * b in *ret_product; false, with *ret_product untouched, when it overflows. */
HZ_INLINE bool hz_multiply(size_t a, size_t b, size_t *ret_product) {
    size_t product;
    if (__builtin_mul_overflow(a, b, &product))
        return false;
    *ret_product = product;
    return true;
}
