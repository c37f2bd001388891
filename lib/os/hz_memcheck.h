/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_memcheck.h -- tells a tool that watches every access of the program (Valgrind's memcheck, AddressSanitizer) which
 * bytes belong to whom. The build chooses one tool or none: hz_memcheck_valgrind.c, hz_memcheck_asan.c, or neither,
 * and then all of this folds away.
 * Does not: know blocks beyond what it is told. Nothing here waits, allocates or changes errno. */
#pragma once
#include "hz_base.h"

#ifndef HZ_MEMCHECK
#define HZ_MEMCHECK 0
#endif

/* Whether a tool is there to listen; no function below is called while none is. A macro, so that a build without
 * tools refers to none of them, however little it optimises. */
#define hz_memcheck_is_on() (HZ_MEMCHECK && HZ_UNLIKELY(hz_memcheck_on))

/* const after hz_memcheck_init() */
extern bool hz_memcheck_on HZ_HIDDEN;

/* Looks whether the tool is there. Before the first block is handed out. */
HZ_HIDDEN void hz_memcheck_init(void);

/* Nobody may touch these bytes. */
HZ_HIDDEN void hz_memcheck_hide(const void *start, size_t bytes);

/* All may, and their contents count. */
HZ_HIDDEN void hz_memcheck_show(const void *start, size_t bytes);

/* The program has a block of bytes, and has it no more. What is around the block stays hidden. */
HZ_HIDDEN void hz_memcheck_begin(const void *block, size_t bytes, bool is_zero);
HZ_HIDDEN void hz_memcheck_end(const void *block, size_t bytes);
HZ_HIDDEN void hz_memcheck_resize(const void *block, size_t old_bytes, size_t bytes);

/* The program freed what is no block. Whether the tool has reported that, so that nobody else need. */
HZ_HIDDEN bool hz_memcheck_reports(const void *address);

/* A word of ours among hidden bytes. */
HZ_HIDDEN size_t hz_memcheck_load(const size_t *word);
HZ_HIDDEN void hz_memcheck_store(size_t *word, size_t value);

/* Forgets pointers in slots that are no longer used: who looks for leaks takes what is there for a reference. */
HZ_INLINE void hz_memcheck_clear(void **slots, size_t count) {
    if (!hz_memcheck_is_on())
        return;
    for (size_t i = 0; i < count; i++)
        slots[i] = NULL;
}
