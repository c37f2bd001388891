/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * control.c -- wrong contracts, none of which may be proved: if one were, the lemmas would contradict each other, or
 * the prover would agree to anything.
 * proves: wrong_align wrong_index wrong_ones wrong_count wrong_class */
#include "desc.c"

/* Off by one: aligning down may leave alignment - 1 bytes, not fewer. */
/*@ requires is_power(alignment);
    assigns \nothing;
    ensures value < \result + alignment - 1; */
size_t wrong_align(size_t value, size_t alignment) { return hz_align_down(value, alignment); }

/* The index of the block behind. */
/*@ requires \valid_read(class) && is_reciprocal(class->block_bytes, class->reciprocal) && offset < 2097152;
    assigns \nothing;
    ensures \result == offset / class->block_bytes + 1; */
uint32_t wrong_index(const struct hz_class *class, size_t offset) { return hz_class_block_index(class, offset); }

/* The first bit of a word is a block too. */
/*@ requires \valid_read(desc) && w < 64;
    assigns \nothing;
    ensures desc->carved <= 64 * w + 1 ==> \result == 0; */
uint64_t wrong_ones(const struct hz_desc *desc, unsigned w) { return carved_bits(desc, w); }

/* Nothing follows from the lemmas that is false. */
/*@ requires bits != 0;
    assigns \nothing;
    ensures \false; */
unsigned wrong_count(uint64_t bits) { return hz_count_bits(bits & (bits - 1)) + hz_lowest_bit(bits); }

/*@ requires 1 <= size <= 131072;
    assigns \nothing;
    ensures \false; */
unsigned wrong_class(size_t size) { return hz_class_of(size); }
