/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_memcheck_asan.c -- hz_memcheck.h for AddressSanitizer: hidden bytes are poisoned. */
#include "hz_memcheck.h"

#include <sanitizer/asan_interface.h>

bool hz_memcheck_on;

/* ASAN_OPTIONS=allow_user_poisoning=0 makes all of this void; then the allocator goes on as without. */
void hz_memcheck_init(void) {
    static alignas(16) char probe[16];
    ASAN_POISON_MEMORY_REGION(probe, sizeof probe);
    hz_memcheck_on = __asan_address_is_poisoned(probe) != 0;
    ASAN_UNPOISON_MEMORY_REGION(probe, sizeof probe);
}

void hz_memcheck_hide(const void *start, size_t bytes) { ASAN_POISON_MEMORY_REGION(start, bytes); }
void hz_memcheck_show(const void *start, size_t bytes) { ASAN_UNPOISON_MEMORY_REGION(start, bytes); }

void hz_memcheck_begin(const void *block, size_t bytes, bool is_zero) {
    (void)is_zero;
    ASAN_UNPOISON_MEMORY_REGION(block, bytes);
}

void hz_memcheck_end(const void *block, size_t bytes) { ASAN_POISON_MEMORY_REGION(block, bytes); }

void hz_memcheck_resize(const void *block, size_t old_bytes, size_t bytes) {
    if (bytes > old_bytes)
        ASAN_UNPOISON_MEMORY_REGION(block, bytes);
    else
        ASAN_POISON_MEMORY_REGION((const char *)block + bytes, old_bytes - bytes);
}

/* It has no word for that: our own report follows. */
bool hz_memcheck_reports(const void *address) {
    (void)address;
    return false;
}

__attribute__((no_sanitize_address)) size_t hz_memcheck_load(const size_t *word) { return *word; }
__attribute__((no_sanitize_address)) void hz_memcheck_store(size_t *word, size_t value) { *word = value; }
