/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_init.h -- brings the allocator up, once, on the first call that needs it. */
#pragma once
#include "hz_atomic.h"

extern _Atomic(bool) hz_init_done HZ_HIDDEN;
HZ_HIDDEN HZ_COLD bool hz_init_slow(void);

/* True when the allocator is up; tries to bring it up if not. False when the kernel gives no memory; the
 * next call tries again. */
HZ_INLINE bool hz_init(void) {
    /* Acquire pairs with the release in hz_init_slow: everything initialised travels. */
    return HZ_LIKELY(hz_load_acquire(&hz_init_done)) || hz_init_slow();
}
