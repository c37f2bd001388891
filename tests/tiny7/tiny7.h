/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * tiny7.h -- what the tests of hz7-tiny share. */
#pragma once
#include "hakozuna-hz7.h"
#include "pattern.h"
#include "rng.h"
#include "tap.h"
#include "watchdog.h"
#include <errno.h>
#include <stdint.h>

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

/* The value, stripped of what the compiler believes about it. */
static inline void *launder(void *block) {
    __asm__ volatile("" : "+r"(block) : : "memory");
    return block;
}

static inline size_t launder_size(size_t size) {
    __asm__ volatile("" : "+r"(size));
    return size;
}

/* Statistics whose identities hold; the test ends where they do not. */
static inline struct hz7_stats stats_now(void) {
    struct hz7_stats stats = {.size = sizeof stats};
    if (hz7_stats_get(&stats) != 0 || stats.version != 1)
        tap_bail("hz7_stats_get failed");
    if (stats.mapped != stats.allocated + stats.unused + stats.free || stats.dirty > stats.free ||
        stats.mapped > stats.reserved || stats.free > stats.mapped)
        tap_bail("identities: mapped %llu allocated %llu unused %llu free %llu dirty %llu",
                 (unsigned long long)stats.mapped, (unsigned long long)stats.allocated,
                 (unsigned long long)stats.unused, (unsigned long long)stats.free, (unsigned long long)stats.dirty);
    return stats;
}

/* One size for each way a block is made: bits in the sidecar, in the descriptor, runs of several spans,
 * whole spans, moved by page table, a region of its own. */
static const size_t way_sizes[] = {1, 16, 100, 1000, 1024, 3000, 20 * 1024, 32 * KIB, 40 * KIB, 300 * KIB, 5 * MIB};
enum { WAYS = sizeof way_sizes / sizeof *way_sizes };
