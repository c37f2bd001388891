/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_source.h -- page runs: taken from arenas, split, merged, kept for a while, returned to the kernel.
 *
 * Free runs are either dirty (may be resident) or clean (known to read as zeros). Dirty ones are handed out
 * first; those that stay dirty longer than the decay time are purged by hz_source_decay. Neighbours of one
 * kind merge. Thread-safe (lock: source).
 * Does not: know classes or owners.
 *
 * inv. 1: every page below an arena's fresh_page is in exactly one run.
 * inv. 2: a free run's first and last descriptor say so, and no two neighbours of one kind are both free. */
#pragma once
#include "hz_desc.h"

/* decay_ms as the option says; 0 purges on every return. */
HZ_HIDDEN void hz_source_init(uint32_t decay_ms, int thp);

/* New numbers for placing runs by chance, if the level asks for it; for a forked child, too. */
HZ_HIDDEN void hz_source_reseed(void);

/* page_count pages at an address that is a multiple of alignment (a power of two). The descriptor has
 * page_count, back and is_dirty (false: reads as zeros) set; the caller sets the rest and the tags.
 * NULL when neither arena nor kernel has room; then everything dirty was purged and tried again. */
HZ_HIDDEN struct hz_desc *hz_source_take(size_t page_count, size_t alignment, struct hz_arena **ret_arena);

/* Up to run_count runs of page_count pages each, next to each other: the descriptor of the first, and how
 * many there are. */
HZ_HIDDEN struct hz_desc *hz_source_take_runs(size_t page_count, unsigned run_count, struct hz_arena **ret_arena,
                                              unsigned *ret_count);

/* Counts a run just taken as a large block, which it is until it is given back. */
HZ_HIDDEN void hz_source_mark_large(struct hz_desc *desc);

/* Gives a run back. Its tags say already that it is no more. */
HZ_HIDDEN void hz_source_give(struct hz_arena *arena, struct hz_desc *desc);

/* Makes a large block's run page_count pages long in place; false when what follows is taken. */
HZ_HIDDEN bool hz_source_extend(struct hz_arena *arena, struct hz_desc *desc, size_t page_count);

/* Gives back the pages of a large block's run from page_count on. */
HZ_HIDDEN void hz_source_shrink(struct hz_arena *arena, struct hz_desc *desc, size_t page_count);

/* In a forked child, which has one thread: pages that others were purging are free. */
HZ_HIDDEN void hz_source_recover(void);

/* Returns to the kernel what is dirty for longer than the decay time, some MiB at a time. Returns whether
 * more is left to do. */
HZ_HIDDEN bool hz_source_decay(uint32_t now_ms);

/* Returns everything dirty; the bytes. */
HZ_HIDDEN size_t hz_source_purge_all(void);

struct hz_source_counts {
    size_t active_pages, dirty_pages, clean_pages; /* clean includes committed pages never handed out */
    size_t large_pages, large_blocks;              /* of active_pages, those of large blocks */
    uint64_t purges, purged_bytes;
};
HZ_HIDDEN struct hz_source_counts hz_source_count(void);

HZ_HIDDEN void hz_source_lock(void);
HZ_HIDDEN void hz_source_unlock(void);
HZ_HIDDEN void hz_source_reset_lock(void);

/* Traps unless the invariants hold; for tests. */
HZ_HIDDEN void hz_source_validate(void);
