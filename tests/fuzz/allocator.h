/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * allocator.h -- the direct names under one spelling, so that one harness serves every profile: hkz_* for
 * profiles of the core, hz7_* (FUZZ_HZ7) for hz7-tiny, which lacks some. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FUZZ_HUGE_BYTES = 1 << 20 };

/* What both have in their statistics. */
struct heap_figures {
    uint64_t allocated, spare, free, cached, dirty, mapped, reserved;
};

#ifdef FUZZ_HZ7
#include "allocator_hz7.h"
#else
#include "allocator_hkz.h"
#endif
