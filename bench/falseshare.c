/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * falseshare -- whether small blocks of different threads lie on one cache line.
 *
 * Models: counters, small objects and message headers that a thread writes again and again.
 * passive 0 (active): each thread allocates a small block, writes it `writes` times, frees it. An
 * allocator that hands neighbouring blocks of one run to different threads fails.
 * passive 1: the blocks were allocated by one thread, one after the other, and handed out; each
 * thread frees the one it got and goes on as before. An allocator that gives the freed piece of a
 * shared line to the freeing thread at once fails. Sizes: 8..56 bytes. The block must hold the
 * number of writes at the end. A good result: time per operation independent of the number of
 * threads, while there are cores. */
#include "bench.h"

#include <stdlib.h>

enum { THREADS, ITERATIONS, PASSIVE, WRITES, ARG_COUNT };

static struct bench_arg args[ARG_COUNT] = {
    [THREADS] = {"threads", 2, 1, 1024},
    [ITERATIONS] = {"iterations", 20000, 1, UINT64_MAX},
    [PASSIVE] = {"passive", 0, 0, 1},
    [WRITES] = {"writes", 1000, 1, 1U << 30},
};

static void *allocate(struct bench_worker *worker, size_t size) {
    void *block = malloc(size);
    worker->counts.allocations += block != NULL;
    worker->counts.failures += block == NULL;
    return block;
}

/* Thread 0 allocates one block for each thread, next to one another if the allocator lets them be.
 */
static void hand_out(struct bench_worker *worker) {
    void **gifts = worker->team->config;
    if (worker->index == 0)
        for (unsigned i = 0; i < worker->team->thread_count; i++)
            gifts[i] = allocate(worker, 8);
    bench_meet(worker);
    worker->counts.frees += gifts[worker->index] != NULL;
    free(gifts[worker->index]);
}

static void hammer(struct bench_worker *worker, volatile uint64_t *word) {
    *word = 0;
    for (uint64_t i = 0; i < args[WRITES].value; i++)
        *word = *word + 1;
    worker->counts.errors += *word != args[WRITES].value;
}

static void body(struct bench_worker *worker) {
    bench_start(worker);
    if (args[PASSIVE].value != 0)
        hand_out(worker);
    for (uint64_t i = 0; i < args[ITERATIONS].value; i++) {
        void *block = allocate(worker, 8 + 8 * (i % 7));
        if (block == NULL)
            continue;
        hammer(worker, block);
        worker->counts.frees++;
        free(block);
    }
    bench_stop(worker);
    bench_sample_fresh(worker, 8, 56);
}

int main(int argc, char **argv) {
    bench_args_parse(argc, argv, args, ARG_COUNT);
    unsigned threads = (unsigned)args[THREADS].value;
    struct bench_team team = {.name = "falseshare", .body = body, .config = bench_map(threads * sizeof(void *))};
    bench_team_run(&team, threads);
    return bench_report(&team, args, ARG_COUNT, NULL, 0);
}
