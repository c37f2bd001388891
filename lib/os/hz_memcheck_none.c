/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_memcheck_none.c -- for builds without a tool and without optimisation: the compiler then keeps functions that
 * nothing calls, and what they call must be there. */
#include "hz_memcheck.h"

void hz_memcheck_init(void) {}

void hz_memcheck_hide(const void *start, size_t bytes) {
    (void)start;
    (void)bytes;
}

void hz_memcheck_show(const void *start, size_t bytes) { hz_memcheck_hide(start, bytes); }

void hz_memcheck_begin(const void *block, size_t bytes, bool is_zero) {
    (void)is_zero;
    hz_memcheck_hide(block, bytes);
}

void hz_memcheck_end(const void *block, size_t bytes) { hz_memcheck_hide(block, bytes); }

void hz_memcheck_resize(const void *block, size_t old_bytes, size_t bytes) {
    (void)old_bytes;
    hz_memcheck_hide(block, bytes);
}

bool hz_memcheck_reports(const void *address) {
    (void)address;
    return false;
}

size_t hz_memcheck_load(const size_t *word) { return *word; }
void hz_memcheck_store(size_t *word, size_t value) { *word = value; }
