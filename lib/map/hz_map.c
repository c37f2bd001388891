/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_map.c -- reserves arenas and commits them from the start upwards. */
#include "hz_map.h"

#include "hz_bits.h"
#include "hz_memcheck.h"
#include "hz_meta.h"
#include "hz_os.h"
#include "hz_policy.h"
#include "hz_random.h"

/* A thread may look while another's first call fills this in, and see the one number before and the other after: with
 * this base NULL lies in no arena, whatever the count of pages. */
struct hz_arena hz_map_first = {.base = HZ_PAGE};

static const size_t ARENA_ALIGNMENT = 2 * HZ_MIB; /* so that huge pages can form */
static const size_t ARENA_BYTES_MAX = sizeof(size_t) == 8 ? (size_t)1 << 40 : 256 * HZ_MIB;
static const size_t ARENA_BYTES_MIN = 4 * HZ_MIB;
/* Then the number of every unit leaves the highest bits free: see hz_mark_unit(). */
static const size_t ARENA_BYTES_LIMIT = ((SIZE_MAX >> HZ_MAP_COARSE_UNIT_LOG2) + 1) << HZ_MAP_UNIT_LOG2;
static const size_t ARENA_BYTES_WATCHED = 128 * HZ_MIB; /* memcheck warns of larger ranges */
static const size_t SPREAD_ARENA_MIN = sizeof(size_t) == 8 ? (size_t)1 << 30 : SIZE_MAX;
enum { GUARD = HZ_PAGE, SPREAD_SHARE = 16, KEPT_MAX = 16 };
static const size_t COMMIT_STEP_MIN = HZ_MIB;
static const size_t COMMIT_STEP_MAX = 64 * HZ_MIB;

/* What the profile needs beside tags, descriptors, bitmaps and marks. */
static size_t queue_element(void) { return hz_policy.remote == HZ_REMOTE_PAGE ? HZ_MAP_QUEUE_BYTES : 0; }
static size_t pending_element(void) { return hz_policy.remote == HZ_REMOTE_PAGE ? HZ_MAP_BITS_BYTES : 0; }

/* Sidecar bytes per page. */
static size_t sidecar_element(void) {
    return sizeof(hz_tag) + HZ_MAP_DESC_BYTES + HZ_MAP_BITS_BYTES + queue_element() + pending_element() +
           HZ_MAP_MARKS_BYTES + HZ_MAP_COARSE_MARKS_BYTES;
}

/* The arrays begin at multiples of 64 KiB, the largest kernel page, so that each commits on its own. Behind
 * each lies a page that never does: what runs over its end meets no other. */
static size_t array_bytes(size_t page_count, size_t element) {
    return element == 0 ? 0 : hz_align_up(page_count * element, HZ_PAGE) + GUARD;
}

/* All arrays, and a guard before the first. */
static size_t sidecar_bytes(size_t page_count) {
    return GUARD + array_bytes(page_count, sizeof(hz_tag)) + array_bytes(page_count, HZ_MAP_DESC_BYTES) +
           array_bytes(page_count, HZ_MAP_BITS_BYTES) + array_bytes(page_count, queue_element()) +
           array_bytes(page_count, pending_element()) + array_bytes(page_count, HZ_MAP_MARKS_BYTES) +
           array_bytes(page_count, HZ_MAP_COARSE_MARKS_BYTES);
}

/* The next array of a sidecar, or NULL for one that the profile does not have. */
static char *place_array(char **next, size_t page_count, size_t element) {
    char *array = *next;
    *next += array_bytes(page_count, element);
    return element != 0 ? array : NULL;
}

/* All sizes from 1 KiB on are multiples of the larger unit. */
static void assign_marks(struct hz_arena *arena) {
    for (unsigned i = 0; i < HZ_CLASS_COUNT; i++) {
        bool is_coarse = i >= HZ_CLASS_OF(HZ_KIB);
        arena->marks[i] = is_coarse ? arena->coarse_marks : arena->fine_marks;
        arena->unit_log2[i] = is_coarse ? HZ_MAP_COARSE_UNIT_LOG2 : HZ_MAP_UNIT_LOG2;
    }
}

/* Tags are read of every address; what is not committed reads as HZ_TAG_NONE. */
static bool place_sidecar(struct hz_arena *arena, char *space, size_t page_count) {
    char *next = space + GUARD;
    char *tags = place_array(&next, page_count, sizeof(hz_tag));
    if (!hz_os_make_readable(tags, array_bytes(page_count, sizeof(hz_tag)) - GUARD))
        return false;
    arena->tags = (_Atomic(hz_tag) *)(void *)tags;
    arena->descs = place_array(&next, page_count, HZ_MAP_DESC_BYTES);
    arena->bits = place_array(&next, page_count, HZ_MAP_BITS_BYTES);
    arena->queues = place_array(&next, page_count, queue_element());
    arena->pending = place_array(&next, page_count, pending_element());
    arena->fine_marks = place_array(&next, page_count, HZ_MAP_MARKS_BYTES);
    arena->coarse_marks = place_array(&next, page_count, HZ_MAP_COARSE_MARKS_BYTES);
    assign_marks(arena);
    arena->unit_count = page_count << (HZ_PAGE_LOG2 - HZ_MAP_UNIT_LOG2);
    arena->bytes = page_count << HZ_PAGE_LOG2;
    arena->page_count = page_count;
    return true;
}

/* How far into its space an arena may begin. A small one would lose too much of it. */
static size_t spread_of(size_t bytes) {
    bool is_wanted = hz_random_level >= HZ_RANDOM_ARENA && bytes >= SPREAD_ARENA_MIN;
    return is_wanted ? hz_align_down(bytes / SPREAD_SHARE, ARENA_ALIGNMENT) : 0;
}

static size_t space_bytes(size_t bytes) { return GUARD + ARENA_ALIGNMENT + spread_of(bytes) + bytes + GUARD; }

/* Space that the kernel refused to take back: it is asked again before more is asked for. Beyond the table
 * address space is lost, no more: nobody touched it. lock: as hz_map_grow. */
static struct {
    void *start;
    size_t bytes;
} kept[KEPT_MAX];
static unsigned kept_count;

static void release(void *start, size_t bytes) {
    if (start == NULL || hz_os_release(start, bytes) || kept_count == KEPT_MAX)
        return;
    kept[kept_count].start = start;
    kept[kept_count++].bytes = bytes;
}

static void release_kept(void) {
    unsigned count = kept_count;
    kept_count = 0;
    for (unsigned i = 0; i < count; i++)
        release(kept[i].start, kept[i].bytes);
}

/* Where the pages begin in their space, with a guard before and behind them. The space that is left over is
 * given back where there is little of it. */
static void place_pages(struct hz_arena *arena, char *space, size_t bytes) {
    char *base = (char *)hz_align_up((uintptr_t)space + GUARD, ARENA_ALIGNMENT);
    size_t spread = spread_of(bytes);
    arena->space = space;
    arena->space_bytes = space_bytes(bytes);
    if (spread != 0) {
        uint64_t state = hz_os_entropy();
        base += hz_random_below(&state, (uint32_t)(spread / ARENA_ALIGNMENT)) * ARENA_ALIGNMENT;
    } else {
        char *end = base + bytes + GUARD;
        release(space, (size_t)(base - GUARD - space));
        release(end, (size_t)(space + arena->space_bytes - end));
        arena->space = base - GUARD;
        arena->space_bytes = bytes + 2 * GUARD;
    }
    arena->base = (uintptr_t)base;
}

static bool reserve(struct hz_arena *arena, size_t bytes) {
    size_t page_count = bytes >> HZ_PAGE_LOG2;
    release_kept();
    char *sidecar = hz_os_reserve(sidecar_bytes(page_count), HZ_PAGE);
    char *space = sidecar == NULL ? NULL : hz_os_reserve(space_bytes(bytes), hz_os_page_bytes());
    if (sidecar == NULL || space == NULL || !place_sidecar(arena, sidecar, page_count)) {
        release(sidecar, sidecar_bytes(page_count));
        release(space, space_bytes(bytes));
        return false;
    }
    place_pages(arena, space, bytes);
    return true;
}

static void unreserve(struct hz_arena *arena) {
    release((char *)(void *)arena->tags - GUARD, sidecar_bytes(arena->page_count));
    release(arena->space, arena->space_bytes);
}

/* Halves the wish until the kernel grants it, but not below least_bytes. */
static bool reserve_up_to(struct hz_arena *arena, size_t wanted_bytes, size_t least_bytes) {
    for (size_t bytes = wanted_bytes; bytes >= least_bytes; bytes = hz_align_up(bytes / 2, HZ_PAGE)) {
        if (reserve(arena, bytes))
            return true;
        if (bytes == HZ_PAGE)
            break;
    }
    return false;
}

/* Under a limit of address space the program's own mappings need most of it. */
static size_t default_bytes(void) {
    if (hz_memcheck_is_on())
        return ARENA_BYTES_WATCHED;
    size_t limit = hz_os_address_limit();
    if (limit == SIZE_MAX)
        return ARENA_BYTES_MAX;
    return hz_max(hz_align_down(limit / 16, ARENA_ALIGNMENT), ARENA_BYTES_MIN);
}

bool hz_map_init(size_t wanted_bytes) {
    size_t bytes = wanted_bytes == 0 ? default_bytes() : hz_align_up(hz_min(wanted_bytes, ARENA_BYTES_LIMIT), HZ_PAGE);
    return reserve_up_to(&hz_map_first, bytes, hz_min(bytes, ARENA_BYTES_MIN));
}

static struct hz_arena *last_arena(void) {
    struct hz_arena *arena = &hz_map_first;
    for (;;) {
        struct hz_arena *next = hz_load_relaxed(&arena->next);
        if (next == NULL)
            return arena;
        arena = next;
    }
}

struct hz_arena *hz_map_grow(size_t page_count) {
    if (page_count > ARENA_BYTES_MAX >> HZ_PAGE_LOG2)
        return NULL;
    struct hz_arena *arena = hz_meta_alloc(sizeof *arena);
    if (arena == NULL)
        return NULL;
    size_t least = hz_align_up(page_count << HZ_PAGE_LOG2, ARENA_ALIGNMENT);
    size_t wanted = hz_max(default_bytes(), least);
    if (!reserve_up_to(arena, wanted, least) && !reserve(arena, least)) {
        hz_meta_free(arena, sizeof *arena);
        return NULL;
    }
    /* An arena that the kernel gives no memory for would be found empty, and followed by another, each time. */
    if (!hz_map_commit(arena, page_count)) {
        unreserve(arena);
        hz_meta_free(arena, sizeof *arena);
        return NULL;
    }
    /* Release pairs with the acquire in hz_map_find_other: the fields above travel. */
    hz_store_release(&last_arena()->next, arena);
    return arena;
}

static bool commit_array(char *array, size_t element, size_t from, size_t to) {
    if (array == NULL)
        return true;
    size_t page = hz_os_page_bytes();
    size_t start = hz_align_down(from * element, page);
    size_t end = hz_align_up(to * element, page);
    return hz_os_commit(array + start, end - start);
}

static bool commit_sidecar(const struct hz_arena *arena, size_t from, size_t to) {
    return commit_array((char *)(void *)arena->tags, sizeof(hz_tag), from, to) &&
           commit_array(arena->descs, HZ_MAP_DESC_BYTES, from, to) &&
           commit_array(arena->bits, HZ_MAP_BITS_BYTES, from, to) &&
           commit_array(arena->queues, HZ_MAP_QUEUE_BYTES, from, to) &&
           commit_array(arena->pending, HZ_MAP_BITS_BYTES, from, to) &&
           commit_array(arena->fine_marks, HZ_MAP_MARKS_BYTES, from, to) &&
           commit_array(arena->coarse_marks, HZ_MAP_COARSE_MARKS_BYTES, from, to);
}

/* The arrays first: a committed arena page always has its sidecar. Repeating after a failure is harmless,
 * since committing twice is; until then the arrays are longer than the pages. Both counts are read without
 * the lock by statistics only. */
static bool commit_to(struct hz_arena *arena, size_t from, size_t to) {
    if (!commit_sidecar(arena, from, to))
        return false;
    if (to > hz_load_relaxed(&arena->described_pages))
        hz_store_relaxed(&arena->described_pages, to);
    if (!hz_os_commit(hz_map_address(arena, from), (to - from) << HZ_PAGE_LOG2))
        return false;
    if (hz_memcheck_is_on())
        hz_memcheck_hide(hz_map_address(arena, from), (to - from) << HZ_PAGE_LOG2);
    hz_store_relaxed(&arena->committed_pages, to);
    return true;
}

bool hz_map_commit(struct hz_arena *arena, size_t page_end) {
    size_t from = hz_load_relaxed(&arena->committed_pages);
    if (page_end <= from)
        return true;
    if (page_end > arena->page_count)
        return false;
    size_t step = hz_min(hz_max(from << HZ_PAGE_LOG2, COMMIT_STEP_MIN), COMMIT_STEP_MAX);
    size_t to = hz_min(hz_max(page_end, from + (step >> HZ_PAGE_LOG2)), arena->page_count);
    /* Near a limit there may be room for what is needed, if not for the step. */
    return commit_to(arena, from, to) || commit_to(arena, from, page_end);
}

struct hz_arena *hz_map_find_other(const void *address) {
    struct hz_arena *arena = &hz_map_first;
    do {
        if (hz_map_has(arena, address))
            return arena;
        arena = hz_load_acquire(&arena->next);
    } while (arena != NULL);
    return NULL;
}

size_t hz_map_reserved_bytes(void) {
    size_t bytes = 0;
    for (struct hz_arena *arena = &hz_map_first; arena != NULL; arena = hz_load_acquire(&arena->next))
        bytes += arena->bytes + sidecar_bytes(arena->page_count);
    return bytes;
}

size_t hz_map_metadata_bytes(void) {
    size_t bytes = 0;
    for (struct hz_arena *arena = &hz_map_first; arena != NULL; arena = hz_load_acquire(&arena->next))
        bytes += hz_load_relaxed(&arena->described_pages) * sidecar_element();
    return bytes;
}
