/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_policy.h -- the numbers in which profiles differ, as the once-compiled core sees them.
 * One constant instance per library, made by profiles/profile.c from the profile's policy.h; what each
 * number means and why it has its value stands there. */
#pragma once
#include "hz_random.h"

enum hz_thp { HZ_THP_DEFAULT, HZ_THP_NEVER, HZ_THP_ALWAYS };

/* How a block that another thread freed travels back; lib/central has a file for each. */
enum hz_remote {
    HZ_REMOTE_STASH,    /* collected by the sender per owner, and handed over in batches: hz_stash.c */
    HZ_REMOTE_PAGE,     /* a bit in the run's descriptor; the run is queued at its owner: hz_page.c */
    HZ_REMOTE_TRANSFER, /* collected per class, for whoever runs dry next: hz_transfer.c */
};

struct hz_remote_ops; /* lib/central/hz_remote.h */

/* Each number's reasons stand in the profiles. Bins belong to a thread, one per class. */
struct hz_policy {
    const char *name; /* of the profile */
    enum hz_remote remote;
    const struct hz_remote_ops *remote_ops; /* of that strategy */
    bool is_take_first;                     /* runs that blocks came back to serve the next refills */
    bool is_strict;              /* also what belongs to other threads is judged when it is freed, not later */
    size_t bin_bytes;            /* most bytes of free blocks in one bin */
    unsigned bin_blocks_max;     /* most blocks in one bin */
    unsigned bin_blocks_min;     /* a bin never shrinks below this */
    size_t budget_bytes;         /* most bytes that all bins of all threads may grow to hold */
    size_t batch_bytes;          /* a batch leaves the sender when it holds this much, */
    unsigned batch_blocks_min;   /* in at least so many blocks */
    unsigned backlog_max;        /* beyond this many waiting batches or runs the sender takes them in itself */
    unsigned transfer_blocks;    /* most blocks of a class on their way through the transfer cache */
    unsigned supply_runs;        /* runs that a refill takes from the source at a time */
    size_t huge_bytes;           /* blocks from this size on get a mapping of their own */
    size_t remap_bytes;          /* a growing block from this size on moves by page table, not by copy */
    unsigned decay_ms;           /* free pages older than this go back to the kernel; 0: at once */
    enum hz_thp thp;             /* transparent huge pages for the arena */
    enum hz_random_level random; /* what lies where by chance */
};

extern const struct hz_policy hz_policy HZ_HIDDEN;
