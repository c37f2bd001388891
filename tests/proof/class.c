/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * class.c -- lib/base/hz_class.h. That a class is the smallest that fits is tested for every
 * size, in tests/unit/base.c.
 * proves: hz_class_of hz_class_look_up hz_class_bytes hz_class_of_aligned hz_class_block_index */
#include "bits.h"

/*@ axiomatic classes {
    predicate is_reciprocal(integer bytes, integer r) =
        16 <= bytes <= 131072 && bytes % 16 == 0 &&
        0 <= r * (bytes / 16) - 2147483648 < bytes / 16;
} */

/*@
    lemma reciprocal_exact: \forall integer offset, bytes, r;
        0 <= offset < 2097152 && is_reciprocal(bytes, r) ==>
        0 <= (offset >> 4) * r <= 18446744073709551615 &&
        ((offset >> 4) * r) >> 31 == offset / bytes && 0 <= offset / bytes < 131072;
    lemma steps: \forall size_t v; v < 131072 ==>
        64 <= (v | 64) && 6 <= highest(v | 64) <= 16 && 0 <= (v >> (highest(v | 64) - 2)) <= 7;
    lemma class_shift: \forall integer v, s; 5 <= v <= 8 && 4 <= s <= 14 ==> 80 <= (v << s) <= 131072;
    lemma class_low_bits: \forall integer v; 0 <= v ==> (v & 3) + 4 * (v >> 2) == v;
*/

/*@ requires 1 <= size <= 131072;
    assigns \nothing;
    ensures \result < 48; */
static inline unsigned hz_class_of(size_t size);

/*@ requires size <= 131072;
    assigns \nothing; */
static inline unsigned hz_class_look_up(size_t size);

/*@ requires class_index < 48;
    assigns \nothing;
    ensures 16 <= \result <= 131072; */
static inline size_t hz_class_bytes(unsigned class_index);

/*@ requires 1 <= size && is_power(alignment);
    assigns \nothing;
    ensures \result <= 48;
    ensures size > 131072 || alignment > 65536 ==> \result == 48; */
static inline unsigned hz_class_of_aligned(size_t size, size_t alignment);

#include "hz_class.h"

/*@ requires \valid_read(class) && is_reciprocal(class->block_bytes, class->reciprocal);
    requires offset < 2097152;
    assigns \nothing;
    ensures \result == offset / class->block_bytes; */
static inline uint32_t hz_class_block_index(const struct hz_class *class, size_t offset);
