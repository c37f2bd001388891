/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * rng.h -- a seeded generator (xorshift64*), the same sequence on every machine. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

struct rng {
    uint64_t state; /* never 0 */
};

static inline struct rng rng_init(uint64_t seed) {
    uint64_t mixed = (seed + 0x9e3779b97f4a7c15u) * 0xbf58476d1ce4e5b9u;
    mixed ^= mixed >> 31;
    return (struct rng){mixed != 0 ? mixed : 1};
}

static inline uint64_t rng_next(struct rng *rng) {
    rng->state ^= rng->state >> 12;
    rng->state ^= rng->state << 25;
    rng->state ^= rng->state >> 27;
    return rng->state * 0x2545f4914f6cdd1du;
}

/* Uniform enough for tests, in [0, limit); limit > 0. */
static inline size_t rng_below(struct rng *rng, size_t limit) { return (size_t)(rng_next(rng) >> 16) % limit; }

/* In [low, high]. */
static inline size_t rng_between(struct rng *rng, size_t low, size_t high) {
    return low + rng_below(rng, high - low + 1);
}

/* A seed that differs from run to run. */
static inline uint64_t rng_fresh_seed(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (((uint64_t)now.tv_nsec << 20) ^ (uint64_t)now.tv_sec ^ ((uint64_t)getpid() << 8)) & 0xffffffff;
}
