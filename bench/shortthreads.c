/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * shortthreads -- many threads that live for a hundred allocations.
 *
 * Models: a thread per connection or per task.
 * Stresses: setting up and tearing down what an allocator keeps for a thread; the memory of threads
 * that ended must serve those that start. `threads` threads run at a time; each of `iterations`
 * waves starts new ones. A thread allocates 100 blocks, checks and frees 90, and leaves 10, which
 * the next wave checks and frees. Sizes: 85 % up to 256 bytes, 12 % up to 2 KiB, 3 % up to 32 KiB,
 * all written. A good result: time near that of starting an empty thread, and a peak independent of
 * iterations. */
#include "bench.h"

#include <stdlib.h>

enum { THREADS, ITERATIONS, ARG_COUNT };

static struct bench_arg args[ARG_COUNT] = {
    [THREADS] = {"threads", 2, 1, 1024},
    [ITERATIONS] = {"iterations", 1000, 1, UINT64_MAX},
};

enum { BLOCKS = 100, LEFT = 10 };

struct held {
    unsigned char *block;
    uint32_t size;
};

/* What the threads of one place leave to each other; only the living one touches it. */
struct place {
    struct bench_rng rng;
    struct bench_counts counts;
    struct held left[LEFT];
};

static void drop(struct place *place, struct held *one) {
    if (one->block == NULL)
        return;
    place->counts.errors += !bench_holds(one->block, one->size, one->size);
    place->counts.frees++;
    free(one->block);
    one->block = NULL;
}

static struct held take(struct place *place) {
    struct held one = {.size = (uint32_t)bench_skewed_size(&place->rng)};
    one.block = malloc(one.size);
    if (one.block == NULL) {
        place->counts.failures++;
        return one;
    }
    place->counts.allocations++;
    bench_fill(one.block, one.size, one.size);
    return one;
}

static void *short_life(void *arg) {
    struct place *place = arg;
    struct held held[BLOCKS];
    for (int i = 0; i < BLOCKS; i++)
        held[i] = take(place);
    for (int i = 0; i < LEFT; i++) {
        drop(place, &place->left[i]);
        place->left[i] = held[i * (BLOCKS / LEFT)];
    }
    for (int i = 0; i < BLOCKS; i++)
        if (i % (BLOCKS / LEFT) != 0)
            drop(place, &held[i]);
    return NULL;
}

static void body(struct bench_worker *worker) {
    struct place *place = bench_map(sizeof *place);
    place->rng = worker->rng;
    bench_start(worker);
    for (uint64_t i = 0; i < args[ITERATIONS].value; i++) {
        pthread_t thread;
        bench_spawn(&thread, short_life, place);
        pthread_join(thread, NULL);
    }
    bench_stop(worker);
    for (int i = 0; i < LEFT; i++) {
        bench_sample(worker, place->left[i].block);
        drop(place, &place->left[i]);
    }
    worker->counts = place->counts;
}

int main(int argc, char **argv) {
    bench_args_parse(argc, argv, args, ARG_COUNT);
    struct bench_team team = {.name = "shortthreads", .body = body};
    bench_team_run(&team, (unsigned)args[THREADS].value);
    return bench_report(&team, args, ARG_COUNT, NULL, 0);
}
