/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_route.h -- from a pointer to what it is, without reading anything at or near it.
 * The verdict rests on the page map and on arithmetic alone, so it needs no lock; whether a block is free
 * already is known to its owner only. */
#pragma once
#include "hz_owner.h"

enum hz_verdict {
    HZ_ROUTE_BLOCK,    /* the start of a block of a class run: local or remote by the tag's owner */
    HZ_ROUTE_LARGE,    /* the start of a large block */
    HZ_ROUTE_MISS,     /* outside every arena */
    HZ_ROUTE_INTERIOR, /* inside a block of ours */
    HZ_ROUTE_FREED,    /* the start of a block whose run was given back */
    HZ_ROUTE_INVALID,  /* inside an arena, where no block is or was */
};

struct hz_route {
    enum hz_verdict verdict;
    hz_tag tag;
    struct hz_arena *arena; /* NULL on a miss */
    struct hz_desc *desc;   /* first page's; NULL on a miss and where no run is */
};

HZ_HIDDEN struct hz_route hz_route_find(const void *address);

/* The same pointer's tag alone: HZ_TAG_NONE outside arenas. */
HZ_INLINE hz_tag hz_route_tag(const void *address) {
    const struct hz_arena *arena = hz_map_find(address);
    return arena == NULL ? HZ_TAG_NONE : hz_map_tag(arena, address);
}
