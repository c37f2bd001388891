/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * burst -- a gibibyte taken by several threads, freed, and then hardly any activity: what stays?
 *
 * Models: the hour after the peak, and with `bursts` above 1 a day of peaks with such hours between
 * them (the time is that of the bursts). The threads that allocated sleep; only one thread still
 * does a little (a few small blocks each millisecond). Stresses: giving memory back when no thread
 * that owns it runs any more, including what sits in the caches of sleeping threads and what
 * another thread freed. Sizes: log-uniform 16..65536, all written. Every fourth block is freed by
 * the neighbouring thread. A good result: after_percent (resident after the wait, in % of the peak)
 * below 5, and no later burst slower or larger than the first. rss_series_kib has what is resident
 * at each peak and after each wait. */
#include "bench.h"

#include <stdlib.h>

enum { THREADS, ITERATIONS, WAIT_MS, BURSTS, ARG_COUNT };

static struct bench_arg args[ARG_COUNT] = {
    [THREADS] = {"threads", 8, 1, 1024},
    [ITERATIONS] = {"iterations", 1024, 1, 1U << 20}, /* MiB of all threads together */
    [WAIT_MS] = {"wait_ms", 2000, 0, 600000},
    [BURSTS] = {"bursts", 1, 1, BENCH_SERIES / 2},
};

enum { MIN_BYTES = 16, MAX_BYTES = 65536, NEIGHBOUR_FREES_EACH = 4 };

struct held {
    unsigned char *block;
    uint32_t size;
};

/* One thread's blocks. The owner fills it; after a meeting its neighbour reads part of it. */
struct hoard {
    struct held *held;
    uint32_t count;
    uint32_t capacity;
};

static struct bench_extra extras[] = {{"burst_kib", 0}, {"freed_kib", 0}, {"after_kib", 0}, {"after_percent", 0}};
enum { BURST, FREED, AFTER, AFTER_PERCENT };
static struct bench_series series = {.name = "rss_series_kib"};
static _Atomic uint64_t busy_ns; /* of all threads together */

static void fill(struct bench_worker *worker, struct hoard *hoard, uint64_t bytes) {
    for (uint64_t taken = 0; taken < bytes && hoard->count < hoard->capacity;) {
        struct held *one = &hoard->held[hoard->count];
        one->size = (uint32_t)bench_log_size(&worker->rng, MIN_BYTES, MAX_BYTES);
        one->block = malloc(one->size);
        if (one->block == NULL) {
            worker->counts.failures++;
            return;
        }
        worker->counts.allocations++;
        bench_fill(one->block, one->size, hoard->count);
        taken += one->size;
        hoard->count++;
    }
}

/* The blocks of hoard whose number is (or is not) a multiple of NEIGHBOUR_FREES_EACH. */
static void release(struct bench_worker *worker, const struct hoard *hoard, bool as_neighbour) {
    for (uint32_t i = 0; i < hoard->count; i++) {
        if ((i % NEIGHBOUR_FREES_EACH == 0) != as_neighbour)
            continue;
        struct held *one = &hoard->held[i];
        worker->counts.errors += !bench_holds(one->block, one->size, i);
        worker->counts.frees++;
        worker->counts.remote_sends += as_neighbour;
        free(one->block);
    }
}

static void light_activity(struct bench_rng *rng) {
    uint64_t end = bench_now_ns() + args[WAIT_MS].value * 1000000;
    while (bench_now_ns() < end) {
        void *blocks[4];
        for (size_t i = 0; i < 4; i++)
            blocks[i] = malloc(bench_between(rng, 16, 512));
        for (size_t i = 0; i < 4; i++)
            free(blocks[i]);
        bench_sleep_us(1000);
    }
}

static void one_burst(struct bench_worker *worker) {
    struct hoard *hoards = worker->team->config;
    unsigned threads = worker->team->thread_count;
    struct hoard *own = &hoards[worker->index];
    own->count = 0;
    own->capacity = (uint32_t)((args[ITERATIONS].value << 20) / threads / 1024 + 1024);
    own->held = bench_map(own->capacity * sizeof(struct held));
    uint64_t began = bench_now_ns();
    fill(worker, own, (args[ITERATIONS].value << 20) / threads);
    atomic_fetch_add(&busy_ns, bench_now_ns() - began);
    bench_meet(worker);
    if (worker->index == 0) {
        bench_series_add(&series);
        extras[BURST].value = (double)series.kib[series.count - 1];
    }
    bench_sample(worker, own->count > 0 ? own->held[0].block : NULL);
    bench_meet(worker);
    began = bench_now_ns();
    release(worker, own, false);
    release(worker, &hoards[(worker->index + 1) % threads], true);
    atomic_fetch_add(&busy_ns, bench_now_ns() - began);
    bench_meet(worker);
    bench_unmap(own->held, own->capacity * sizeof(struct held)); /* harness memory must not count */
}

/* Between two bursts one thread does a little and the others sleep. How much it does depends on the
 * clock, so it has random numbers of its own. */
static void idle(struct bench_worker *worker) {
    struct bench_rng rng = worker->rng;
    if (worker->index == 0) {
        light_activity(&rng);
        bench_series_add(&series);
    }
    bench_meet(worker);
}

static void body(struct bench_worker *worker) {
    bench_start(worker);
    one_burst(worker);
    for (uint64_t i = 1; i < args[BURSTS].value; i++) {
        idle(worker);
        one_burst(worker);
    }
    bench_stop(worker);
}

/* Runs in the main thread while all others wait. */
static void after_burst(struct bench_team *team) {
    struct bench_rng rng = bench_rng_make(team->thread_count);
    extras[FREED].value = (double)bench_rss_kib();
    light_activity(&rng);
    bench_series_add(&series);
    extras[AFTER].value = (double)series.kib[series.count - 1];
    extras[AFTER_PERCENT].value = 100 * extras[AFTER].value / extras[BURST].value;
}

int main(int argc, char **argv) {
    bench_args_parse(argc, argv, args, ARG_COUNT);
    unsigned threads = (unsigned)args[THREADS].value;
    struct hoard *hoards = bench_map(threads * sizeof *hoards);
    struct bench_team team = {
        .name = "burst", .body = body, .at_rest = after_burst, .config = hoards, .series = &series};
    bench_team_run(&team, threads);
    team.seconds = (double)busy_ns * 1e-9 / (double)threads; /* without the idle times */
    return bench_report(&team, args, ARG_COUNT, extras, sizeof extras / sizeof *extras);
}
