/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz7_source.c -- see hz7_source.h. */
#include "hz7_source.h"

#include "hz_os.h"

#define NOWHERE SIZE_MAX
#define WORDS_BYTES ((size_t)HZ_RUN_MAX_BLOCKS / 8) /* of one span's bitmap */
#define SPAN_META_BYTES (sizeof(struct hz7_span) + WORDS_BYTES)

/* Spans of the first region, and of the largest that is asked for without need. */
#define FIRST_SPANS ((sizeof(void *) == 8 ? 1024 * HZ_MIB : 64 * HZ_MIB) >> HZ_PAGE_LOG2)
#define MOST_SPANS (FIRST_SPANS << (sizeof(void *) == 8 ? 10 : 2))
/* memcheck warns of larger ranges. */
#define WATCHED_SPANS (128 * HZ_MIB >> HZ_PAGE_LOG2)
/* Committed in one step: 4 MiB, with a page of descriptors. */
#define COMMIT_SPANS ((size_t)64)
/* A region takes at most this part of a limit on address space, unless a block needs more. */
#define LIMIT_SHARE 8

struct hz7_source hz7_source;

static size_t spans_of(const struct hz7_region *region) { return region->bytes >> HZ_PAGE_LOG2; }

/* --- Bits --------------------------------------------------------------------------------------- */

/* The first bit in [from, end) that differs from those of flip (0 or all ones); end if there is none. */
static size_t next_bit(const uint64_t *bits, size_t from, size_t end, uint64_t flip) {
    while (from < end) {
        uint64_t word = (bits[from / 64] ^ flip) >> (from % 64);
        if (word != 0)
            return hz_min(from + hz_lowest_bit(word), end);
        from = (from | 63) + 1;
    }
    return end;
}

static bool get_bit(const uint64_t *bits, size_t at) { return (bits[at / 64] >> (at % 64) & 1) != 0; }

/* Sets or clears [from, end). Returns how many bits were set before. */
static size_t set_bits(uint64_t *bits, size_t from, size_t end, bool value) {
    size_t before = 0;
    while (from < end) {
        size_t stop = hz_min((from | 63) + 1, end);
        uint64_t mask = (UINT64_MAX >> (64 - (stop - from))) << (from % 64);
        uint64_t *word = &bits[from / 64];
        for (uint64_t old = *word & mask; old != 0; old &= old - 1) /* not the builtin: a table in libgcc */
            before++;
        *word = value ? *word | mask : *word & ~mask;
        from = stop;
    }
    return before;
}

/* The first aligned stretch of count bits that differ from flip. */
static size_t find_bits(const struct hz7_region *region, const uint64_t *bits, uint64_t flip, size_t count,
                        size_t align) {
    size_t end = spans_of(region), first_page = (uintptr_t)region->base >> HZ_PAGE_LOG2;
    size_t at = region->low;
    for (;;) {
        at = next_bit(bits, at, end, flip);
        at = hz_align_up(first_page + at, align) - first_page;
        if (at >= end || count > end - at)
            return NOWHERE;
        size_t stop = next_bit(bits, at, at + count, ~flip);
        if (stop == at + count)
            return at;
        at = stop;
    }
}

/* --- Regions ------------------------------------------------------------------------------------ */

static bool commit_part(char *array, size_t item_bytes, size_t from, size_t to) {
    size_t page = hz_os_page_bytes();
    size_t start = hz_align_down(from * item_bytes, page), end = hz_align_up(to * item_bytes, page);
    return hz_os_commit(array + start, end - start);
}

static bool commit_to(struct hz7_region *region, size_t end) {
    size_t from = region->committed;
    if (!commit_part((char *)region->spans, sizeof(struct hz7_span), from, end) ||
        !commit_part((char *)region->words, WORDS_BYTES, from, end) || !commit_part(region->base, HZ_PAGE, from, end))
        return false;
    if (hz_memcheck_is_on())
        hz_memcheck_hide(region->base + (from << HZ_PAGE_LOG2), (end - from) << HZ_PAGE_LOG2);
    region->committed = end;
    return true;
}

static bool commit(struct hz7_region *region, size_t end) {
    if (end <= region->committed)
        return true;
    return commit_to(region, hz_min(hz_align_up(end, COMMIT_SPANS), spans_of(region))) || commit_to(region, end);
}

static size_t bits_bytes(size_t span_count) { return (span_count + 63) / 64 * sizeof(uint64_t); }

static size_t header_bytes(size_t span_count) { return sizeof(struct hz7_region) + 3 * bits_bytes(span_count); }

/* Spans, descriptors, words, each from a page on; 0 on overflow. */
static size_t region_bytes(size_t span_count) {
    size_t bytes;
    if (!hz_multiply(span_count + 2, HZ_PAGE + SPAN_META_BYTES, &bytes))
        return 0;
    return hz_align_up(bytes, HZ_PAGE);
}

static struct hz7_region *map_region(size_t span_count) {
    size_t bytes = region_bytes(span_count);
    char *base = bytes == 0 ? NULL : hz_os_reserve(bytes, HZ_PAGE);
    if (base == NULL)
        return NULL;
    struct hz7_region *region = hz_os_map(header_bytes(span_count), hz_os_page_bytes());
    if (region == NULL) {
        (void)hz_os_release(base, bytes);
        return NULL;
    }
    hz_os_advise_huge(base, bytes, false); /* one touched block must not cost 2 MiB */
    size_t descs = span_count << HZ_PAGE_LOG2;
    region->base = base;
    region->bytes = descs;
    region->spans = (struct hz7_span *)(void *)(base + descs);
    size_t words = descs + hz_align_up(span_count * sizeof(struct hz7_span), HZ_PAGE);
    region->words = (uint64_t *)(void *)(base + words);
    region->used = (uint64_t *)(void *)(region + 1);
    region->dirty = region->used + bits_bytes(span_count) / sizeof(uint64_t);
    region->head = region->dirty + bits_bytes(span_count) / sizeof(uint64_t);
    return region;
}

static void unmap_region(struct hz7_region *region) {
    size_t span_count = spans_of(region);
    hz7_source.hot -= region->dirty_count;
    (void)hz_os_release(region->base, region_bytes(span_count));
    (void)hz_os_release(region, header_bytes(span_count));
}

/* Address space of regions in which nothing is: they did not fit the run that a new one is made for. The
 * first stays, so that most programs see one region for life. */
static void unmap_empty(void) {
    struct hz7_region **at = hz7_source.first != NULL ? &hz7_source.first->next : &hz7_source.first;
    while (*at != NULL) {
        struct hz7_region *region = *at;
        if (region->used_count != 0) {
            at = &region->next;
            continue;
        }
        *at = region->next;
        unmap_region(region);
    }
}

/* A region with room for need spans, at the end of the list: twice the largest so far, or what the kernel
 * grants. */
static struct hz7_region *add_region(size_t need) {
    size_t most = hz_min(hz_os_address_limit() / LIMIT_SHARE / HZ_PAGE, MOST_SPANS);
    if (hz_memcheck_is_on())
        most = hz_min(most, WATCHED_SPANS);
    size_t want = hz_max(need, hz_min(hz_max(FIRST_SPANS, 2 * hz7_source.largest), most));
    unmap_empty();
    struct hz7_region *region = map_region(want);
    while (region == NULL && want > need) {
        want = hz_max(want / 2, need);
        region = map_region(want);
    }
    if (region == NULL)
        return NULL;
    hz7_source.largest = hz_max(hz7_source.largest, want);
    struct hz7_region **at = &hz7_source.first;
    while (*at != NULL)
        at = &(*at)->next;
    *at = region;
    return region;
}

/* --- Runs --------------------------------------------------------------------------------------- */

/* Makes index, the first free span behind a run, the head of what is left of an older run. */
static void behead(struct hz7_region *region, size_t index) {
    if (index >= region->top || get_bit(region->head, index))
        return;
    set_bits(region->head, index, index + 1, true);
    region->spans[index].kind = HZ7_NONE;
}

/* Makes the free spans [at, at + count) used and headless. */
static bool claim(struct hz7_region *region, size_t at, size_t count, bool *ret_dirty) {
    size_t end = at + count;
    if (!commit(region, end))
        return false;
    size_t dirty = set_bits(region->dirty, at, end, false);
    region->dirty_count -= dirty;
    hz7_source.hot -= dirty;
    *ret_dirty = dirty != 0;
    set_bits(region->used, at, end, true);
    region->used_count += count;
    if (at <= region->low)
        region->low = end;
    size_t old_top = region->top;
    region->top = hz_max(old_top, end);
    if (at > old_top)
        behead(region, old_top);
    set_bits(region->head, at, end, false);
    behead(region, end);
    return true;
}

static struct hz7_span *make_run(struct hz7_region *region, size_t at, size_t count) {
    struct hz7_span *span = &region->spans[at];
    set_bits(region->head, at, at + 1, true);
    span->start = hz7_span_hide(region->base + (at << HZ_PAGE_LOG2));
    span->span_count = (uint32_t)count;
    return span;
}

/* A region's first span serves nobody while a tool watches, as hz7_span_start has it. */
static bool withhold_first(struct hz7_region *region) {
    bool was_dirty;
    if (region->top != 0)
        return true;
    if (!claim(region, 0, 1, &was_dirty))
        return false;
    make_run(region, 0, 1)->kind = HZ7_NONE;
    return true;
}

struct hz7_span *hz7_source_take(size_t span_count, size_t align_spans, bool *ret_dirty) {
    struct hz7_region *region = hz7_source.first;
    size_t at = NOWHERE;
    while (region != NULL) {
        if (region->dirty_count >= span_count)
            at = find_bits(region, region->dirty, 0, span_count, align_spans);
        if (at == NOWHERE)
            at = find_bits(region, region->used, UINT64_MAX, span_count, align_spans);
        if (at != NOWHERE)
            break;
        region = region->next;
    }
    if (region == NULL) {
        region = add_region(span_count + align_spans - (hz_memcheck_is_on() ? 0 : 1));
        if (region == NULL || (hz_memcheck_is_on() && !withhold_first(region)))
            return NULL;
        at = find_bits(region, region->used, UINT64_MAX, span_count, align_spans);
    }
    return claim(region, at, span_count, ret_dirty) ? make_run(region, at, span_count) : NULL;
}

bool hz7_source_extend(struct hz7_span *span, size_t extra) {
    struct hz7_region *region = hz7_source_find(hz7_span_start(span));
    size_t at = hz7_region_index(region, hz7_span_start(span)) + span->span_count;
    bool was_dirty;
    if (extra > spans_of(region) - at || next_bit(region->used, at, at + extra, 0) != at + extra ||
        !claim(region, at, extra, &was_dirty))
        return false;
    span->span_count += (uint32_t)extra;
    return true;
}

struct hz7_span *hz7_source_split(struct hz7_span *span, size_t keep) {
    struct hz7_region *region = hz7_source_find(hz7_span_start(span));
    size_t at = hz7_region_index(region, hz7_span_start(span)) + keep;
    struct hz7_span *rest = make_run(region, at, span->span_count - keep);
    rest->kind = HZ7_NONE;
    span->span_count = (uint32_t)keep;
    return rest;
}

void hz7_source_give(struct hz7_span *span, bool dirty) {
    struct hz7_region *region = hz7_source_find(hz7_span_start(span));
    size_t at = hz7_region_index(region, hz7_span_start(span)), count = span->span_count;
    set_bits(region->used, at, at + count, false);
    region->used_count -= count;
    region->low = hz_min(region->low, at);
    if (dirty) {
        set_bits(region->dirty, at, at + count, true);
        region->dirty_count += count;
        hz7_source.hot += count;
    }
}

size_t hz7_source_purge(void) {
    size_t purged = 0;
    for (struct hz7_region *region = hz7_source.first; region != NULL; region = region->next) {
        size_t at = 0, end;
        while ((at = next_bit(region->dirty, at, region->top, 0)) < region->top) {
            end = next_bit(region->dirty, at, region->top, UINT64_MAX);
            if (hz_os_purge(region->base + (at << HZ_PAGE_LOG2), (end - at) << HZ_PAGE_LOG2)) {
                set_bits(region->dirty, at, end, false);
                region->dirty_count -= end - at;
                hz7_source.hot -= end - at;
                purged += end - at;
            }
            at = end;
        }
    }
    return purged << HZ_PAGE_LOG2;
}

/* --- For the heap ------------------------------------------------------------------------------- */

uint64_t *hz7_source_words(const struct hz7_span *span) {
    const struct hz7_region *region = hz7_source_find(hz7_span_start(span));
    return region->words + hz7_region_index(region, hz7_span_start(span)) * (WORDS_BYTES / sizeof(uint64_t));
}

struct hz7_span *hz7_region_next(const struct hz7_region *region, size_t *index) {
    size_t at = next_bit(region->used, *index, region->top, 0);
    if (at == region->top)
        return NULL;
    *index = at + region->spans[at].span_count;
    return &region->spans[at];
}

size_t hz7_region_metadata(const struct hz7_region *region) {
    return region->committed * SPAN_META_BYTES + header_bytes(spans_of(region));
}
