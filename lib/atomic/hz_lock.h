/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_lock.h -- a mutual exclusion lock of one word that sleeps in the kernel when it must wait.
 * Not recursive. A thread takes locks in the order of their ranks, lowest first; in checked builds a
 * violation traps. */
#pragma once
#include "hz_atomic.h"

/* Lowest first. Locks of one rank are held together only by fork, in the order of owner numbers. */
enum hz_rank {
    HZ_RANK_INIT,
    HZ_RANK_DECAY,
    HZ_RANK_OWNER_TABLE,
    HZ_RANK_OWNER,
    HZ_RANK_COMMONS,
    HZ_RANK_TRANSFER,
    HZ_RANK_SOURCE,
    HZ_RANK_HUGE,
    HZ_RANK_GUARD,
    HZ_RANK_BATCH_POOL,
    HZ_RANK_FRONT_POOL,
    HZ_RANK_META,
    HZ_RANK_NOTES,
    HZ_RANK_COUNT
};

/* 0 free, 1 held, 2 held and someone may sleep. Acquire on taking pairs with release on giving back;
 * what the lock protects travels. */
struct hz_lock {
    _Atomic(uint32_t) word;
    uint32_t rank; /* const */
};

#define HZ_LOCK_INIT(lock_rank) \
    { 0, (lock_rank) }

/* Between the two calls the calling thread holds every lock that fork must not tear, and for it taking and
 * giving any lock do nothing, and trying fails: fork handlers of others that run in between may allocate. */
HZ_HIDDEN void hz_lock_fork_begin(void);
HZ_HIDDEN void hz_lock_fork_end(void);

/* The thread between those calls; 0 when there is none. */
extern _Atomic(uintptr_t) hz_lock_fork_thread HZ_HIDDEN;
HZ_HIDDEN HZ_COLD bool hz_lock_is_forking(void);

HZ_HIDDEN HZ_COLD void hz_lock_wait(struct hz_lock *lock);
HZ_HIDDEN HZ_COLD void hz_lock_wake(struct hz_lock *lock);
HZ_HIDDEN void hz_lock_check_take(const struct hz_lock *lock);
HZ_HIDDEN void hz_lock_check_give(const struct hz_lock *lock);

/* Relaxed: only the thread itself finds its own mark there. */
HZ_INLINE bool hz_lock_passes(void) {
    return HZ_UNLIKELY(hz_load_relaxed(&hz_lock_fork_thread) != 0) && hz_lock_is_forking();
}

HZ_INLINE void hz_lock_take(struct hz_lock *lock) {
    uint32_t free_word = 0;
    if (hz_lock_passes())
        return;
    if (HZ_CHECKS)
        hz_lock_check_take(lock);
    if (HZ_UNLIKELY(!hz_cas_acquire(&lock->word, &free_word, 1)))
        hz_lock_wait(lock);
}

/* Takes the lock if nobody holds it. */
HZ_INLINE bool hz_lock_try(struct hz_lock *lock) {
    uint32_t free_word = 0;
    if (hz_lock_passes() || hz_load_relaxed(&lock->word) != 0 || !hz_cas_acquire(&lock->word, &free_word, 1))
        return false;
    if (HZ_CHECKS)
        hz_lock_check_take(lock);
    return true;
}

HZ_INLINE void hz_lock_give(struct hz_lock *lock) {
    if (hz_lock_passes())
        return;
    if (HZ_CHECKS)
        hz_lock_check_give(lock);
    if (HZ_UNLIKELY(hz_exchange_release(&lock->word, 0) == 2))
        hz_lock_wake(lock);
}

/* In a forked child: whoever held or awaited the lock is gone. */
HZ_INLINE void hz_lock_reset(struct hz_lock *lock) { hz_store_relaxed(&lock->word, 0); }

/* Forgets the calling thread's held ranks; for the forked child, which resets all locks. */
HZ_HIDDEN void hz_lock_check_reset(void);
