/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * drift -- fragmentation over hours, compressed: sizes drift, and one block in ten survives.
 *
 * Models: a server whose work changes through the day, with sessions, caches and connections that
 * outlive the requests around them. Stresses: runs that one survivor keeps, classes that are in
 * great demand and then in none, memory of one size that must serve another. A round allocates `mib`
 * MiB; then 90 % of its blocks die in random order and 10 % live on for 1 to 16 rounds more. Every
 * four rounds the sizes change: 32..256, 128..1024, 512..4096, 2048..16384, 32..16384, and again.
 * Every byte is written and checked before the block is freed. rss_series_kib is what was resident
 * at the end of rounds (some, when there are many); after the last round live_kib is what survives
 * and resident_kib what is resident 200 ms later, without the harness. A good result: a series that
 * does not climb, and a small resident_per_live: 1 is ideal, at 6 most pages are held by survivors
 * or kept for sizes that nobody asks for now. */
#include "bench.h"

#include <stdlib.h>

enum { THREADS, ITERATIONS, MIB, ARG_COUNT };

static struct bench_arg args[ARG_COUNT] = {
    [THREADS] = {"threads", 1, 1, 1024},
    [ITERATIONS] = {"iterations", 60, 1, 1U << 30}, /* rounds */
    [MIB] = {"mib", 8, 1, 4096},                    /* allocated in a round by each thread */
};

enum { ROUNDS_PER_STAGE = 4, STAGES = 5, SURVIVORS_PERCENT = 10, LONGEST_LIFE = 16 };
enum { MEAN_AT_LEAST = 64 }; /* bytes, of the smallest stage: bounds the number of blocks */

static const struct {
    size_t min, max;
} stages[STAGES] = {{32, 256}, {128, 1024}, {512, 4096}, {2048, 16384}, {32, 16384}};

struct held {
    unsigned char *block;
    uint32_t size;
    uint32_t dies; /* at the end of this round */
};

/* One thread's blocks, in no order. */
struct hoard {
    struct held *held;
    uint32_t count;
    uint32_t capacity;
    uint64_t live_bytes;
    uint64_t busy_ns;
};

static uint64_t base_kib; /* resident before the first block */
static struct bench_series series = {.name = "rss_series_kib"};
static _Atomic uint64_t live_bytes, busy_ns; /* of all threads */

enum { LIVE, RESIDENT, PER_LIVE, EXTRA_COUNT };
static struct bench_extra extras[EXTRA_COUNT] = {{"live_kib", 0}, {"resident_kib", 0}, {"resident_per_live", 0}};

static uint64_t tag_of(const struct held *one) { return one->size + 13 * (uint64_t)one->dies; }

static void allocate_round(struct bench_worker *worker, struct hoard *hoard, uint32_t round) {
    uint32_t stage = round / ROUNDS_PER_STAGE % STAGES;
    uint64_t bytes = args[MIB].value << 20;
    for (uint64_t taken = 0; taken < bytes && hoard->count < hoard->capacity;) {
        struct held *one = &hoard->held[hoard->count];
        one->size = (uint32_t)bench_log_size(&worker->rng, stages[stage].min, stages[stage].max);
        one->dies = round;
        if (bench_below(&worker->rng, 100) < SURVIVORS_PERCENT)
            one->dies += 1 + bench_below(&worker->rng, LONGEST_LIFE);
        one->block = malloc(one->size);
        taken += one->size;
        if (one->block == NULL) {
            worker->counts.failures++;
            continue;
        }
        worker->counts.allocations++;
        bench_fill(one->block, one->size, tag_of(one));
        hoard->live_bytes += one->size;
        hoard->count++;
    }
}

static void drop(struct bench_worker *worker, struct hoard *hoard, const struct held *one) {
    worker->counts.errors += !bench_holds(one->block, one->size, tag_of(one));
    worker->counts.frees++;
    hoard->live_bytes -= one->size;
    free(one->block);
}

/* Random order: swaps each block with a later one as it goes, and keeps the survivors in front. */
static void free_round(struct bench_worker *worker, struct hoard *hoard, uint32_t round) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < hoard->count; i++) {
        uint32_t other = i + bench_below(&worker->rng, hoard->count - i);
        struct held one = hoard->held[other];
        hoard->held[other] = hoard->held[i];
        if (one.dies <= round)
            drop(worker, hoard, &one);
        else
            hoard->held[kept++] = one;
    }
    hoard->count = kept;
}

/* Everyone waits while one thread looks, every `stride` rounds and after the last. */
static void look(struct bench_worker *worker, uint64_t round) {
    uint64_t rounds = args[ITERATIONS].value;
    uint64_t stride = (rounds + BENCH_SERIES - 1) / BENCH_SERIES;
    if ((round + 1) % stride != 0)
        return;
    bench_meet(worker);
    if (worker->index == 0)
        bench_series_add(&series);
    bench_meet(worker);
}

static void look_at_end(struct bench_worker *worker, const struct hoard *hoard) {
    atomic_fetch_add(&live_bytes, hoard->live_bytes);
    atomic_fetch_add(&busy_ns, hoard->busy_ns);
    bench_meet(worker);
    if (worker->index == 0) {
        bench_sleep_us(200000);
        extras[LIVE].value = (double)live_bytes / 1024;
        extras[RESIDENT].value = (double)bench_rss_kib() - (double)base_kib;
        extras[PER_LIVE].value = extras[RESIDENT].value / extras[LIVE].value;
    }
    bench_meet(worker);
}

static void body(struct bench_worker *worker) {
    /* Room for a round of the smallest blocks and as many survivors. */
    struct hoard hoard = {.capacity = (uint32_t)(2 * (args[MIB].value << 20) / MEAN_AT_LEAST)};
    size_t bytes = hoard.capacity * sizeof(struct held);
    hoard.held = memset(bench_map(bytes), 0, bytes);
    bench_meet(worker);
    if (worker->index == 0)
        base_kib = bench_rss_kib();
    bench_start(worker);
    for (uint32_t round = 0; round < args[ITERATIONS].value; round++) {
        uint64_t began = bench_now_ns();
        allocate_round(worker, &hoard, round);
        free_round(worker, &hoard, round);
        hoard.busy_ns += bench_now_ns() - began;
        look(worker, round);
    }
    bench_stop(worker);
    look_at_end(worker, &hoard);
    if (hoard.count > 0)
        bench_sample(worker, hoard.held[0].block);
    free_round(worker, &hoard, UINT32_MAX);
}

int main(int argc, char **argv) {
    bench_args_parse(argc, argv, args, ARG_COUNT);
    struct bench_team team = {.name = "drift", .body = body, .series = &series};
    bench_team_run(&team, (unsigned)args[THREADS].value);
    team.seconds = (double)busy_ns * 1e-9 / (double)team.thread_count; /* without the looks */
    return bench_report(&team, args, ARG_COUNT, extras, EXTRA_COUNT);
}
