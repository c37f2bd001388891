/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz5-large128-source16: throughput of blocks of 64 to 128 KiB by wide supply. */
#define HZ_P_NAME "hz5-large128-source16"
#define HZ_P_REMOTE HZ_REMOTE_PAGE     /* nothing is held back by the sender */
#define HZ_P_STRICT 1                  /* every pointer given to free gets an exact verdict */
#define HZ_P_TAKE_FIRST 0              /* oldest runs first: what came back last may come back more */
#define HZ_P_BIN_BYTES (2 * HZ_MIB)    /* 16 blocks of the largest class */
#define HZ_P_BIN_BLOCKS_MAX 128        /* no class keeps more than its next refills need */
#define HZ_P_BIN_BLOCKS_MIN 8          /* half of them at once */
#define HZ_P_BUDGET_BYTES PTRDIFF_MAX  /* threads do not ask each other */
#define HZ_P_BATCH_BYTES (64 * HZ_KIB) /* not used by this remote strategy */
#define HZ_P_BATCH_BLOCKS_MIN 1        /* not used by this remote strategy */
#define HZ_P_BACKLOG_MAX 32            /* runs; then the sender collects for the owner */
#define HZ_P_TRANSFER_BLOCKS 0         /* blocks go home to their owners */
#define HZ_P_SUPPLY_RUNS 16            /* one visit to the source serves 64 large blocks */
#define HZ_P_HUGE_BYTES (256 * HZ_MIB) /* above, one more mapping costs less than a hole in the arena */
#define HZ_P_REMAP_BYTES (32 * HZ_MIB) /* above, moving page tables beats copying */
#define HZ_P_DECAY_MS 1000             /* and go when it does not come */
#define HZ_P_THP HZ_THP_DEFAULT        /* as the system is configured */
#define HZ_P_RANDOM HZ_RANDOM_ARENA    /* addresses that cannot be known cost nothing */
