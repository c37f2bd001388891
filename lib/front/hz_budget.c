/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_budget.c -- see hz_budget.h. */
#include "hz_budget.h"

#include "hz_atomic.h"
#include "hz_policy.h"

/* Relaxed everywhere: a count that nothing is ordered with. Negative after forced takes. */
static _Atomic(intptr_t) left;

void hz_budget_init(size_t used_bytes) {
    hz_store_relaxed(&left, (intptr_t)hz_policy.budget_bytes - (intptr_t)used_bytes);
}

bool hz_budget_take(size_t bytes) {
    intptr_t present = hz_load_relaxed(&left);
    do {
        if (present < (intptr_t)bytes)
            return false;
    } while (!hz_cas_weak_relaxed(&left, &present, present - (intptr_t)bytes));
    return true;
}

void hz_budget_force(size_t bytes) { (void)hz_sub_relaxed(&left, (intptr_t)bytes); }

void hz_budget_give(size_t bytes) { (void)hz_add_relaxed(&left, (intptr_t)bytes); }
