/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * gate.h -- what the programs of the gate share: marks that divide the count of instructions, what counter.c gives,
 * random numbers with fixed seeds, and the names of the allocator, which for hz7-tiny are its own. */
#pragma once
#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef GATE_HZ7
#include <hakozuna-hz7.h>
#define malloc hz7_malloc
#define calloc hz7_calloc
#define realloc hz7_realloc
#define free hz7_free
#define aligned_alloc hz7_aligned_alloc
#else
#include <malloc.h>
#endif

/* Of counter.c, when it is preloaded. */
void gate_sample(void) __attribute__((weak));
void gate_advance(unsigned ms) __attribute__((weak));

/* What ran until here, since the mark before, is one part of callgrind's output. */
void gate_mark(void);

/* Says on standard output that the part between the last two marks is a row of so many operations. */
void gate_row(const char *name, uint64_t operations);

/* splitmix64 */
static inline uint32_t gate_below(uint64_t *state, uint32_t limit) {
    uint64_t mixed = *state += UINT64_C(0x9E3779B97F4A7C15);
    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94D049BB133111EB);
    return (uint32_t)(((mixed ^ mixed >> 31) >> 32) * limit >> 32);
}

static inline size_t gate_between(uint64_t *state, size_t min, size_t max) {
    return min + gate_below(state, (uint32_t)(max - min + 1));
}

/* Two threads that never run at once: the first calls work for turn 0, 2, ..., the second for 1, 3, ... */
void gate_take_turns(unsigned turns, void (*work)(void *arg, unsigned turn), void *arg);
