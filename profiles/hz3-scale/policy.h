/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz3-scale: local-heavy work, the smallest fast path, a small footprint. The default profile. */
#define HZ_P_NAME "hz3-scale"
#define HZ_P_REMOTE HZ_REMOTE_STASH     /* blocks of others leave in batches, one push each */
#define HZ_P_STRICT 0                   /* what others freed is judged when it comes home */
#define HZ_P_TAKE_FIRST 0               /* oldest runs first: what came back last may come back more */
#define HZ_P_BIN_BYTES (128 * HZ_KIB)   /* per class and thread; twice that is no faster and pins more */
#define HZ_P_BIN_BLOCKS_MAX 1024        /* a document, a batch: what is freed at once fits */
#define HZ_P_BIN_BLOCKS_MIN 8           /* what a class used once in a while keeps at hand */
#define HZ_P_BUDGET_BYTES PTRDIFF_MAX   /* threads do not ask each other */
#define HZ_P_BATCH_BYTES (256 * HZ_KIB) /* most that one batch holds back from its owner */
#define HZ_P_BATCH_BLOCKS_MIN 8         /* in fewer the push costs more than the blocks */
#define HZ_P_BACKLOG_MAX 64             /* then the owner sleeps, and the sender does its work */
#define HZ_P_TRANSFER_BLOCKS 0          /* blocks go home to their owners */
#define HZ_P_SUPPLY_RUNS 1              /* a run in advance may never be used */
#define HZ_P_HUGE_BYTES (256 * HZ_MIB)  /* above, one more mapping costs less than a hole in the arena */
#define HZ_P_REMAP_BYTES (32 * HZ_MIB)  /* above, moving page tables beats copying */
#define HZ_P_DECAY_MS 1000              /* long enough to serve the next burst from warm pages */
#define HZ_P_THP HZ_THP_DEFAULT         /* as the system is configured */
#define HZ_P_RANDOM HZ_RANDOM_ARENA     /* addresses that cannot be known cost nothing */
