/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * tiny-page: as tiny, strict, with the remote strategy page. */
#define HZ_P_NAME "tiny-page"
#define HZ_P_REMOTE HZ_REMOTE_PAGE
#define HZ_P_STRICT 1
#define HZ_P_TAKE_FIRST 1
#define HZ_P_BIN_BYTES 32
#define HZ_P_BIN_BLOCKS_MAX 2
#define HZ_P_BIN_BLOCKS_MIN 1
#define HZ_P_BUDGET_BYTES (64 * HZ_KIB)
#define HZ_P_BATCH_BYTES 64
#define HZ_P_BATCH_BLOCKS_MIN 1
#define HZ_P_BACKLOG_MAX 1
#define HZ_P_TRANSFER_BLOCKS 0
#define HZ_P_SUPPLY_RUNS 3
#define HZ_P_HUGE_BYTES (1 * HZ_MIB)
#define HZ_P_REMAP_BYTES (192 * HZ_KIB)
#define HZ_P_DECAY_MS 0
#define HZ_P_THP HZ_THP_DEFAULT
#define HZ_P_RANDOM HZ_RANDOM_ARENA /* addresses that cannot be known cost nothing */
