/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_policy.h -- the numbers in which profiles differ, as the once-compiled core sees them.
 * One constant instance per library, made by profiles/profile.c from the profile's policy.h; what each
 * number means and why it has its value stands there. */
#pragma once
#include "hz_base.h"

enum hz_thp { HZ_THP_DEFAULT, HZ_THP_NEVER, HZ_THP_ALWAYS };

/* How a block travels back to the owner of its run. */
enum hz_remote { HZ_REMOTE_STASH };

struct hz_policy {
    const char *name;           /* of the profile */
    size_t bin_bytes;           /* most bytes of free blocks in one bin of a thread's cache */
    unsigned bin_blocks_max;    /* most blocks in one bin */
    unsigned bin_blocks_min;    /* a bin never shrinks below this */
    size_t batch_bytes;         /* a hand-back batch leaves when it holds this much, */
    unsigned batch_blocks_min;  /* in at least so many blocks */
    unsigned inbox_batches_max; /* beyond this many waiting batches the sender takes them in itself */
    size_t huge_bytes;          /* blocks from this size on get a mapping of their own */
    size_t remap_bytes;         /* a growing block from this size on moves by page table, not by copy */
    unsigned decay_ms;          /* free pages older than this go back to the kernel; 0: at once */
    enum hz_thp thp;            /* transparent huge pages for the arena */
};

extern const struct hz_policy hz_policy HZ_HIDDEN;
