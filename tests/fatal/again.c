/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * again.c -- a block that its own thread frees twice, with any number of other frees in between, is not handed
 * out twice, and an address inside it not at all; each wrong free is reported once, at the latest when the cache
 * is given back. For all profiles. usage: again [MOST] (frees in between) */
#include "fatal.h"

enum { BLOCKS = 400 };

static size_t most = 140;
static char *blocks[BLOCKS], *taken[2 * BLOCKS];

static void fail(const char *what, size_t size, size_t between) {
    dprintf(1, "size %zu, %zu in between: %s\n", size, between, what);
    _exit(WRONG_STAGE);
}

static int by_address(const void *a, const void *b) {
    uintptr_t left = (uintptr_t) * (char *const *)a, right = (uintptr_t) * (char *const *)b;
    return (left > right) - (left < right);
}

/* As many as were freed, and some more, without overlap. */
static void take_all(size_t size, size_t between, size_t count) {
    for (size_t i = 0; i < count; i++)
        taken[i] = fatal_allocate(size);
    qsort(taken, count, sizeof *taken, by_address);
    for (size_t i = 1; i < count; i++)
        if (taken[i] < taken[i - 1] + size)
            fail("handed out twice", size, between);
    for (size_t i = 0; i < count; i++)
        hkz_free(taken[i]);
}

static void one(size_t size, size_t between, size_t offset) {
    for (size_t i = 0; i <= between; i++)
        blocks[i] = fatal_allocate(size);
    hkz_free(blocks[0]);
    for (size_t i = 1; i <= between; i++)
        hkz_free(blocks[i]);
    hkz_free(launder(blocks[0] + offset));
    take_all(size, between, 2 * between + 20);
    hkz_trim();
    if (listen_lines() == 0)
        fail("not reported", size, between);
}

static void run(void *arg) {
    static const size_t sizes[] = {16, 48, 100, 1000, 3000, 20000, 131072};
    setenv("HAKOZUNA_ON_ERROR", "report", 1);
    listen_start();
    fatal_stats();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t between = 0; between <= most; between += 1 + between / 8) {
            one(sizes[i], between, 0);
            one(sizes[i], between, sizes[i] >= 32 ? 16 : 8);
        }
    _exit(arg != NULL);
}

int main(int argc, char **argv) {
    static struct child child;
    watchdog_start(FATAL_SECONDS);
    if (argc > 1)
        most = strtoul(argv[1], NULL, 10);
    if (most >= BLOCKS - 20)
        tap_bail("usage: again [MOST]");
    bool done = child_run(&child, run, NULL);
    tap_ok(done && child_exited(&child, 0), "no block is handed out twice: status %#x, %.200s", (unsigned)child.status,
           child.out);
    return tap_done();
}
