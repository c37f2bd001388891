/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * churn -- a server whose threads come and go while its objects stay.
 *
 * Models: a thread pool under turnover: each thread inherits the objects of the one before it,
 * replaces a random one again and again, hands all of them to its successor and ends. Stresses:
 * blocks freed by a thread that did not allocate them, heaps whose owner is dead, taking over and
 * giving back what dead threads left. Sizes: log-uniform 16..1024. Every byte is written and
 * checked before the block is freed. A good result: no slower with turnover than without, and a
 * peak that does not grow with iterations (generations). */
#include "bench.h"

#include <stdlib.h>

enum { THREADS, ITERATIONS, SLOTS, REPLACED, ARG_COUNT };

static struct bench_arg args[ARG_COUNT] = {
    [THREADS] = {"threads", 2, 1, 1024},
    [ITERATIONS] = {"iterations", 100, 1, UINT64_MAX}, /* generations, one after the other */
    [SLOTS] = {"slots", 1000, 1, 1U << 24},
    [REPLACED] = {"replaced", 10000, 1, 1U << 30}, /* by one generation */
};

struct held {
    unsigned char *block;
    uint32_t size;
};

/* What one generation hands to the next; only the living thread touches it. */
struct estate {
    struct held *held;
    struct bench_rng rng;
    struct bench_counts counts;
};

static void drop(struct estate *estate, struct held *one, uint32_t slot) {
    if (one->block == NULL)
        return;
    estate->counts.errors += !bench_holds(one->block, one->size, slot);
    estate->counts.frees++;
    free(one->block);
    one->block = NULL;
}

static void *generation(void *arg) {
    struct estate *estate = arg;
    for (uint64_t i = 0; i < args[REPLACED].value; i++) {
        uint32_t slot = bench_below(&estate->rng, (uint32_t)args[SLOTS].value);
        struct held *one = &estate->held[slot];
        drop(estate, one, slot);
        one->size = (uint32_t)bench_log_size(&estate->rng, 16, 1024);
        one->block = malloc(one->size);
        if (one->block == NULL) {
            estate->counts.failures++;
            continue;
        }
        estate->counts.allocations++;
        bench_fill(one->block, one->size, slot);
    }
    return NULL;
}

static void body(struct bench_worker *worker) {
    struct estate *estate = bench_map(sizeof *estate);
    estate->held = bench_map(args[SLOTS].value * sizeof(struct held));
    estate->rng = worker->rng;
    bench_start(worker);
    for (uint64_t i = 0; i < args[ITERATIONS].value; i++) {
        pthread_t thread;
        bench_spawn(&thread, generation, estate);
        pthread_join(thread, NULL);
    }
    bench_stop(worker);
    for (uint32_t i = 0; i < args[SLOTS].value; i++) {
        bench_sample(worker, estate->held[i].block);
        drop(estate, &estate->held[i], i);
    }
    worker->counts = estate->counts;
}

int main(int argc, char **argv) {
    bench_args_parse(argc, argv, args, ARG_COUNT);
    struct bench_team team = {.name = "churn", .body = body};
    bench_team_run(&team, (unsigned)args[THREADS].value);
    return bench_report(&team, args, ARG_COUNT, NULL, 0);
}
