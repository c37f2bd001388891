/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * core.h -- a core that is up to owners, as no program would bring it up: nothing decays. */
#pragma once
#include "hz_central.h"
#include "hz_owner.h"
#include "hz_policy.h"
#include "hz_source.h"
#include "tap.h"

/* Whose blocks others free; an owner without a thread of the library. */
static inline struct hz_owner *core_start(void) {
    hz_class_init(HZ_CLASS_MAX_BYTES);
    hz_source_init(1000000, HZ_THP_DEFAULT);
    hz_central_init(false);
    if (!hz_map_init(64 * HZ_MIB) || !hz_owner_init())
        tap_bail("no memory");
    static int front;
    struct hz_owner *owner = hz_owner_create(&front);
    if (owner == NULL)
        tap_bail("no owner");
    return owner;
}
