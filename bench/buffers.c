/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * buffers -- large buffers, written, held a little while, freed.
 *
 * Models: images, columns of a data frame, network and file buffers.
 * Stresses: blocks above every size class: mmap and munmap for each (page faults and zeroing each
 * time), or a cache of them (which must not keep too much).
 * Sizes: log-uniform 128 KiB .. 64 MiB; each thread holds 4, and replaces the oldest. A word is
 * written in each page and in the last 8 bytes, and checked before the buffer is freed. A good
 * result: fewer page faults than pages written, with a peak near the bytes held. */
#include "bench.h"

#include <stdlib.h>

enum { THREADS, ITERATIONS, HELD, MIN, MAX, ARG_COUNT };

static struct bench_arg args[ARG_COUNT] = {
    [THREADS] = {"threads", 1, 1, 1024},
    [ITERATIONS] = {"iterations", 100, 1, UINT64_MAX},
    [HELD] = {"held", 4, 1, 1024},
    [MIN] = {"min", 128U << 10, 4096, 1U << 30},
    [MAX] = {"max", 64U << 20, 4096, 1U << 30},
};

struct held {
    unsigned char *block;
    size_t size;
    uint64_t tag;
};

static void drop(struct bench_worker *worker, struct held *one) {
    if (one->block == NULL)
        return;
    worker->counts.errors += !bench_is_stamped(one->block, one->size, one->tag);
    worker->counts.frees++;
    free(one->block);
    one->block = NULL;
}

static void replace(struct bench_worker *worker, struct held *one, uint64_t tag) {
    drop(worker, one);
    one->size = bench_log_size(&worker->rng, args[MIN].value, args[MAX].value);
    one->tag = tag;
    one->block = malloc(one->size);
    if (one->block == NULL) {
        worker->counts.failures++;
        return;
    }
    worker->counts.allocations++;
    bench_stamp(one->block, one->size, one->tag);
}

static void body(struct bench_worker *worker) {
    struct held *held = bench_map(args[HELD].value * sizeof *held);
    bench_start(worker);
    for (uint64_t i = 0; i < args[ITERATIONS].value; i++)
        replace(worker, &held[i % args[HELD].value], i + ((uint64_t)worker->index << 32));
    bench_stop(worker);
    for (uint64_t i = 0; i < args[HELD].value; i++) {
        bench_sample(worker, held[i].block);
        drop(worker, &held[i]);
    }
}

int main(int argc, char **argv) {
    bench_args_parse(argc, argv, args, ARG_COUNT);
    if (args[MAX].value < args[MIN].value)
        args[MAX].value = args[MIN].value;
    struct bench_team team = {.name = "buffers", .body = body};
    bench_team_run(&team, (unsigned)args[THREADS].value);
    return bench_report(&team, args, ARG_COUNT, NULL, 0);
}
