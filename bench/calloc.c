/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * calloc -- zeroed objects and tables, on fresh memory and on memory that was used before.
 *
 * Models: programs that take every object from calloc, and hash tables and bitmaps that begin
 * empty. Stresses: zeroing small blocks quickly, not zeroing what the kernel has just zeroed, and
 * not giving out what was used before without zeroing it. Each operation replaces the block of a
 * random slot. Sizes: 95 % log-uniform 16..512, 4.7 % up to 32 KiB, 0.3 % tables of 64 KiB to 1 MiB.
 * Every block is checked to be zero (those above 4 KiB in 33 places), then part of it is written,
 * half of a small block and a quarter of a table, which is checked before it is freed. A good
 * result: near the time of malloc with memset for small blocks and below it for tables. */
#include "bench.h"

#include <stdlib.h>

enum { THREADS, ITERATIONS, SLOTS, ARG_COUNT };

static struct bench_arg args[ARG_COUNT] = {
    [THREADS] = {"threads", 1, 1, 1024},
    [ITERATIONS] = {"iterations", 200000, 1, UINT64_MAX}, /* blocks replaced */
    [SLOTS] = {"slots", 2000, 1, 1U << 24},
};

enum { CHECKED_WHOLE = 4096, PLACES = 32, PLACE_BYTES = 64 };

struct held {
    unsigned char *block;
    uint32_t size;
    uint32_t first;   /* byte of the written part */
    uint32_t written; /* bytes */
};

static uint32_t draw_size(struct bench_rng *rng) {
    uint32_t permille = bench_below(rng, 1000);
    if (permille < 950)
        return (uint32_t)bench_log_size(rng, 16, 512);
    if (permille < 997)
        return (uint32_t)bench_log_size(rng, 512, 32768);
    return (uint32_t)bench_log_size(rng, 64 << 10, 1 << 20);
}

static bool all_zero(const unsigned char *bytes, size_t count) {
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, count - 1) == 0;
}

/* A written part of an earlier block covers a quarter, so some of the places lie in it. */
static bool is_zero(const unsigned char *block, uint32_t size) {
    if (size <= CHECKED_WHOLE)
        return all_zero(block, size);
    bool zero = all_zero(block + size - PLACE_BYTES, PLACE_BYTES);
    for (uint32_t i = 0; i < PLACES; i++)
        zero &= all_zero(block + (size_t)(size - PLACE_BYTES) / PLACES * i, PLACE_BYTES);
    return zero;
}

static void drop(struct bench_worker *worker, struct held *one, uint32_t slot) {
    if (one->block == NULL)
        return;
    worker->counts.errors += !bench_holds(one->block + one->first, one->written, slot);
    worker->counts.frees++;
    free(one->block);
    one->block = NULL;
}

static void write_part(struct bench_rng *rng, struct held *one, uint32_t slot) {
    one->written = one->size <= CHECKED_WHOLE ? one->size / 2 : one->size / 4;
    one->first = bench_below(rng, one->size - one->written + 1);
    bench_fill(one->block + one->first, one->written, slot);
}

/* Objects are asked for as one of size bytes, tables as many of 8 or 16 bytes. */
static void replace(struct bench_worker *worker, struct held *one, uint32_t slot) {
    drop(worker, one, slot);
    uint32_t item = bench_below(&worker->rng, 2) == 0 ? 8 : 16;
    one->size = draw_size(&worker->rng);
    if (one->size <= 512)
        item = one->size;
    else
        one->size -= one->size % item;
    one->block = calloc(one->size / item, item);
    if (one->block == NULL) {
        worker->counts.failures++;
        return;
    }
    worker->counts.allocations++;
    worker->counts.errors += !is_zero(one->block, one->size);
    write_part(&worker->rng, one, slot);
}

static void body(struct bench_worker *worker) {
    uint32_t slots = (uint32_t)args[SLOTS].value;
    struct held *held = memset(bench_map(slots * sizeof *held), 0, slots * sizeof *held);
    bench_start(worker);
    for (uint32_t i = 0; i < slots; i++) /* all on fresh memory */
        replace(worker, &held[i], i);
    for (uint64_t i = 0; i < args[ITERATIONS].value; i++) {
        uint32_t slot = bench_below(&worker->rng, slots);
        replace(worker, &held[slot], slot);
    }
    bench_stop(worker);
    for (uint32_t i = 0; i < slots; i++) {
        bench_sample(worker, held[i].block);
        drop(worker, &held[i], i);
    }
}

int main(int argc, char **argv) {
    bench_args_parse(argc, argv, args, ARG_COUNT);
    struct bench_team team = {.name = "calloc", .body = body};
    bench_team_run(&team, (unsigned)args[THREADS].value);
    return bench_report(&team, args, ARG_COUNT, NULL, 0);
}
