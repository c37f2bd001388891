/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_budget.h -- the bytes that the bins of all threads together may grow to hold. A bin that wants to grow
 * takes some; one that shrinks gives them back, so that the budget moves to where it is used.
 * Does not: know whose bytes they are. Thread-safe. */
#pragma once
#include "hz_base.h"

/* Makes all of it available again but what is in use. */
HZ_HIDDEN void hz_budget_init(size_t used_bytes);

/* Takes bytes if there are as many. */
HZ_HIDDEN bool hz_budget_take(size_t bytes);

/* Takes bytes whether there are as many or not: the least that a bin needs is never refused. */
HZ_HIDDEN void hz_budget_force(size_t bytes);

HZ_HIDDEN void hz_budget_give(size_t bytes);
