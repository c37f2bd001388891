/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_large.c -- see hz_large.h. */
#include "hz_large.h"

#include "hz_bits.h"
#include "hz_fill.h"
#include "hz_huge.h"
#include "hz_os.h"
#include "hz_source.h"

static size_t huge_bytes = SIZE_MAX;  /* const after init */
static size_t remap_bytes = SIZE_MAX; /* const after init */
static _Atomic(bool) is_good_known;   /* somebody asked for good sizes, and may use a block up to its own */

void hz_large_init(size_t wanted_huge_bytes, size_t wanted_remap_bytes) {
    huge_bytes = wanted_huge_bytes;
    remap_bytes = wanted_remap_bytes;
}

/* For a size within the classes, which got here by its alignment, good sizes say more than the block's pages do. */
static uint32_t slack_of(const struct hz_desc *desc, size_t size) {
    return size > HZ_CLASS_MAX_BYTES ? (uint32_t)(hz_large_bytes(desc) - size) : 0;
}

static size_t pages_for(size_t size) { return (size + HZ_PAGE - 1) >> HZ_PAGE_LOG2; }

static void *take_pages(size_t size, size_t alignment, bool *ret_is_zero) {
    struct hz_arena *arena;
    struct hz_desc *desc = hz_source_take(pages_for(size), hz_max(alignment, HZ_PAGE), &arena);
    if (desc == NULL)
        return NULL;
    size_t page = hz_desc_page(arena, desc);
    *ret_is_zero = !desc->is_dirty;
    hz_store_relaxed(&desc->slack, slack_of(desc, size));
    hz_source_mark_large(desc);
    hz_map_set_tags(arena, page + 1, desc->page_count - 1, HZ_TAG_INTERIOR);
    hz_map_set_tags(arena, page, 1, HZ_TAG_LARGE);
    return hz_map_address(arena, page);
}

void *hz_large_take(size_t size, size_t alignment, bool *ret_is_zero) {
    if (size > PTRDIFF_MAX || alignment > PTRDIFF_MAX)
        return NULL;
    *ret_is_zero = true;
    size = hz_max(size, 1);
    if (size < huge_bytes) {
        void *block = take_pages(size, alignment, ret_is_zero);
        if (block != NULL)
            return block;
    }
    *ret_is_zero = true;
    void *block = hz_huge_take(size, alignment);
    if (block != NULL || size < huge_bytes)
        return block;
    return take_pages(size, alignment, ret_is_zero); /* arenas may have room, and hold it for good */
}

static void fill(const struct hz_arena *arena, size_t page, size_t page_count) {
    if (hz_fill.kind != HZ_FILL_OFF)
        hz_fill_freed(hz_map_address(arena, page), page_count << HZ_PAGE_LOG2);
}

bool hz_large_give(struct hz_arena *arena, struct hz_desc *desc) {
    hz_tag expected = HZ_TAG_LARGE;
    size_t page = hz_desc_page(arena, desc);
    /* Whoever turns the tag owns the block's end; acquire orders the reads of the descriptor after it. */
    if (!hz_cas_acquire(&arena->tags[page], &expected, HZ_TAG_FORMER_LARGE))
        return false;
    hz_map_set_tags(arena, page + 1, desc->page_count - 1, HZ_TAG_FORMER_INTERIOR);
    fill(arena, page, desc->page_count);
    hz_source_give(arena, desc);
    return true;
}

/* The block's pages, without a copy, at a new mapping with room to grow. */
static void *move_to_huge(struct hz_arena *arena, struct hz_desc *desc, size_t size) {
    size_t old_bytes = hz_large_bytes(desc);
    void *to = hz_huge_take_pages(hz_desc_start(arena, desc), old_bytes, size + size / 8);
    if (to != NULL)
        (void)hz_large_give(arena, desc);
    return to;
}

void *hz_large_resize(struct hz_arena *arena, struct hz_desc *desc, size_t size, bool may_move) {
    size_t pages = pages_for(size);
    if (size > PTRDIFF_MAX)
        return NULL;
    if (pages < desc->page_count && may_move) {
        fill(arena, hz_desc_page(arena, desc) + pages, desc->page_count - pages);
        hz_source_shrink(arena, desc, pages);
    }
    if (pages <= desc->page_count || hz_source_extend(arena, desc, pages)) {
        hz_store_relaxed(&desc->slack, may_move ? slack_of(desc, size) : 0); /* others may have told of more */
        return hz_desc_start(arena, desc);
    }
    if (!may_move || hz_large_bytes(desc) < remap_bytes)
        return NULL;
    return move_to_huge(arena, desc, size);
}

size_t hz_large_tell(struct hz_desc *desc) {
    hz_store_relaxed(&desc->slack, 0);
    return hz_large_bytes(desc);
}

size_t hz_large_written(const struct hz_desc *desc) {
    return hz_large_bytes(desc) - (hz_load_relaxed(&is_good_known) ? 0 : hz_load_relaxed(&desc->slack));
}

void hz_large_tell_good(void) { hz_store_relaxed(&is_good_known, true); }

size_t hz_large_good_size(size_t size) {
    if (size > PTRDIFF_MAX)
        return 0;
    return hz_align_up(size, size < huge_bytes ? HZ_PAGE : hz_os_page_bytes());
}
