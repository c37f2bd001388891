/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_huge.c -- see hz_huge.h. The table is open-addressed, at most half full, and grows; a hole left by a
 * removal is closed by moving later entries back. */
#include "hz_huge.h"

#include <string.h>

#include "hz_bits.h"
#include "hz_list.h"
#include "hz_lock.h"
#include "hz_meta.h"
#include "hz_os.h"

struct entry {
    uintptr_t start; /* 0: empty */
    size_t bytes;
};

static struct hz_lock lock = HZ_LOCK_INIT(HZ_RANK_HUGE);
static struct entry *table; /* lock */
static size_t capacity;     /* lock; a power of two, or 0 */
static size_t block_count;  /* lock */
static size_t block_bytes;  /* lock */

enum { FREED_MAX = 64 };
static uintptr_t freed[FREED_MAX]; /* lock: where the last blocks that were unmapped started; 0: none */
static unsigned freed_next;        /* lock: the oldest */

void hz_huge_lock(void) { hz_lock_take(&lock); }
void hz_huge_unlock(void) { hz_lock_give(&lock); }
void hz_huge_reset_lock(void) { hz_lock_reset(&lock); }

static size_t home_of(uintptr_t start) {
    return (size_t)((start >> 12) * UINT64_C(0x9E3779B97F4A7C15) >> 20) & (capacity - 1);
}

/* The entry for start, or the empty one where it belongs. The table is not empty. */
static struct entry *probe(uintptr_t start) {
    size_t at = home_of(start);
    while (table[at].start != 0 && table[at].start != start)
        at = (at + 1) & (capacity - 1);
    return &table[at];
}

static struct entry *find(const void *address) {
    if (capacity == 0 || address == NULL)
        return NULL;
    struct entry *entry = probe((uintptr_t)address);
    return entry->start != 0 ? entry : NULL;
}

/* Makes room for one more entry. */
static bool reserve_entry(void) {
    if (2 * (block_count + 1) <= capacity)
        return true;
    struct entry *old = table;
    size_t old_capacity = capacity;
    size_t wanted = capacity == 0 ? 64 : 2 * capacity;
    struct entry *grown = hz_meta_alloc(wanted * sizeof *grown);
    if (grown == NULL)
        return false;
    table = grown;
    capacity = wanted;
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i].start != 0)
            *probe(old[i].start) = old[i];
    if (old != NULL)
        hz_meta_free(old, old_capacity * sizeof *old);
    return true;
}

static void add(void *start, size_t bytes) {
    for (unsigned i = 0; i < FREED_MAX; i++)
        if (freed[i] - (uintptr_t)start < bytes)
            freed[i] = 0;
    *probe((uintptr_t)start) = (struct entry){(uintptr_t)start, bytes};
    block_count++;
    block_bytes += bytes;
}

static void drop(struct entry *entry) {
    block_count--;
    block_bytes -= entry->bytes;
    freed[freed_next++ % FREED_MAX] = entry->start;
    size_t hole = (size_t)(entry - table);
    table[hole].start = 0;
    for (size_t at = (hole + 1) & (capacity - 1); table[at].start != 0; at = (at + 1) & (capacity - 1)) {
        size_t home = home_of(table[at].start);
        bool stays = ((at - home) & (capacity - 1)) < ((at - hole) & (capacity - 1));
        if (stays)
            continue;
        table[hole] = table[at];
        table[at].start = 0;
        hole = at;
    }
}

/* --- Mappings that the kernel did not take back ------------------------------------------------ */

/* Neighbouring mappings are one to the kernel. To give back a part from the middle it must split them, and
 * refuses where a process has as many as it may. Such a part gives its pages back, waits here, and serves
 * again where the kernel refuses a new mapping. */
struct part {
    struct hz_list links;
    size_t bytes;
};
enum { RELEASE_TRIES = 4 };
static struct hz_list parts = {&parts, &parts}; /* lock; in the parts themselves */

/* Zeros but for what is written here. */
static void keep_part(void *start, size_t bytes) {
    struct part *part = start;
    part->bytes = bytes;
    hz_lock_take(&lock);
    hz_list_push_back(&parts, &part->links);
    hz_lock_give(&lock);
}

static void release(void *start, size_t bytes) {
    if (hz_os_release(start, bytes))
        return;
    if (!hz_os_purge(start, bytes))
        memset(start, 0, bytes);
    keep_part(start, bytes);
}

/* Takes a part off the list: the first that has as many bytes, and not more than most, and the alignment. */
static struct part *take_part(size_t bytes, size_t most, size_t alignment) {
    struct part *found = NULL;
    hz_lock_take(&lock);
    for (struct hz_list *link = parts.next; link != &parts && found == NULL; link = link->next) {
        struct part *part = HZ_CONTAINER(link, struct part, links);
        if (part->bytes >= bytes && part->bytes <= most && ((uintptr_t)part & (alignment - 1)) == 0)
            found = part;
    }
    if (found != NULL)
        hz_list_remove(&found->links);
    hz_lock_give(&lock);
    return found;
}

/* Some more tries: the mappings around a part may be gone by now. */
static void release_parts(void) {
    for (unsigned i = 0; i < RELEASE_TRIES; i++) {
        struct part *part = take_part(0, SIZE_MAX, 1);
        if (part == NULL)
            return;
        if (!hz_os_release(part, part->bytes))
            keep_part(part, part->bytes);
    }
}

/* A part that fits is better than the kernel's mappings, of which there are few left. */
static void *map(size_t *bytes, size_t alignment) {
    struct part *part = take_part(*bytes, 2 * *bytes, alignment);
    void *start = part != NULL ? NULL : hz_os_map(*bytes, alignment);
    if (start != NULL)
        return start;
    if (part == NULL)
        part = take_part(*bytes, SIZE_MAX, alignment);
    if (part == NULL)
        return NULL;
    size_t rest = part->bytes - *bytes;
    /* A small rest is the block's: a free may tell half of what there is as its size, which has been rounded up. */
    if (rest != 0 && rest + 2 * hz_os_page_bytes() > *bytes)
        keep_part((char *)part + *bytes, rest);
    else
        *bytes = part->bytes;
    *part = (struct part){{NULL, NULL}, 0};
    return part;
}

/* --- The interface ---------------------------------------------------------------------------- */

void *hz_huge_take(size_t bytes, size_t alignment) {
    bytes = hz_align_up(bytes, hz_os_page_bytes());
    void *start = map(&bytes, alignment);
    if (start == NULL)
        return NULL;
    hz_lock_take(&lock);
    bool has_room = reserve_entry();
    if (has_room)
        add(start, bytes);
    hz_lock_give(&lock);
    if (has_room)
        return start;
    release(start, bytes);
    return NULL;
}

void *hz_huge_take_pages(void *from, size_t old_bytes, size_t bytes) {
    bytes = hz_align_up(bytes, hz_os_page_bytes());
    hz_lock_take(&lock);
    void *start = reserve_entry() ? hz_os_move_out(from, old_bytes, bytes) : NULL;
    if (start != NULL)
        add(start, bytes);
    hz_lock_give(&lock);
    return start;
}

bool hz_huge_give(const void *address) {
    hz_lock_take(&lock);
    struct entry *entry = find(address);
    size_t bytes = entry == NULL ? 0 : entry->bytes;
    if (entry != NULL)
        drop(entry);
    hz_lock_give(&lock);
    if (entry == NULL)
        return false;
    release_parts();
    release((void *)(uintptr_t)address, bytes);
    return true;
}

size_t hz_huge_bytes(const void *address) {
    hz_lock_take(&lock);
    const struct entry *entry = find(address);
    size_t bytes = entry == NULL ? 0 : entry->bytes;
    hz_lock_give(&lock);
    return bytes;
}

/* The system call runs under the lock: the mapping may move, and its old address may be handed out again,
 * before the table says so. */
void *hz_huge_resize(const void *address, size_t bytes, bool may_move) {
    bytes = hz_align_up(bytes, hz_os_page_bytes());
    hz_lock_take(&lock);
    struct entry *entry = find(address);
    void *moved = NULL;
    if (entry != NULL)
        moved = hz_os_remap((void *)entry->start, entry->bytes, bytes, may_move);
    if (moved != NULL) {
        drop(entry);
        add(moved, bytes);
    }
    hz_lock_give(&lock);
    return moved;
}

bool hz_huge_contains(const void *address) {
    bool found = false;
    hz_lock_take(&lock);
    for (size_t i = 0; i < capacity && !found; i++)
        found = table[i].start != 0 && (uintptr_t)address - table[i].start < table[i].bytes;
    hz_lock_give(&lock);
    return found;
}

enum hz_verdict hz_huge_judge(const void *address) {
    if (hz_huge_contains(address))
        return HZ_ROUTE_INTERIOR;
    bool is_freed = false;
    hz_lock_take(&lock);
    for (unsigned i = 0; i < FREED_MAX && address != NULL; i++)
        is_freed = is_freed || freed[i] == (uintptr_t)address;
    hz_lock_give(&lock);
    return is_freed ? HZ_ROUTE_FREED : HZ_ROUTE_MISS;
}

void hz_huge_count(size_t *ret_blocks, size_t *ret_bytes) {
    hz_lock_take(&lock);
    *ret_blocks = block_count;
    *ret_bytes = block_bytes;
    hz_lock_give(&lock);
}
