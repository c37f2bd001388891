/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * reuse.c -- each way a block is made: what is freed is used again, and goes back to the kernel. */
#include "rss.h"
#include "tiny7.h"

enum { MOST = 1 << 20 };

static char *blocks[MOST];
static const size_t round_bytes = 32 * MIB;

static void reuse(size_t size) {
    size_t usable = hz7_usable_size(blocks[0] = hz7_malloc(size)), count = round_bytes / usable;
    hz7_free(blocks[0]);
    count = count > MOST ? MOST : count;
    uint64_t mapped = 0;
    bool right = true;
    size_t rss_before = rss_exact_bytes(), rss_full = 0;
    for (int round = 0; round < 4; round++) {
        for (size_t i = 0; i < count; i++) {
            blocks[i] = hz7_malloc(size);
            memset(blocks[i], 1, usable);
        }
        rss_full = rss_exact_bytes();
        uint64_t now = stats_now().mapped;
        right &= round == 0 || now == mapped;
        mapped = now;
        for (size_t i = 0; i < count; i++) /* in another order */
            hz7_free(blocks[i * 7919 % count]), blocks[i * 7919 % count] = NULL;
        for (size_t i = 0; i < count; i++)
            hz7_free(blocks[i]);
    }
    size_t rss_after = rss_exact_bytes();
    tap_ok(right, "size %zu: four rounds need no more than one", size);
    if (SANITIZED)
        return;
    tap_ok(rss_full > rss_before + count * usable * 9 / 10, "size %zu: it was resident", size);
    tap_ok(rss_after<rss_before + 3 * MIB / 2, "size %zu: %zu KiB stay", size, rss_after> rss_before
               ? (rss_after - rss_before) / KIB
               : 0);
}

/* Each block that stays is one of so many: the pages between go back by trim alone. */
static void trim_inside(size_t size, size_t of) {
    size_t count = round_bytes / size;
    for (size_t i = 0; i < count; i++)
        memset(blocks[i] = hz7_malloc(size), 1, size);
    size_t full = rss_exact_bytes();
    for (size_t i = 0; i < count; i++)
        if (i % of != 0)
            hz7_free(blocks[i]);
    (void)hz7_trim();
    size_t trimmed = rss_exact_bytes();
    bool intact = true;
    for (size_t i = 0; i < count; i += of) {
        intact &= blocks[i][0] == 1 && blocks[i][size - 1] == 1;
        hz7_free(blocks[i]);
    }
    tap_ok(intact, "size %zu: trim spares what is held", size);
    if (!SANITIZED)
        tap_ok(trimmed < full - round_bytes / 2, "size %zu: trim gave %zu KiB of %zu", size, (full - trimmed) / KIB,
               round_bytes / KIB);
}

static void start_size(void) {
    size_t before = rss_exact_bytes();
    hz7_free(hz7_malloc(1));
    size_t after = rss_exact_bytes();
    if (!SANITIZED)
        tap_ok(after<before + 128 * KIB, "the first block costs %zu KiB", after> before ? (after - before) / KIB : 0);
}

int main(void) {
    watchdog_start(110);
    rss_exact_bytes();
    memset(blocks, 1, sizeof blocks);
    memset(blocks, 0, sizeof blocks);
    start_size();
    for (size_t w = 1; w < WAYS; w++)
        reuse(way_sizes[w]);
    trim_inside(32, 2000);
    trim_inside(500, 100);
    trim_inside(3000, 100);
    trim_inside(20 * KIB, 100);
    tap_ok(stats_now().blocks == 0, "all free");
    return tap_done();
}
