/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * runs.c -- the states of two runs of the strategy page, whose blocks two threads free while their owner's thread
 * takes queued runs and collects them: idle, queued, draining and idle again, and every block once.
 * usage: runs [rounds [seed]] */
#include "core.h"
#include "hz_bits.h"
#include "hz_central.h"
#include "hz_remote.h"
#include "rounds.h"
#include "specs.h"
#include "watchdog.h"

enum { BLOCKS = RUNS * RUN_BLOCKS };

static struct hz_owner *owner;
static struct hz_desc *descs[RUNS];
static void *blocks[BLOCKS]; /* RUN_BLOCKS of each run */
static bool is_freed[BLOCKS];
static struct rounds_thread *first;

static uint8_t run_of(const struct hz_desc *desc) {
    for (unsigned i = 0; i < RUNS; i++)
        if (descs[i] == desc)
            return (uint8_t)i;
    tap_bail("no run of ours is queued");
}

static void add_bits(struct linear_op *op, unsigned run, uint64_t bits) {
    for (; bits != 0; bits &= bits - 1)
        op->items[op->count++] = (uint8_t)(run * RUN_BLOCKS + hz_lowest_bit(bits));
}

static void drop(struct rounds_thread *thread, unsigned block) {
    struct linear_op *op = rounds_begin(thread, RUN_MARK, block);
    hz_policy.remote_ops->drop(owner, hz_route_tag(blocks[block]), blocks[block]);
    rounds_finish(op);
    rounds_split(thread, op, RUN_QUEUE);
    is_freed[block] = true;
}

static void look(struct rounds_thread *thread, unsigned run) {
    struct linear_op *op = rounds_begin(thread, RUN_LOOK, run);
    uint64_t bits = hz_load_acquire(&hz_desc_queue_of(hz_desc_arena(descs[run]), descs[run])->pending);
    rounds_finish(op);
    add_bits(op, run, bits);
}

/* lock: the owner's. */
static void collect(struct rounds_thread *thread, unsigned run) {
    uint64_t before = descs[run]->run.mask;
    struct linear_op *op = rounds_begin(thread, RUN_COLLECT, run);
    hz_policy.remote_ops->collect(descs[run]);
    rounds_finish(op);
    add_bits(op, run, descs[run]->run.mask & ~before);
}

static void take(struct rounds_thread *thread) {
    hz_lock_take(&owner->lock);
    struct linear_op *op = rounds_begin(thread, RUN_TAKE, 0);
    void *member = hz_inbox_take(owner);
    rounds_finish(op);
    for (void *next = member; next != NULL && op->count < LINEAR_MOST_ITEMS; next = hz_inbox_next(next))
        op->items[op->count++] = run_of(hz_member_run(next));
    while (member != NULL) {
        void *next = hz_inbox_next(member);
        rounds_dally(thread);
        collect(thread, run_of(hz_member_run(member)));
        member = next;
    }
    hz_lock_give(&owner->lock);
}

/* Thread 1 has the even blocks, thread 2 the odd ones. */
static void act(struct rounds_thread *thread) {
    unsigned count = (unsigned)rng_between(&thread->rng, 1, 4);
    first = thread->number == 0 ? thread : first;
    unsigned turn = (unsigned)rng_below(&thread->rng, RUN_BLOCKS);
    for (unsigned i = 0; i < count; i++) {
        rounds_dally(thread);
        if (rng_below(&thread->rng, 6) == 0)
            look(thread, (unsigned)rng_below(&thread->rng, RUNS));
        if (thread->number == 0)
            take(thread);
        else
            drop(thread, (turn + i * 3) % RUN_BLOCKS * 2 + thread->number - 1);
    }
}

/* Blocks out again: those that were freed, and, by way of their run, those that were not. lock. */
static bool renew(unsigned run) {
    struct hz_arena *arena = hz_desc_arena(descs[run]);
    unsigned out = 0;
    for (unsigned i = run * RUN_BLOCKS; i < (run + 1) * RUN_BLOCKS; i++)
        out += !is_freed[i];
    bool is_right = descs[run]->used == out;
    if (!is_right)
        tap_diag("run %u: %u used, %u blocks out", run, descs[run]->used, out);
    for (unsigned i = run * RUN_BLOCKS; i < (run + 1) * RUN_BLOCKS; i++) {
        if (!is_freed[i] && hz_desc_put(arena, descs[run], blocks[i]) != HZ_PUT_DONE)
            is_right = false;
        is_freed[i] = false;
    }
    void *slots[RUN_BLOCKS];
    if (hz_desc_take(arena, descs[run], slots, RUN_BLOCKS) != RUN_BLOCKS)
        is_right = false;
    return is_right;
}

static bool collect_and_renew(void) {
    bool is_right = true;
    take(first);
    look(first, 0);
    look(first, 1);
    hz_lock_take(&owner->lock);
    for (unsigned run = 0; run < RUNS; run++)
        is_right = renew(run) && is_right;
    hz_lock_give(&owner->lock);
    return is_right && hz_inbox_is_empty(owner);
}

/* Two whole runs of the class whose runs have RUN_BLOCKS blocks. */
static void take_runs(void) {
    unsigned class_index = 0;
    while (class_index < HZ_CLASS_COUNT && hz_class_table[class_index].block_count != RUN_BLOCKS)
        class_index++;
    if (class_index == HZ_CLASS_COUNT)
        tap_bail("no class has runs of %d blocks", RUN_BLOCKS);
    hz_lock_take(&owner->lock);
    if (hz_central_take(owner, class_index, blocks, BLOCKS) != BLOCKS)
        tap_bail("no blocks");
    hz_lock_give(&owner->lock);
    for (unsigned i = 0; i < RUNS; i++)
        descs[i] = hz_route_find(blocks[i * RUN_BLOCKS]).desc;
    for (unsigned i = 0; i < BLOCKS; i++) {
        const struct hz_desc *desc = descs[i / RUN_BLOCKS];
        char *start = hz_desc_start(hz_desc_arena(desc), desc);
        blocks[i] = start + i % RUN_BLOCKS * hz_class_table[class_index].block_bytes;
        if (hz_route_find(blocks[i]).desc != desc)
            tap_bail("the runs are not whole");
    }
}

int main(int argc, char **argv) {
    static const struct run_state idle;
    unsigned count = argc > 1 ? (unsigned)atoi(argv[1]) : 20000;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    watchdog_start(ROUNDS_SECONDS);
    owner = core_start();
    take_runs();
    rounds_run(&(struct rounds){"runs", &run_spec, &idle, count, seed, act, collect_and_renew});
    return rounds_done();
}
