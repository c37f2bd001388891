/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_front_tmpl.h -- the hot paths of malloc and free, compiled into each profile. They call nothing before
 * the first return; what they cannot do they leave to a tail call. */
#pragma once
#include "hz_front.h"

/* The class's newest block, which is marked as handed out. NULL, with nothing done, when the bin is empty or
 * the mark is not the thread's to flip. */
HZ_INLINE void *hz_front_pop_marked(struct hz_front *front, size_t class_index) {
    void **top = hz_load_relaxed(&front->top[class_index]);
    void *block = top[-1];
    size_t offset = (uintptr_t)block - hz_map_first.base;
    if (HZ_UNLIKELY(offset >= hz_map_first.bytes)) /* also of NULL */
        return NULL;
    if (HZ_P_REMOTE == HZ_REMOTE_TRANSFER) {
        hz_tag tag = hz_load_relaxed(&hz_map_first.tags[offset >> HZ_PAGE_LOG2]);
        if (HZ_UNLIKELY((tag ^ front->self_tag) != class_index))
            return NULL;
        HZ_COMPUTE(class_index); /* else one register too many is in use */
    }
    struct hz_mark_place place = hz_mark_find(&hz_map_first, offset, class_index);
    hz_mark_flip_local(place.mark, place.bit);
    hz_store_relaxed(&front->top[class_index], top - 1);
    HZ_ASSUME(block != NULL);
    return block;
}

/* A block for size, or NULL if that takes more than a full bin. *ret_class: its class, or without meaning. */
HZ_INLINE void *hz_front_malloc_class(size_t size, unsigned *ret_class) {
    struct hz_front *front = hz_self;
    if (HZ_UNLIKELY(size > HZ_CLASS_MAX_BYTES))
        return NULL;
    *ret_class = hz_class_look_up(size);
    return hz_front_pop_marked(front, *ret_class);
}

HZ_INLINE void *hz_front_malloc(size_t size) {
    unsigned class_index;
    return hz_front_malloc_class(size, &class_index);
}

/* Whether the bin had room for block, which was live and is so no more. */
HZ_INLINE bool hz_front_push_marked(struct hz_front *front, unsigned class_index, void *block, size_t offset) {
    void **top = hz_load_relaxed(&front->top[class_index]);
    if (HZ_UNLIKELY(top == front->limit[class_index]))
        return false;
    struct hz_mark_place place = hz_mark_find(&hz_map_first, offset, class_index);
    if (HZ_UNLIKELY(!place.is_aligned || !hz_mark_take_back(place.mark, place.bit)))
        return false;
    *top = block;
    hz_store_relaxed(&front->top[class_index], top + 1);
    return true;
}

/* The class of the run around a block, if the thread owns it, in the first arena; else HZ_CLASS_COUNT or more. */
HZ_INLINE unsigned hz_front_own_class(const struct hz_front *front, size_t offset) {
    size_t page = offset >> HZ_PAGE_LOG2;
    if (HZ_UNLIKELY(page >= hz_map_first.page_count))
        return HZ_CLASS_COUNT;
    return hz_load_relaxed(&hz_map_first.tags[page]) ^ front->self_tag;
}

/* How far the hot path of free came with an address. */
enum hz_free {
    HZ_FREE_DONE,    /* the block is in its bin */
    HZ_FREE_NOT_YET, /* in a run of this thread's: wrong, or its bin is full, or time is up. The free has ticked. */
    HZ_FREE_NOT_OWN, /* anything else, also NULL. It has not ticked. */
};

HZ_INLINE enum hz_free hz_front_free(void *block) {
    struct hz_front *front = hz_self;
    size_t offset = (uintptr_t)block - hz_map_first.base;
    unsigned class_index = hz_front_own_class(front, offset);
    if (HZ_UNLIKELY(class_index >= HZ_CLASS_COUNT))
        return HZ_FREE_NOT_OWN;
    if (HZ_UNLIKELY(--front->ticks < 0))
        return HZ_FREE_NOT_YET;
    return hz_front_push_marked(front, class_index, block, offset) ? HZ_FREE_DONE : HZ_FREE_NOT_YET;
}

/* The bytes of a block that this thread's runs hold, live and at its start; 0 of any other address. Changes nothing. */
HZ_INLINE size_t hz_front_bytes(const void *block) {
    size_t offset = (uintptr_t)block - hz_map_first.base;
    unsigned class_index = hz_front_own_class(hz_self, offset);
    if (HZ_UNLIKELY(class_index >= HZ_CLASS_COUNT))
        return 0;
    struct hz_mark_place place = hz_mark_find(&hz_map_first, offset, class_index);
    if (HZ_UNLIKELY(!place.is_aligned || !hz_mark_is_live(place.mark, place.bit)))
        return 0;
    return hz_class_table[class_index].block_bytes;
}
