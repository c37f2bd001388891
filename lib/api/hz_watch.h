/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_watch.h -- what changes while a tool watches the program's accesses (hz_memcheck.h): every call takes its slow
 * path, requests grow by a red zone, freed blocks wait, realloc always moves.
 * Does not: run unless hz_memcheck_is_on(). */
#pragma once
#include "hz_memcheck.h"
#include "hz_zone.h"

/* Sets the options that suit. Before any of them is looked at. */
HZ_HIDDEN void hz_watch_init(void);

/* The program gets the block, of hz_zone_add(size) bytes at least, or NULL. Returns it. */
HZ_HIDDEN void *hz_watch_begin(void *block, size_t size, bool is_zero);

/* The program gave a block of a class back. */
HZ_HIDDEN void hz_watch_end(void *block);

/* It freed what is no block of a class. Returns what is to be freed in its place, or NULL. */
HZ_HIDDEN void *hz_watch_free(void *block);

/* The block, which had so many bytes in all and may have more now, is to be of another size for the program. */
HZ_HIDDEN void hz_watch_resize(void *block, size_t usable, size_t size);

/* What the program asked for, of a block with so many usable bytes in all; 0 of none. */
HZ_INLINE size_t hz_watch_bytes(const void *block, size_t usable) {
    return hz_memcheck_is_on() && usable != 0 ? hz_zone_bytes(block, usable) : usable;
}

/* The size to take where size is asked for. */
HZ_INLINE size_t hz_watch_size(size_t size) { return hz_memcheck_is_on() ? hz_zone_add(size) : size; }
