/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * phases -- fill everything, free everything, rest, and again: what stays resident over time.
 *
 * Models: a batch job or a server between two waves of work.
 * Stresses: freeing in the order of allocation, in reverse and at random, and giving pages back
 * while the program idles, without paying for them again in the next burst. A good result:
 * rss_*_kib far below peak_kib after each idle time (rss_series_kib: the same in order), and speed
 * kept. The whole of every block is written and checked before it is freed. The idle times do not
 * count as work. */
#include "bench.h"

#include <stdlib.h>

enum { THREADS, ITERATIONS, BLOCKS, MIN, MAX, IDLE_MS, ARG_COUNT };

static struct bench_arg args[ARG_COUNT] = {
    [THREADS] = {"threads", 2, 1, 1024},
    [ITERATIONS] = {"iterations", 4, 1, UINT64_MAX}, /* fill and free so often in each phase */
    [BLOCKS] = {"blocks", 20000, 1, 1U << 24},
    [MIN] = {"min", 16, 1, 1U << 30},
    [MAX] = {"max", 8192, 1, 1U << 30},
    [IDLE_MS] = {"idle_ms", 300, 0, 60000},
};

enum order { SAME, REVERSE, RANDOM, ORDER_COUNT };

struct held {
    unsigned char *block;
    uint32_t size;
};

static struct bench_extra extras[ORDER_COUNT + 1] = {
    {"rss_same_kib", 0}, {"rss_reverse_kib", 0}, {"rss_random_kib", 0}, {"busy_seconds", 0}};
static struct bench_series series = {.name = "rss_series_kib"};
static _Atomic uint64_t busy_ns; /* of all threads together */

static void make_order(struct bench_worker *worker, enum order kind, uint32_t *order) {
    uint32_t count = (uint32_t)args[BLOCKS].value;
    for (uint32_t i = 0; i < count; i++)
        order[i] = kind == REVERSE ? count - 1 - i : i;
    if (kind == RANDOM)
        bench_shuffle(&worker->rng, order, count);
}

static void fill_all(struct bench_worker *worker, struct held *held) {
    for (uint64_t i = 0; i < args[BLOCKS].value; i++) {
        held[i].size = (uint32_t)bench_log_size(&worker->rng, args[MIN].value, args[MAX].value);
        held[i].block = malloc(held[i].size);
        if (held[i].block == NULL) {
            worker->counts.failures++;
            continue;
        }
        worker->counts.allocations++;
        bench_fill(held[i].block, held[i].size, i);
    }
}

static void free_all(struct bench_worker *worker, const struct held *held, const uint32_t *order) {
    for (uint64_t i = 0; i < args[BLOCKS].value; i++) {
        const struct held *one = &held[order[i]];
        if (one->block == NULL)
            continue;
        worker->counts.errors += !bench_holds(one->block, one->size, order[i]);
        worker->counts.frees++;
        free(one->block);
    }
}

/* Work, idle, and one thread looks at what stayed. */
static void phase(struct bench_worker *worker, enum order kind, struct held *held, uint32_t *order) {
    make_order(worker, kind, order);
    uint64_t began = bench_now_ns();
    for (uint64_t i = 0; i < args[ITERATIONS].value; i++) {
        fill_all(worker, held);
        free_all(worker, held, order);
    }
    atomic_fetch_add(&busy_ns, bench_now_ns() - began);
    bench_meet(worker);
    bench_sleep_us(args[IDLE_MS].value * 1000);
    if (worker->index == 0) {
        bench_series_add(&series);
        extras[kind].value = (double)series.kib[series.count - 1];
    }
    bench_meet(worker);
}

static void body(struct bench_worker *worker) {
    size_t held_bytes = args[BLOCKS].value * sizeof(struct held);
    size_t order_bytes = args[BLOCKS].value * sizeof(uint32_t);
    struct held *held = memset(bench_map(held_bytes), 0, held_bytes);
    uint32_t *order = memset(bench_map(order_bytes), 0, order_bytes);
    bench_start(worker);
    for (enum order kind = SAME; kind < ORDER_COUNT; kind++)
        phase(worker, kind, held, order);
    bench_stop(worker);
    bench_sample_fresh(worker, args[MIN].value, args[MAX].value);
}

int main(int argc, char **argv) {
    bench_args_parse(argc, argv, args, ARG_COUNT);
    if (args[MAX].value < args[MIN].value)
        args[MAX].value = args[MIN].value;
    struct bench_team team = {.name = "phases", .body = body, .series = &series};
    bench_team_run(&team, (unsigned)args[THREADS].value);
    team.seconds = (double)busy_ns * 1e-9 / (double)team.thread_count; /* without the idle times */
    extras[ORDER_COUNT].value = team.seconds;
    return bench_report(&team, args, ARG_COUNT, extras, ORDER_COUNT + 1);
}
