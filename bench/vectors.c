/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * vectors -- arrays that grow by realloc, many at a time.
 *
 * Models: std::vector, string builders, arrays of interpreters: capacity 8 items first, half as
 * much again when full, so each vector passes through every size class up to its final length.
 * Stresses: realloc in place (into the slack of the class or the space behind a large block),
 * copying, and the holes that outgrown blocks leave. Final sizes: log-uniform 64 bytes .. 4 MiB.
 * Every item is written and all are checked at the end. A good result: time near that of writing
 * the items once, and a peak near the bytes of live vectors; a moving realloc of a large block
 * should not need both copies resident for long. */
#include "bench.h"

#include <stdlib.h>

enum { THREADS, ITERATIONS, VECTORS, MAX, ARG_COUNT };

static struct bench_arg args[ARG_COUNT] = {
    [THREADS] = {"threads", 1, 1, 1024},
    [ITERATIONS] = {"iterations", 8, 1, UINT64_MAX},
    [VECTORS] = {"vectors", 64, 1, 1U << 20}, /* growing in turn, in each thread */
    [MAX] = {"max", 4U << 20, 64, 1U << 30},  /* bytes of the longest */
};

struct vector {
    uint64_t *items;
    size_t length;
    size_t capacity;
    size_t final_length;
};

enum { FIRST_CAPACITY = 8, ITEMS_PER_TURN = 512 };

static bool grow(struct bench_worker *worker, struct vector *vector) {
    size_t capacity = vector->capacity == 0 ? FIRST_CAPACITY : vector->capacity + vector->capacity / 2;
    uint64_t *items = realloc(vector->items, capacity * sizeof *items);
    if (items == NULL) {
        worker->counts.failures++;
        return false;
    }
    worker->counts.allocations++;
    worker->counts.frees += vector->items != NULL; /* the old block, wherever the new one lies */
    vector->items = items;
    vector->capacity = capacity;
    return true;
}

/* Appends some items; false when the vector is complete. */
static bool take_turn(struct bench_worker *worker, struct vector *vector) {
    size_t end = vector->length + ITEMS_PER_TURN;
    end = end < vector->final_length ? end : vector->final_length;
    while (vector->length < end) {
        if (vector->length == vector->capacity && !grow(worker, vector))
            return false;
        vector->items[vector->length] = vector->length * 3 + vector->final_length;
        vector->length++;
    }
    return vector->length < vector->final_length;
}

static void check_and_free(struct bench_worker *worker, struct vector *vector) {
    uint64_t wrong = 0;
    for (size_t i = 0; i < vector->length; i++)
        wrong |= vector->items[i] ^ (i * 3 + vector->final_length);
    worker->counts.errors += wrong != 0;
    worker->counts.frees += vector->items != NULL;
    free(vector->items);
    *vector = (struct vector){0};
}

static void build_all(struct bench_worker *worker, struct vector *vectors) {
    for (uint64_t i = 0; i < args[VECTORS].value; i++)
        vectors[i].final_length = bench_log_size(&worker->rng, 64, args[MAX].value) / 8;
    for (bool more = true; more;) {
        more = false;
        for (uint64_t i = 0; i < args[VECTORS].value; i++)
            more |= take_turn(worker, &vectors[i]);
    }
    for (uint64_t i = 0; i < args[VECTORS].value; i++)
        check_and_free(worker, &vectors[i]);
}

static void body(struct bench_worker *worker) {
    struct vector *vectors = bench_map(args[VECTORS].value * sizeof *vectors);
    bench_start(worker);
    for (uint64_t i = 0; i < args[ITERATIONS].value; i++)
        build_all(worker, vectors);
    bench_stop(worker);
    bench_sample_fresh(worker, 64, args[MAX].value);
}

int main(int argc, char **argv) {
    bench_args_parse(argc, argv, args, ARG_COUNT);
    struct bench_team team = {.name = "vectors", .body = body};
    bench_team_run(&team, (unsigned)args[THREADS].value);
    return bench_report(&team, args, ARG_COUNT, NULL, 0);
}
