/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * atomic.c -- the lock. */
#include "child.h"
#include "hz_lock.h"
#include "unit.h"
#include <pthread.h>

enum { THREADS = 4, ROUNDS = 200000 };

static struct hz_lock lock = HZ_LOCK_INIT(HZ_RANK_SOURCE);
static uint64_t counter; /* lock; not atomic on purpose */

static void *count_with_take(void *arg) {
    for (unsigned i = 0; i < ROUNDS; i++) {
        hz_lock_take(&lock);
        counter++;
        hz_lock_give(&lock);
    }
    return arg;
}

static void *count_with_try(void *arg) {
    for (unsigned i = 0; i < ROUNDS;) {
        if (!hz_lock_try(&lock))
            continue;
        counter++;
        hz_lock_give(&lock);
        i++;
    }
    return arg;
}

static void run_threads(void *(*first)(void *), void *(*second)(void *)) {
    pthread_t threads[THREADS];
    for (unsigned i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, i % 2 == 0 ? first : second, NULL), 0);
    for (unsigned i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_join(threads[i], NULL), 0);
    cr_assert_eq(counter, (uint64_t)THREADS * ROUNDS);
    cr_assert_eq(hz_load_relaxed(&lock.word), 0);
}

Test(lock, take_excludes) { run_threads(count_with_take, count_with_take); }

Test(lock, take_and_try_exclude) { run_threads(count_with_take, count_with_try); }

static void *try_once(void *ret_taken) {
    *(bool *)ret_taken = hz_lock_try(&lock);
    if (*(bool *)ret_taken)
        hz_lock_give(&lock);
    return NULL;
}

static bool try_elsewhere(void) {
    pthread_t thread;
    bool taken = false;
    cr_assert_eq(pthread_create(&thread, NULL, try_once, &taken), 0);
    pthread_join(thread, NULL);
    return taken;
}

Test(lock, try_fails_while_held) {
    cr_assert(hz_lock_try(&lock));
    cr_assert_not(try_elsewhere());
    hz_lock_give(&lock);
    cr_assert(try_elsewhere());
    hz_lock_take(&lock);
    cr_assert_not(try_elsewhere());
    hz_lock_give(&lock);
}

Test(lock, reset_frees) {
    hz_lock_take(&lock);
    hz_lock_reset(&lock);
    hz_lock_check_reset();
    cr_assert(hz_lock_try(&lock));
    hz_lock_give(&lock);
}

/* A held lock's owner may take and give it in vain while it forks. */
Test(lock, forking_thread_passes_and_others_do_not) {
    hz_lock_take(&lock);
    hz_lock_fork_begin();
    hz_lock_take(&lock);
    hz_lock_give(&lock);
    cr_assert_not(try_elsewhere());
    hz_lock_fork_end();
    hz_lock_give(&lock);
    cr_assert(try_elsewhere());
}

static void take_in_wrong_order(void *arg) {
    (void)arg;
    struct hz_lock lower = HZ_LOCK_INIT(HZ_RANK_OWNER);
    hz_lock_take(&lock);
    hz_lock_take(&lower);
}

Test(lock, wrong_order_traps_in_checked_builds) {
    static struct child child;
    cr_assert(child_run(&child, take_in_wrong_order, NULL));
    cr_assert_eq(WIFSIGNALED(child.status) != 0, HZ_CHECKS != 0);
}

Test(atomic, counters_add_up) {
    hz_counter sum = 0;
    hz_count(&sum, 3);
    hz_count(&sum, 4);
    cr_assert_eq(hz_load_relaxed(&sum), 7);
}
