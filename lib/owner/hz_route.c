/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_route.c -- see hz_route.h. */
#include "hz_route.h"

static const enum hz_verdict verdict_of_put[] = {
    [HZ_PUT_DONE] = HZ_ROUTE_BLOCK,
    [HZ_PUT_INTERIOR] = HZ_ROUTE_INTERIOR,
    [HZ_PUT_INVALID] = HZ_ROUTE_INVALID,
};

/* Any block of the run, handed out or not. */
static void find_block(struct hz_route *route, const void *address) {
    route->desc = hz_desc_first(route->arena, hz_map_page(route->arena, address));
    const struct hz_class *class = &hz_class_table[hz_tag_class(route->tag)];
    size_t offset = (size_t)((const char *)address - hz_desc_start(route->arena, route->desc));
    uint32_t index;
    route->verdict = verdict_of_put[hz_desc_locate_in(class, class->block_count, offset, &index)];
}

/* The run is gone; what it was is still written where nobody took its pages since. */
static void find_former_block(struct hz_route *route, const void *address) {
    size_t page = hz_map_page(route->arena, address);
    const struct hz_desc *desc = hz_desc_at(route->arena, page);
    size_t first = page - desc->former_back;
    const struct hz_class *class = &hz_class_table[route->tag - HZ_TAG_FORMER];
    size_t offset = (size_t)((const char *)address - hz_map_address(route->arena, first));
    uint32_t index;
    bool is_whole = hz_load_relaxed(&route->arena->tags[first]) == route->tag; /* else its start serves anew */
    uint32_t carved = is_whole ? hz_desc_at(route->arena, first)->carved : class->block_count;
    route->verdict = verdict_of_put[hz_desc_locate_in(class, carved, offset, &index)];
    if (route->verdict == HZ_ROUTE_BLOCK)
        route->verdict = HZ_ROUTE_FREED;
}

static bool is_page_start(const void *address) { return ((uintptr_t)address & (HZ_PAGE - 1)) == 0; }

static void find_large(struct hz_route *route, const void *address) {
    route->desc = hz_desc_at(route->arena, hz_map_page(route->arena, address));
    route->verdict = is_page_start(address) ? HZ_ROUTE_LARGE : HZ_ROUTE_INTERIOR;
}

struct hz_route hz_route_find(const void *address) {
    struct hz_route route = {.verdict = HZ_ROUTE_MISS};
    route.arena = hz_map_find(address);
    if (route.arena == NULL)
        return route;
    route.tag = hz_map_tag(route.arena, address);
    route.verdict = HZ_ROUTE_INVALID;
    if (hz_tag_owner(route.tag) != 0)
        find_block(&route, address);
    else if (route.tag == HZ_TAG_LARGE)
        find_large(&route, address);
    else if (route.tag == HZ_TAG_INTERIOR)
        route.verdict = HZ_ROUTE_INTERIOR;
    else if (route.tag == HZ_TAG_FORMER_LARGE && is_page_start(address))
        route.verdict = HZ_ROUTE_FREED;
    else if (route.tag - HZ_TAG_FORMER < HZ_CLASS_COUNT)
        find_former_block(&route, address);
    return route;
}
