/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * paths.c -- each way through the allocator often enough that its instructions can be counted by the operation. Each
 * row runs twice, first to warm up; only the second is between marks. One operation is one call of the allocator. */
#include "gate.h"
#include <stdio.h>

enum { MANY = 1000, BATCH = 3000 };

static void *volatile sink;
static void *blocks[BATCH];

/* --- Rows of one thread: each returns its operations ------------------------------------------------ */

static uint64_t pairs(size_t size, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        sink = malloc(size);
        free(sink);
    }
    return 2 * (uint64_t)count;
}

/* More than a thread keeps, so all of refilling and flushing is in it. */
static uint64_t batch(size_t size, unsigned count) {
    for (unsigned i = 0; i < count; i++)
        blocks[i] = malloc(size);
    for (unsigned i = 0; i < count; i++)
        free(blocks[i]);
    return 2 * (uint64_t)count;
}

static uint64_t callocs(size_t size, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        sink = calloc(1, size);
        free(sink);
    }
    return 2 * (uint64_t)count;
}

static uint64_t aligned(size_t size, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        sink = aligned_alloc(4096, size);
        free(sink);
    }
    return 2 * (uint64_t)count;
}

/* Within one class: nothing moves. */
static uint64_t realloc_stays(size_t size, unsigned count) {
    sink = malloc(size);
    for (unsigned i = 0; i < count; i++)
        sink = realloc(sink, size - i % 2);
    free(sink);
    return count;
}

static uint64_t realloc_moves(size_t size, unsigned count) {
    sink = malloc(size);
    for (unsigned i = 0; i < count; i++)
        sink = realloc(sink, i % 2 != 0 ? size : 3 * size);
    free(sink);
    return count;
}

static const struct row {
    const char *name;
    uint64_t (*run)(size_t size, unsigned count);
    size_t size;
    unsigned count;
} rows[] = {
    {"pair_16", pairs, 16, MANY},
    {"pair_256", pairs, 256, MANY},
    {"pair_4096", pairs, 4096, MANY},
    {"pair_32768", pairs, 32768, MANY},
    {"pair_131072", pairs, 131072, 300},
    {"pair_1m", pairs, 1 << 20, 300},
    {"pair_300m", pairs, 300 << 20, 50},
    {"batch_64", batch, 64, BATCH},
    {"batch_1024", batch, 1024, BATCH},
    {"batch_8192", batch, 8192, 400},
    {"batch_100000", batch, 100000, 60},
    {"batch_500000", batch, 500000, 20},
    {"calloc_64", callocs, 64, MANY},
    {"calloc_20000", callocs, 20000, 200},
    {"aligned_4096", aligned, 4096, MANY},
    {"realloc_stays_100", realloc_stays, 100, MANY},
    {"realloc_stays_20000", realloc_stays, 20000, MANY},
    {"realloc_moves_100", realloc_moves, 100, MANY},
    {"realloc_moves_300000", realloc_moves, 300000, 50},
};

/* --- Rows of two threads: the first allocates, the second frees, the first allocates again ------------ */

struct remote {
    const char *name;
    size_t size;
    unsigned count;
};

static const struct remote remotes[] = {
    {"remote_64", 64, BATCH}, {"remote_2000", 2000, 600}, {"remote_50000", 50000, 60}};

static void take_all(const struct remote *remote) {
    for (unsigned i = 0; i < remote->count; i++)
        blocks[i] = malloc(remote->size);
}

/* Turns: 0 takes, 1 frees, 2 takes what came back and 3 frees it, between marks. */
static void remote_turn(void *arg, unsigned turn) {
    const struct remote *remote = arg;
    char name[64];
    if (turn >= 2)
        gate_mark();
    if (turn % 2 == 0)
        take_all(remote);
    else
        for (unsigned i = 0; i < remote->count; i++)
            free(blocks[i]);
    if (turn >= 2) {
        gate_mark();
        snprintf(name, sizeof name, "%s_%s", remote->name, turn == 2 ? "received" : "freed");
        gate_row(name, remote->count);
    }
}

int main(void) {
    static char output[8192]; /* or stdio allocates one */
    setvbuf(stdout, output, _IOFBF, sizeof output);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)rows[i].run(rows[i].size, rows[i].count);
        gate_mark();
        uint64_t operations = rows[i].run(rows[i].size, rows[i].count);
        gate_mark();
        gate_row(rows[i].name, operations);
    }
    for (size_t i = 0; i < sizeof remotes / sizeof remotes[0]; i++) {
        struct remote remote = remotes[i];
        gate_take_turns(4, remote_turn, &remote);
    }
    return 0;
}
