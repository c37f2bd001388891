/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * transfer.c -- the remote strategy transfer: what the shared cache keeps, hands out and sends home. */
#include "hz_central.h"
#include "hz_policy.h"
#include "hz_remote.h"
#include "hz_source.h"
#include "owners.h"
#include <pthread.h>

enum { THREADS = 3, STEPS = 20000, SLOTS = 64 };

/* Of 64 bytes: with the tiny policy every block is a batch of its own. Of 16: four blocks are. */
static const unsigned CLASS_64 = 3, CLASS_16 = 0;
static struct hz_owner *owner, *other;
static struct hz_outbox outbox;

static const struct hz_remote_ops *ops(void) { return hz_policy.remote_ops; }

static void start_transfer(void) {
    unit_start_owners();
    owner = hz_owner_create(&owner);
    other = hz_owner_create(&owner);
    cr_assert(owner != NULL && other != NULL);
    cr_assert(hz_policy.remote == HZ_REMOTE_TRANSFER && hz_policy.transfer_blocks == 3);
}

static void take_from(struct hz_owner *from, unsigned class_index, void **slots, unsigned count) {
    hz_lock_take(&from->lock);
    unsigned taken = hz_central_take(from, class_index, slots, count);
    hz_lock_give(&from->lock);
    cr_assert_eq(taken, count);
}

static void put(void *block) { ops()->put(&outbox, hz_route_tag(block), block); }

static uint16_t *used_of(const void *block) { return &hz_route_find(block).desc->used; }

Test(transfer, the_cache_keeps_no_more_than_its_limit) {
    void *slots[5];
    start_transfer();
    take_from(owner, CLASS_64, slots, 5);
    for (unsigned i = 0; i < 5; i++) {
        put(slots[i]);
        cr_assert_eq(ops()->waiting_bytes(), 64 * hz_min(i + 1, 3));
    }
    hz_central_receive(owner, false);
    cr_assert_eq(*used_of(slots[0]), 3);
    ops()->settle(true);
    hz_central_receive(owner, false);
    cr_assert_eq(ops()->waiting_bytes(), 0);
    cr_assert_eq(*used_of(slots[0]), 0);
}

Test(transfer, limits_of_classes_are_their_own) {
    void *slots[2][3];
    start_transfer();
    for (unsigned i = 0; i < 2; i++) {
        take_from(owner, CLASS_64 + i, slots[i], 3);
        for (unsigned at = 0; at < 3; at++)
            put(slots[i][at]);
    }
    cr_assert_eq(ops()->waiting_bytes(), 3 * (64 + 80));
    cr_assert(hz_inbox_is_empty(owner));
}

static void *common_block(void) {
    void *block = hz_central_take_common(CLASS_16);
    cr_assert_eq(hz_tag_owner(hz_route_tag(block)), HZ_OWNER_COMMONS_ID);
    return block;
}

/* Exactly one batch waits there, with these blocks in any order. */
static void need_one_batch(struct hz_owner *at, void *const *blocks, unsigned count) {
    void *member = hz_inbox_take(at);
    need(member != NULL && hz_member_kind(member) == HZ_MEMBER_BATCH, "no batch");
    struct hz_batch *batch = hz_member_batch(member);
    need(hz_inbox_next(member) == NULL && batch->count == count, "%u blocks, not %u", batch->count, count);
    for (unsigned i = 0; i < count; i++) {
        unsigned found = 0;
        for (unsigned j = 0; j < count; j++)
            found += batch->blocks[j] == blocks[i];
        need(found == 1, "block %u is there %u times", i, found);
    }
    hz_inbox_put_back(at, member);
}

/* A batch of four is more than the cache takes, so it spills at once. */
Test(transfer, what_does_not_fit_goes_home_in_one_batch_per_owner) {
    void *mine[2], *theirs[1];
    start_transfer();
    take_from(owner, CLASS_16, mine, 2);
    take_from(other, CLASS_16, theirs, 1);
    void *common = common_block();
    put(mine[0]);
    put(theirs[0]);
    ops()->put(&outbox, hz_tag_make(HZ_OWNER_COMMONS_ID, CLASS_16), common);
    cr_assert(hz_inbox_is_empty(owner) && hz_inbox_is_empty(other));
    put(mine[1]);
    cr_assert_eq(ops()->waiting_bytes(), 0);
    need_one_batch(owner, mine, 2);
    need_one_batch(other, theirs, 1);
    cr_assert_eq(hz_owner_commons()->run_count == 0 || *used_of(common) == 0, 1);
    hz_central_receive(owner, false);
    hz_central_receive(other, false);
    cr_assert(*used_of(mine[0]) == 0 && *used_of(theirs[0]) == 0);
}

Test(transfer, a_batch_is_taken_in_parts) {
    void *slots[3], *got[4] = {NULL};
    start_transfer();
    take_from(owner, CLASS_16, slots, 3);
    for (unsigned i = 0; i < 3; i++)
        put(slots[i]);
    cr_assert_eq(ops()->take(CLASS_16, got, 4), 0, "the sender still holds them");
    ops()->send_all(&outbox);
    cr_assert_eq(ops()->waiting_bytes(), 48);
    cr_assert_eq(ops()->take(CLASS_16, got, 1), 1);
    cr_assert_eq(ops()->waiting_bytes(), 32);
    cr_assert_eq(ops()->take(CLASS_64, got + 1, 1), 0, "of another class");
    cr_assert_eq(ops()->take(CLASS_16, got + 1, 3), 2);
    cr_assert_eq(ops()->take(CLASS_16, got + 3, 1), 0);
    cr_assert_eq(ops()->waiting_bytes(), 0);
    for (unsigned i = 0; i < 3; i++)
        cr_assert((got[0] == slots[i]) + (got[1] == slots[i]) + (got[2] == slots[i]) == 1);
    cr_assert_eq(*used_of(slots[0]), 3, "they stay used, whoever has them");
}

/* Three blocks on their way, one of which was taken. */
static void start_wanted(void **slots) {
    void *got;
    start_transfer();
    take_from(owner, CLASS_64, slots, 3);
    for (unsigned i = 0; i < 3; i++)
        put(slots[i]);
    cr_assert_eq(ops()->take(CLASS_64, &got, 1), 1);
}

Test(transfer, settling_spares_what_was_wanted_once) {
    void *slots[3];
    start_wanted(slots);
    ops()->settle(false);
    cr_assert_eq(ops()->waiting_bytes(), 128);
    ops()->settle(false);
    cr_assert_eq(ops()->waiting_bytes(), 0);
    hz_central_receive(owner, false);
    cr_assert_eq(*used_of(slots[0]), 1);
}

Test(transfer, settling_all_spares_nothing) {
    void *slots[3];
    start_wanted(slots);
    ops()->settle(true);
    cr_assert_eq(ops()->waiting_bytes(), 0);
}

Test(transfer, blocks_of_an_ended_owner_go_to_the_commons) {
    void *slots[3];
    start_transfer();
    take_from(owner, CLASS_64, slots, 3);
    put(slots[0]);
    put(slots[1]);
    hz_central_retire(owner);
    ops()->settle(true);
    cr_assert_eq(*used_of(slots[2]), 1);
    cr_assert_eq(hz_route_find(slots[2]).desc->run.owner, hz_owner_commons());
}

/* --- Threads ---------------------------------------------------------------------------------- */

static void *seed_blocks[SLOTS];
static _Atomic(unsigned) holders[SLOTS]; /* by the number in the block */

static void hold(void *block) {
    unsigned old = hz_add_relaxed(&holders[*(unsigned *)block], 1u);
    need(old == 0, "block %u is in two hands", *(unsigned *)block);
}

static void let_go(struct hz_outbox *from, void *block) {
    (void)hz_sub_relaxed(&holders[*(unsigned *)block], 1u);
    ops()->put(from, hz_route_tag(block), block);
}

static void *take_and_put(void *first) {
    static __thread struct hz_outbox mine;
    void *got[2];
    for (unsigned i = (unsigned)(uintptr_t)first; i < SLOTS; i += THREADS)
        let_go(&mine, seed_blocks[i]);
    for (unsigned step = 0; step < STEPS; step++) {
        unsigned taken = ops()->take(CLASS_64, got, 2);
        for (unsigned i = 0; i < taken; i++)
            hold(got[i]);
        for (unsigned i = 0; i < taken; i++)
            let_go(&mine, got[i]);
        if (step % 500 == 0)
            ops()->settle(step % 1000 == 0);
    }
    ops()->send_all(&mine);
    return NULL;
}

Test(transfer, no_block_is_in_two_hands) {
    pthread_t threads[THREADS];
    void *stays;
    start_transfer();
    take_from(owner, CLASS_64, &stays, 1);
    take_from(owner, CLASS_64, seed_blocks, SLOTS);
    for (unsigned i = 0; i < SLOTS; i++) {
        *(unsigned *)seed_blocks[i] = i;
        hold(seed_blocks[i]);
    }
    for (uintptr_t i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, take_and_put, (void *)i), 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    ops()->settle(true);
    hz_central_receive(owner, false);
    cr_assert_eq(ops()->waiting_bytes(), 0);
    cr_assert_eq(*used_of(stays), 1);
}
