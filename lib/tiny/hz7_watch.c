/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz7_watch.c -- the entry points while a tool watches the program's accesses: requests grow by a red zone, freed
 * blocks wait, realloc always moves. Only in builds for such a tool. */
#include <errno.h>
#include <string.h>

#include "hakozuna-hz7.h"
#include "hz7_heap.h"
#include "hz_zone.h"

static void *take(size_t alignment, size_t size) {
    bool was_dirty;
    unsigned class_index = hz_class_of_aligned(size, alignment);
    if (class_index >= HZ7_CLASS_COUNT)
        return hz7_large_alloc(size, alignment, &was_dirty);
    return hz7_class_alloc(class_index, hz7_enter());
}

/* All bytes of a block, also of one that waits; 0, and why, of what is none. */
static size_t look_up(const void *block, enum hz7_verdict *ret_verdict) {
    bool locked = hz7_enter();
    struct hz7_route route = hz7_route_find(block);
    size_t usable = route.verdict <= HZ7_ROUTE_LARGE ? hz7_route_bytes(&route) : 0;
    hz7_leave(locked);
    *ret_verdict = route.verdict;
    return usable;
}

/* The same; 0 also of one that waits. */
static size_t find(const void *block, enum hz7_verdict *ret_verdict) {
    size_t usable = look_up(block, ret_verdict);
    if (usable == 0 || !hz_zone_is_over(block, usable))
        return usable;
    *ret_verdict = HZ7_ROUTE_FREED;
    return 0;
}

static void report(enum hz7_verdict verdict, const char *verb, const void *address) {
    if (!hz_memcheck_reports(address))
        hz7_report(verdict, verb, address);
}

void *hz7_watch_alloc(size_t alignment, size_t size, bool is_zero) {
    enum hz7_verdict verdict;
    void *block = take(alignment, hz_zone_add(size));
    if (block == NULL)
        return NULL;
    hz_zone_begin(block, look_up(block, &verdict), size, false);
    return is_zero ? memset(block, 0, size) : block;
}

void *hz7_watch_free(void *block) {
    enum hz7_verdict verdict;
    size_t usable = find(block, &verdict);
    if (usable == 0) {
        report(verdict, "free", block);
        return NULL;
    }
    hz_zone_end(block, usable);
    return hz_zone_wait(block, usable);
}

void *hz7_watch_realloc(void *block, size_t size) {
    enum hz7_verdict verdict;
    size_t usable = find(block, &verdict);
    if (usable == 0) {
        report(verdict, "realloc", block);
        errno = EINVAL;
        return NULL;
    }
    int saved = errno;
    size_t old_size = hz_zone_bytes(block, usable);
    void *moved = hz7_watch_alloc(1, size, false);
    if (moved == NULL && size <= old_size) {
        errno = saved;
        hz_zone_resize(block, usable, size);
        return block;
    }
    if (moved == NULL)
        return NULL;
    memcpy(moved, block, hz_min(old_size, size));
    hz7_free(block);
    return moved;
}

size_t hz7_watch_bytes(const void *block, size_t usable) { return hz_zone_bytes(block, usable); }
