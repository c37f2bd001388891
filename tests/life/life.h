/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * life.h -- what the programs of this folder share. Each runs with a library preloaded, uses the
 * standard names, and looks up hkz_* for the figures. */
#pragma once
#include "child.h"
#include "late.h"
#include "pattern.h"
#include "rng.h"
#include "rss.h"
#include "tap.h"
#include "watchdog.h"
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIB ((size_t)1024)
#define MIB ((size_t)1024 * 1024)

enum { LIFE_SECONDS = 60 };

static struct late hkz;

/* First call of main(): without a preloaded library the tests would judge libc. */
static inline void life_start(void) {
    watchdog_start(LIFE_SECONDS);
    if (!late_find(&hkz, RTLD_DEFAULT))
        tap_bail("no hkz_* in the process: is the library preloaded?");
    tap_diag("profile %s", hkz.profile());
}

/* A block's address, of which the compiler knows nothing. */
static inline void *launder(void *block) {
    __asm__ volatile("" : "+r"(block) : : "memory");
    return block;
}

static inline struct hkz_stats life_stats(void) {
    struct hkz_stats stats = {.size = sizeof stats};
    if (hkz.stats_get(&stats) != 0)
        tap_bail("no statistics");
    return stats;
}

static inline pthread_t life_thread(void *(*work)(void *), void *arg) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, work, arg) != 0)
        tap_bail("no thread");
    return thread;
}

/* Small mostly, sometimes mid, rarely large. */
static inline size_t life_size(struct rng *rng) {
    size_t chance = rng_below(rng, 1000);
    return rng_between(rng, 1, chance < 900 ? 1000 : chance < 995 ? 40000 : 400000);
}

/* Replaces blocks at random `operations` times; every block is marked at both ends. */
static inline void life_churn(struct rng *rng, char **blocks, size_t count, size_t operations) {
    for (size_t i = 0; i < operations; i++) {
        size_t slot = rng_below(rng, count), size = life_size(rng);
        free(blocks[slot]);
        char *block = launder(malloc(size));
        if (block == NULL)
            tap_bail("no memory for %zu bytes", size);
        block[0] = 1;
        block[size - 1] = 2;
        blocks[slot] = block;
    }
}

static inline void life_free_all(char **blocks, size_t count) {
    for (size_t i = 0; i < count; i++) {
        free(blocks[i]);
        blocks[i] = NULL;
    }
}
