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

void *hkz_calloc(size_t count, size_t size) {
    size_t bytes;
    if (HZ_UNLIKELY(!hz_multiply(count, size, &bytes)))
        return hz_heap_out_of_memory();
    void *block = hz_front_malloc(bytes);
    if (HZ_LIKELY(block != NULL))
        return memset(block, 0, bytes);
    return hz_heap_zalloc(bytes);
}
