/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_free_runs.h -- the free runs of one kind, found by size.
 * Lists of one length up to 32 pages, then four lists per doubling; a bitmap of the lists that hold
 * something. Does not: lock, merge, or touch the page map. */
#pragma once
#include "hz_bits.h"
#include "hz_desc.h"

enum { HZ_FREE_EXACT = 32, HZ_FREE_LISTS = HZ_FREE_EXACT + 4 * 20 };

struct hz_free_runs {
    uint64_t occupied[(HZ_FREE_LISTS + 63) / 64];
    struct hz_list lists[HZ_FREE_LISTS];
    size_t page_count; /* in all runs together */
};

HZ_HIDDEN void hz_free_runs_init(struct hz_free_runs *runs);
HZ_HIDDEN void hz_free_runs_insert(struct hz_free_runs *runs, struct hz_desc *desc);
HZ_HIDDEN void hz_free_runs_remove(struct hz_free_runs *runs, struct hz_desc *desc);

/* A run of at least page_count pages, still inserted, or NULL. Nearly the best fit: the first that fits
 * in the list of its own size, else the first of the next list. */
HZ_HIDDEN struct hz_desc *hz_free_runs_find(struct hz_free_runs *runs, size_t page_count);
