/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_route.c -- see hz_route.h. */
#include "hz_route.h"

static void find_block(struct hz_route *route, const void *address) {
    route->desc = hz_desc_first(route->arena, hz_map_page(route->arena, address));
    const struct hz_class *class = &hz_class_table[hz_tag_class(route->tag)];
    size_t offset = (size_t)((const char *)address - hz_desc_start(route->arena, route->desc));
    uint32_t index = hz_class_block_index(class, offset);
    if (index >= class->block_count)
        route->verdict = HZ_ROUTE_INVALID;
    else if ((size_t)index * class->block_bytes != offset)
        route->verdict = HZ_ROUTE_INTERIOR;
    else
        route->verdict = HZ_ROUTE_BLOCK;
}

struct hz_route hz_route_find(const void *address) {
    struct hz_route route = {.verdict = HZ_ROUTE_MISS};
    route.arena = hz_map_find(address);
    if (route.arena == NULL)
        return route;
    route.tag = hz_map_tag(route.arena, address);
    if (hz_tag_class(route.tag) < HZ_CLASS_COUNT && route.tag != HZ_TAG_NONE) {
        find_block(&route, address);
    } else if (route.tag == HZ_TAG_LARGE) {
        route.desc = hz_desc_at(route.arena, hz_map_page(route.arena, address));
        bool is_start = hz_desc_start(route.arena, route.desc) == (const char *)address;
        route.verdict = is_start ? HZ_ROUTE_LARGE : HZ_ROUTE_INTERIOR;
    } else {
        route.verdict = route.tag == HZ_TAG_INTERIOR ? HZ_ROUTE_INTERIOR : HZ_ROUTE_INVALID;
    }
    return route;
}
