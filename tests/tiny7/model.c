/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * model.c -- random operations against a shadow. Every block holds a pattern that follows from its id and is
 * checked when it is resized, handed over or freed; overlap would break it. Threads swap blocks through
 * boxes, so that most are freed far from where they were made.
 *
 * usage: model [seed [operations [threads [rounds]]]]     seed 0: a fresh one */
#include "tiny7.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { LIVE = 600, MOST_THREADS = 16, BOXES = 32 };

struct block {
    char *start;
    size_t bytes;
    uint64_t id;
};

struct worker {
    struct rng rng;
    struct block live[LIVE];
    uint64_t next_id;
    size_t operations;
    bool shares;
};

static struct worker workers[MOST_THREADS];
static _Atomic(struct block *) boxes[BOXES];

static size_t random_size(struct rng *rng) {
    size_t chance = rng_below(rng, 1000);
    if (chance < 500)
        return rng_below(rng, 300);
    if (chance < 800)
        return rng_below(rng, 4 * KIB);
    if (chance < 960)
        return rng_below(rng, 70 * KIB);
    if (chance < 998)
        return rng_below(rng, 700 * KIB);
    return rng_below(rng, 6 * MIB);
}

static void check(const struct block *block, size_t bytes) {
    size_t at = pattern_check(block->start, block->bytes, bytes, block->id);
    if (at != PATTERN_INTACT)
        tap_bail("block of %zu bytes at %p changed at %zu", block->bytes, (void *)block->start, at);
    if (hz7_usable_size(block->start) < block->bytes)
        tap_bail("block of %zu bytes has %zu", block->bytes, hz7_usable_size(block->start));
}

static void fill(struct worker *worker, struct block *block) {
    if (block->start == NULL)
        tap_bail("no memory for %zu bytes", block->bytes);
    block->id = worker->next_id++;
    pattern_fill(block->start, block->bytes, block->id);
}

static void make(struct worker *worker, struct block *block) {
    size_t kind = rng_below(&worker->rng, 10);
    block->bytes = random_size(&worker->rng);
    if (kind == 0) {
        size_t alignment = (size_t)1 << rng_below(&worker->rng, 19);
        block->start = hz7_aligned_alloc(alignment, block->bytes);
        if (((uintptr_t)block->start & (alignment - 1)) != 0)
            tap_bail("%p is not aligned to %zu", (void *)block->start, alignment);
    } else if (kind == 1) {
        block->start = hz7_calloc(1, block->bytes);
        if (!pattern_is_zero(block->start, block->bytes))
            tap_bail("calloc of %zu bytes is not zero", block->bytes);
    } else {
        block->start = hz7_malloc(block->bytes);
    }
    fill(worker, block);
}

static void drop(struct block *block) {
    check(block, block->bytes);
    hz7_free(block->start);
    block->start = NULL;
}

static void resize(struct worker *worker, struct block *block) {
    size_t bytes = 1 + random_size(&worker->rng);
    if (rng_below(&worker->rng, 2) == 0)
        bytes = block->bytes / 2 + 1 + rng_below(&worker->rng, block->bytes + 1);
    char *moved = hz7_realloc(block->start, bytes);
    struct block now = {moved, block->bytes, block->id};
    size_t kept = block->bytes < bytes ? block->bytes : bytes;
    if (moved == NULL || pattern_check(moved, now.bytes, kept, now.id) != PATTERN_INTACT)
        tap_bail("realloc from %zu to %zu lost the contents", block->bytes, bytes);
    *block = (struct block){moved, bytes, 0};
    fill(worker, block);
}

/* The boxed descriptions are blocks of the heap themselves. */
static void swap(struct worker *worker, struct block *block) {
    struct block *boxed = hz7_malloc(sizeof *boxed);
    *boxed = *block;
    struct block *other = atomic_exchange(&boxes[rng_below(&worker->rng, BOXES)], boxed);
    block->start = NULL;
    if (other == NULL)
        return;
    *block = *other;
    hz7_free(other);
    check(block, block->bytes);
}

static void *work(void *arg) {
    struct worker *worker = arg;
    for (size_t i = 0; i < worker->operations; i++) {
        struct block *block = &worker->live[rng_below(&worker->rng, LIVE)];
        size_t kind = rng_below(&worker->rng, 100);
        if (block->start == NULL)
            make(worker, block);
        else if (kind < 20)
            resize(worker, block);
        else if (kind < 50 && worker->shares)
            swap(worker, block);
        else
            drop(block);
        if (kind == 99 && rng_below(&worker->rng, 20) == 0)
            (void)hz7_trim();
        if (i % 4096 == 0)
            stats_now();
    }
    return NULL;
}

static uint64_t number(char **argv, int argc, int at, uint64_t otherwise) {
    return argc > at ? strtoull(argv[at], NULL, 10) : otherwise;
}

static void run_rounds(size_t threads, size_t rounds) {
    for (size_t round = 0; round < rounds; round++) {
        pthread_t ids[MOST_THREADS];
        for (size_t t = 0; t < threads && threads > 1; t++)
            if (pthread_create(&ids[t], NULL, work, &workers[t]) != 0)
                tap_bail("no thread");
        for (size_t t = 0; t < threads && threads > 1; t++)
            pthread_join(ids[t], NULL);
        if (threads == 1)
            work(&workers[0]);
    }
}

int main(int argc, char **argv) {
    uint64_t seed = number(argv, argc, 1, 1);
    size_t operations = (size_t)number(argv, argc, 2, 100000), threads = (size_t)number(argv, argc, 3, 1);
    size_t rounds = (size_t)number(argv, argc, 4, 1);
    watchdog_start(110);
    seed = seed == 0 ? rng_fresh_seed() : seed;
    tap_diag("seed %llu, %zu operations, %zu threads, %zu rounds", (unsigned long long)seed, operations, threads,
             rounds);
    threads = threads > MOST_THREADS ? MOST_THREADS : threads;
    for (size_t t = 0; t < threads; t++) {
        workers[t].rng = rng_init(seed + t);
        workers[t].next_id = (uint64_t)t << 40;
        workers[t].operations = operations;
        workers[t].shares = threads > 1;
    }
    run_rounds(threads, rounds);
    struct hz7_stats most = stats_now();
    for (size_t t = 0; t < threads; t++)
        for (size_t i = 0; i < LIVE; i++)
            if (workers[t].live[i].start != NULL)
                drop(&workers[t].live[i]);
    for (size_t i = 0; i < BOXES; i++)
        if (boxes[i] != NULL) {
            drop(boxes[i]);
            hz7_free(boxes[i]);
        }
    tap_ok(true, "%llu blocks at the end, %llu KiB", (unsigned long long)most.blocks,
           (unsigned long long)most.allocated / 1024);
    (void)hz7_trim();
    struct hz7_stats end = stats_now();
    tap_ok(end.blocks == 0 && end.allocated == 0 && end.unused == 0 && end.dirty == 0,
           "everything came back: %llu blocks, %llu bytes in spans", (unsigned long long)end.blocks,
           (unsigned long long)(end.allocated + end.unused));
    return tap_done();
}
