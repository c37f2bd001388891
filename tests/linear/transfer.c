/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * transfer.c -- the cache of the strategy transfer, which three threads send to and take from. Beyond the order
 * of operations: after every round each block is in somebody's hands or free in its run, once.
 * usage: transfer [rounds [seed]] */
#include "core.h"
#include "hz_central.h"
#include "hz_remote.h"
#include "rounds.h"
#include "specs.h"
#include "watchdog.h"
#include <string.h>

enum { EACH = 4, BLOCKS = EACH * ROUNDS_THREADS, SEND_MOST = 3 };

static const unsigned CLASS_16 = 0;
static struct hz_owner *owner;
static void *blocks[BLOCKS];
static struct rounds_thread *first;

/* What a thread has; read at the end of a round by thread 0. */
static struct hand {
    struct hz_outbox outbox;
    unsigned count;
    uint8_t blocks[BLOCKS];
} hands[ROUNDS_THREADS];

static uint8_t number_of(const void *block) {
    for (unsigned i = 0; i < BLOCKS; i++)
        if (blocks[i] == block)
            return (uint8_t)i;
    tap_bail("%p was never sent", block);
}

static void send(struct rounds_thread *thread, struct hand *hand, unsigned count) {
    const struct hz_remote_ops *ops = hz_policy.remote_ops;
    struct linear_op *op = rounds_begin(thread, TRANSFER_SEND, 0);
    for (unsigned i = 0; i < count; i++) {
        op->items[op->count++] = hand->blocks[--hand->count];
        void *block = blocks[hand->blocks[hand->count]];
        ops->put(&hand->outbox, hz_route_tag(block), block);
    }
    ops->send_all(&hand->outbox);
    rounds_finish(op);
}

static unsigned take(struct rounds_thread *thread, struct hand *hand, unsigned most) {
    void *slots[SEND_MOST + 1];
    struct linear_op *op = rounds_begin(thread, TRANSFER_TAKE, most);
    unsigned taken = hz_policy.remote_ops->take(CLASS_16, slots, most);
    rounds_finish(op);
    for (unsigned i = 0; i < taken; i++)
        hand->blocks[hand->count++] = op->items[op->count++] = number_of(slots[i]);
    return taken;
}

static void look(struct rounds_thread *thread) {
    struct linear_op *op = rounds_begin(thread, TRANSFER_COUNT, 0);
    op->arg = (uint8_t)(hz_policy.remote_ops->waiting_bytes() / 16);
    rounds_finish(op);
}

static void settle(struct rounds_thread *thread) {
    struct linear_op *op = rounds_begin(thread, TRANSFER_SETTLE, 0);
    hz_policy.remote_ops->settle(true);
    rounds_finish(op);
}

static void act(struct rounds_thread *thread) {
    struct hand *hand = &hands[thread->number];
    unsigned count = (unsigned)rng_between(&thread->rng, 2, 6);
    first = thread->number == 0 ? thread : first;
    for (unsigned i = 0; i < count; i++) {
        size_t chance = rng_below(&thread->rng, 20);
        rounds_dally(thread);
        if (chance == 0)
            settle(thread);
        else if (chance <= 2)
            look(thread);
        else if (chance <= 10 || hand->count == 0)
            (void)take(thread, hand, (unsigned)rng_between(&thread->rng, 1, SEND_MOST + 1));
        else
            send(thread, hand,
                 (unsigned)rng_between(&thread->rng, 1, hand->count < SEND_MOST ? hand->count : SEND_MOST));
    }
}

/* All blocks anew, the same number for each thread. lock: the owner's. */
static void deal(void) {
    if (hz_central_take(owner, CLASS_16, blocks, BLOCKS) != BLOCKS)
        tap_bail("no blocks");
    for (unsigned t = 0; t < ROUNDS_THREADS; t++) {
        hands[t].count = EACH;
        for (unsigned i = 0; i < EACH; i++)
            hands[t].blocks[i] = (uint8_t)(t * EACH + i);
    }
}

static bool collect_and_deal(void) {
    void *held[BLOCKS];
    unsigned count = 0;
    uint32_t seen = 0;
    while (take(first, &hands[0], SEND_MOST + 1) != 0)
        continue;
    for (unsigned t = 0; t < ROUNDS_THREADS; t++)
        for (unsigned i = 0; i < hands[t].count; i++) {
            seen |= (uint32_t)1 << hands[t].blocks[i];
            held[count++] = blocks[hands[t].blocks[i]];
        }
    hz_central_receive(owner, false);
    hz_lock_take(&owner->lock);
    unsigned used = 0;
    for (unsigned i = 0; i < BLOCKS; i++) {
        const struct hz_route route = hz_route_find(blocks[i]);
        used += hz_desc_judge(route.arena, route.desc, blocks[i]) == HZ_PUT_DONE;
    }
    bool is_right = used == count && (unsigned)__builtin_popcount(seen) == count;
    if (!is_right)
        tap_diag("%u blocks in hands, %u of them different, %u used", count, (unsigned)__builtin_popcount(seen), used);
    hz_central_put(owner, held, count);
    deal();
    hz_lock_give(&owner->lock);
    return is_right;
}

int main(int argc, char **argv) {
    struct transfer_state start;
    unsigned count = argc > 1 ? (unsigned)atoi(argv[1]) : 20000;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    watchdog_start(ROUNDS_SECONDS);
    owner = core_start();
    memset(&start, 0, sizeof start);
    start.limit = (uint8_t)hz_policy.transfer_blocks;
    hz_lock_take(&owner->lock);
    deal();
    hz_lock_give(&owner->lock);
    rounds_run(&(struct rounds){"transfer cache", &transfer_spec, &start, count, seed, act, collect_and_deal});
    return rounds_done();
}
