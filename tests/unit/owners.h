/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * owners.h -- a core that is up to owners, for tests of the floors above them. */
#pragma once
#include "hz_central.h"
#include "hz_policy.h"
#include "hz_source.h"
#include "unit.h"

/* Nothing decays while a test runs. */
static inline void unit_start_owners(void) {
    hz_class_init(HZ_CLASS_MAX_BYTES);
    hz_source_init(1000000, HZ_THP_DEFAULT);
    cr_assert(hz_map_init(64 * HZ_MIB));
    cr_assert(hz_owner_init());
    hz_central_init(false);
}
