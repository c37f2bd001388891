/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz7_more.c -- the entry points beside malloc and free. */
#include <errno.h>
#include <string.h>

#include "hakozuna-hz7.h"
#include "hakozuna.h"
#include "hz7_heap.h"
#include "hz_fatal.h"
#include "hz_os.h"

/* A block of this size is moved by page table. Not smaller: each move may leave a mapping of its own. */
#define MOVE_BYTES HZ_MIB

/* --- Allocation --------------------------------------------------------------------------------- */

HZ_EXPORT void *hz7_calloc(size_t count, size_t size) {
    size_t bytes;
    bool was_dirty = true;
    if (!hz_multiply(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    if (HZ_MEMCHECK && hz7_is_watched())
        return hz7_watch_alloc(1, bytes, true);
    void *block = bytes <= HZ7_CLASS_MAX_BYTES ? hz7_malloc(bytes) : hz7_large_alloc(bytes, 1, &was_dirty);
    if (block != NULL && was_dirty)
        memset(block, 0, hz7_usable_size(block)); /* not only what was asked for: programs rely on it */
    return block;
}

HZ_EXPORT void *hz7_aligned_alloc(size_t alignment, size_t size) {
    bool was_dirty;
    if (!hz_is_power_of_two(alignment)) {
        errno = EINVAL;
        return NULL;
    }
    if (HZ_MEMCHECK && hz7_is_watched())
        return hz7_watch_alloc(alignment, size, false);
    size_t least = hz_max(size, 1);
    unsigned class_index = hz_class_of_aligned(least, alignment);
    if (class_index >= HZ7_CLASS_COUNT)
        return hz7_large_alloc(least, alignment, &was_dirty);
    return hz7_start() ? hz7_class_alloc(class_index, hz7_enter()) : NULL;
}

/* Makes a large block span_count spans long where it is; gives the lock back. */
static bool resize_large(struct hz7_span *span, size_t span_count, bool locked) {
    if (span_count < span->span_count) {
        hz7_retire(hz7_source_split(span, span_count), locked);
        return true;
    }
    bool fits = span_count == span->span_count || hz7_source_extend(span, span_count - span->span_count);
    hz7_leave(locked);
    return fits;
}

/* Whether size bytes can stay in the block; gives the lock back. A block of a class moves to become smaller
 * if half of it or more would be unused. */
static bool resize_in_place(const struct hz7_route *route, size_t size, bool locked) {
    if (route->verdict == HZ7_ROUTE_LARGE && size > HZ7_CLASS_MAX_BYTES && size <= PTRDIFF_MAX - HZ_PAGE)
        return resize_large(route->span, (size + HZ_PAGE - 1) >> HZ_PAGE_LOG2, locked);
    size_t usable = hz7_route_bytes(route);
    hz7_leave(locked);
    return size <= usable && (size > usable / 2 || usable <= HZ_LINE);
}

static void move(void *from, void *to, size_t bytes) {
    bool by_pages = bytes >= MOVE_BYTES && bytes % HZ_PAGE == 0;
    if (!by_pages || !hz_os_move_pages(from, to, bytes))
        memcpy(to, from, bytes);
}

HZ_EXPORT void *hz7_realloc(void *block, size_t size) {
    if (block == NULL)
        return hz7_malloc(size);
    if (size == 0) {
        hz7_free(block);
        return NULL;
    }
    if (HZ_MEMCHECK && hz7_is_watched())
        return hz7_watch_realloc(block, size);
    bool locked = hz7_enter();
    struct hz7_route route = hz7_route_find(block);
    if (HZ_UNLIKELY(route.verdict > HZ7_ROUTE_LARGE)) {
        hz7_leave(locked);
        hz7_report(route.verdict, "realloc", block);
        errno = EINVAL;
        return NULL;
    }
    size_t usable = hz7_route_bytes(&route);
    if (resize_in_place(&route, size, locked))
        return block;
    int saved = errno;
    void *moved = hz7_malloc(size);
    if (moved == NULL && size <= usable) {
        errno = saved;
        return block;
    }
    if (moved == NULL)
        return NULL;
    move(block, moved, hz_min(usable, size));
    hz7_free(block);
    return moved;
}

HZ_EXPORT size_t hz7_usable_size(const void *block) {
    if (block == NULL)
        return 0;
    bool locked = hz7_enter();
    struct hz7_route route = hz7_route_find(block);
    size_t usable = route.verdict <= HZ7_ROUTE_LARGE ? hz7_route_bytes(&route) : 0;
    hz7_leave(locked);
    if (usable == 0)
        hz7_report(route.verdict, "usable_size", block);
    if (HZ_MEMCHECK && usable != 0 && hz7_is_watched())
        usable = hz7_watch_bytes(block, usable);
    return usable;
}

/* --- The heap as a whole ------------------------------------------------------------------------ */

static bool is_free(const struct hz7_span *span, unsigned index) {
    if (index >= span->carved)
        return span->was_dirty;
    return (span->words[index >> 6] >> (index & 63) & 1) != 0;
}

/* Returns the whole pages in free blocks of a class run, and behind its last block, to the kernel. */
static size_t purge_inside(struct hz7_span *span) {
    size_t block_bytes = hz_class_table[span->class_index].block_bytes;
    size_t page = hz_os_page_bytes(), purged = 0;
    for (unsigned index = 0; index < span->block_count; index++) {
        unsigned first = index;
        while (index < span->block_count && is_free(span, index))
            index++;
        size_t from = hz_align_up(first * block_bytes, page);
        size_t to = index == span->block_count ? hz7_span_bytes(span) : hz_align_down(index * block_bytes, page);
        if (index > first && from < to && hz_os_purge(hz7_span_start(span) + from, to - from))
            purged += to - from;
    }
    span->was_dirty = false;
    return purged;
}

HZ_EXPORT size_t hz7_trim(void) {
    bool locked = hz7_enter();
    (void)hz7_sweep();
    size_t purged = hz7_source_purge();
    for (unsigned i = 0; i < HZ7_CLASS_COUNT; i++)
        for (struct hz7_span *span = hz7_heap.partial[i]; span != NULL; span = span->next)
            purged += purge_inside(span);
    hz7_leave(locked);
    return purged;
}

HZ_EXPORT int hz7_set_on_error(enum hz7_on_error action) {
    _Static_assert((int)HZ7_ON_ERROR_ABORT == HZ_ON_ERROR_ABORT, "the same words");
    _Static_assert((int)HZ7_ON_ERROR_REPORT == HZ_ON_ERROR_REPORT, "the same words");
    _Static_assert((int)HZ7_ON_ERROR_IGNORE == HZ_ON_ERROR_IGNORE, "the same words");
    if ((unsigned)action > HZ7_ON_ERROR_IGNORE)
        return EINVAL;
    for (unsigned i = 0; i < HZ_ERROR_COUNT; i++)
        hz_fatal_set_action((enum hz_error)i, (enum hz_on_error)action);
    return 0;
}

static void count_span(struct hz7_stats *stats, const struct hz7_span *span) {
    if (span->kind == HZ7_CLASS) {
        size_t held = (size_t)span->used * hz_class_table[span->class_index].block_bytes;
        stats->allocated += held;
        stats->unused += hz7_span_bytes(span) - held;
        stats->blocks += span->used;
    } else if (span->kind == HZ7_LARGE) {
        stats->allocated += hz7_span_bytes(span);
        stats->blocks++;
        stats->large_blocks++;
    }
}

static void count_region(struct hz7_stats *stats, const struct hz7_region *region) {
    size_t index = 0;
    const struct hz7_span *span;
    stats->regions++;
    stats->reserved += region->bytes;
    stats->mapped += region->committed << HZ_PAGE_LOG2;
    stats->dirty += region->dirty_count << HZ_PAGE_LOG2;
    stats->metadata += hz7_region_metadata(region);
    while ((span = hz7_region_next(region, &index)) != NULL)
        count_span(stats, span);
}

HZ_EXPORT int hz7_stats_get(struct hz7_stats *ret_stats) {
    uint32_t size = ret_stats->size;
    if (size < 2 * sizeof(uint32_t))
        return EINVAL;
    struct hz7_stats stats = {.size = size, .version = 1};
    bool locked = hz7_enter();
    for (const struct hz7_region *region = hz7_source.first; region != NULL; region = region->next)
        count_region(&stats, region);
    hz7_leave(locked);
    stats.free = stats.mapped - stats.allocated - stats.unused;
    memcpy(ret_stats, &stats, hz_min(size, sizeof stats));
    return 0;
}

#define TEXT(number) #number
#define VERSION(major, minor, patch) TEXT(major) "." TEXT(minor) "." TEXT(patch)

HZ_EXPORT const char *hz7_version(void) { return VERSION(HKZ_VERSION_MAJOR, HKZ_VERSION_MINOR, HKZ_VERSION_PATCH); }
