/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * limits.c -- under a limit on address space: NULL and ENOMEM, nothing damaged, and it works again once
 * blocks are freed. */
#include "tiny7.h"
#include <sys/resource.h>

static void **first; /* a list through the blocks */
static const size_t limit = 256 * MIB;

static size_t fill_up(size_t size) {
    size_t count = 0;
    void **block;
    while ((block = hz7_malloc(size)) != NULL) {
        *block = first;
        first = block;
        count++;
    }
    return count;
}

static void free_all(void) {
    while (first != NULL) {
        void **next = *first;
        hz7_free(first);
        first = next;
    }
}

static void exhaust(size_t size) {
    errno = 0;
    size_t count = fill_up(size);
    bool right = errno == ENOMEM;
    /* An eighth of the limit may be out of reach: what no further region of any use fits in. */
    tap_ok(right && count * size >= limit / 2, "%zu blocks of %zu bytes, then ENOMEM", count, size);
    char *block = (char *)first;
    first = *first;
    memset(block, 7, size);
    errno = 0;
    char *grown = hz7_realloc(block, 128 * MIB);
    tap_ok(grown == NULL && errno == ENOMEM && block[size - 1] == 7, "realloc fails and keeps the block");
    hz7_free(block);
    free_all();
    stats_now();
    size_t again = fill_up(size);
    tap_ok(again >= count - count / 10, "%zu blocks again", again);
    free_all();
    tap_ok(stats_now().blocks == 0, "all free");
}

int main(void) {
    watchdog_start(110);
    if (SANITIZED) {
        tap_skip("the sanitizer needs its address space");
        return tap_done();
    }
    struct rlimit rule = {limit, limit};
    if (setrlimit(RLIMIT_AS, &rule) != 0)
        tap_bail("no limit");
    for (size_t w = 2; w < WAYS; w++)
        exhaust(way_sizes[w]);
    void *large = hz7_malloc(launder_size(128 * MIB));
    tap_ok(large != NULL, "half of the limit in one block, after regions of small blocks");
    hz7_free(large);
    return tap_done();
}
