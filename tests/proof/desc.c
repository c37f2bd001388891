/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * desc.c -- the arithmetic on bits and offsets of lib/desc.
 * proves: hz_desc_locate_in take_bits carved_bits hz_desc_available */
#include "class.c"

/*@ predicate is_start(integer offset, integer bytes) = offset % bytes == 0;
    lemma start_test: \forall integer offset, bytes; 0 <= offset < 2097152 && 16 <= bytes <= 131072 ==>
        0 <= (offset / bytes) * bytes <= offset && 0 <= offset / bytes < 131072 &&
        ((offset / bytes) * bytes == offset <==> is_start(offset, bytes)); */

struct hz_desc;
#include "hz_desc.h"

/* The three verdicts, exactly; offsets of a run are below 2^21, counts of blocks below 4096. */
/*@ requires \valid_read(class) && \valid(ret_index) && \separated(class, ret_index);
    requires is_reciprocal(class->block_bytes, class->reciprocal);
    requires offset < 2097152;
    assigns *ret_index;
    ensures \result == HZ_PUT_INVALID <==> offset / class->block_bytes >= block_count;
    ensures \result == HZ_PUT_DONE <==>
        offset / class->block_bytes < block_count && is_start(offset, class->block_bytes);
    ensures \result == HZ_PUT_INTERIOR <==>
        offset / class->block_bytes < block_count && !is_start(offset, class->block_bytes);
    ensures \result == HZ_PUT_DONE ==> *ret_index == offset / class->block_bytes;
    ensures \result != HZ_PUT_DONE ==> *ret_index == \old(*ret_index); */
static inline enum hz_put hz_desc_locate_in(const struct hz_class *class, uint32_t block_count, size_t offset,
                                            uint32_t *ret_index);

/*@ requires \valid_read(desc) && desc->used <= desc->block_count;
    assigns \nothing;
    ensures \result == desc->block_count - desc->used; */
static inline unsigned hz_desc_available(const struct hz_desc *desc);

/* Takes as many bits as there are, or count; each is a block of the word, in slots that are the caller's. */
/*@ requires \valid(word) && \valid(top) && \valid(*top - (1 .. 64));
    requires \separated(word, top, *top - (1 .. 64));
    requires 16 <= block_bytes <= 131072;
    assigns *word, *top, *(\old(*top) - (1 .. 64));
    ensures \result <= count;
    ensures \result == count || *word == 0;
    ensures is_subset(*word, \old(*word));
    ensures count(*word) + \result == count(\old(*word));
    ensures *top == \old(*top) - \result; */
static unsigned take_bits(uint64_t *word, char *first_block, size_t block_bytes, void ***top, unsigned count);

/* The bits below carved, of a word of 64 that begins at w * 64. */
/*@ requires \valid_read(desc) && w < 64;
    assigns \nothing;
    ensures desc->carved >= 64 * w + 64 ==> \result == UINT64_MAX;
    ensures desc->carved <= 64 * w ==> \result == 0;
    ensures 64 * w < desc->carved < 64 * w + 64 ==>
        \result == (uint64_t)((uint64_t)(1 << (desc->carved - 64 * w)) - 1); */
static uint64_t carved_bits(const struct hz_desc *desc, unsigned w);

#include "hz_desc.c"
