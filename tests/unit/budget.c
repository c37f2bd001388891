/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * budget.c -- the bytes that all bins share. */
#include "hz_atomic.h"
#include "hz_budget.h"
#include "hz_policy.h"
#include "unit.h"
#include <pthread.h>

enum { THREADS = 4, ROUNDS = 50000, STEP = 1000 };

static size_t all_bytes(void) { return hz_policy.budget_bytes; }

Test(budget, all_can_be_taken_and_not_a_byte_more) {
    cr_assert(all_bytes() > 0 && all_bytes() < PTRDIFF_MAX, "the tiny policy has a budget");
    hz_budget_init(0);
    cr_assert_not(hz_budget_take(all_bytes() + 1));
    cr_assert(hz_budget_take(all_bytes() - 1));
    cr_assert_not(hz_budget_take(2));
    cr_assert(hz_budget_take(1));
    cr_assert_not(hz_budget_take(1));
    cr_assert(hz_budget_take(0));
}

Test(budget, what_is_given_can_be_taken_again) {
    hz_budget_init(0);
    cr_assert(hz_budget_take(all_bytes()));
    hz_budget_give(10);
    cr_assert_not(hz_budget_take(11));
    cr_assert(hz_budget_take(10));
}

Test(budget, force_takes_what_is_not_there) {
    hz_budget_init(0);
    cr_assert(hz_budget_take(all_bytes()));
    hz_budget_force(100);
    hz_budget_give(100);
    cr_assert_not(hz_budget_take(1));
    hz_budget_give(1);
    cr_assert(hz_budget_take(1));
    cr_assert_not(hz_budget_take(0) && hz_budget_take(1));
}

Test(budget, init_leaves_out_what_is_used) {
    hz_budget_init(all_bytes() - 5);
    cr_assert_not(hz_budget_take(6));
    cr_assert(hz_budget_take(5));
    hz_budget_init(all_bytes() + 5);
    cr_assert_not(hz_budget_take(1));
    hz_budget_give(6);
    cr_assert(hz_budget_take(1));
}

static _Atomic(size_t) held;

static void *take_and_give(void *arg) {
    for (unsigned i = 0; i < ROUNDS; i++) {
        if (!hz_budget_take(STEP))
            continue;
        size_t now = hz_add_relaxed(&held, (size_t)STEP) + STEP;
        need(now <= all_bytes(), "%zu held of %zu", now, all_bytes());
        (void)hz_sub_relaxed(&held, (size_t)STEP);
        hz_budget_give(STEP);
    }
    return arg;
}

Test(budget, threads_never_hold_more_than_all) {
    pthread_t threads[THREADS];
    hz_budget_init(all_bytes() - 2 * STEP - STEP / 2);
    hz_store_relaxed(&held, all_bytes() - 2 * STEP - STEP / 2);
    for (unsigned i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, take_and_give, NULL), 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    cr_assert(hz_budget_take(2 * STEP + STEP / 2));
    cr_assert_not(hz_budget_take(1));
}
