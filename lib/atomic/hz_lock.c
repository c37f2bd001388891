/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_lock.c -- the slow side of hz_lock.h, and the rank check. */
#include "hz_lock.h"

#include "hz_os.h"

enum { SPIN_ROUNDS = 40 };

_Atomic(uintptr_t) hz_lock_fork_thread;

/* Held counts by rank, of the calling thread, in checked builds; its address tells threads apart. */
static __thread uint32_t held[HZ_CHECKS ? HZ_RANK_COUNT : 1] __attribute__((tls_model("initial-exec")));

bool hz_lock_is_forking(void) { return hz_load_relaxed(&hz_lock_fork_thread) == (uintptr_t)held; }

void hz_lock_fork_begin(void) { hz_store_relaxed(&hz_lock_fork_thread, (uintptr_t)held); }
void hz_lock_fork_end(void) { hz_store_relaxed(&hz_lock_fork_thread, 0); }

void hz_lock_wait(struct hz_lock *lock) {
    for (unsigned i = 0; i < SPIN_ROUNDS; i++) {
        uint32_t free_word = 0;
        if (hz_load_relaxed(&lock->word) == 0 && hz_cas_acquire(&lock->word, &free_word, 1))
            return;
        HZ_RELAX();
    }
    /* From here on the word says 2, so that whoever gives the lock back wakes a sleeper. */
    while (hz_exchange_acquire(&lock->word, 2) != 0) {
        if (hz_lock_is_forking()) /* a signal handler forked while this thread waited */
            return;
        hz_os_wait(&lock->word, 2);
    }
}

void hz_lock_wake(struct hz_lock *lock) { hz_os_wake_one(&lock->word); }

/* Only checked builds reach the functions below. */

void hz_lock_check_take(const struct hz_lock *lock) {
    for (unsigned rank = lock->rank + 1; HZ_CHECKS && rank < HZ_RANK_COUNT; rank++)
        HZ_ASSERT(held[rank] == 0);
    held[HZ_CHECKS ? lock->rank : 0]++;
}

void hz_lock_check_give(const struct hz_lock *lock) {
    HZ_ASSERT(held[HZ_CHECKS ? lock->rank : 0] > 0);
    held[HZ_CHECKS ? lock->rank : 0]--;
}

void hz_lock_check_reset(void) {
    for (unsigned rank = 0; HZ_CHECKS && rank < HZ_RANK_COUNT; rank++)
        held[rank] = 0;
}
