/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * mixed_ws -- random allocation and freeing over a large working set, every 64th block grown once.
 *
 * Models: a process that holds many more blocks than a cache does, with no order among them.
 * Stresses: how blocks lie in memory (a random slot is a cache miss for everyone), caches that are
 * too small for the working set, realloc by 16 bytes. A good result: time near the null library's,
 * and a peak near threads * slots / 2 * mean size. Blocks are not read, and with touch 1 their
 * first 64 bytes are written, so null may run it. */
#include "bench.h"

#include <stdlib.h>

enum { THREADS, ITERATIONS, SLOTS, MIN, MAX, TOUCH, ARG_COUNT };

static struct bench_arg args[ARG_COUNT] = {
    [THREADS] = {"threads", 2, 1, 1024},    [ITERATIONS] = {"iterations", 500000, 1, UINT64_MAX},
    [SLOTS] = {"slots", 4096, 1, 1U << 24}, [MIN] = {"min", 16, 1, 1U << 30},
    [MAX] = {"max", 2048, 1, 1U << 30},     [TOUCH] = {"touch", 1, 0, 1},
};

enum { REALLOC_EVERY = 64, REALLOC_MORE = 16, WRITTEN_BYTES = 64 };

static void *allocate(struct bench_worker *worker, size_t size, bool grow) {
    void *block = malloc(size);
    if (block != NULL && grow) {
        void *grown = realloc(block, size + REALLOC_MORE);
        worker->counts.failures += grown == NULL;
        block = grown != NULL ? grown : block;
    }
    if (block == NULL) {
        worker->counts.failures++;
        return NULL;
    }
    worker->counts.allocations += 1U + grow;
    worker->counts.frees += grow; /* so that blocks and frees balance */
    if (args[TOUCH].value != 0)
        memset(block, 1, size < WRITTEN_BYTES ? size : WRITTEN_BYTES);
    return block;
}

static void iterate(struct bench_worker *worker, void **slots, uint64_t iterations) {
    uint32_t span = (uint32_t)(args[MAX].value - args[MIN].value + 1);
    for (uint64_t i = 0; i < iterations; i++) {
        uint64_t bits = bench_random(&worker->rng);
        void **slot = &slots[bench_scale((uint32_t)(bits >> 32), (uint32_t)args[SLOTS].value)];
        if (*slot == NULL) {
            size_t size = args[MIN].value + bench_scale((uint32_t)bits, span);
            *slot = allocate(worker, size, i % REALLOC_EVERY == 0);
        } else {
            free(*slot);
            *slot = NULL;
            worker->counts.frees++;
        }
    }
}

static void body(struct bench_worker *worker) {
    size_t bytes = args[SLOTS].value * sizeof(void *);
    void **slots = memset(bench_map(bytes), 0, bytes);
    iterate(worker, slots, 2 * args[SLOTS].value); /* warm: most of the way to half full */
    worker->counts = (struct bench_counts){0};
    bench_start(worker);
    iterate(worker, slots, args[ITERATIONS].value);
    bench_stop(worker);
    for (uint64_t i = 0; i < args[SLOTS].value; i++) {
        if (i % 16 == 0)
            bench_sample(worker, slots[i]);
        free(slots[i]);
    }
}

int main(int argc, char **argv) {
    bench_args_parse(argc, argv, args, ARG_COUNT);
    if (args[MAX].value < args[MIN].value)
        args[MAX].value = args[MIN].value;
    struct bench_team team = {.name = "mixed_ws", .body = body};
    bench_team_run(&team, (unsigned)args[THREADS].value);
    return bench_report(&team, args, ARG_COUNT, NULL, 0);
}
