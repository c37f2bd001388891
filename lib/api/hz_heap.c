/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_heap.c -- see hz_heap.h. */
#include "hz_heap.h"

#include <errno.h>
#include <string.h>

#include "hakozuna.h"
#include "hz_aside.h"
#include "hz_bits.h"
#include "hz_fatal.h"
#include "hz_fault.h"
#include "hz_foreign.h"
#include "hz_front.h"
#include "hz_guard.h"
#include "hz_harden.h"
#include "hz_huge.h"
#include "hz_init.h"
#include "hz_inside.h"
#include "hz_large.h"
#include "hz_maintain.h"
#include "hz_notes.h"
#include "hz_policy.h"
#include "hz_sample.h"
#include "hz_text.h"
#include "hz_thread.h"
#include "hz_verdict.h"
#include "hz_watch.h"

static hz_counter out_of_memory;

static HZ_COLD void report_out_of_memory(size_t size) {
    struct hz_text text;
    hz_text_init(&text);
    hz_text_add_number(&text, size);
    hz_text_add(&text, size > PTRDIFF_MAX ? " bytes, more than can be" : " bytes, which the kernel refuses");
    hz_report(HZ_ERROR_OUT_OF_MEMORY, "request", NULL, text.bytes);
}

void *hz_heap_refuse(void) {
    hz_count(&out_of_memory, 1);
    errno = ENOMEM;
    return NULL;
}

void *hz_heap_out_of_memory(size_t size) {
    if (hz_fatal_action(HZ_ERROR_OUT_OF_MEMORY) != HZ_ON_ERROR_IGNORE)
        report_out_of_memory(size);
    return hz_heap_refuse();
}

uint64_t hz_heap_out_of_memory_count(void) { return hz_load_relaxed(&out_of_memory); }

/* --- Allocation ------------------------------------------------------------------------------- */

/* The caller of the function that this stands in: the program's call, where that came by a tail call. */
#define CALLER __builtin_return_address(0)

static HZ_COLD void *take_sampled(size_t size, size_t alignment, const void *from) {
    struct hz_front *front = hz_thread_front();
    if (!hz_sample_is_due(front))
        return NULL;
    void *block = hz_guard_take(size, alignment, from);
    hz_sample_next(front);
    return block;
}

/* What moves blocks into bins and out of them goes between these two, for the count of allocations. */
static void begin_moving(struct hz_front *front) {
    if (HZ_UNLIKELY(hz_sample_rate != 0) && front != NULL)
        hz_sample_enter(front);
}

static void end_moving(struct hz_front *front) {
    if (HZ_UNLIKELY(hz_sample_rate != 0) && front != NULL)
        hz_sample_leave(front);
}

static void *refill(struct hz_front *front, unsigned class_index) {
    begin_moving(front);
    void *block = hz_front_refill(front, class_index);
    end_moving(front);
    if (HZ_UNLIKELY(hz_sample_rate != 0))
        hz_sample_add(front); /* this block */
    return block;
}

static void *take_large(size_t size, size_t alignment, bool *ret_is_zero) {
    struct hz_front *front = HZ_UNLIKELY(hz_sample_rate != 0) ? hz_thread_front() : NULL;
    if (front != NULL)
        hz_sample_add(front);
    return hz_large_take(size, alignment, ret_is_zero);
}

static HZ_COLD void free_rare(void *block, const void *from);

static HZ_COLD void free_waiting(void) {
    for (void *block = hz_zone_resume(); block != NULL; block = hz_zone_resume())
        free_rare(block, NULL);
}

size_t hz_heap_trim(void) {
    if (hz_memcheck_is_on())
        free_waiting();
    struct hz_front *front = hz_thread_front();
    begin_moving(front);
    size_t bytes = hz_maintain_trim(front);
    end_moving(front);
    return bytes;
}

static void *take_block(unsigned class_index, bool *ret_is_zero) {
    struct hz_front *front = hz_thread_front();
    void *block;
    if (HZ_UNLIKELY(front == NULL))
        block = hz_central_take_common(class_index);
    else
        block = hz_front_pop(front, class_index);
    if (block == NULL && front != NULL)
        block = refill(front, class_index);
    if (hz_memcheck_is_on() && front != NULL)
        hz_front_forget(front, class_index);
    if (block != NULL)
        hz_front_hand_out(front, block);
    if (HZ_UNLIKELY(hz_harden_is_on) && block != NULL)
        *ret_is_zero = hz_harden_reused(class_index, block);
    return block;
}

static void *take(size_t size, size_t alignment, bool *ret_is_zero) {
    size = hz_watch_size(size);
    unsigned class_index = hz_class_of_aligned(size, alignment);
    *ret_is_zero = false;
    if (class_index < HZ_CLASS_COUNT)
        return take_block(class_index, ret_is_zero);
    return take_large(size, alignment, ret_is_zero);
}

/* A refusal may pass. Memory may lie in caches and empty runs: all of it is given back before another try. */
static void *take_or_trim(size_t size, size_t alignment, bool *ret_is_zero, const void *from) {
    if (!hz_init() && !hz_init())
        return hz_heap_out_of_memory(size);
    if (hz_fault(HZ_FAULT_MALLOC, size))
        return hz_heap_out_of_memory(size);
    size = hz_max(size, 1);
    void *block = HZ_UNLIKELY(hz_sample_rate != 0) ? take_sampled(size, alignment, from) : NULL;
    if (HZ_UNLIKELY(block != NULL)) {
        *ret_is_zero = true;
        return block;
    }
    block = take(size, alignment, ret_is_zero);
    hz_notes_report();
    if (HZ_LIKELY(block != NULL))
        return block;
    if (size <= PTRDIFF_MAX) {
        (void)hz_heap_trim();
        block = take(size, alignment, ret_is_zero);
    }
    return block != NULL ? block : hz_heap_out_of_memory(size);
}

static void *enter_and_take(size_t size, size_t alignment, bool *ret_is_zero, const void *from) {
    *ret_is_zero = true;
    if (HZ_UNLIKELY(hz_thread_is_inside()))
        return hz_inside_take(size, alignment);
    hz_thread_enter();
    void *block = take_or_trim(size, alignment, ret_is_zero, from);
    if (hz_memcheck_is_on())
        block = hz_watch_begin(block, size, *ret_is_zero);
    hz_inside_leave();
    return block;
}

void *hz_heap_malloc(size_t size) {
    bool is_zero;
    return enter_and_take(size, 1, &is_zero, CALLER);
}

void *hz_heap_zalloc(size_t size) {
    bool is_zero = false;
    void *block = enter_and_take(size, 1, &is_zero, CALLER);
    if (block != NULL && !is_zero)
        memset(block, 0, hz_heap_usable(block, "calloc"));
    return block;
}

void *hz_heap_aligned(size_t alignment, size_t size) {
    bool is_zero;
    if (HZ_UNLIKELY(!hz_is_power_of_two(alignment))) {
        errno = EINVAL;
        return NULL;
    }
    return enter_and_take(size, alignment, &is_zero, CALLER);
}

/* --- Release ---------------------------------------------------------------------------------- */

static HZ_COLD void free_wrong(void *block, const char *verb) {
    struct hz_route route = hz_route_find(block);
    hz_verdict_report(&route, verb, block);
}

/* The commons' run around the block becomes the front's, if it is the commons' still. */
static hz_tag adopt(struct hz_front *front, hz_tag tag, const void *block) {
    hz_lock_take(&front->owner->lock);
    bool is_mine = hz_central_adopt(front->owner, block);
    hz_lock_give(&front->owner->lock);
    return is_mine ? hz_tag_make(front->owner->id, hz_tag_class(tag)) : hz_route_tag(block);
}

/* The free will tick, and a block that enters its bin stands for that. A hot path before it may have ticked, too. */
static void send(struct hz_front *front, hz_tag tag, void *block, bool has_ticked) {
    bool is_own = hz_tag_owner(tag) == front->owner->id;
    if (has_ticked)
        hz_sample_pass(front);
    if (is_own)
        begin_moving(front);
    hz_front_send(front, tag, block);
    if (is_own)
        end_moving(front);
    hz_sample_pass(front);
}

/* What the block drives out of the quarantine may enter bins. */
static HZ_COLD bool is_held_back(struct hz_front *front, hz_tag tag, void *block) {
    begin_moving(front);
    bool is_held = hz_harden_freed(front, tag, block);
    end_moving(front);
    if (is_held)
        hz_sample_pass(front);
    return is_held;
}

static void free_block(struct hz_front *front, hz_tag tag, void *block, bool has_ticked) {
    if (front != NULL && hz_tag_owner(tag) == HZ_OWNER_COMMONS_ID)
        tag = adopt(front, tag, block);
    if (!hz_front_take_back(front, tag, block)) {
        free_wrong(block, "free");
        return;
    }
    if (hz_memcheck_is_on())
        hz_watch_end(block);
    if (HZ_UNLIKELY(hz_harden_is_on) && is_held_back(front, tag, block))
        return;
    if (front == NULL)
        hz_central_return(block);
    else
        send(front, tag, block, has_ticked);
}

static HZ_COLD void free_rare(void *block, const void *from) {
    struct hz_route route = hz_route_find(block);
    if (hz_guard_contains(block)) {
        hz_guard_give(block, "free", from);
    } else if (route.verdict == HZ_ROUTE_LARGE) {
        if (!hz_large_give(route.arena, route.desc))
            hz_report(HZ_ERROR_DOUBLE_FREE, "free", block, "two threads freed it at once");
    } else if (route.verdict != HZ_ROUTE_MISS) {
        hz_verdict_report(&route, "free", block);
    } else if (!hz_huge_give(block) && !hz_aside_give(block)) {
        hz_foreign_free(block);
    }
}

/* Behind every free of a thread with a cache that did not take the hot path: remote and large ones count, too. A hot
 * path that stopped at the clock counted already. */
static void tick(struct hz_front *front) {
    if (HZ_LIKELY(--front->ticks >= 0))
        return;
    begin_moving(front);
    hz_maintain_tick(front);
    end_moving(front);
}

static void release(void *block, bool has_ticked, const void *from) {
    struct hz_front *front = hz_init() ? hz_thread_front_to_free() : NULL;
    /* After the front: the number that a new one got may have been, a moment ago, the block's owner's. */
    hz_tag tag = hz_route_tag(block);
    if (HZ_LIKELY(hz_tag_owner(tag) != 0)) {
        free_block(front, tag, block, has_ticked);
    } else {
        if (hz_memcheck_is_on())
            block = hz_watch_free(block);
        if (block != NULL)
            free_rare(block, from);
        if (front != NULL)
            hz_sample_pass(front);
    }
    if (front != NULL)
        tick(front);
    hz_notes_report();
}

static HZ_NOINLINE void enter_and_release(void *block, bool has_ticked, const void *from) {
    if (block == NULL)
        return;
    if (HZ_UNLIKELY(hz_thread_is_inside())) {
        hz_inside_free(block);
        return;
    }
    hz_thread_enter();
    release(block, has_ticked, from);
    hz_inside_leave();
}

void hz_heap_free_own(void *block) { enter_and_release(block, true, CALLER); }

/* A block in the first arena whose run another thread owns, freed by a thread whose cache works as usual: so nothing is
 * hardened or watched. False, with nothing done, when any of this does not hold, or the pointer is seen to be wrong: no
 * start of a block, and in strict profiles not live. Up to the claim nothing of the thread's changes, so that a signal
 * handler may come in between. */
HZ_INLINE bool release_remote(void *block) {
    struct hz_front *front = hz_self;
    size_t offset = (uintptr_t)block - hz_map_first.base;
    size_t page = offset >> HZ_PAGE_LOG2;
    if (HZ_UNLIKELY(front->owner == NULL || page >= hz_map_first.page_count))
        return false;
    hz_tag tag = hz_load_relaxed(&hz_map_first.tags[page]);
    uint32_t owner_id = hz_tag_owner(tag);
    if (owner_id <= HZ_OWNER_COMMONS_ID || owner_id == hz_tag_owner(front->self_tag))
        return false;
    if (!hz_front_claim(hz_mark_find(&hz_map_first, offset, hz_tag_class(tag))))
        return false;
    hz_thread_enter();
    hz_policy.remote_ops->put(&front->outbox, tag, block);
    hz_sample_pass(front);
    tick(front);
    hz_notes_report();
    hz_inside_leave();
    return true;
}

void hz_heap_free(void *block) {
    if (!release_remote(block))
        enter_and_release(block, false, CALLER);
}

/* The bytes of a block outside every arena; 0 of a foreign one. */
static size_t mapped_bytes(const void *block) {
    size_t bytes = hz_huge_bytes(block);
    return bytes != 0 ? bytes : hz_aside_bytes(block);
}

/* False if block is wrong, which is reported then; *ret_usable is 0 if another allocator may own it. */
static bool find_usable(const void *block, const char *verb, const void *from, size_t *ret_usable) {
    struct hz_route route = hz_verdict_find(block);
    switch (route.verdict) {
    case HZ_ROUTE_BLOCK: *ret_usable = hz_class_table[hz_tag_class(route.tag)].block_bytes; return true;
    case HZ_ROUTE_LARGE: *ret_usable = hz_large_bytes(route.desc); return true;
    case HZ_ROUTE_MISS: break;
    default: hz_verdict_report(&route, verb, block); return false;
    }
    bool is_guarded = hz_guard_contains(block);
    *ret_usable = is_guarded ? hz_guard_bytes(block, verb, from) : mapped_bytes(block);
    return !is_guarded || *ret_usable != 0;
}

/* Inside, where the verdict would need locks, nothing is checked. */
static bool is_as_told(const void *block, bool has_size, size_t size, size_t alignment, const char *verb,
                       const void *from) {
    size_t usable;
    if (HZ_UNLIKELY(hz_thread_is_inside()))
        return true;
    hz_thread_enter();
    bool is_right = find_usable(block, verb, from, &usable);
    if (is_right && usable != 0)
        is_right = hz_verdict_is_aligned(block, alignment, verb) &&
                   (!has_size || hz_verdict_is_sized(block, usable, hz_watch_size(size), alignment, verb));
    hz_inside_leave();
    return is_right;
}

void hz_heap_free_aligned(void *block, size_t alignment, const char *verb) {
    if (block != NULL && is_as_told(block, false, 0, alignment, verb, CALLER))
        hkz_free(block);
}

void hz_heap_free_sized(void *block, size_t size, size_t alignment, const char *verb) {
    if (block != NULL && is_as_told(block, true, size, alignment, verb, CALLER))
        hkz_free(block);
}

/* --- Size and resize -------------------------------------------------------------------------- */

static size_t usable_or_foreign(const void *block, const char *verb, const void *from) {
    size_t bytes;
    if (!find_usable(block, verb, from, &bytes))
        return 0;
    struct hz_route route = hz_route_find(block);
    if (route.verdict == HZ_ROUTE_LARGE)
        (void)hz_large_tell(route.desc);
    return bytes != 0 ? hz_watch_bytes(block, bytes) : hz_foreign_usable(block, verb);
}

size_t hz_heap_usable(const void *block, const char *verb) {
    if (block == NULL)
        return 0;
    if (HZ_UNLIKELY(hz_thread_is_inside()))
        return hz_watch_bytes(block, hz_inside_usable(block));
    hz_thread_enter();
    size_t bytes = usable_or_foreign(block, verb, CALLER);
    hz_inside_leave();
    return bytes;
}

/* Outside: all three steps may be interrupted. A block that is to become smaller stays where it is if there is
 * no other. */
static void *move(void *block, size_t old_bytes, size_t size) {
    int saved = errno;
    hz_inside_leave();
    void *moved = hkz_malloc(size);
    if (moved != NULL) {
        memcpy(moved, block, hz_min(old_bytes, size));
        hkz_free(block);
    } else if (size <= old_bytes) {
        hz_verdict_stays_large();
        errno = saved;
        moved = block;
    }
    hz_thread_enter();
    return moved;
}

static void *resize_large(struct hz_route *route, void *block, size_t size) {
    if (size <= HZ_CLASS_MAX_BYTES)
        return move(block, hz_large_bytes(route->desc), size);
    void *resized = hz_large_resize(route->arena, route->desc, size, true);
    return resized != NULL ? resized : move(block, hz_large_written(route->desc), size);
}

static void *resize_huge(void *block, size_t old_bytes, size_t size) {
    if (hz_heap_is_snug(old_bytes, size) || size > PTRDIFF_MAX)
        return size > PTRDIFF_MAX ? hz_heap_out_of_memory(size) : block;
    if (size > HZ_CLASS_MAX_BYTES) {
        size_t wanted = size > old_bytes ? hz_max(size, old_bytes + old_bytes / 8) : size;
        void *resized = hz_huge_resize(block, wanted, true);
        if (resized == NULL)
            resized = hz_huge_resize(block, size, true);
        if (resized != NULL)
            return resized;
    }
    return move(block, old_bytes, size);
}

/* Always moves: who keeps the old address is found out. */
static HZ_COLD void *resize_guarded(void *block, size_t size, const void *from) {
    size_t old_bytes = hz_guard_bytes(block, "realloc", from);
    if (old_bytes == 0)
        return hz_heap_out_of_memory(size);
    return size == old_bytes ? block : move(block, old_bytes, size);
}

/* Always moves, as the block's user sees it, too. */
static HZ_COLD void *resize_watched(void *block, size_t size, const void *from) {
    size_t usable;
    if (!find_usable(block, "realloc", from, &usable))
        return hz_heap_refuse();
    if (usable == 0)
        return hz_foreign_realloc(block, size);
    void *moved = hz_zone_is_over(block, usable) ? hz_watch_free(block) /* which reports it */
                                                 : move(block, hz_zone_bytes(block, usable), size);
    if (moved == block)
        hz_zone_resize(block, usable, size);
    return moved;
}

static void *resize(void *block, size_t size, const void *from) {
    if (hz_memcheck_is_on())
        return resize_watched(block, size, from);
    struct hz_route route = hz_verdict_find(block);
    if (HZ_LIKELY(route.verdict == HZ_ROUTE_BLOCK)) {
        size_t bytes = hz_class_table[hz_tag_class(route.tag)].block_bytes;
        return hz_heap_is_snug(bytes, size) ? block : move(block, bytes, size);
    }
    if (route.verdict == HZ_ROUTE_LARGE)
        return resize_large(&route, block, size);
    if (route.verdict != HZ_ROUTE_MISS) {
        hz_verdict_report(&route, "realloc", block);
        return hz_heap_out_of_memory(size);
    }
    if (hz_guard_contains(block))
        return resize_guarded(block, size, from);
    size_t bytes = hz_huge_bytes(block);
    if (bytes != 0)
        return resize_huge(block, bytes, size);
    bytes = hz_aside_bytes(block);
    return bytes != 0 ? move(block, bytes, size) : hz_foreign_realloc(block, size);
}

void *hz_heap_realloc(void *block, size_t size) {
    if (size == 0) {
        hz_heap_free(block);
        return NULL;
    }
    if (HZ_UNLIKELY(hz_thread_is_inside()))
        return hz_inside_realloc(block, size);
    hz_thread_enter();
    void *resized = resize(block, size, CALLER);
    hz_inside_leave();
    return resized;
}

static HZ_COLD void *expand_watched(void *block, size_t size, const void *from) {
    size_t usable;
    if (!find_usable(block, "expand", from, &usable) || usable == 0 || size > PTRDIFF_MAX)
        return NULL;
    if (size <= hz_zone_bytes(block, usable))
        return block;
    struct hz_route route = hz_route_find(block);
    size_t wanted = hz_zone_add(size);
    bool has_room = wanted <= usable;
    if (!has_room && route.verdict == HZ_ROUTE_LARGE)
        has_room = hz_large_resize(route.arena, route.desc, wanted, false) != NULL;
    if (!has_room)
        return NULL;
    hz_watch_resize(block, usable, size);
    return block;
}

static void *expand(void *block, size_t size, const void *from) {
    if (hz_memcheck_is_on())
        return expand_watched(block, size, from);
    struct hz_route route = hz_verdict_find(block);
    if (route.verdict == HZ_ROUTE_LARGE)
        return hz_large_resize(route.arena, route.desc, size, false);
    if (usable_or_foreign(block, "expand", from) >= size)
        return block;
    bool is_huge = route.verdict == HZ_ROUTE_MISS && size <= PTRDIFF_MAX;
    return is_huge ? hz_huge_resize(block, size, false) : NULL;
}

void *hz_heap_expand(void *block, size_t size) {
    if (HZ_UNLIKELY(hz_thread_is_inside()))
        return hz_watch_bytes(block, hz_inside_usable(block)) >= size ? block : NULL;
    hz_thread_enter();
    void *expanded = expand(block, size, CALLER);
    hz_inside_leave();
    return expanded;
}
