/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * profile.c -- makes a profile of the core and one policy.h: compiled once per profile, with that profile's
 * folder first on the include path. HZ_SHIM says whether the standard names are wanted. */
#include "hz_policy.h"
#include "hz_remote.h"
#include "policy.h"

#if HZ_SHIM
#include "hz_shim_tmpl.h"
#else
#include "hz_api_tmpl.h"
#endif

_Static_assert(HZ_P_STRICT == 0 || HZ_P_STRICT == 1, "a truth value");
_Static_assert(HZ_P_STRICT || HZ_P_REMOTE == HZ_REMOTE_STASH, "only batches are claimed when they come home");
_Static_assert(HZ_P_TAKE_FIRST == 0 || HZ_P_TAKE_FIRST == 1, "a truth value");
_Static_assert(HZ_P_BIN_BLOCKS_MIN >= 1 && HZ_P_BIN_BLOCKS_MIN <= HZ_P_BIN_BLOCKS_MAX, "bins");
_Static_assert(HZ_P_BIN_BLOCKS_MAX >= 2 && HZ_P_BIN_BLOCKS_MAX <= 4096, "a bin's count is 16 bits");
_Static_assert(HZ_P_BUDGET_BYTES <= PTRDIFF_MAX, "the budget is counted with a sign");
_Static_assert(HZ_P_SUPPLY_RUNS >= 1, "a refill needs a run");
_Static_assert((HZ_P_REMOTE == HZ_REMOTE_TRANSFER) == (HZ_P_TRANSFER_BLOCKS > 0), "one needs the other");
_Static_assert(HZ_P_HUGE_BYTES > HZ_CLASS_MAX_BYTES, "classes come first");
_Static_assert(HZ_P_REMAP_BYTES >= HZ_PAGE, "whole pages move");

const struct hz_policy hz_policy = {
    .name = HZ_P_NAME,
    .remote = HZ_P_REMOTE,
    .remote_ops = HZ_P_REMOTE == HZ_REMOTE_PAGE       ? &hz_page_ops
                  : HZ_P_REMOTE == HZ_REMOTE_TRANSFER ? &hz_transfer_ops
                                                      : &hz_stash_ops,
    .is_strict = HZ_P_STRICT,
    .is_take_first = HZ_P_TAKE_FIRST,
    .bin_bytes = HZ_P_BIN_BYTES,
    .bin_blocks_max = HZ_P_BIN_BLOCKS_MAX,
    .bin_blocks_min = HZ_P_BIN_BLOCKS_MIN,
    .budget_bytes = HZ_P_BUDGET_BYTES,
    .batch_bytes = HZ_P_BATCH_BYTES,
    .batch_blocks_min = HZ_P_BATCH_BLOCKS_MIN,
    .backlog_max = HZ_P_BACKLOG_MAX,
    .transfer_blocks = HZ_P_TRANSFER_BLOCKS,
    .supply_runs = HZ_P_SUPPLY_RUNS,
    .huge_bytes = HZ_P_HUGE_BYTES,
    .remap_bytes = HZ_P_REMAP_BYTES,
    .decay_ms = HZ_P_DECAY_MS,
    .thp = HZ_P_THP,
    .random = HZ_P_RANDOM,
};
