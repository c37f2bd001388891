/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_zone.c -- see hz_zone.h. */
#include "hz_zone.h"

#include "hz_atomic.h"
#include "hz_memcheck.h"

static const size_t KEY = (size_t)0x9E3779B97F4A7C15u; /* so that a word which we did not write shows */

static size_t *last_word(const void *block, size_t usable) {
    return (size_t *)(void *)((uintptr_t)block + usable - sizeof(size_t));
}

static void note(const void *block, size_t usable, size_t size, bool is_over) {
    hz_memcheck_store(last_word(block, usable), (size << 1 | is_over) ^ (uintptr_t)block ^ KEY);
}

static size_t noted(const void *block, size_t usable) {
    return hz_memcheck_load(last_word(block, usable)) ^ (uintptr_t)block ^ KEY;
}

size_t hz_zone_bytes(const void *block, size_t usable) {
    size_t size = noted(block, usable) >> 1;
    return size <= usable - HZ_ZONE ? size : usable - HZ_ZONE; /* the program wrote where it may not */
}

bool hz_zone_is_over(const void *block, size_t usable) {
    size_t word = noted(block, usable);
    return word >> 1 <= usable - HZ_ZONE && (word & 1) != 0;
}

void hz_zone_begin(void *block, size_t usable, size_t size, bool is_zero) {
    hz_memcheck_hide((char *)block + size, usable - size);
    note(block, usable, size, false);
    hz_memcheck_begin(block, size, is_zero);
}

void hz_zone_end(void *block, size_t usable) {
    size_t size = hz_zone_bytes(block, usable);
    note(block, usable, size, true);
    hz_memcheck_end(block, size);
}

void hz_zone_move(const void *block, size_t usable, size_t size) { note(block, usable, size, false); }

void hz_zone_resize(void *block, size_t usable, size_t size) {
    size_t old_bytes = hz_zone_bytes(block, usable);
    note(block, usable, size, false);
    hz_memcheck_resize(block, old_bytes, size);
}

/* --- Waiting ---------------------------------------------------------------------------------- */

/* Addresses are kept inverted, so that nobody takes them for references. */
enum { SMALL_SLOTS = 1024, LARGE_SLOTS = 32 };
static const size_t SMALL_BYTES = 8 * HZ_KIB, LARGE_BYTES = HZ_MIB;

static _Atomic(uintptr_t) small[SMALL_SLOTS], large[LARGE_SLOTS];
static _Atomic(uint32_t) small_next, large_next;

/* Puts word in the slot, in the place of the block that is returned, if there is one. Acquire and release: what was
 * done to a block before it waited comes before its reuse. */
static void *swap(_Atomic(uintptr_t) *slot, uintptr_t word) {
    uintptr_t old = hz_exchange_acq_rel(slot, word);
    return old == 0 ? NULL : (void *)~old;
}

void *hz_zone_wait(void *block, size_t usable) {
    if (usable <= SMALL_BYTES)
        return swap(&small[hz_add_relaxed(&small_next, 1u) % SMALL_SLOTS], ~(uintptr_t)block);
    if (usable <= LARGE_BYTES)
        return swap(&large[hz_add_relaxed(&large_next, 1u) % LARGE_SLOTS], ~(uintptr_t)block);
    return block;
}

static void *take_any(_Atomic(uintptr_t) *slots, size_t count) {
    void *block = NULL;
    for (size_t i = 0; i < count && block == NULL; i++)
        block = swap(&slots[i], 0);
    return block;
}

void *hz_zone_resume(void) {
    void *block = take_any(large, LARGE_SLOTS);
    return block != NULL ? block : take_any(small, SMALL_SLOTS);
}
