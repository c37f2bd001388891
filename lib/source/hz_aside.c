/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_aside.c -- see hz_aside.h. */
#include "hz_aside.h"

#include "hz_atomic.h"
#include "hz_bits.h"
#include "hz_os.h"

enum { ENTRIES = 255, CLAIMED = 1 };

/* An entry goes 0 -> CLAIMED -> start -> CLAIMED -> 0. Who claims it is alone with it until the next store.
 * Release on start pairs with the acquire of whoever finds it: bytes travel. */
struct entry {
    _Atomic(uintptr_t) start;
    _Atomic(size_t) bytes;
};

struct chunk {
    struct entry entries[ENTRIES];
    struct chunk *_Atomic next; /* set once */
};

struct table {
    struct chunk first;
    _Atomic(size_t) count; /* entries in use, so that an unused table is not searched */
};

static struct table blocks;
static struct table waiting;
static _Atomic(size_t) block_bytes;
static _Atomic(size_t) chunk_bytes;

static struct chunk *next_chunk(struct chunk *chunk) { return hz_load_acquire(&chunk->next); }

/* The chunk behind the last; of several that are added at once one stays. */
static struct chunk *add_chunk(struct chunk *last) {
    struct chunk *present = NULL;
    size_t bytes = hz_align_up(sizeof *last, hz_os_page_bytes());
    struct chunk *chunk = hz_os_map(bytes, HZ_LINE);
    if (chunk == NULL)
        return NULL;
    if (hz_cas_acq_rel(&last->next, &present, chunk)) {
        (void)hz_add_relaxed(&chunk_bytes, bytes);
        return chunk;
    }
    hz_os_release(chunk, bytes);
    return present;
}

static struct entry *claim_free_in(struct chunk *chunk) {
    for (unsigned i = 0; i < ENTRIES; i++) {
        uintptr_t start = 0;
        if (hz_load_relaxed(&chunk->entries[i].start) == 0 &&
            hz_cas_acquire(&chunk->entries[i].start, &start, (uintptr_t)CLAIMED))
            return &chunk->entries[i];
    }
    return NULL;
}

/* An entry for the caller to fill, or NULL when memory lacks. */
static struct entry *claim_free(struct table *table) {
    struct chunk *chunk = &table->first;
    while (chunk != NULL) {
        struct entry *entry = claim_free_in(chunk);
        if (entry != NULL)
            return entry;
        struct chunk *next = next_chunk(chunk);
        chunk = next != NULL ? next : add_chunk(chunk);
    }
    return NULL;
}

static void fill(struct table *table, struct entry *entry, const void *start, size_t bytes) {
    hz_store_relaxed(&entry->bytes, bytes);
    (void)hz_add_relaxed(&table->count, 1u);
    hz_store_release(&entry->start, (uintptr_t)start);
}

static void vacate(struct table *table, struct entry *entry) {
    (void)hz_sub_relaxed(&table->count, 1u);
    hz_store_release(&entry->start, (uintptr_t)0);
}

typedef bool matcher(const struct entry *entry, uintptr_t address);

static bool is_start(const struct entry *entry, uintptr_t address) { return hz_load_acquire(&entry->start) == address; }

static bool is_around(const struct entry *entry, uintptr_t address) {
    uintptr_t start = hz_load_acquire(&entry->start);
    return start > CLAIMED && address - start < hz_load_relaxed(&entry->bytes);
}

static bool is_any(const struct entry *entry, uintptr_t address) {
    (void)address;
    return hz_load_relaxed(&entry->start) > CLAIMED;
}

static struct entry *find(struct table *table, matcher *matches, const void *address) {
    if (hz_load_relaxed(&table->count) == 0)
        return NULL;
    for (struct chunk *chunk = &table->first; chunk != NULL; chunk = next_chunk(chunk))
        for (unsigned i = 0; i < ENTRIES; i++)
            if (matches(&chunk->entries[i], (uintptr_t)address))
                return &chunk->entries[i];
    return NULL;
}

static struct entry *find_block(const void *address) {
    return (uintptr_t)address <= CLAIMED ? NULL : find(&blocks, is_start, address);
}

void *hz_aside_take(size_t bytes, size_t alignment) {
    size_t page = hz_os_page_bytes();
    if (bytes > PTRDIFF_MAX || alignment > PTRDIFF_MAX)
        return NULL;
    bytes = hz_align_up(hz_max(bytes, 1), page);
    struct entry *entry = claim_free(&blocks);
    if (entry == NULL)
        return NULL;
    void *start = hz_os_map(bytes, hz_max(alignment, page));
    if (start == NULL) {
        hz_store_release(&entry->start, (uintptr_t)0);
        return NULL;
    }
    (void)hz_add_relaxed(&block_bytes, bytes);
    fill(&blocks, entry, start, bytes);
    return start;
}

bool hz_aside_give(const void *address) {
    struct entry *entry = find_block(address);
    uintptr_t start = (uintptr_t)address;
    if (entry == NULL || !hz_cas_acquire(&entry->start, &start, (uintptr_t)CLAIMED))
        return false;
    size_t bytes = hz_load_relaxed(&entry->bytes);
    (void)hz_sub_relaxed(&block_bytes, bytes);
    hz_os_release((void *)(uintptr_t)address, bytes);
    vacate(&blocks, entry);
    return true;
}

size_t hz_aside_bytes(const void *address) {
    const struct entry *entry = find_block(address);
    return entry == NULL ? 0 : hz_load_relaxed(&entry->bytes);
}

bool hz_aside_contains(const void *address) { return find(&blocks, is_around, address) != NULL; }

void hz_aside_count(size_t *ret_blocks, size_t *ret_bytes) {
    *ret_blocks = hz_load_relaxed(&blocks.count);
    *ret_bytes = hz_load_relaxed(&block_bytes);
}

bool hz_aside_defer(void *block) {
    struct entry *entry = claim_free(&waiting);
    if (entry != NULL)
        fill(&waiting, entry, block, 0);
    return entry != NULL;
}

void *hz_aside_resume(void) {
    for (;;) {
        struct entry *entry = find(&waiting, is_any, NULL);
        if (entry == NULL)
            return NULL;
        uintptr_t start = hz_load_relaxed(&entry->start);
        if (start <= CLAIMED || !hz_cas_acquire(&entry->start, &start, (uintptr_t)CLAIMED))
            continue; /* another thread was faster */
        vacate(&waiting, entry);
        return (void *)start;
    }
}

size_t hz_aside_metadata(void) { return hz_load_relaxed(&chunk_bytes); }
