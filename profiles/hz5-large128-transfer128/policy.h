/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz5-large128-transfer128: blocks of 64 to 128 KiB that travel between threads by a shared cache. */
#define HZ_P_NAME "hz5-large128-transfer128"
#define HZ_P_REMOTE HZ_REMOTE_TRANSFER  /* a block freed by one thread serves another, without its owner */
#define HZ_P_STRICT 1                   /* every pointer given to free gets an exact verdict */
#define HZ_P_TAKE_FIRST 0               /* oldest runs first: what came back last may come back more */
#define HZ_P_BIN_BYTES (2 * HZ_MIB)     /* 16 blocks of the largest class */
#define HZ_P_BIN_BLOCKS_MAX 128         /* no class keeps more than its next refills need */
#define HZ_P_BIN_BLOCKS_MIN 8           /* a batch from the cache fits */
#define HZ_P_BUDGET_BYTES PTRDIFF_MAX   /* threads do not ask each other */
#define HZ_P_BATCH_BYTES (512 * HZ_KIB) /* four of the largest travel together */
#define HZ_P_BATCH_BLOCKS_MIN 4         /* in fewer the lock costs more than the blocks */
#define HZ_P_BACKLOG_MAX 64             /* batches; then the owner sleeps, and the sender does its work */
#define HZ_P_TRANSFER_BLOCKS 128        /* of each class; beyond, blocks go home */
#define HZ_P_SUPPLY_RUNS 1              /* a run in advance may never be used */
#define HZ_P_HUGE_BYTES (256 * HZ_MIB)  /* above, one more mapping costs less than a hole in the arena */
#define HZ_P_REMAP_BYTES (32 * HZ_MIB)  /* above, moving page tables beats copying */
#define HZ_P_DECAY_MS 1000              /* and go when it does not come */
#define HZ_P_THP HZ_THP_DEFAULT         /* as the system is configured */
#define HZ_P_RANDOM HZ_RANDOM_ARENA     /* addresses that cannot be known cost nothing */
