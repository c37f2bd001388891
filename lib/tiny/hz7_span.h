/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz7_span.h -- the descriptor of a run of spans (64 KiB each), and the pure steps of a class run.
 *
 * Free blocks are bits in words, outside the blocks; the summary has bit w set iff words[w] has a set bit.
 * Runs of up to 64 blocks have their only word in the descriptor. Blocks from carved on were never handed
 * out and have no bit. A descriptor stays as it is when its run goes back to the source, all bits set: so a
 * second free is told from a wild pointer until the spans serve anew.
 * Does not: lock, or look at blocks.
 *
 * inv. 1: used == carved - number of set bits.   inv. 2: carved <= block_count.
 * inv. 3: no bit is set at or above carved.      inv. 4: summary bits match the words. */
#pragma once
#include "hz_class.h"
#include "hz_memcheck.h"

enum hz7_kind {
    HZ7_NONE,  /* serves nothing, and what it last served is forgotten */
    HZ7_CLASS, /* blocks of one class */
    HZ7_LARGE, /* one block */
    HZ7_FREED, /* was one block */
};

/* All fields: lock of the heap. */
struct hz7_span {
    uint64_t summary;
    uint64_t own_word;
    uint64_t *words;
    char *start;
    struct hz7_span *next;  /* in the list of its class that have free blocks, or of runs on their way back */
    struct hz7_span **from; /* the pointer that points here */
    uint32_t span_count;    /* of the run */
    uint16_t block_count;
    uint16_t carved;
    uint16_t used; /* blocks that the program holds */
    uint8_t class_index;
    uint8_t kind;   /* enum hz7_kind */
    bool was_dirty; /* class run: blocks from carved on may be resident */
};
_Static_assert(sizeof(struct hz7_span) <= 64, "a descriptor is one cache line");

/* What a pointer is, in the words of hz_route.h, and one more, since there are no caches: FREED. */
enum hz7_verdict {
    HZ7_ROUTE_BLOCK,    /* the start of a block of a class that the program holds */
    HZ7_ROUTE_LARGE,    /* the start of a large block */
    HZ7_ROUTE_FREED,    /* the start of a block that is free */
    HZ7_ROUTE_INTERIOR, /* inside a block */
    HZ7_ROUTE_INVALID,  /* in a region, where no block was handed out */
    HZ7_ROUTE_MISS,     /* outside every region */
};

/* Where the run starts, which is where its first block is: told from a reference to that by who looks for leaks. */
enum { HZ7_START_IS_HIDDEN = HZ_MEMCHECK };
HZ_INLINE char *hz7_span_hide(const char *start) {
    return (char *)(HZ7_START_IS_HIDDEN ? ~(uintptr_t)start : (uintptr_t)start);
}
HZ_INLINE char *hz7_span_start(const struct hz7_span *span) { return hz7_span_hide(span->start); }

HZ_INLINE size_t hz7_span_bytes(const struct hz7_span *span) { return (size_t)span->span_count << HZ_PAGE_LOG2; }

HZ_INLINE void hz7_span_link(struct hz7_span **list, struct hz7_span *span) {
    struct hz7_span *next = *list;
    span->next = next;
    span->from = list;
    if (next != NULL)
        next->from = &span->next;
    *list = span;
}

HZ_INLINE void hz7_span_unlink(struct hz7_span *span) {
    struct hz7_span *next = span->next;
    *span->from = next;
    if (next != NULL)
        next->from = span->from;
}

/* The block at address in a class run, its number in *ret_index; or why there is none. */
HZ_INLINE enum hz7_verdict hz7_span_judge(const struct hz7_span *span, const void *address, uint32_t *ret_index) {
    const struct hz_class *class = &hz_class_table[span->class_index];
    size_t offset = (size_t)((const char *)address - hz7_span_start(span));
    uint32_t index = hz_class_block_index(class, offset);
    if (HZ_UNLIKELY(index >= span->carved))
        return HZ7_ROUTE_INVALID;
    if (HZ_UNLIKELY((size_t)index * class->block_bytes != offset))
        return HZ7_ROUTE_INTERIOR;
    if (HZ_UNLIKELY((span->words[index >> 6] >> (index & 63) & 1) != 0))
        return HZ7_ROUTE_FREED;
    *ret_index = index;
    return HZ7_ROUTE_BLOCK;
}

/* Takes a block of a run that has one available: the lowest free one, else the next fresh one. */
HZ_INLINE void *hz7_span_take(struct hz7_span *span, size_t block_bytes) {
    size_t index;
    HZ_ASSERT(span->used < span->block_count);
    if (HZ_LIKELY(span->summary != 0)) {
        unsigned w = hz_lowest_bit(span->summary);
        uint64_t bits = span->words[w];
        index = w * 64 + hz_lowest_bit(bits);
        bits &= bits - 1;
        span->words[w] = bits;
        if (bits == 0)
            span->summary &= span->summary - 1;
    } else {
        index = span->carved++;
    }
    span->used++;
    HZ_ASSERT(index < span->carved && span->carved <= span->block_count);
    return hz7_span_start(span) + index * block_bytes;
}

/* Makes block index, which the program held, available. */
HZ_INLINE void hz7_span_put(struct hz7_span *span, uint32_t index) {
    span->words[index >> 6] |= (uint64_t)1 << (index & 63);
    span->summary |= (uint64_t)1 << (index >> 6);
    span->used--;
}
