/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * tiny: a test policy that hits every limit: two blocks per cache, little retained. */
#define HZ_P_NAME "tiny"
#define HZ_P_REMOTE HZ_REMOTE_STASH          /* blocks of others leave in batches, one push each */
#define HZ_P_BIN_BYTES 32                    /* so every bin is two blocks */
#define HZ_P_BIN_BLOCKS_MAX 2
#define HZ_P_BIN_BLOCKS_MIN 1
#define HZ_P_BATCH_BYTES 64                  /* few blocks per batch */
#define HZ_P_BATCH_BLOCKS_MIN 1
#define HZ_P_INBOX_BATCHES_MAX 1
#define HZ_P_HUGE_BYTES (1 * HZ_MIB)
#define HZ_P_REMAP_BYTES (192 * HZ_KIB)
#define HZ_P_DECAY_MS 0                      /* every return purges */
#define HZ_P_THP HZ_THP_DEFAULT              /* as the system is configured */
