/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * bulk -- allocate a batch, write all of it, free it in one of three orders, and use the memory
 * again.
 *
 * Models: compilers, query executors and simulations, which build a structure, use it and drop it.
 * Stresses: refilling and flushing caches far past their size, free lists whose order follows the
 * order of freeing (locality of the next batch), many blocks of one size after another.
 * Sizes: 85 % up to 256 bytes, 12 % up to 2 KiB, 3 % up to 32 KiB; with `max`, uniform 8..max
 * instead (small sizes and many threads: a heap of records). Orders: as allocated, reverse,
 * shuffled, in turn. Every byte is written, and checked before the block is freed.
 * A good result: no slower after the shuffled free than after the ordered one, and a peak near
 * threads * blocks * 760 bytes (the mean; with `max`, half of that number). */
#include "bench.h"

#include <stdlib.h>

enum { THREADS, ITERATIONS, BLOCKS, MAX, ARG_COUNT };

static struct bench_arg args[ARG_COUNT] = {
    [THREADS] = {"threads", 2, 1, 1024},
    [ITERATIONS] = {"iterations", 12, 1, UINT64_MAX},
    [BLOCKS] = {"blocks", 20000, 1, 1U << 24},
    [MAX] = {"max", 0, 0, 1U << 20}, /* bytes; 0: the mix */
};

struct held {
    unsigned char *block;
    uint32_t size;
};

static uint32_t draw_size(struct bench_rng *rng) {
    uint64_t max = args[MAX].value;
    if (max == 0)
        return (uint32_t)bench_skewed_size(rng);
    return (uint32_t)bench_between(rng, max < 8 ? max : 8, max);
}

static void allocate_batch(struct bench_worker *worker, struct held *held, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        held[i].size = draw_size(&worker->rng);
        held[i].block = malloc(held[i].size);
        if (held[i].block == NULL) {
            worker->counts.failures++;
            continue;
        }
        worker->counts.allocations++;
        bench_fill(held[i].block, held[i].size, i);
    }
}

static void free_batch(struct bench_worker *worker, const struct held *held, const uint32_t *order, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        const struct held *one = &held[order[i]];
        if (one->block == NULL)
            continue;
        worker->counts.errors += !bench_holds(one->block, one->size, order[i]);
        worker->counts.frees++;
        free(one->block);
    }
}

static void body(struct bench_worker *worker) {
    uint32_t count = (uint32_t)args[BLOCKS].value;
    struct held *held = memset(bench_map(count * sizeof *held), 0, count * sizeof *held);
    uint32_t *orders[3]; /* as allocated, reverse, shuffled */
    for (int kind = 0; kind < 3; kind++) {
        orders[kind] = bench_map(count * sizeof(uint32_t));
        for (uint32_t i = 0; i < count; i++)
            orders[kind][i] = kind == 1 ? count - 1 - i : i;
    }
    bench_shuffle(&worker->rng, orders[2], count);
    bench_start(worker);
    for (uint64_t round = 0; round < args[ITERATIONS].value; round++) {
        allocate_batch(worker, held, count);
        free_batch(worker, held, orders[round % 3], count);
    }
    bench_stop(worker);
    bench_sample_fresh(worker, 16, 32768);
}

int main(int argc, char **argv) {
    bench_args_parse(argc, argv, args, ARG_COUNT);
    struct bench_team team = {.name = "bulk", .body = body};
    bench_team_run(&team, (unsigned)args[THREADS].value);
    return bench_report(&team, args, ARG_COUNT, NULL, 0);
}
