/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_zone.h -- red zones, while a tool watches (hz_memcheck.h): behind the bytes that the program asked for lie at
 * least HZ_ZONE more, which are hidden. They are also the zone before the next block. The last word of them holds what
 * was asked for, since the class of a block no longer says it, and whether the program has given the block back.
 * Does not: know what a block is part of; usable is what the block has in all, zone included. */
#pragma once
#include "hz_base.h"

enum { HZ_ZONE = 32 }; /* half of it is nearer to the block before, half to the one behind */

/* What to ask for where size is wanted. A size that cannot be stays one. */
HZ_INLINE size_t hz_zone_add(size_t size) { return size > PTRDIFF_MAX ? size : size + HZ_ZONE; }

/* The program has the block, of which it asked for size bytes; has it no more; has another size of it. */
HZ_HIDDEN void hz_zone_begin(void *block, size_t usable, size_t size, bool is_zero);
HZ_HIDDEN void hz_zone_end(void *block, size_t usable);
HZ_HIDDEN void hz_zone_resize(void *block, size_t usable, size_t size);

/* The block, of which the program asked for size bytes, has become longer or shorter behind these. */
HZ_HIDDEN void hz_zone_move(const void *block, size_t usable, size_t size);

/* What it asked for. */
HZ_HIDDEN size_t hz_zone_bytes(const void *block, size_t usable);

/* Whether hz_zone_end came after hz_zone_begin. */
HZ_HIDDEN bool hz_zone_is_over(const void *block, size_t usable);

/* Lets a block wait that came to its end. Returns one to be reused: the oldest of those that wait, the block itself if
 * it is too large to wait, or NULL. What waits is bounded (about 40 MiB). Lock-free. */
HZ_HIDDEN void *hz_zone_wait(void *block, size_t usable);

/* One of those that wait, to be reused, or NULL. */
HZ_HIDDEN void *hz_zone_resume(void);
