/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_api_tmpl.h -- malloc, free and calloc, compiled into each profile from the hot paths of its policy.
 * The standard names are further labels of the same functions: see hz_shim_tmpl.h. */
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
    if (HZ_UNLIKELY(!hz_front_free(block)))
        hz_heap_free(block);
}

/* All that is usable is zero, not only what was asked for: programs rely on it. */
void *hkz_calloc(size_t count, size_t size) {
    size_t bytes;
    if (HZ_UNLIKELY(!hz_multiply(count, size, &bytes)))
        return hz_heap_out_of_memory(SIZE_MAX);
    void *block = hz_front_malloc(bytes);
    if (HZ_LIKELY(block != NULL))
        return memset(block, 0, hz_class_table[hz_class_look_up(bytes)].block_bytes);
    return hz_heap_zalloc(bytes);
}

/* Whether block lies in the first arena, where blocks of size's class are. */
HZ_INLINE bool hz_api_has_class_of(const void *block, size_t size) {
    size_t page = ((uintptr_t)block - hz_map_first.base) >> HZ_PAGE_LOG2;
    return page < hz_map_first.page_count && size <= HZ_CLASS_MAX_BYTES &&
           hz_tag_class(hz_load_relaxed(&hz_map_first.tags[page])) == hz_class_look_up(size);
}

HZ_INLINE void hz_api_free_sized(void *block, size_t size, const char *verb) {
    if (HZ_UNLIKELY(!hz_api_has_class_of(block, size) || !hz_front_free(block)))
        hz_heap_free_sized(block, size, 1, verb);
}

void hkz_free_sized(void *block, size_t size) { hz_api_free_sized(block, size, "free_sized"); }

void hkz_free_aligned_sized(void *block, size_t alignment, size_t size) {
    hz_heap_free_sized(block, size, alignment, "free_aligned_sized");
}
