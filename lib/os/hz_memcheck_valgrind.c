/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_memcheck_valgrind.c -- hz_memcheck.h for Valgrind: client requests, a few instructions that do nothing
 * outside of it. */
#include "hz_memcheck.h"

#include <valgrind/memcheck.h>

bool hz_memcheck_on;

/* Other tools of Valgrind understand no request of memcheck's; then there is nobody to report a wrong free, and so all
 * goes on as without Valgrind. */
void hz_memcheck_init(void) {
    char byte = 0, bits = 0;
    hz_memcheck_on = RUNNING_ON_VALGRIND != 0 && VALGRIND_GET_VBITS(&byte, &bits, 1) == 1;
}

void hz_memcheck_hide(const void *start, size_t bytes) { (void)VALGRIND_MAKE_MEM_NOACCESS(start, bytes); }
void hz_memcheck_show(const void *start, size_t bytes) { (void)VALGRIND_MAKE_MEM_DEFINED(start, bytes); }

void hz_memcheck_begin(const void *block, size_t bytes, bool is_zero) {
    VALGRIND_MALLOCLIKE_BLOCK(block, bytes, 0, is_zero);
}

void hz_memcheck_end(const void *block, size_t bytes) {
    (void)bytes;
    VALGRIND_FREELIKE_BLOCK(block, 0);
}

void hz_memcheck_resize(const void *block, size_t old_bytes, size_t bytes) {
    VALGRIND_RESIZEINPLACE_BLOCK(block, old_bytes, bytes, 0);
}

/* It knows all blocks that there are: this is none, or one of another kind of allocation. */
bool hz_memcheck_reports(const void *address) {
    VALGRIND_FREELIKE_BLOCK(address, 0);
    return true;
}

size_t hz_memcheck_load(const size_t *word) {
    (void)VALGRIND_MAKE_MEM_DEFINED(word, sizeof *word);
    size_t value = *word;
    (void)VALGRIND_MAKE_MEM_NOACCESS(word, sizeof *word);
    return value;
}

void hz_memcheck_store(size_t *word, size_t value) {
    (void)VALGRIND_MAKE_MEM_UNDEFINED(word, sizeof *word);
    *word = value;
    (void)VALGRIND_MAKE_MEM_NOACCESS(word, sizeof *word);
}
