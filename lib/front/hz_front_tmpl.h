/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_front_tmpl.h -- the hot paths of malloc and free, compiled into each profile. They call nothing before
 * the first return; what they cannot do they leave to a tail call. */
#pragma once
#include "hz_front.h"

/* A block for size, or NULL if that takes more than a full bin. */
HZ_INLINE void *hz_front_malloc(size_t size) {
    struct hz_front *front = hz_self;
    if (HZ_UNLIKELY(size > HZ_CLASS_MAX_BYTES))
        return NULL;
    return hz_front_pop(front, hz_class_look_up(size));
}

/* Whether block could be put into its bin. False: not a block of this thread, bin full, or time is up. */
HZ_INLINE bool hz_front_free(void *block) {
    struct hz_front *front = hz_self;
    size_t page = ((uintptr_t)block - hz_map_first.base) >> HZ_PAGE_LOG2;
    if (HZ_UNLIKELY(page >= hz_map_first.page_count))
        return false;
    unsigned class_index = hz_load_relaxed(&hz_map_first.tags[page]) ^ front->self_tag;
    if (HZ_UNLIKELY(class_index >= HZ_CLASS_COUNT))
        return false;
    if (HZ_UNLIKELY(--front->ticks < 0))
        return false;
    return hz_front_push(front, class_index, block);
}
