/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * owner.c -- the table of owners, their lists of runs, and the way from a pointer to its run. */
#include "hz_route.h"
#include "unit.h"

enum { OWNERS = 200 };

static const unsigned CLASS = 20;

static void start_owners(void) {
    hz_class_init(HZ_CLASS_MAX_BYTES);
    cr_assert(hz_map_init(16 * HZ_MIB));
    cr_assert(hz_owner_init());
}

/* A run of the class from page on, which no owner has yet. */
static struct hz_desc *make_run(size_t page, unsigned class_index) {
    struct hz_arena *arena = &hz_map_first;
    uint32_t page_count = hz_class_table[class_index].run_pages;
    cr_assert(hz_map_commit(arena, page + page_count));
    struct hz_desc *desc = hz_desc_at(arena, page);
    desc->page_count = page_count;
    desc->back = 0;
    hz_desc_init_run(arena, desc, class_index);
    return desc;
}

static unsigned length(const struct hz_list *list) {
    unsigned count = 0;
    for (const struct hz_list *link = list->next; link != list; link = link->next)
        count++;
    return count;
}

static void vacate(struct hz_owner *owner) {
    hz_store_seq_cst(&owner->state, HZ_OWNER_VACANT);
    hz_owner_recycle(owner);
}

Test(owner, init_makes_the_commons) {
    start_owners();
    cr_assert_eq(hz_owner_count(), 1);
    cr_assert_eq(hz_owner_commons()->id, HZ_OWNER_COMMONS_ID);
    cr_assert_eq(hz_owner_commons(), hz_owner_get(HZ_OWNER_COMMONS_ID));
    cr_assert_eq(hz_load_relaxed(&hz_owner_commons()->state), HZ_OWNER_ALIVE);
}

Test(owner, create_numbers_from_2_and_clears) {
    start_owners();
    for (uint32_t id = 2; id <= OWNERS; id++) {
        struct hz_owner *owner = hz_owner_create(&id);
        need(owner != NULL && owner->id == id && hz_owner_get(id) == owner, "number %u", id);
        need((uintptr_t)owner % HZ_LINE == 0, "alignment of %u", id);
        need(owner->front == &id && owner->run_count == 0, "contents of %u", id);
        need(hz_load_relaxed(&owner->state) == HZ_OWNER_ALIVE, "state of %u", id);
        need(hz_list_is_empty(&owner->full) && hz_owner_first(owner, 0) == NULL, "lists of %u", id);
        need(hz_owner_count() == id, "count %u", hz_owner_count());
    }
}

Test(owner, recycled_numbers_come_again_once) {
    start_owners();
    struct hz_owner *owners[3];
    for (unsigned i = 0; i < 3; i++)
        owners[i] = hz_owner_create(owners);
    vacate(owners[0]);
    vacate(owners[2]);
    cr_assert_null(owners[0]->front);
    struct hz_owner *first = hz_owner_create(owners), *second = hz_owner_create(owners);
    cr_assert(first != second);
    cr_assert(first == owners[0] || first == owners[2]);
    cr_assert(second == owners[0] || second == owners[2]);
    cr_assert_eq(hz_load_relaxed(&first->state), HZ_OWNER_ALIVE);
    cr_assert_eq(hz_owner_create(owners)->id, 5);
}

Test(owner, counts_outlive_recycling) {
    start_owners();
    struct hz_owner *owner = hz_owner_create(&owner);
    owner->counts.refills = 9;
    vacate(owner);
    cr_assert_eq(hz_owner_create(&owner)->counts.refills, 9);
}

Test(owner, adopt_sets_tags_and_list) {
    start_owners();
    struct hz_owner *owner = hz_owner_create(&owner);
    struct hz_desc *desc = make_run(4, CLASS);
    hz_lock_take(&owner->lock);
    hz_owner_adopt(owner, &hz_map_first, desc);
    cr_assert_eq(hz_owner_first(owner, CLASS), desc);
    cr_assert(desc->is_listed && desc->run.owner == owner && owner->run_count == 1);
    for (size_t page = 3; page <= 4 + desc->page_count; page++) {
        bool inside = page >= 4 && page < 4 + desc->page_count;
        hz_tag tag = hz_map_tag(&hz_map_first, hz_map_address(&hz_map_first, page));
        need(tag == (inside ? hz_tag_make(owner->id, CLASS) : HZ_TAG_NONE), "page %zu", page);
    }
    hz_owner_detach(owner, desc);
    cr_assert_null(hz_owner_first(owner, CLASS));
    cr_assert_eq(owner->run_count, 0);
    hz_lock_give(&owner->lock);
}

Test(owner, relist_follows_availability) {
    static void *slots[HZ_RUN_MAX_BLOCKS];
    start_owners();
    struct hz_owner *owner = hz_owner_create(&owner);
    struct hz_desc *desc = make_run(0, CLASS);
    hz_lock_take(&owner->lock);
    hz_owner_adopt(owner, &hz_map_first, desc);
    (void)hz_desc_take(&hz_map_first, desc, slots, 1);
    hz_owner_relist(owner, desc, false);
    cr_assert_eq(hz_owner_first(owner, CLASS), desc);
    (void)hz_desc_take(&hz_map_first, desc, slots + 1, HZ_RUN_MAX_BLOCKS - 1);
    hz_owner_relist(owner, desc, false);
    cr_assert(hz_owner_first(owner, CLASS) == NULL && length(&owner->full) == 1 && !desc->is_listed);
    cr_assert_eq(hz_desc_put(&hz_map_first, desc, slots[0]), HZ_PUT_DONE);
    hz_owner_relist(owner, desc, false);
    cr_assert(hz_owner_first(owner, CLASS) == desc && length(&owner->full) == 0);
    hz_lock_give(&owner->lock);
}

Test(owner, adopts_a_full_run_as_full) {
    static void *slots[HZ_RUN_MAX_BLOCKS];
    start_owners();
    struct hz_owner *owner = hz_owner_create(&owner);
    struct hz_desc *desc = make_run(0, CLASS);
    (void)hz_desc_take(&hz_map_first, desc, slots, HZ_RUN_MAX_BLOCKS);
    hz_lock_take(&owner->lock);
    hz_owner_adopt(owner, &hz_map_first, desc);
    cr_assert(hz_owner_first(owner, CLASS) == NULL && length(&owner->full) == 1);
    hz_lock_give(&owner->lock);
}

Test(owner, arena_of_a_descriptor) {
    start_owners();
    struct hz_arena *second = hz_map_grow(16);
    cr_assert_not_null(second);
    cr_assert_eq(hz_desc_arena(hz_desc_at(&hz_map_first, 7)), &hz_map_first);
    cr_assert_eq(hz_desc_arena(hz_desc_at(second, 7)), second);
}

static void check_route(const void *address, enum hz_verdict verdict, const struct hz_desc *desc) {
    struct hz_route route = hz_route_find(address);
    need(route.verdict == verdict && route.desc == desc, "%p: verdict %u, not %u", address, route.verdict, verdict);
    need((route.arena == NULL) == (verdict == HZ_ROUTE_MISS), "%p: arena", address);
    need(route.tag == hz_route_tag(address), "%p: tag", address);
}

static void check_routes_of_run(unsigned class_index) {
    struct hz_desc *desc = make_run(0, class_index);
    const struct hz_class *class = &hz_class_table[class_index];
    struct hz_owner *owner = hz_owner_commons();
    const char *start = hz_map_address(&hz_map_first, 0);
    hz_owner_adopt(owner, &hz_map_first, desc);
    for (size_t offset = 0; offset < (size_t) class->run_pages << HZ_PAGE_LOG2; offset += 8) {
        size_t index = offset / class->block_bytes;
        check_route(start + offset,
                    index >= class->block_count            ? HZ_ROUTE_INVALID
                    : index * class->block_bytes != offset ? HZ_ROUTE_INTERIOR
                                                           : HZ_ROUTE_BLOCK,
                    desc);
    }
    hz_owner_detach(owner, desc);
    hz_map_set_tags(&hz_map_first, 0, class->run_pages, HZ_TAG_NONE);
}

Test(route, every_address_of_a_run_of_every_class) {
    start_owners();
    for (unsigned i = 0; i < HZ_CLASS_COUNT; i++)
        check_routes_of_run(i);
}

Test(route, misses_and_pages_without_blocks) {
    int local = 0;
    check_route(&local, HZ_ROUTE_MISS, NULL); /* before any arena exists */
    start_owners();
    check_route(NULL, HZ_ROUTE_MISS, NULL);
    check_route(&local, HZ_ROUTE_MISS, NULL);
    check_route(hz_map_address(&hz_map_first, 0), HZ_ROUTE_INVALID, NULL);
    check_route(hz_map_address(&hz_map_first, hz_map_first.page_count) - 1, HZ_ROUTE_INVALID, NULL);
}

Test(route, large_blocks) {
    start_owners();
    cr_assert(hz_map_commit(&hz_map_first, 8));
    hz_map_set_tags(&hz_map_first, 2, 1, HZ_TAG_LARGE);
    hz_map_set_tags(&hz_map_first, 3, 2, HZ_TAG_INTERIOR);
    char *start = hz_map_address(&hz_map_first, 2);
    check_route(start, HZ_ROUTE_LARGE, hz_desc_at(&hz_map_first, 2));
    check_route(start + 16, HZ_ROUTE_INTERIOR, hz_desc_at(&hz_map_first, 2));
    check_route(start + HZ_PAGE, HZ_ROUTE_INTERIOR, NULL);
    check_route(start + 3 * HZ_PAGE, HZ_ROUTE_INVALID, NULL);
}

/* --- Of what is no more ----------------------------------------------------------------------- */

/* A run of the class at page, of which blocks were handed out up to carved, given back. */
static void make_former_run(size_t page, unsigned class_index, unsigned carved) {
    static void *slots[HZ_RUN_MAX_BLOCKS];
    struct hz_desc *desc = make_run(page, class_index);
    cr_assert_eq(hz_desc_take(&hz_map_first, desc, slots, carved), carved);
    for (unsigned i = 0; i < carved; i++)
        cr_assert_eq(hz_desc_put(&hz_map_first, desc, slots[i]), HZ_PUT_DONE);
    hz_map_set_tags(&hz_map_first, page, desc->page_count, HZ_TAG_FORMER + class_index);
}

static void check_routes_of_former_run(unsigned class_index) {
    const size_t page = 3;
    const struct hz_class *class = &hz_class_table[class_index];
    unsigned carved = (class->block_count + 1u) / 2;
    make_former_run(page, class_index, carved);
    for (size_t offset = 0; offset < (size_t) class->run_pages << HZ_PAGE_LOG2; offset += 8) {
        size_t index = offset / class->block_bytes;
        check_route(hz_map_address(&hz_map_first, page) + offset,
                    index >= carved                        ? HZ_ROUTE_INVALID
                    : index * class->block_bytes != offset ? HZ_ROUTE_INTERIOR
                                                           : HZ_ROUTE_FREED,
                    NULL);
    }
    hz_map_set_tags(&hz_map_first, page, class->run_pages, HZ_TAG_NONE);
}

Test(route, every_address_of_a_former_run_of_every_class) {
    start_owners();
    for (unsigned i = 0; i < HZ_CLASS_COUNT; i++)
        check_routes_of_former_run(i);
}

/* The pages of a former run, taken again for shorter ones: each page follows the latest. */
Test(route, former_runs_over_former_runs) {
    start_owners();
    unsigned long_class = HZ_CLASS_COUNT - 1, short_class = 0;
    cr_assert_geq(hz_class_table[long_class].run_pages, 3);
    make_former_run(2, long_class, hz_class_table[long_class].block_count);
    make_former_run(2, short_class, 5);
    const char *start = hz_map_address(&hz_map_first, 2);
    check_route(start, HZ_ROUTE_FREED, NULL);
    check_route(start + 4 * 16, HZ_ROUTE_FREED, NULL);
    check_route(start + 5 * 16, HZ_ROUTE_INVALID, NULL);
}

Test(route, former_large_blocks) {
    start_owners();
    cr_assert(hz_map_commit(&hz_map_first, 8));
    hz_map_set_tags(&hz_map_first, 2, 1, HZ_TAG_FORMER_LARGE);
    hz_map_set_tags(&hz_map_first, 3, 2, HZ_TAG_FORMER_INTERIOR);
    char *start = hz_map_address(&hz_map_first, 2);
    check_route(start, HZ_ROUTE_FREED, NULL);
    check_route(start + 16, HZ_ROUTE_INVALID, NULL);
    check_route(start + HZ_PAGE, HZ_ROUTE_INVALID, NULL);
}

Test(route, codes_do_not_overlap) {
    cr_assert_leq(HZ_CLASS_COUNT, HZ_TAG_FORMER);
    cr_assert_lt(HZ_TAG_FORMER + HZ_CLASS_COUNT, HZ_TAG_FORMER_LARGE);
    cr_assert_eq(hz_tag_owner(HZ_TAG_INTERIOR), 0);
}
