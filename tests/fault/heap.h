/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * heap.h -- one set of names for the two direct interfaces that are swept: hkz_* of a profile on the core, and
 * hz7_* with FAULT_TINY7. */
#pragma once
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The value, stripped of what the compiler believes about it. */
static inline void *launder(void *block) {
    __asm__ volatile("" : "+r"(block) : : "memory");
    return block;
}

struct heap_state {
    uint64_t allocated, active;
};

#ifdef FAULT_TINY7
#include "hakozuna-hz7.h"
#define heap_malloc(size) launder(hz7_malloc(size))
#define heap_calloc(count, size) launder(hz7_calloc(count, size))
#define heap_realloc(block, size) launder(hz7_realloc(block, size))
#define heap_aligned(alignment, size) launder(hz7_aligned_alloc(alignment, size))
#define heap_free(block) hz7_free(block)
#define heap_usable(block) hz7_usable_size(block)
#define heap_trim() hz7_trim()

static inline struct heap_state heap_state(void) {
    struct hz7_stats stats = {.size = sizeof stats};
    (void)hz7_stats_get(&stats);
    return (struct heap_state){stats.allocated, stats.allocated + stats.unused};
}
static inline void heap_validate(void) {}
/* Further entry points, as far as there are any. */
static inline void *heap_other(unsigned which, size_t size) {
    return which % 2 == 0 ? heap_malloc(size) : heap_calloc(1, size);
}
static inline size_t heap_batch(size_t size, void **blocks, size_t count) {
    size_t done = 0;
    while (done < count && (blocks[done] = heap_malloc(size)) != NULL)
        done++;
    return done;
}
static inline bool heap_expand(void *block, size_t size) {
    (void)block;
    (void)size;
    return false;
}
#else
#include "hakozuna.h"
#include "hz_source.h"
#define heap_malloc(size) launder(hkz_malloc(size))
#define heap_calloc(count, size) launder(hkz_calloc(count, size))
#define heap_realloc(block, size) launder(hkz_realloc(block, size))
#define heap_aligned(alignment, size) launder(hkz_aligned_alloc(alignment, size))
#define heap_free(block) hkz_free(block)
#define heap_usable(block) hkz_usable_size(block)
#define heap_trim() hkz_trim()

static inline struct heap_state heap_state(void) {
    struct hkz_stats stats = {.size = sizeof stats};
    (void)hkz_stats_get(&stats);
    return (struct heap_state){stats.allocated + stats.cached, stats.active};
}
static inline void heap_validate(void) { hz_source_validate(); }
static inline void *heap_other(unsigned which, size_t size) {
    void *block = NULL;
    switch (which % 3) {
    case 0: return launder(hkz_zalloc(size));
    case 1: return launder(hkz_reallocarray(NULL, 1, size));
    default:
        if (hkz_posix_memalign(&block, 64, size) == ENOMEM)
            errno = ENOMEM; /* which it only returns */
        return launder(block);
    }
}
static inline size_t heap_batch(size_t size, void **blocks, size_t count) {
    return hkz_batch_malloc(size, blocks, count);
}
static inline bool heap_expand(void *block, size_t size) { return hkz_expand(block, size) != NULL; }
#endif
