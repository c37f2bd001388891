/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_large.h -- blocks above the classes: whole pages of an arena, or from a limit on a mapping of their own.
 * They have no owner; any thread may free them. Thread-safe.
 * Does not: keep anything back; the source decides how long freed pages stay. */
#pragma once
#include "hz_desc.h"

/* The sizes from which a block gets its own mapping, and from which a growing one moves to one. */
HZ_HIDDEN void hz_large_init(size_t huge_bytes, size_t remap_bytes);

/* A block of at least size bytes aligned to alignment (a power of two); *ret_is_zero tells whether it reads
 * as zeros. NULL when memory lacks. */
HZ_HIDDEN void *hz_large_take(size_t size, size_t alignment, bool *ret_is_zero);

/* Frees the large block of an arena that desc describes; false if another thread has just freed it. */
HZ_HIDDEN bool hz_large_give(struct hz_arena *arena, struct hz_desc *desc);

/* Makes the arena's large block hold size bytes: in place, or, when it is long enough for that to pay, by
 * moving its pages to a mapping of their own. NULL, with the block as it was, when neither can be done. */
HZ_HIDDEN void *hz_large_resize(struct hz_arena *arena, struct hz_desc *desc, size_t size, bool may_move);

/* Bytes of the arena's large block: whole pages. */
HZ_INLINE size_t hz_large_bytes(const struct hz_desc *desc) { return (size_t)desc->page_count << HZ_PAGE_LOG2; }

/* The same; its user may write them all from now on. */
HZ_HIDDEN size_t hz_large_tell(struct hz_desc *desc);

/* Somebody asked for good sizes, and may write as much of any block without asking for its own. */
HZ_HIDDEN void hz_large_tell_good(void);

/* Those of them that its user may have written: what was asked for, or all, if anybody was told of more. What nobody
 * wrote is not worth a copy, and to read it would make the kernel map pages. */
HZ_HIDDEN size_t hz_large_written(const struct hz_desc *desc);

/* What hz_large_take(size) makes usable; 0 if no such block can exist. */
HZ_HIDDEN size_t hz_large_good_size(size_t size);
