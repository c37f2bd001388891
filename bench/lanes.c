/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * lanes -- random allocation and freeing, with a share of the blocks freed by the neighbouring
 * thread.
 *
 * Models: nothing real; it isolates the cost of malloc and free themselves.
 * Each thread owns `slots` pointers and sends to its right-hand neighbour through a bounded ring.
 * One iteration frees all that has arrived, then picks a random slot: an empty one is filled with a
 * block of a uniformly random size, a full one is freed here or, in remote % of the cases, sent on.
 * Stresses: the fast path (remote 0) or the way of a block home to its owner (remote 90).
 * A good result: few nanoseconds above the null library, and a peak near the bytes that are live.
 *
 * The random stream does not depend on timing, so every allocator does the same allocations and
 * frees; only the split between remote_sends and fallbacks (ring full) is up to the scheduler. */
#include "bench.h"
#include "bench_ring.h"

#include <stdlib.h>

enum { THREADS, ITERATIONS, SLOTS, MIN, MAX, REMOTE, RING, TOUCH, ARG_COUNT };

static struct bench_arg args[ARG_COUNT] = {
    [THREADS] = {"threads", 2, 1, 1024},   [ITERATIONS] = {"iterations", 1000000, 1, UINT64_MAX},
    [SLOTS] = {"slots", 400, 1, 1U << 24}, [MIN] = {"min", 16, 1, 1U << 30},
    [MAX] = {"max", 2048, 1, 1U << 30},    [REMOTE] = {"remote", 0, 0, 100},
    [RING] = {"ring", 65536, 1, 1U << 24}, [TOUCH] = {"touch", 0, 0, 1},
};

/* One thread's view; all but the rings is its own. */
struct lane {
    void **slots;
    struct bench_ring *in;
    struct bench_ring *out;
    uint32_t slot_count;
    uint32_t min_bytes;
    uint32_t span;         /* sizes are min_bytes + 0..span-1 */
    uint32_t remote_below; /* a full slot is sent on when 32 random bits / 2 are below this */
    bool touch;
    struct bench_rng rng;
    struct bench_counts counts;
};

/* One byte in every page, and the last one. */
static void touch(unsigned char *block, size_t size) {
    for (size_t at = 0; at < size; at += BENCH_PAGE)
        ((volatile unsigned char *)block)[at] = 1;
    ((volatile unsigned char *)block)[size - 1] = 1;
}

static inline void drain(struct lane *lane) {
    for (void *block; (block = bench_ring_take(lane->in)) != NULL; lane->counts.frees++)
        free(block);
}

static inline void fill_slot(struct lane *lane, uint32_t slot, uint32_t bits) {
    size_t size = lane->min_bytes + bench_scale(bits, lane->span);
    void *block = malloc(size);
    if (block == NULL) {
        lane->counts.failures++;
        return;
    }
    lane->counts.allocations++;
    if (lane->touch)
        touch(block, size);
    lane->slots[slot] = block;
}

static inline void empty_slot(struct lane *lane, uint32_t slot, uint32_t bits) {
    void *block = lane->slots[slot];
    lane->slots[slot] = NULL;
    if (bits >> 1 < lane->remote_below) {
        if (bench_ring_put(lane->out, block)) {
            lane->counts.remote_sends++;
            return;
        }
        lane->counts.fallbacks++;
    }
    lane->counts.frees++;
    free(block);
}

static void iterate(struct lane *lane, uint64_t iterations) {
    for (uint64_t i = 0; i < iterations; i++) {
        drain(lane);
        uint64_t bits = bench_random(&lane->rng);
        uint32_t slot = bench_scale((uint32_t)(bits >> 32), lane->slot_count);
        if (lane->slots[slot] == NULL)
            fill_slot(lane, slot, (uint32_t)bits);
        else
            empty_slot(lane, slot, (uint32_t)bits);
    }
}

/* Frees what the left-hand neighbour still sends, until it has sent its last block. */
static void drain_to_end(struct lane *lane) {
    bench_ring_close(lane->out);
    while (!bench_ring_is_closed(lane->in)) {
        drain(lane);
        bench_sleep_us(20);
    }
    drain(lane);
}

static void lane_init(struct lane *lane, const struct bench_worker *worker) {
    struct bench_ring *rings = worker->team->config;
    *lane = (struct lane){
        .slots = bench_map(args[SLOTS].value * sizeof(void *)),
        .in = &rings[(worker->index + worker->team->thread_count - 1) % worker->team->thread_count],
        .out = &rings[worker->index],
        .slot_count = (uint32_t)args[SLOTS].value,
        .min_bytes = (uint32_t)args[MIN].value,
        .span = (uint32_t)(args[MAX].value - args[MIN].value + 1),
        .remote_below = (uint32_t)((args[REMOTE].value << 31) / 100),
        .touch = args[TOUCH].value != 0,
        .rng = worker->rng,
    };
    memset(lane->slots, 0, args[SLOTS].value * sizeof(void *)); /* take the page faults now */
    if (lane->remote_below != 0)
        memset(lane->out->places, 0, (lane->out->capacity + 1) * sizeof(void *));
}

/* Half the slots get filled, and blocks make their first way round; no ring holds one at the start.
 */
static void warm(struct lane *lane, struct bench_worker *worker) {
    bench_meet(worker);
    iterate(lane, 8 * (uint64_t)lane->slot_count);
    bench_meet(worker);
    drain(lane);
    lane->counts = (struct bench_counts){0};
}

static void body(struct bench_worker *worker) {
    struct lane lane;
    lane_init(&lane, worker);
    warm(&lane, worker);
    bench_start(worker);
    iterate(&lane, args[ITERATIONS].value);
    drain_to_end(&lane);
    bench_stop(worker);
    worker->counts = lane.counts;
    for (uint32_t i = 0; i < lane.slot_count; i++) {
        bench_sample(worker, lane.slots[i]);
        free(lane.slots[i]);
    }
}

int main(int argc, char **argv) {
    bench_args_parse(argc, argv, args, ARG_COUNT);
    if (args[MAX].value < args[MIN].value)
        args[MAX].value = args[MIN].value;
    unsigned threads = (unsigned)args[THREADS].value;
    struct bench_ring *rings = bench_map(threads * sizeof *rings);
    for (unsigned i = 0; i < threads; i++)
        bench_ring_init(&rings[i], args[RING].value);
    struct bench_team team = {.name = "lanes", .body = body, .config = rings};
    bench_team_run(&team, threads);
    return bench_report(&team, args, ARG_COUNT, NULL, 0);
}
