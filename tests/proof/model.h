/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * model.h -- what the proofs take for granted: the compiler's builtins as contracts, and facts about 64-bit
 * words that WP, which calculates with integers, does not find by itself. Each axiom is proved by lemmas.py
 * under its name, by z3 in the theory of bit vectors or of integers; each builtin's contract is tested by
 * builtins.c. Include this first, then contracts (prototypes), then the header under proof. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The proofs are of one thread's arithmetic: stdatomic.h beside this file makes atomic words plain. */
#include <stdatomic.h>
#define _Atomic(type) type
/* Frama-C does not know the word; where data lies is of no concern to its values. */
#define _Alignas(bytes)

/*@ axiomatic words {
    predicate is_power(integer v);
    predicate is_multiple(integer v, integer a);
    logic integer lowest(integer v);
    logic integer highest(integer v);
    logic integer count(integer v);
    predicate is_subset(integer v, integer of);
} */

/*@
    lemma power_range: \forall integer v; is_power(v) ==> 1 <= v <= 9223372036854775808;
    lemma power_test: \forall size_t v; is_power(v) <==> v != 0 && (v & (size_t)(v - 1)) == 0;
    lemma mask_near: \forall size_t v, a; is_power(a) ==>
        (v & (size_t)~((size_t)(a - 1))) <= v < (v & (size_t)~((size_t)(a - 1))) + a;
    lemma mask_multiple: \forall size_t v, a; is_power(a) ==>
        is_multiple(v & (size_t)~((size_t)(a - 1)), a);
    lemma mask_near_sum: \forall size_t v, a; is_power(a) && v + a - 1 <= SIZE_MAX ==>
        ((size_t)((size_t)(v + a) - 1) & (size_t)~((size_t)(a - 1))) <= v + a - 1 <
            ((size_t)((size_t)(v + a) - 1) & (size_t)~((size_t)(a - 1))) + a;
    lemma mask_multiple_sum: \forall size_t v, a; is_power(a) ==>
        is_multiple((size_t)((size_t)(v + a) - 1) & (size_t)~((size_t)(a - 1)), a);
    lemma xor_63: \forall integer v; 0 <= v < 64 ==> (63 ^ v) == 63 - v;
    lemma shift_2: \forall integer v; 0 <= v ==> 4 * (v >> 2) <= v <= 4 * (v >> 2) + 3;
    lemma shift_4: \forall integer v; 0 <= v ==> 16 * (v >> 4) <= v <= 16 * (v >> 4) + 15;
    lemma shift_8: \forall integer v; 0 <= v ==> 256 * (v >> 8) <= v <= 256 * (v >> 8) + 255;
    lemma shift_up_2: \forall integer v; 0 <= v ==> (v << 2) == 4 * v;

    lemma lowest_1024: lowest(1024) == 10;
    lemma lowest_range: \forall uint64_t v; v != 0 ==> 0 <= lowest(v) < 64;
    lemma highest_range: \forall uint64_t v; v != 0 ==> 0 <= highest(v) < 64;
    lemma count_range: \forall uint64_t v; 0 <= count(v) <= 64;
    lemma count_zero: \forall uint64_t v; count(v) == 0 <==> v == 0;
    lemma drop_lowest: \forall uint64_t v; v != 0 ==> count(v & (uint64_t)(v - 1)) == count(v) - 1;
    lemma drop_subset: \forall uint64_t v, of; is_subset(v, of) ==> is_subset(v & (uint64_t)(v - 1), of);
    lemma subset_self: \forall uint64_t v; is_subset(v, v);
    lemma subset_zero: \forall uint64_t v; is_subset(v, 0) ==> v == 0;
*/

/*@ requires v != 0;
    assigns \nothing;
    ensures 0 <= \result < 64 && \result == lowest(v); */
int __builtin_ctzll(unsigned long long v);

/*@ requires v != 0;
    assigns \nothing;
    ensures 0 <= \result < 64 && \result == lowest(v); */
int __builtin_ctzl(unsigned long v);

/*@ requires v != 0;
    assigns \nothing;
    ensures 0 <= \result < 64 && \result == 63 - highest(v); */
int __builtin_clzll(unsigned long long v);

/*@ assigns \nothing;
    ensures 0 <= \result <= 64 && \result == count(v); */
int __builtin_popcountll(unsigned long long v);

/*@ requires \valid(ret_product);
    assigns *ret_product;
    ensures *ret_product == (size_t)(a * b);
    ensures \result <==> a * b > SIZE_MAX; */
_Bool model_multiply(size_t a, size_t b, size_t *ret_product);
#define __builtin_mul_overflow model_multiply
