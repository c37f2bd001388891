/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * entry.h -- the entry points under one set of names, a_*, for tests that are compiled twice: with
 * the direct names hkz_*, and (API_STANDARD) with the standard names of a preloaded library.
 *
 * Sizes and results pass through empty asm statements. Without them the compiler folds the very
 * checks made here: alloc_align lets it take alignment as given, malloc that two blocks differ. */
#pragma once
#include "hakozuna.h"
#include "pattern.h"
#include "rng.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static inline size_t opaque(size_t value) {
    __asm__ volatile("" : "+r"(value));
    return value;
}

static inline void *launder(void *block) {
    __asm__ volatile("" : "+r"(block) : : "memory");
    return block;
}

#ifdef API_STANDARD
#include <malloc.h>
#define ENTRY(name) name
#define ENTRY_USABLE malloc_usable_size
#define a_zalloc(size) launder(calloc(1, opaque(size)))
#else
#define ENTRY(name) hkz_##name
#define ENTRY_USABLE hkz_usable_size
#define a_zalloc(size) launder(hkz_zalloc(opaque(size)))
#endif

#define a_malloc(size) launder(ENTRY(malloc)(opaque(size)))
#define a_calloc(count, size) launder(ENTRY(calloc)(opaque(count), opaque(size)))
#define a_realloc(block, size) launder(ENTRY(realloc)(block, opaque(size)))
#define a_reallocarray(block, count, size) launder(ENTRY(reallocarray)(block, opaque(count), opaque(size)))
#define a_aligned_alloc(alignment, size) launder(ENTRY(aligned_alloc)(opaque(alignment), opaque(size)))
#define a_posix_memalign(ret_block, alignment, size) ENTRY(posix_memalign)(ret_block, opaque(alignment), opaque(size))
#define a_free(block) ENTRY(free)(launder(block))
#define a_usable_size(block) ENTRY_USABLE(launder(block))

/* For loops: cr_assert() reports every success to the runner, which costs microseconds each time.
 */
#define need(condition, ...)             \
    do {                                 \
        if (!(condition))                \
            cr_assert_fail(__VA_ARGS__); \
    } while (0)

/* Writes so many bytes of a block, moves it by realloc, and frees it. */
static inline void check_moved(char *block, size_t written) {
    pattern_fill(block, written, written);
    void *wall = a_malloc(written);
    block = a_realloc(block, 3 * written);
    need(block != NULL, "realloc to %zu failed", 3 * written);
    need(pattern_check(block, written, written, written) == PATTERN_INTACT, "%zu bytes: contents lost", written);
    a_free(block);
    a_free(wall);
}
