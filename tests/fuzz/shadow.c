/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * shadow.c -- see shadow.h. */
#include "shadow.h"
#include "pattern.h"
#include <string.h>

enum { SPOTS = 5, WORD = sizeof(uint64_t) };

/* --- Contents --------------------------------------------------------------------------------- */

/* Offsets of the words with a pattern; all multiples of a word, so that two never overlap in part. Usable sizes
 * are at least 16 and multiples of 16. */
static void find_spots(const struct shadow_block *block, size_t spots[SPOTS]) {
    size_t words = block->usable / WORD;
    spots[0] = 0;
    spots[1] = (size_t)(block->id * 0x9e3779b97f4a7c15u >> 20) % words * WORD;
    spots[2] = (size_t)(block->id * 0xd6e8feb86659fd93u >> 20) % words * WORD;
    spots[3] = block->asked == 0 ? 0 : (block->asked - 1) / WORD * WORD;
    spots[4] = (words - 1) * WORD;
}

static void fill(const struct shadow_block *block) {
    size_t spots[SPOTS];
    find_spots(block, spots);
    for (unsigned i = 0; i < SPOTS; i++) {
        uint64_t word = pattern_word(block->id, spots[i]);
        memcpy(block->start + spots[i], &word, WORD);
    }
}

void shadow_check(const struct shadow_block *block, const char *now, size_t bytes) {
    size_t spots[SPOTS];
    find_spots(block, spots);
    for (unsigned i = 0; i < SPOTS; i++) {
        uint64_t word = pattern_word(block->id, spots[i]);
        size_t left = bytes > spots[i] ? bytes - spots[i] : 0;
        fuzz_require(memcmp(now + spots[i], &word, left < WORD ? left : WORD) == 0,
                     "%p, once %p of %zu bytes (%zu usable), changed at %zu", (const void *)now, (void *)block->start,
                     block->asked, block->usable, spots[i]);
    }
}

void shadow_check_all(const struct shadow *shadow) {
    for (unsigned i = 0; i < SHADOW_SLOTS; i++)
        if (shadow->slots[i].start != NULL)
            shadow_check(&shadow->slots[i], shadow->slots[i].start, shadow->slots[i].usable);
}

/* --- Places ----------------------------------------------------------------------------------- */

/* The first interval that ends behind address. */
static size_t order_find(const struct shadow *shadow, uintptr_t address) {
    size_t low = 0, high = shadow->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (shadow->order[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct shadow_block *shadow_find(const struct shadow *shadow, const void *address) {
    size_t at = order_find(shadow, (uintptr_t)address);
    bool is_inside = at < shadow->count && shadow->order[at].start <= (uintptr_t)address;
    return is_inside ? &shadow->slots[shadow->order[at].slot] : NULL;
}

static void order_insert(struct shadow *shadow, struct shadow_interval interval) {
    size_t at = order_find(shadow, interval.start);
    fuzz_require(at == shadow->count || shadow->order[at].start >= interval.end, "%#zx..%#zx overlaps %#zx..%#zx",
                 (size_t)interval.start, (size_t)interval.end, (size_t)shadow->order[at].start,
                 (size_t)shadow->order[at].end);
    memmove(&shadow->order[at + 1], &shadow->order[at], (shadow->count - at) * sizeof shadow->order[0]);
    shadow->order[at] = interval;
    shadow->count++;
}

static void order_remove(struct shadow *shadow, uintptr_t start) {
    size_t at = order_find(shadow, start);
    fuzz_require(at < shadow->count && shadow->order[at].start == start, "the shadow lost %#zx", (size_t)start);
    shadow->count--;
    memmove(&shadow->order[at], &shadow->order[at + 1], (shadow->count - at) * sizeof shadow->order[0]);
}

/* --- Blocks ----------------------------------------------------------------------------------- */

void shadow_insert(struct shadow *shadow, unsigned slot, struct shadow_block block) {
    uintptr_t start = (uintptr_t)block.start;
    fuzz_require(start != 0 && start % 16 == 0, "%p for %zu bytes", (void *)block.start, block.asked);
    fuzz_require(block.usable >= block.asked && block.usable >= 16 && block.usable % 16 == 0, "%zu usable of %zu",
                 block.usable, block.asked);
    fuzz_require(block.alignment == 0 || start % block.alignment == 0, "%p is not aligned to %zu", (void *)block.start,
                 block.alignment);
    order_insert(shadow, (struct shadow_interval){start, start + block.usable, slot});
    block.id = ++shadow->next_id;
    shadow->slots[slot] = block;
    shadow->bytes += block.usable;
    shadow->allocations++;
    fill(&block);
}

void shadow_forget(struct shadow *shadow, unsigned slot) {
    struct shadow_block *block = &shadow->slots[slot];
    order_remove(shadow, (uintptr_t)block->start);
    shadow->bytes -= block->usable;
    block->start = NULL;
}

struct shadow_block shadow_remove(struct shadow *shadow, unsigned slot) {
    struct shadow_block block = shadow->slots[slot];
    shadow_check(&block, block.start, block.usable);
    shadow_forget(shadow, slot);
    return block;
}

void shadow_note_freed(struct shadow *shadow, const struct shadow_block *block) {
    shadow->freed[shadow->frees++ % SHADOW_FREED] =
        (struct shadow_freed){block->start, block->asked, block->is_mapped, shadow->allocations};
}
