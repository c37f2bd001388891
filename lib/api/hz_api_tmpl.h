/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_api_tmpl.h -- malloc, free, calloc, realloc and the usable size, compiled into each profile from the hot paths of
 * its policy. The standard names are further labels of the same functions: see hz_shim_tmpl.h. */
#pragma once
#include <string.h>

#include "hakozuna.h"
#include "hz_bits.h"
#include "hz_front_tmpl.h"
#include "hz_heap.h"
#include "hz_verdict.h"

void *hkz_malloc(size_t size) {
    void *block = hz_front_malloc(size);
    if (HZ_LIKELY(block != NULL))
        return block;
    return hz_heap_malloc(size);
}

void hkz_free(void *block) {
    enum hz_free result = hz_front_free(block);
    if (HZ_LIKELY(result == HZ_FREE_DONE))
        return;
    if (result == HZ_FREE_NOT_OWN)
        hz_heap_free(block);
    else
        hz_heap_free_own(block);
}

/* All that is usable is zero, not only what was asked for: programs rely on it. */
void *hkz_calloc(size_t count, size_t size) {
    size_t bytes;
    if (HZ_UNLIKELY(!hz_multiply(count, size, &bytes)))
        return hz_heap_out_of_memory(SIZE_MAX);
    unsigned class_index;
    void *block = hz_front_malloc_class(bytes, &class_index);
    if (HZ_LIKELY(block != NULL))
        return memset(block, 0, hz_class_table[class_index].block_bytes);
    return hz_heap_zalloc(bytes);
}

/* The block's contents in another one. Beside realloc, which so has no frame where the block stays. */
static HZ_NOINLINE void *hz_api_move(void *block, size_t old_bytes, size_t size) {
    void *moved = hz_front_malloc(size);
    if (HZ_UNLIKELY(moved == NULL))
        return hz_heap_realloc(block, size);
    memcpy(moved, block, hz_min(old_bytes, size));
    hkz_free(block);
    return moved;
}

void *hkz_realloc(void *block, size_t size) {
    size_t old_bytes = hz_front_bytes(block);
    if (HZ_UNLIKELY(old_bytes == 0 || size == 0))
        return block == NULL ? hkz_malloc(size) : hz_heap_realloc(block, size);
    return hz_heap_is_snug(old_bytes, size) ? block : hz_api_move(block, old_bytes, size);
}

HZ_INLINE size_t hz_api_usable(const void *block, const char *verb) {
    size_t bytes = hz_front_bytes(block);
    return HZ_LIKELY(bytes != 0) ? bytes : hz_heap_usable(block, verb);
}

size_t hkz_usable_size(const void *block) { return hz_api_usable(block, "usable_size"); }

/* Whether block lies in the first arena, where blocks of size's class are. */
HZ_INLINE bool hz_api_has_class_of(const void *block, size_t size) {
    size_t page = ((uintptr_t)block - hz_map_first.base) >> HZ_PAGE_LOG2;
    return page < hz_map_first.page_count && size <= HZ_CLASS_MAX_BYTES &&
           hz_tag_class(hz_load_relaxed(&hz_map_first.tags[page])) == hz_class_look_up(size);
}

HZ_INLINE void hz_api_free_sized(void *block, size_t size, const char *verb) {
    if (HZ_UNLIKELY(!hz_api_has_class_of(block, size) || hz_front_free(block) != HZ_FREE_DONE))
        hz_heap_free_sized(block, size, 1, verb);
}

void hkz_free_sized(void *block, size_t size) { hz_api_free_sized(block, size, "free_sized"); }

void hkz_free_aligned_sized(void *block, size_t alignment, size_t size) {
    hz_heap_free_sized(block, size, alignment, "free_aligned_sized");
}
