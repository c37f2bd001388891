/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_inbox.c -- see hz_inbox.h. */
#include "hz_inbox.h"

#include "hz_memcheck.h"
#include "hz_meta.h"

static struct hz_lock lock = HZ_LOCK_INIT(HZ_RANK_BATCH_POOL);
static struct hz_batch *pool; /* lock */

void hz_batch_pool_lock(void) { hz_lock_take(&lock); }
void hz_batch_pool_unlock(void) { hz_lock_give(&lock); }
void hz_batch_pool_reset_lock(void) { hz_lock_reset(&lock); }

struct hz_batch *hz_batch_create(void) {
    hz_lock_take(&lock);
    struct hz_batch *batch = pool;
    if (batch != NULL)
        pool = batch->next;
    hz_lock_give(&lock);
    if (batch == NULL)
        batch = hz_meta_alloc(sizeof *batch);
    if (batch != NULL)
        batch->count = 0;
    return batch;
}

void hz_batch_destroy(struct hz_batch *first) {
    if (first == NULL)
        return;
    struct hz_batch *last = first;
    hz_memcheck_clear(last->blocks, HZ_BATCH_BLOCKS);
    while (last->next != NULL) {
        last = last->next;
        hz_memcheck_clear(last->blocks, HZ_BATCH_BLOCKS);
    }
    hz_lock_take(&lock);
    last->next = pool;
    pool = first;
    hz_lock_give(&lock);
}

/* Links member before the present head.
 * seq_cst on the push and on the state, here and in hz_central_retire, makes one of two things sure: the
 * retiring owner's last look finds the member, or we find the owner vacant. It also releases the member's
 * contents to the acquire in hz_inbox_take. */
static bool push(struct hz_owner *owner, void *member) {
    void **link = hz_member_link(member);
    void *head = hz_load_relaxed(&owner->inbox);
    do {
        *link = head;
    } while (!hz_cas_weak_seq_cst(&owner->inbox, &head, member));
    return hz_load_seq_cst(&owner->state) == HZ_OWNER_VACANT;
}

bool hz_inbox_push_batch(struct hz_owner *owner, struct hz_batch *batch) {
    (void)hz_add_relaxed(&owner->backlog, 1u);
    return push(owner, batch);
}

bool hz_inbox_push_run(struct hz_owner *owner, struct hz_desc *desc) {
    (void)hz_add_relaxed(&owner->backlog, 1u);
    return push(owner, hz_member_of_run(desc));
}

void *hz_inbox_take(struct hz_owner *owner) {
    void *rest = hz_load_relaxed(&owner->waiting);
    if (rest != NULL) {
        hz_store_relaxed(&owner->waiting, NULL);
        return rest;
    }
    if (hz_inbox_is_empty(owner))
        return NULL;
    hz_store_relaxed(&owner->backlog, 0u);
    return hz_exchange_seq_cst(&owner->inbox, NULL);
}

void hz_inbox_put_back(struct hz_owner *owner, void *rest) {
    HZ_ASSERT(hz_load_relaxed(&owner->waiting) == NULL);
    hz_store_relaxed(&owner->waiting, rest);
}
