/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * tiny: a test policy that hits every limit: two blocks per cache, nothing retained. */
#define HZ_P_NAME "tiny"
#define HZ_P_REMOTE HZ_REMOTE_STASH /* blocks of others leave in batches, one push each */
#define HZ_P_STRICT 0               /* what others freed is judged when it comes home */
#define HZ_P_TAKE_FIRST 0           /* oldest runs first: what came back last may come back more */
#define HZ_P_BIN_BYTES 32
#define HZ_P_BIN_BLOCKS_MAX 2
#define HZ_P_BIN_BLOCKS_MIN 1
#define HZ_P_BUDGET_BYTES (64 * HZ_KIB)
#define HZ_P_BATCH_BYTES 64
#define HZ_P_BATCH_BLOCKS_MIN 1
#define HZ_P_BACKLOG_MAX 1
#define HZ_P_TRANSFER_BLOCKS 0 /* blocks go home to their owners */
#define HZ_P_SUPPLY_RUNS 1
#define HZ_P_HUGE_BYTES (1 * HZ_MIB)
#define HZ_P_REMAP_BYTES (192 * HZ_KIB)
#define HZ_P_DECAY_MS 0
#define HZ_P_THP HZ_THP_DEFAULT     /* as the system is configured */
#define HZ_P_RANDOM HZ_RANDOM_ARENA /* addresses that cannot be known cost nothing */
