/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_meta.c -- see hz_meta.h. */
#include "hz_meta.h"

#include <string.h>

#include "hz_bits.h"
#include "hz_lock.h"
#include "hz_os.h"

enum { KIND_COUNT = 24, PURGE_PAGES = 4 };

/* Free pieces of one size, linked through their first word. */
struct kind {
    size_t bytes;
    void *free;
};

static struct hz_lock lock = HZ_LOCK_INIT(HZ_RANK_META);
static struct kind kinds[KIND_COUNT]; /* lock: meta */
static char *chunk;                   /* lock: meta; the rest of the newest chunk */
static size_t chunk_left;             /* lock: meta */
static size_t total_bytes;            /* lock: meta */

static char *region;       /* lock: meta; the rest of the newest region, not committed */
static size_t region_left; /* lock: meta */

static const size_t CHUNK_BYTES = 64 * HZ_KIB;
static const size_t REGION_BYTES_MAX = 16 * HZ_MIB;
enum { GUARD = HZ_PAGE, LIMIT_SHARE = 64, OWN_REGION_SHARE = 4 };

void hz_meta_lock(void) { hz_lock_take(&lock); }
void hz_meta_unlock(void) { hz_lock_give(&lock); }
void hz_meta_reset_lock(void) { hz_lock_reset(&lock); }

/* The list for pieces of this size; a size beyond the table's capacity has none and is never reused
 * (the core asks for fewer sizes than that). */
static struct kind *kind_of(size_t bytes) {
    for (unsigned i = 0; i < KIND_COUNT; i++) {
        if (kinds[i].bytes == 0)
            kinds[i].bytes = bytes;
        if (kinds[i].bytes == bytes)
            return &kinds[i];
    }
    return NULL;
}

/* Address space with a guard before and behind it. */
static char *reserve_region(size_t bytes) {
    char *start = hz_os_reserve(GUARD + bytes + GUARD, hz_os_page_bytes());
    return start == NULL ? NULL : start + GUARD;
}

/* Under a limit of address space the program needs most of it. */
static size_t region_bytes(void) {
    return hz_align_down(hz_min(REGION_BYTES_MAX, hz_os_address_limit() / LIMIT_SHARE), HZ_PAGE);
}

/* Large pieces, and all of them when space is short. */
static char *take_own_region(size_t bytes) {
    char *start = reserve_region(bytes);
    if (start != NULL && !hz_os_commit(start, bytes)) {
        hz_os_release(start - GUARD, GUARD + bytes + GUARD);
        return NULL;
    }
    return start;
}

/* Fresh pages. Few regions make few mappings. */
static char *take_pages(size_t bytes) {
    if (bytes > region_left) {
        size_t wanted = region_bytes();
        char *fresh = bytes <= wanted / OWN_REGION_SHARE ? reserve_region(wanted) : NULL;
        if (fresh == NULL)
            return take_own_region(bytes);
        region = fresh;
        region_left = wanted;
    }
    if (!hz_os_commit(region, bytes))
        return NULL;
    char *start = region;
    region += bytes;
    region_left -= bytes;
    return start;
}

/* Small pieces share chunks; what a chunk cannot hold gets pages of its own. */
static void *carve(size_t bytes) {
    if (bytes <= chunk_left) {
        char *start = chunk;
        chunk += bytes;
        chunk_left -= bytes;
        return start;
    }
    size_t mapped = hz_align_up(hz_max(bytes, CHUNK_BYTES), hz_os_page_bytes());
    char *start = take_pages(mapped);
    if (start == NULL)
        return NULL;
    total_bytes += mapped;
    if (mapped - bytes > chunk_left) {
        chunk = start + bytes;
        chunk_left = mapped - bytes;
    }
    return start;
}

void *hz_meta_alloc(size_t bytes) {
    bytes = hz_align_up(bytes, HZ_LINE);
    hz_lock_take(&lock);
    struct kind *kind = kind_of(bytes);
    void *start = kind == NULL ? NULL : kind->free;
    if (start != NULL)
        kind->free = *(void **)start;
    else
        start = carve(bytes);
    hz_lock_give(&lock);
    if (start != NULL)
        *(void **)start = NULL;
    return start;
}

/* Clears a piece before it waits: its whole pages by giving them back, the rest by writing. */
static void clear(char *start, size_t bytes) {
    size_t page = hz_os_page_bytes();
    char *first = (char *)hz_align_up((uintptr_t)start, page);
    char *last = (char *)hz_align_down((uintptr_t)start + bytes, page);
    if (bytes < PURGE_PAGES * page || !hz_os_purge(first, (size_t)(last - first))) {
        memset(start, 0, bytes);
        return;
    }
    memset(start, 0, (size_t)(first - start));
    memset(last, 0, (size_t)(start + bytes - last));
}

void hz_meta_free(void *start, size_t bytes) {
    bytes = hz_align_up(bytes, HZ_LINE);
    clear(start, bytes);
    hz_lock_take(&lock);
    struct kind *kind = kind_of(bytes);
    if (kind != NULL) {
        *(void **)start = kind->free;
        kind->free = start;
    }
    hz_lock_give(&lock);
}

size_t hz_meta_bytes(void) {
    hz_lock_take(&lock);
    size_t bytes = total_bytes;
    hz_lock_give(&lock);
    return bytes;
}
