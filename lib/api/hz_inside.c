/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_inside.c -- see hz_inside.h. */
#include "hz_inside.h"

#include <string.h>

#include "hz_aside.h"
#include "hz_bits.h"
#include "hz_fatal.h"
#include "hz_guard.h"
#include "hz_heap.h"
#include "hz_large.h"
#include "hz_policy.h"
#include "hz_route.h"
#include "hz_verdict.h"
#include "hz_watch.h"

_Atomic(bool) hz_inside_has_waiting;

/* Cleared first: what begins to wait during the walk sets it again. By the slow path: a handler that comes
 * again at once may not find the hot one half done. */
void hz_inside_free_waiting(void) {
    if (!hz_exchange_acq_rel(&hz_inside_has_waiting, false))
        return;
    for (void *block = hz_aside_resume(); block != NULL; block = hz_aside_resume())
        hz_heap_free(block);
}

void *hz_inside_take(size_t size, size_t alignment) {
    void *block = hz_aside_take(hz_watch_size(size), alignment);
    if (hz_memcheck_is_on())
        block = hz_watch_begin(block, size, true);
    return block != NULL ? block : hz_heap_refuse();
}

void hz_inside_free(void *block) {
    if (hz_memcheck_is_on() && hz_aside_bytes(block) != 0)
        hz_watch_end(block);
    if (hz_aside_give(block))
        return;
    if (!hz_aside_defer(block))
        hz_message("warning", "a signal handler's free found no memory to remember its block; it is lost");
    hz_store_seq_cst(&hz_inside_has_waiting, true);
}

size_t hz_inside_usable(const void *block) {
    size_t bytes = hz_aside_bytes(block);
    if (bytes != 0)
        return bytes;
    if (hz_guard_contains(block))
        return hz_guard_peek(block);
    struct hz_route route = hz_route_find(block);
    if (route.verdict == HZ_ROUTE_BLOCK)
        return hz_class_table[hz_tag_class(route.tag)].block_bytes;
    return route.verdict == HZ_ROUTE_LARGE ? hz_large_tell(route.desc) : 0;
}

void *hz_inside_realloc(void *block, size_t size) {
    size_t usable = hz_inside_usable(block);
    size_t old_bytes = hz_watch_bytes(block, usable);
    if (size <= old_bytes) {
        hz_verdict_stays_large();
        return block;
    }
    void *moved = usable == 0 ? NULL : hz_inside_take(size, 1);
    if (moved == NULL)
        return hz_heap_refuse();
    memcpy(moved, block, old_bytes);
    hz_inside_free(block);
    return moved;
}
