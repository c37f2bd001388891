/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * map.c -- arenas, the page map, and memory for structures. */
#include "hz_fault.h"
#include "hz_map.h"
#include "hz_meta.h"
#include "rss.h"
#include "unit.h"

static const size_t ARENA_BYTES = 16 * HZ_MIB;

static struct hz_arena *small_arena(void) {
    cr_assert(hz_map_init(ARENA_BYTES));
    return &hz_map_first;
}

Test(map, owns_nothing_before_init) {
    int local = 0;
    cr_assert_null(hz_map_find(NULL));
    cr_assert_null(hz_map_find(&local));
    cr_assert_null(hz_map_find((void *)UINTPTR_MAX));
}

Test(map, null_is_outside_of_an_arena_half_filled_in) {
    hz_map_first.page_count = SIZE_MAX >> HZ_PAGE_LOG2;
    hz_map_first.bytes = hz_map_first.page_count << HZ_PAGE_LOG2;
    cr_assert_not(hz_map_has(&hz_map_first, NULL));
}

Test(map, init_reserves_what_was_asked) {
    struct hz_arena *arena = small_arena();
    cr_assert_eq(arena->page_count, ARENA_BYTES >> HZ_PAGE_LOG2);
    cr_assert_eq(arena->base % HZ_PAGE, 0);
    cr_assert_eq(hz_load_relaxed(&arena->committed_pages), 0);
    cr_assert_geq(hz_map_reserved_bytes(), ARENA_BYTES);
    cr_assert_eq(hz_map_metadata_bytes(), 0);
}

Test(map, find_knows_the_borders) {
    struct hz_arena *arena = small_arena();
    char *start = hz_map_address(arena, 0);
    cr_assert_eq(hz_map_find(start), arena);
    cr_assert_eq(hz_map_find(start + ARENA_BYTES - 1), arena);
    cr_assert_null(hz_map_find(start - 1));
    cr_assert_null(hz_map_find(start + ARENA_BYTES));
}

Test(map, page_and_address_are_inverse) {
    struct hz_arena *arena = small_arena();
    for (size_t page = 0; page < arena->page_count; page++) {
        char *start = hz_map_address(arena, page);
        need(hz_map_page(arena, start) == page, "page %zu", page);
        need(hz_map_page(arena, start + HZ_PAGE - 1) == page, "end of page %zu", page);
    }
}

Test(map, tags_are_readable_before_commit) {
    struct hz_arena *arena = small_arena();
    for (size_t page = 0; page < arena->page_count; page++)
        need(hz_map_tag(arena, hz_map_address(arena, page)) == HZ_TAG_NONE, "page %zu", page);
}

Test(map, commit_grows_from_the_start_with_its_sidecar) {
    struct hz_arena *arena = small_arena();
    for (size_t end = 1; end <= arena->page_count; end += 7) {
        need(hz_map_commit(arena, end), "commit %zu", end);
        size_t committed = hz_load_relaxed(&arena->committed_pages);
        need(committed >= end && committed <= arena->page_count, "%zu for %zu", committed, end);
        memset(hz_map_address(arena, end - 1), 1, HZ_PAGE);
        memset(arena->descs + (end - 1) * HZ_MAP_DESC_BYTES, 1, HZ_MAP_DESC_BYTES);
        memset(arena->bits + (end - 1) * HZ_MAP_BITS_BYTES, 1, HZ_MAP_BITS_BYTES);
        hz_map_set_tags(arena, end - 1, 1, HZ_TAG_LARGE);
        need(hz_map_metadata_bytes() >= committed * HZ_MAP_BITS_BYTES, "metadata");
    }
    cr_assert(hz_map_commit(arena, arena->page_count));
    cr_assert_not(hz_map_commit(arena, arena->page_count + 1));
}

Test(map, a_sidecar_without_its_pages_is_counted) {
    struct hz_arena *arena = small_arena();
    size_t pages = arena->page_count;
    hz_fault_set(&(struct hz_fault_plan){.kinds = 1u << HZ_FAULT_COMMIT, .above = (pages << HZ_PAGE_LOG2) - 1});
    cr_assert_not(hz_map_commit(arena, pages));
    hz_fault_set(NULL);
    cr_assert_eq(hz_load_relaxed(&arena->committed_pages), 0);
    size_t bytes = hz_map_metadata_bytes();
    cr_assert_geq(bytes, pages * HZ_MAP_BITS_BYTES);
    cr_assert(hz_map_commit(arena, 1));
    cr_assert_eq(hz_map_metadata_bytes(), bytes);
    cr_assert(hz_map_commit(arena, pages));
    cr_assert_eq(hz_map_metadata_bytes(), bytes);
}

Test(map, arrays_do_not_overlap) {
    struct hz_arena *arena = small_arena();
    cr_assert(hz_map_commit(arena, arena->page_count));
    memset(arena->descs, 0x11, arena->page_count * HZ_MAP_DESC_BYTES);
    memset(arena->bits, 0x22, arena->page_count * HZ_MAP_BITS_BYTES);
    hz_map_set_tags(arena, 0, arena->page_count, 0x33333333);
    memset(hz_map_address(arena, 0), 0x44, ARENA_BYTES);
    cr_assert_eq(arena->descs[arena->page_count * HZ_MAP_DESC_BYTES - 1], 0x11);
    cr_assert_eq(arena->bits[0], 0x22);
    cr_assert_eq(arena->bits[arena->page_count * HZ_MAP_BITS_BYTES - 1], 0x22);
    cr_assert_eq(hz_map_tag(arena, hz_map_address(arena, arena->page_count - 1)), 0x33333333);
}

Test(map, tags_are_set_for_the_range_alone) {
    struct hz_arena *arena = small_arena();
    cr_assert(hz_map_commit(arena, 32));
    hz_map_set_tags(arena, 5, 3, hz_tag_make(77, 9));
    for (size_t page = 0; page < 32; page++) {
        hz_tag tag = hz_map_tag(arena, hz_map_address(arena, page) + 100);
        need(tag == (page >= 5 && page < 8 ? hz_tag_make(77, 9) : HZ_TAG_NONE), "page %zu", page);
    }
}

Test(map, tag_holds_owner_and_class) {
    for (uint32_t owner = 1; owner < 1u << 24; owner = owner * 2 + 1)
        for (unsigned class_index = 0; class_index < 256; class_index++) {
            hz_tag tag = hz_tag_make(owner, class_index);
            need(hz_tag_owner(tag) == owner && hz_tag_class(tag) == class_index, "%u, %u", owner, class_index);
        }
}

Test(map, grow_links_arenas_with_room) {
    struct hz_arena *first = small_arena();
    struct hz_arena *before = first;
    for (size_t pages = 1; pages <= 10000; pages *= 100) {
        struct hz_arena *arena = hz_map_grow(pages);
        cr_assert_not_null(arena);
        cr_assert_geq(arena->page_count, pages);
        cr_assert_eq(hz_load_relaxed(&before->next), arena);
        cr_assert_eq(hz_map_find(hz_map_address(arena, 0)), arena);
        cr_assert_eq(hz_map_find(hz_map_address(arena, arena->page_count - 1)), arena);
        cr_assert(hz_map_commit(arena, pages));
        memset(hz_map_address(arena, pages - 1), 1, HZ_PAGE);
        before = arena;
    }
    cr_assert_eq(hz_map_find(hz_map_address(first, 0)), first);
}

/* Each round that fails has reserved up to 1 TiB; a process has 128. */
Test(map, space_that_the_kernel_kept_is_given_back_later) {
    small_arena();
    hz_fault_set(&(struct hz_fault_plan){
        .kinds = 1u << HZ_FAULT_COMMIT | 1u << HZ_FAULT_RELEASE, .chance = UINT32_MAX / 4 * 3, .seed = 7});
    for (unsigned i = 0; i < 500; i++)
        (void)hz_map_grow(1000);
    cr_assert_geq(hz_fault_refused(), 500);
    hz_fault_set(NULL);
    cr_assert_not_null(hz_map_grow(1000));
    cr_assert_lt(rss_field("/proc/self/status", "VmSize:"), (size_t)40 << 40);
}

Test(map, grow_refuses_the_impossible) {
    struct hz_arena *first = small_arena();
    cr_assert_null(hz_map_grow(SIZE_MAX >> HZ_PAGE_LOG2));
    cr_assert_null(hz_load_relaxed(&first->next));
}

Test(meta, pieces_are_zero_aligned_and_apart) {
    enum { PIECES = 200 };
    char *pieces[PIECES];
    for (size_t i = 0; i < PIECES; i++) {
        pieces[i] = hz_meta_alloc(64 + i * 8);
        need(pieces[i] != NULL && (uintptr_t)pieces[i] % HZ_LINE == 0, "piece %zu: %p", i, (void *)pieces[i]);
        need(unit_is_zero(pieces[i], 64 + i * 8), "piece %zu is not zero", i);
        memset(pieces[i], (int)i, 64 + i * 8);
    }
    for (size_t i = 0; i < PIECES; i++)
        for (size_t at = 0; at < 64 + i * 8; at++)
            need((unsigned char)pieces[i][at] == i, "piece %zu changed", i);
}

static void check_recycled(size_t bytes) {
    char *piece = hz_meta_alloc(bytes);
    cr_assert_not_null(piece);
    memset(piece, 0x5a, bytes);
    hz_meta_free(piece, bytes);
    size_t taken = hz_meta_bytes();
    for (unsigned i = 0; i < 100; i++) {
        char *again = hz_meta_alloc(bytes);
        need(again != NULL && unit_is_zero(again, bytes), "%zu: not zero", bytes);
        memset(again, 0x5a, bytes);
        hz_meta_free(again, bytes);
    }
    cr_assert_eq(hz_meta_bytes(), taken, "%zu bytes are not recycled", bytes);
}

Test(meta, freed_pieces_are_recycled_as_zeros) {
    for (size_t bytes = 64; bytes <= 4 * HZ_MIB; bytes *= 4)
        check_recycled(bytes);
}
