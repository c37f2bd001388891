/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * allocator_hz7.h -- see allocator.h: hz7-tiny. What it lacks is made of what it has, or does nothing. */
#pragma once
#include "allocator.h"
#include "fuzz.h"
#include "hakozuna-hz7.h"
#include <errno.h>

enum { HEAP_CUTS_SIZE = 0 };    /* the size in statistics becomes that of what was filled */
enum { HEAP_CHECKS_SIZES = 0 }; /* in strict profiles, those that free_sized is told */

typedef struct hz7_stats heap_stats;

#define heap_stats_get hz7_stats_get
#define heap_malloc hz7_malloc
#define heap_calloc hz7_calloc
#define heap_realloc hz7_realloc
#define heap_aligned_alloc hz7_aligned_alloc
#define heap_free hz7_free
#define heap_usable_size hz7_usable_size
#define heap_trim hz7_trim

static inline void heap_prepare(void) { fuzz_require(hz7_set_on_error(HZ7_ON_ERROR_REPORT) == 0, "no action"); }

static inline void *heap_zalloc(size_t size) { return hz7_calloc(1, size); }

static inline void *heap_reallocarray(void *block, size_t count, size_t size) {
    size_t bytes;
    if (!__builtin_mul_overflow(count, size, &bytes))
        return hz7_realloc(block, bytes);
    errno = ENOMEM;
    return NULL;
}

static inline int heap_posix_memalign(void **ret_block, size_t alignment, size_t size) {
    void *block = hz7_aligned_alloc(alignment, size);
    if (block == NULL)
        return errno;
    *ret_block = block;
    return 0;
}

static inline void heap_free_sized(void *block, size_t size) {
    (void)size;
    hz7_free(block);
}

static inline void heap_free_aligned_sized(void *block, size_t alignment, size_t size) {
    (void)alignment;
    heap_free_sized(block, size);
}

static inline size_t heap_batch_malloc(size_t size, void **blocks, size_t count) {
    size_t done = 0;
    while (done < count && (blocks[done] = hz7_malloc(size)) != NULL)
        done++;
    return done;
}

static inline void heap_batch_free(void *const *blocks, size_t count) {
    for (size_t i = 0; i < count; i++)
        hz7_free(blocks[i]);
}

/* 0: not known. */
static inline size_t heap_good_size(size_t size) {
    (void)size;
    return 0;
}

static inline void *heap_expand(void *block, size_t size) { return hz7_usable_size(block) >= size ? block : NULL; }

/* Of blocks: every one is in the heap. */
static inline bool heap_owns(const void *address) { return address != NULL; }

static inline struct heap_figures heap_figures(void) {
    struct hz7_stats s = {.size = sizeof s};
    fuzz_require(hz7_stats_get(&s) == 0, "no statistics");
    fuzz_require(s.mapped == s.allocated + s.unused + s.free, "mapped does not add up");
    fuzz_require(s.dirty <= s.free && s.mapped <= s.reserved, "more than there is");
    return (struct heap_figures){s.allocated, s.unused, s.free, 0, s.dirty, s.mapped, s.reserved};
}
