/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz7_heap.h -- one heap behind one lock: lists of class runs that have free blocks, and what is on its way
 * back to the kernel. */
#pragma once
#include "hz7_source.h"
#include "hz_lock.h"
#include "hz_memcheck.h"
#include "hz_os_single.h"

/* Larger blocks are made of whole spans: what they do not touch costs no memory. */
#define HZ7_CLASS_MAX_LOG2 15
#define HZ7_CLASS_MAX_BYTES ((size_t)1 << HZ7_CLASS_MAX_LOG2)
#define HZ7_CLASS_COUNT (HZ_CLASS_COUNT - ((HZ_CLASS_MAX_LOG2 - HZ7_CLASS_MAX_LOG2) << HZ_CLASS_STEP_LOG2))

struct hz7_heap {
    struct hz_lock lock;
    bool has_classes;                          /* the class tables are filled; lock */
    _Atomic(bool) is_started;                  /* fork handlers are registered, and has_classes */
    unsigned fork_depth;                       /* lock */
    struct hz7_span *partial[HZ7_CLASS_COUNT]; /* class runs with a block available; lock */
    struct hz7_span *leaving;                  /* runs whose pages are being purged; lock */
};

extern struct hz7_heap hz7_heap HZ_HIDDEN;

/* What a pointer is, without reading anything at or near it. */
struct hz7_route {
    struct hz7_span *span; /* of blocks, used or free */
    uint32_t index;        /* HZ7_ROUTE_BLOCK only */
    enum hz7_verdict verdict;
};

/* Takes the heap's lock, unless libc knows that there is one thread. Returns whether it was taken. */
HZ_INLINE bool hz7_enter_fast(void) {
    if (hz_os_is_single_threaded())
        return false;
    hz_lock_take(&hz7_heap.lock);
    return true;
}

HZ_INLINE void hz7_leave_fast(bool locked) {
    if (locked)
        hz_lock_give(&hz7_heap.lock);
}

/* The same where size counts more than speed. */
HZ_HIDDEN bool hz7_enter(void);
HZ_HIDDEN void hz7_leave(bool locked);

/* Under the lock. */
HZ_INLINE struct hz7_route hz7_route_find_fast(const void *address) {
    const struct hz7_region *region = hz7_source_find(address);
    if (HZ_UNLIKELY(region == NULL))
        return (struct hz7_route){.verdict = HZ7_ROUTE_MISS};
    size_t page = hz7_region_index(region, address);
    if (HZ_UNLIKELY(page >= region->top))
        return (struct hz7_route){.verdict = HZ7_ROUTE_INVALID};
    struct hz7_route route = {.span = hz7_region_span(region, page)};
    if (HZ_LIKELY(route.span->kind == HZ7_CLASS))
        route.verdict = hz7_span_judge(route.span, address, &route.index);
    else if (route.span->kind == HZ7_NONE)
        route.verdict = HZ7_ROUTE_INVALID;
    else if (hz7_span_start(route.span) != (const char *)address)
        route.verdict = HZ7_ROUTE_INTERIOR;
    else
        route.verdict = route.span->kind == HZ7_LARGE ? HZ7_ROUTE_LARGE : HZ7_ROUTE_FREED;
    return route;
}

HZ_HIDDEN struct hz7_route hz7_route_find(const void *address);

/* Bytes of the block that a route of BLOCK or LARGE leads to. */
HZ_INLINE size_t hz7_route_bytes(const struct hz7_route *route) {
    if (route->verdict == HZ7_ROUTE_LARGE)
        return hz7_span_bytes(route->span);
    return hz_class_table[route->span->class_index].block_bytes;
}

/* Reports a pointer that is no block. Without the lock. */
HZ_HIDDEN HZ_COLD void hz7_report(enum hz7_verdict verdict, const char *verb, const void *address);

/* Blocks of whole spans. *ret_dirty: whether it may hold old data. NULL, and errno, on failure. */
HZ_HIDDEN void *hz7_large_alloc(size_t size, size_t alignment, bool *ret_dirty);

/* A run that serves nothing any more: kept for reuse, or purged with the lock given up meanwhile. Gives the
 * lock back. */
HZ_HIDDEN void hz7_retire(struct hz7_span *span, bool locked);

/* Gives class runs that were kept though empty to the source; whether there were any. */
HZ_HIDDEN bool hz7_sweep(void);

/* A block of the class, under the lock, which is given back. */
HZ_HIDDEN void *hz7_class_alloc(unsigned class_index, bool locked);

/* While a tool watches (hz_memcheck.h), by hz7_watch.c: the calls beside usable_size; what to free in the place of
 * block, or NULL; and of usable bytes, those that the program asked for. */
HZ_HIDDEN void *hz7_watch_alloc(size_t alignment, size_t size, bool is_zero);
HZ_HIDDEN void *hz7_watch_realloc(void *block, size_t size);
HZ_HIDDEN void *hz7_watch_free(void *block);
HZ_HIDDEN size_t hz7_watch_bytes(const void *block, size_t usable);

/* Fills the tables and registers the fork handlers, once. False, and errno, if that is refused. Without the
 * lock. */
HZ_HIDDEN bool hz7_start(void);

/* Whether a tool watches; the first call finds out. */
HZ_INLINE bool hz7_is_watched(void) { return HZ_MEMCHECK && hz7_start() && hz_memcheck_is_on(); }
