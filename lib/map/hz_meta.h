/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_meta.h -- memory for the allocator's own structures, apart from everything users hold: in a few
 * regions, with space that nobody can touch before and behind each.
 * Zeroed when handed out. Small pieces come from chunks and are recycled by size; large ones have their
 * pages returned to the kernel while they wait. Thread-safe (lock: meta).
 * Does not: give address space back. */
#pragma once
#include "hz_base.h"

/* bytes of zeroed memory, aligned to a cache line; NULL when the kernel refuses. */
HZ_HIDDEN void *hz_meta_alloc(size_t bytes);

/* Takes back what hz_meta_alloc(bytes) returned. */
HZ_HIDDEN void hz_meta_free(void *start, size_t bytes);

/* Bytes taken from the kernel so far. */
HZ_HIDDEN size_t hz_meta_bytes(void);

/* For fork. */
HZ_HIDDEN void hz_meta_lock(void);
HZ_HIDDEN void hz_meta_unlock(void);
HZ_HIDDEN void hz_meta_reset_lock(void);
