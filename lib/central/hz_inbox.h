/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_inbox.h -- blocks that other threads freed, on their way back to the owner of their run.
 *
 * An owner's inbox is a chain, newest first, that anybody pushes to and only a holder of the owner's lock
 * takes, whole. Its members are batches, which carry blocks without touching them, and runs, whose
 * descriptors say which of their blocks are pending.
 * Does not: wait, or look into descriptors.
 *
 * inv. 1: a block is in at most one batch or chain.   inv. 2: only a lock holder makes the inbox empty. */
#pragma once
#include "hz_owner.h"

enum { HZ_BATCH_BLOCKS = 62 };

struct hz_batch {
    void *next; /* the next member of the chain; in the pool, the next batch */
    uint32_t count;
    void *blocks[HZ_BATCH_BLOCKS];
};
_Static_assert(sizeof(struct hz_batch) <= 512, "a batch is eight cache lines");

/* An empty batch from the pool, or NULL when memory lacks. Batches are never unmapped. */
HZ_HIDDEN struct hz_batch *hz_batch_create(void);

/* Returns a chain of batches, linked by next and ended by NULL, to the pool. */
HZ_HIDDEN void hz_batch_destroy(struct hz_batch *first);

HZ_HIDDEN void hz_batch_pool_lock(void);
HZ_HIDDEN void hz_batch_pool_unlock(void);
HZ_HIDDEN void hz_batch_pool_reset_lock(void);

/* Hands a batch or a run to owner. Lock-free, never fails. Returns whether the owner is vacant,
 * in which case the caller must call hz_central_reap(owner). */
HZ_HIDDEN bool hz_inbox_push_batch(struct hz_owner *owner, struct hz_batch *batch);
HZ_HIDDEN bool hz_inbox_push_run(struct hz_owner *owner, struct hz_desc *desc);

/* What was put back, or else everything that has arrived, as a chain for hz_inbox_next; or NULL.
 * lock: the owner's. */
HZ_HIDDEN void *hz_inbox_take(struct hz_owner *owner);

/* Puts the rest of a taken chain back, for the next hz_inbox_take. lock: the owner's. */
HZ_HIDDEN void hz_inbox_put_back(struct hz_owner *owner, void *rest);

HZ_INLINE bool hz_inbox_is_empty(struct hz_owner *owner) {
    /* seq_cst: the last look of a retiring owner must come after its state is vacant (see push). Relaxed:
     * without the lock a hint; a retiring owner has taken all, and put back what memory lacked for. */
    return hz_load_seq_cst(&owner->inbox) == NULL && hz_load_relaxed(&owner->waiting) == NULL;
}

/* Members are told apart by the lowest bit. */
enum { HZ_MEMBER_BATCH, HZ_MEMBER_RUN };
HZ_INLINE unsigned hz_member_kind(const void *member) { return (unsigned)((uintptr_t)member & 1); }
HZ_INLINE struct hz_batch *hz_member_batch(void *member) { return member; }
HZ_INLINE struct hz_desc *hz_member_run(void *member) {
    return (struct hz_desc *)(void *)((char *)member - HZ_MEMBER_RUN);
}
HZ_INLINE void *hz_member_of_run(struct hz_desc *desc) { return (char *)desc + HZ_MEMBER_RUN; }

HZ_INLINE void **hz_run_link(const struct hz_desc *desc) { return &hz_desc_queue_of(hz_desc_arena(desc), desc)->next; }

/* Where a member's successor stands. */
HZ_INLINE void **hz_member_link(void *member) {
    if (hz_member_kind(member) == HZ_MEMBER_RUN)
        return hz_run_link(hz_member_run(member));
    return &hz_member_batch(member)->next;
}
HZ_INLINE void *hz_inbox_next(void *member) { return *hz_member_link(member); }
