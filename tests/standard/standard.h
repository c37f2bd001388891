/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * standard.h -- a clause is one line of the report: what must hold, in our words, and behind it in
 * parentheses where that is written. Sources: C23 is ISO/IEC 9899:2024; POSIX is POSIX.1-2024; name(3) is a
 * page of the Linux man-pages; [new.delete] and the like are sections of C++17; hakozuna.h is our own.
 *
 * Sizes and results pass through empty asm statements, or the compiler would answer in the library's place. */
#pragma once
#include "pattern.h"
#include "tap.h"
#include "watchdog.h"
#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)

enum { SENTINEL = 4711, STANDARD_SECONDS = 100 };

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

/* Reports one clause; returns holds. Defined beside main(), as one thread of one file counts the lines. */
bool clause(bool holds, const char *what, const char *source);

static inline size_t opaque(size_t value) {
    __asm__ volatile("" : "+r"(value));
    return value;
}

static inline void *launder(const void *address) {
    void *block = (void *)(uintptr_t)address;
    __asm__ volatile("" : "+r"(block) : : "memory");
    return block;
}

/* From each kind of block: small, mid, large, with a mapping of its own. */
static const size_t some_sizes[] = {1,    8,     15,    16,    17,        100,       1000,    1024,     4095,
                                    4096, 20000, 65536, 65537, 128 * KIB, 200 * KIB, 2 * MIB, 300 * MIB};

/* The same without the last, for loops over pairs. */
enum { SOME_SIZES = COUNT_OF(some_sizes), FEW_SIZES = SOME_SIZES - 1 };

/* No object can have so many bytes. */
static const size_t impossible_sizes[] = {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 15, SIZE_MAX - 16, SIZE_MAX - 4095,
                                          SIZE_MAX - 4096, SIZE_MAX - 65535, SIZE_MAX - 65536, SIZE_MAX / 2 + 2,
                                          (size_t)PTRDIFF_MAX + 1,
                                          /* 32 bits: an honest size there */
                                          sizeof(size_t) == 8 ? PTRDIFF_MAX - 4095 : SIZE_MAX};

#define HALF_WORD ((size_t)1 << sizeof(size_t) * 4)

/* Factors whose product does not fit into size_t; and, last, one that does but cannot be had. */
static const size_t impossible_products[][2] = {
    {SIZE_MAX, 2},
    {2, SIZE_MAX},
    {SIZE_MAX, SIZE_MAX},
    {SIZE_MAX / 2 + 1, 2},
    {SIZE_MAX / 16 + 1, 16},
    {HALF_WORD, HALF_WORD},
    {HALF_WORD + 1, HALF_WORD},
    {65537, SIZE_MAX / 65536},
    {PTRDIFF_MAX / 8 + 1, 8},
};

static inline bool is_aligned(const void *block, size_t alignment) { return (uintptr_t)block % alignment == 0; }

/* Whether a request failed as it must; to be called at once, with errno cleared before. */
static inline bool is_refused(const void *block, int error) { return block == NULL && errno == error; }

/* A block with known contents, which has_contents() finds again. */
static inline char *fill(void *block, size_t size) {
    if (block == NULL)
        tap_bail("no block of %zu bytes", size);
    pattern_fill(block, size, size);
    return launder(block);
}

static inline bool has_contents(const void *block, size_t filled, size_t checked) {
    return pattern_check(block, filled, checked < filled ? checked : filled, filled) == PATTERN_INTACT;
}
