/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * allocator_hkz.h -- see allocator.h: profiles of the core. */
#pragma once
#include "allocator.h"
#include "fuzz.h"
#include "hakozuna.h"

enum { HEAP_CUTS_SIZE = 1 };    /* the size in statistics becomes that of what was filled */
enum { HEAP_CHECKS_SIZES = 1 }; /* in strict profiles, those that free_sized is told */

typedef struct hkz_stats heap_stats;

#define heap_stats_get hkz_stats_get
#define heap_malloc hkz_malloc
#define heap_calloc hkz_calloc
#define heap_zalloc hkz_zalloc
#define heap_realloc hkz_realloc
#define heap_reallocarray hkz_reallocarray
#define heap_aligned_alloc hkz_aligned_alloc
#define heap_posix_memalign hkz_posix_memalign
#define heap_free hkz_free
#define heap_free_sized hkz_free_sized
#define heap_free_aligned_sized hkz_free_aligned_sized
#define heap_batch_malloc hkz_batch_malloc
#define heap_batch_free hkz_batch_free
#define heap_usable_size hkz_usable_size
#define heap_good_size hkz_good_size
#define heap_expand hkz_expand
#define heap_owns hkz_owns
#define heap_trim hkz_trim

/* Before the first call of the library: mistakes are reported, not fatal, and limits are soon hit. */
static inline void heap_prepare(void) {
    setenv("HAKOZUNA_ON_ERROR", "report", 1);
    setenv("HAKOZUNA_FOREIGN_FREE", "leak", 1);
    setenv("HAKOZUNA_HUGE_BYTES", "1M", 1);
}

static inline struct heap_figures heap_figures(void) {
    struct hkz_stats s = {.size = sizeof s};
    fuzz_require(hkz_stats_get(&s) == 0, "no statistics");
    fuzz_require(s.mapped == s.active + s.dirty + s.clean, "mapped does not add up");
    fuzz_require(s.active == s.allocated + s.cached + s.unused, "active does not add up");
    return (struct heap_figures){s.allocated, s.cached + s.unused, s.dirty + s.clean, s.cached, s.dirty,
                                 s.mapped,    s.reserved};
}
