/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz4-mt: message passing, many threads: freeing what others allocated is the common case. */
#define HZ_P_NAME "hz4-mt"
#define HZ_P_REMOTE HZ_REMOTE_STASH    /* one push hands over up to 62 blocks */
#define HZ_P_STRICT 0                  /* what others freed is judged when it comes home */
#define HZ_P_TAKE_FIRST 1              /* what a neighbour freed is at hand first */
#define HZ_P_BIN_BYTES (256 * HZ_KIB)  /* a whole batch that comes home fits */
#define HZ_P_BIN_BLOCKS_MAX 1024       /* a document, a batch: what is freed at once fits */
#define HZ_P_BIN_BLOCKS_MIN 8          /* what a class used once in a while keeps at hand */
#define HZ_P_BUDGET_BYTES PTRDIFF_MAX  /* threads do not ask each other */
#define HZ_P_BATCH_BYTES (1 * HZ_MIB)  /* more blocks per push; the owner has work enough meanwhile */
#define HZ_P_BATCH_BLOCKS_MIN 16       /* a push is the expensive part */
#define HZ_P_BACKLOG_MAX 32            /* then the owner sleeps, and the sender does its work */
#define HZ_P_TRANSFER_BLOCKS 0         /* blocks go home to their owners */
#define HZ_P_SUPPLY_RUNS 1             /* a run in advance may never be used; two are no faster */
#define HZ_P_HUGE_BYTES (256 * HZ_MIB) /* above, one more mapping costs less than a hole in the arena */
#define HZ_P_REMAP_BYTES (32 * HZ_MIB) /* above, moving page tables beats copying */
#define HZ_P_DECAY_MS 1000             /* long enough to serve the next burst from warm pages */
#define HZ_P_THP HZ_THP_DEFAULT        /* as the system is configured */
#define HZ_P_RANDOM HZ_RANDOM_ARENA    /* addresses that cannot be known cost nothing */
