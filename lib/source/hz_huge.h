/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_huge.h -- blocks with a mapping of their own, outside every arena, found through a table by address.
 * Thread-safe (lock: huge).
 * Does not: keep freed mappings, unless the kernel refuses them, beyond the addresses of the last few. */
#pragma once
#include "hz_route.h"

/* A zeroed block of at least bytes, aligned to alignment. NULL when the kernel refuses. */
HZ_HIDDEN void *hz_huge_take(size_t bytes, size_t alignment);

/* A block of at least bytes that takes the pages of [from, from + old_bytes) over; from stays mapped and reads
 * as zeros. NULL, with nothing changed, when the kernel refuses. */
HZ_HIDDEN void *hz_huge_take_pages(void *from, size_t old_bytes, size_t bytes);

/* Unmaps the block that starts at address; false when none does. */
HZ_HIDDEN bool hz_huge_give(const void *address);

/* Usable bytes of the block that starts at address; 0 when none does. */
HZ_HIDDEN size_t hz_huge_bytes(const void *address);

/* Resizes the block; contents are kept. NULL, with the block as it was, on refusal. */
HZ_HIDDEN void *hz_huge_resize(const void *address, size_t bytes, bool may_move);

/* Whether address lies in any such block. */
HZ_HIDDEN bool hz_huge_contains(const void *address);

/* What an address is at which no such block starts: HZ_ROUTE_INTERIOR, HZ_ROUTE_FREED where one of the last
 * few to be unmapped started and none lies since, else HZ_ROUTE_MISS. */
HZ_HIDDEN HZ_COLD enum hz_verdict hz_huge_judge(const void *address);

/* Blocks, and bytes in them. */
HZ_HIDDEN void hz_huge_count(size_t *ret_blocks, size_t *ret_bytes);

HZ_HIDDEN void hz_huge_lock(void);
HZ_HIDDEN void hz_huge_unlock(void);
HZ_HIDDEN void hz_huge_reset_lock(void);
