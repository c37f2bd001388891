/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_fill.h -- what freed memory is overwritten with, and whether it is still so when it is handed out again.
 *
 * Free blocks lose whole pages to the kernel, and pages that never served read as zeros: so inside each page a
 * free block is either filled or zero.
 * Does not: know blocks or runs, or report. */
#pragma once
#include "hz_base.h"

enum hz_fill_kind { HZ_FILL_OFF, HZ_FILL_ZERO, HZ_FILL_JUNK };

struct hz_fill {
    enum hz_fill_kind kind;
    bool is_checked; /* memory must be found as it was filled; then kind is not off */
};

/* const after init; off until then */
extern struct hz_fill hz_fill HZ_HIDDEN;

/* To check without a kind means to fill with junk. */
HZ_HIDDEN void hz_fill_init(enum hz_fill_kind kind, bool is_checked);

/* Overwrites freed memory; the whole kernel pages of much of it go back to the kernel instead. */
HZ_HIDDEN void hz_fill_freed(void *start, size_t bytes);

/* The first byte that is not as hz_fill_freed left it, or bytes. */
HZ_HIDDEN size_t hz_fill_changed(const void *start, size_t bytes);
