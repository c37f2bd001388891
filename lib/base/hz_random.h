/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_random.h -- where placement is random, and the numbers for it: fast, and good enough that a program that
 * learns some addresses cannot tell the next ones at a glance. Not for keys.
 * Does not: find a seed (hz_os_entropy does), or lock; a state has one user at a time. */
#pragma once
#include "hz_base.h"

/* Each includes those before it. */
enum hz_random_level {
    HZ_RANDOM_OFF,
    HZ_RANDOM_ARENA, /* where arenas begin */
    HZ_RANDOM_ALL,   /* which pages serve next, and the order of blocks in a refill */
};

/* const after init; off until then. */
extern enum hz_random_level hz_random_level HZ_HIDDEN;

/* The next number: splitmix64 (Steele, Lea and Flood, 2014). */
HZ_INLINE uint64_t hz_random_next(uint64_t *state) {
    uint64_t mixed = *state += UINT64_C(0x9E3779B97F4A7C15);
    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94D049BB133111EB);
    return mixed ^ mixed >> 31;
}

/* A number below bound, which is below 2^32. */
HZ_INLINE uint32_t hz_random_below(uint64_t *state, uint32_t bound) {
    return (uint32_t)((hz_random_next(state) >> 32) * bound >> 32);
}

/* Puts slots into another order, each not far from its place: neighbours in memory stay near each other in
 * time. */
HZ_HIDDEN void hz_random_shuffle(uint64_t *state, void **slots, unsigned count);
