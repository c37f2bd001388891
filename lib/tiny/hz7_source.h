/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz7_source.h -- address space in regions, and runs of spans taken from them, lowest address first.
 *
 * A region is reserved whole and committed upwards. Beside its spans lie one descriptor and one bitmap per
 * span, committed with them, and three bits per span: used, dirty (free, but may be resident), and head
 * (a descriptor counts for its span and those up to the next head). A pointer's descriptor is found by
 * a subtraction, a shift and a look at the head bits; the pointer is not read.
 * Does not: lock. The caller holds the heap's lock.
 *
 * inv. 1: a dirty span is not used.   inv. 2: no span below low is free.   inv. 3: top <= committed.
 * inv. 4: the first span of every used run is a head, and so is the first behind it below top. */
#pragma once
#include "hz7_span.h"

/* Free spans that may stay resident (1 MiB), so that a span that empties and fills again costs no system call.
 * With 8, 400 blocks of 16..32768 bytes in a random mix took 1.6 times as long; with 32, 0.9 times. */
#define HZ7_HOT_SPANS 16u

struct hz7_region {
    char *base;
    size_t bytes;
    size_t top; /* spans from here on never served */
    uint64_t *head;
    struct hz7_span *spans;
    uint64_t *words; /* 64 per span */
    struct hz7_region *next;
    size_t committed; /* spans */
    size_t low;
    size_t used_count;
    size_t dirty_count;
    uint64_t *used;
    uint64_t *dirty;
};

struct hz7_source {
    struct hz7_region *first; /* oldest first */
    size_t hot;               /* dirty spans, and those of class runs that were kept though empty */
    size_t largest;           /* spans of the largest region so far */
};

extern struct hz7_source hz7_source HZ_HIDDEN;

/* The region around address, or NULL. */
HZ_INLINE struct hz7_region *hz7_source_find(const void *address) {
    struct hz7_region *region = hz7_source.first;
    while (region != NULL && (size_t)((uintptr_t)address - (uintptr_t)region->base) >= region->bytes)
        region = region->next;
    return region;
}

HZ_INLINE size_t hz7_region_index(const struct hz7_region *region, const void *address) {
    return (size_t)((const char *)address - region->base) >> HZ_PAGE_LOG2;
}

/* The descriptor that counts for the span at index, which is below top. */
HZ_INLINE struct hz7_span *hz7_region_span(const struct hz7_region *region, size_t index) {
    size_t w = index / 64;
    uint64_t bits = region->head[w] & (UINT64_MAX >> (63 - index % 64));
    while (HZ_UNLIKELY(bits == 0))
        bits = region->head[--w];
    return &region->spans[w * 64 + hz_highest_bit(bits)];
}

/* A run of span_count spans, aligned to align_spans (a power of two) spans; NULL if the kernel refuses. Only
 * start and span_count of the descriptor are set. *ret_dirty: whether the run may hold old data. */
HZ_HIDDEN struct hz7_span *hz7_source_take(size_t span_count, size_t align_spans, bool *ret_dirty);

/* Adds extra spans behind a run to it; false, with nothing changed, if they are not free. */
HZ_HIDDEN bool hz7_source_extend(struct hz7_span *span, size_t extra);

/* Cuts a run after keep spans. Returns the rest as a run of its own. */
HZ_HIDDEN struct hz7_span *hz7_source_split(struct hz7_span *span, size_t keep);

/* Gives a run back, which may be resident (dirty) or is not. */
HZ_HIDDEN void hz7_source_give(struct hz7_span *span, bool dirty);

/* Returns all dirty spans to the kernel. Returns their bytes. */
HZ_HIDDEN size_t hz7_source_purge(void);

/* The bitmap of a run of one span. */
HZ_HIDDEN uint64_t *hz7_source_words(const struct hz7_span *span);

/* The first used run of the region at or behind *index, which moves behind it; NULL if there is none. */
HZ_HIDDEN struct hz7_span *hz7_region_next(const struct hz7_region *region, size_t *index);

/* Committed bytes of descriptors, bitmaps and bits. */
HZ_HIDDEN size_t hz7_region_metadata(const struct hz7_region *region);
