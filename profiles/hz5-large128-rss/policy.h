/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz5-large128-rss: the lowest resident memory for blocks of 64 to 128 KiB and above. */
#define HZ_P_NAME "hz5-large128-rss"
#define HZ_P_REMOTE HZ_REMOTE_PAGE     /* nothing is held back by the sender */
#define HZ_P_STRICT 1                  /* every pointer given to free gets an exact verdict */
#define HZ_P_TAKE_FIRST 0              /* oldest runs first: what came back last may come back more */
#define HZ_P_BIN_BYTES (16 * HZ_KIB)   /* large blocks are not kept in threads at all but for two */
#define HZ_P_BIN_BLOCKS_MAX 64         /* small blocks neither */
#define HZ_P_BIN_BLOCKS_MIN 2          /* a large class keeps one block more than it hands out */
#define HZ_P_BUDGET_BYTES PTRDIFF_MAX  /* threads do not ask each other */
#define HZ_P_BATCH_BYTES (64 * HZ_KIB) /* not used by this remote strategy */
#define HZ_P_BATCH_BLOCKS_MIN 1        /* not used by this remote strategy */
#define HZ_P_BACKLOG_MAX 8             /* what came back is collected soon */
#define HZ_P_TRANSFER_BLOCKS 0         /* blocks go home to their owners */
#define HZ_P_SUPPLY_RUNS 1             /* a run in advance may never be used */
#define HZ_P_HUGE_BYTES (256 * HZ_MIB) /* above, one more mapping costs less than a hole in the arena */
#define HZ_P_REMAP_BYTES (32 * HZ_MIB) /* above, moving page tables beats copying */
#define HZ_P_DECAY_MS 25               /* nothing that is not hot; 10 refaults more than it saves */
#define HZ_P_THP HZ_THP_DEFAULT        /* as the system is configured */
#define HZ_P_RANDOM HZ_RANDOM_ARENA    /* addresses that cannot be known cost nothing */
