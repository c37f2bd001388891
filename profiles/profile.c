/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * profile.c -- makes a profile of the core and one policy.h: compiled once per profile, with that profile's
 * folder first on the include path. HZ_SHIM says whether the standard names are wanted. */
#include "hz_policy.h"
#include "policy.h"

#if HZ_SHIM
#include "hz_shim_tmpl.h"
#else
#include "hz_api_tmpl.h"
#endif

_Static_assert(HZ_P_BIN_BLOCKS_MIN >= 1 && HZ_P_BIN_BLOCKS_MIN <= HZ_P_BIN_BLOCKS_MAX, "bins");
_Static_assert(HZ_P_BIN_BLOCKS_MAX >= 2 && HZ_P_BIN_BLOCKS_MAX <= 4096, "a bin's count is 16 bits");
_Static_assert(HZ_P_HUGE_BYTES > HZ_CLASS_MAX_BYTES, "classes come first");
_Static_assert(HZ_P_REMAP_BYTES >= HZ_PAGE, "whole pages move");
_Static_assert(HZ_P_REMOTE == HZ_REMOTE_STASH, "a strategy that exists");

const struct hz_policy hz_policy = {
    .name = HZ_P_NAME,
    .bin_bytes = HZ_P_BIN_BYTES,
    .bin_blocks_max = HZ_P_BIN_BLOCKS_MAX,
    .bin_blocks_min = HZ_P_BIN_BLOCKS_MIN,
    .batch_bytes = HZ_P_BATCH_BYTES,
    .batch_blocks_min = HZ_P_BATCH_BLOCKS_MIN,
    .inbox_batches_max = HZ_P_INBOX_BATCHES_MAX,
    .huge_bytes = HZ_P_HUGE_BYTES,
    .remap_bytes = HZ_P_REMAP_BYTES,
    .decay_ms = HZ_P_DECAY_MS,
    .thp = HZ_P_THP,
};
