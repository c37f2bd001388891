/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * bits.h -- contracts of lib/base/hz_bits.h. */
#pragma once
#include "model.h"

/*@ assigns \nothing;
    ensures \result <==> is_power(value); */
static inline bool hz_is_power_of_two(size_t value);

/* The sum may not pass SIZE_MAX: whoever aligns up a size of the caller's checks that first. */
/*@ requires is_power(alignment) && value + alignment - 1 <= SIZE_MAX;
    assigns \nothing;
    ensures value <= \result < value + alignment;
    ensures is_multiple(\result, alignment); */
static inline size_t hz_align_up(size_t value, size_t alignment);

/*@ requires is_power(alignment);
    assigns \nothing;
    ensures \result <= value < \result + alignment;
    ensures is_multiple(\result, alignment); */
static inline size_t hz_align_down(size_t value, size_t alignment);

/*@ requires bits != 0;
    assigns \nothing;
    ensures \result < 64 && \result == lowest(bits); */
static inline unsigned hz_lowest_bit(uint64_t bits);

/*@ assigns \nothing;
    ensures \result <= 64 && \result == count(bits); */
static inline unsigned hz_count_bits(uint64_t bits);

/*@ requires bits != 0;
    assigns \nothing;
    ensures \result < 64 && \result == highest(bits); */
static inline unsigned hz_highest_bit(uint64_t bits);

/*@ assigns \nothing;
    ensures \result <= a && \result <= b && (\result == a || \result == b); */
static inline size_t hz_min(size_t a, size_t b);

/*@ assigns \nothing;
    ensures \result >= a && \result >= b && (\result == a || \result == b); */
static inline size_t hz_max(size_t a, size_t b);

/*@ requires \valid(ret_product);
    assigns *ret_product;
    ensures \result <==> a * b <= SIZE_MAX;
    ensures \result ==> *ret_product == a * b;
    ensures !\result ==> *ret_product == \old(*ret_product); */
static inline bool hz_multiply(size_t a, size_t b, size_t *ret_product);

#include "hz_bits.h"
