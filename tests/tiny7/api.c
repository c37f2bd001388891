/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * api.c -- every entry point of hz7-tiny by itself. */
#include "tiny7.h"

static bool is_aligned(const void *block, size_t alignment) { return ((uintptr_t)block & (alignment - 1)) == 0; }

/* The largest power of two that divides size, up to 64 KiB, and at least 16. */
static size_t natural(size_t size) {
    size_t power = 16;
    while (power < 64 * KIB && size % (2 * power) == 0)
        power *= 2;
    return size == power ? power : 16;
}

static void sizes(void) {
    int wrong = 0;
    for (size_t size = 0; size <= 300 * KIB; size += size < 2100 ? 1 : size / 37) {
        char *block = hz7_malloc(size), *other = hz7_malloc(size);
        wrong += block == NULL || other == NULL || block == other;
        wrong += hz7_usable_size(block) < size || !is_aligned(block, 16);
        wrong += size != 0 && !is_aligned(block, natural(size));
        wrong += size > 64 && hz7_usable_size(block) - size >= size / 4 + 16 && size <= 32 * KIB;
        pattern_fill(block, hz7_usable_size(block), size);
        pattern_fill(other, hz7_usable_size(other), size + 1);
        wrong += pattern_check(block, hz7_usable_size(block), hz7_usable_size(block), size) != PATTERN_INTACT;
        hz7_free(block);
        hz7_free(other);
    }
    tap_ok(wrong == 0, "sizes 0 to 300 KiB: %d wrong", wrong);
    tap_ok(hz7_usable_size(NULL) == 0, "usable_size of NULL is 0");
}

static void errors(void) {
    size_t most = launder_size(SIZE_MAX), half = launder_size(SIZE_MAX / 2 + 2);
    int wrong = 0;
    void *block = hz7_malloc(100);
    errno = 0;
    wrong += hz7_malloc(most) != NULL || errno != ENOMEM;
    errno = 0;
    wrong += hz7_malloc(launder_size(PTRDIFF_MAX)) != NULL || errno != ENOMEM;
    errno = 0;
    wrong += hz7_calloc(half, 2) != NULL || errno != ENOMEM;
    errno = 0;
    wrong += hz7_calloc(most, most) != NULL || errno != ENOMEM;
    errno = 0;
    wrong += hz7_realloc(block, most) != NULL || errno != ENOMEM || hz7_usable_size(block) < 100;
    errno = 0;
    wrong += hz7_realloc(block, launder_size(PTRDIFF_MAX - 5)) != NULL || errno != ENOMEM;
    errno = 0;
    wrong += hz7_aligned_alloc(64, most) != NULL || errno != ENOMEM;
    errno = 0;
    wrong += hz7_aligned_alloc(launder_size(half - 1), 1) != NULL || errno != ENOMEM;
    tap_ok(wrong == 0, "sizes that cannot be: %d wrong", wrong);
    for (size_t alignment = 0; alignment < 100; alignment = alignment * 2 + 3) {
        errno = 0;
        wrong += hz7_aligned_alloc(launder_size(alignment), 10) != NULL || errno != EINVAL;
    }
    tap_ok(wrong == 0, "alignments that are no powers of two: %d wrong", wrong);
    errno = 4711;
    hz7_free(hz7_malloc(3 * MIB));
    hz7_free(block);
    hz7_free(NULL);
    tap_ok(errno == 4711, "errno is kept");
}

static void alignments(void) {
    static void *blocks[64];
    int wrong = 0;
    for (size_t alignment = 1; alignment <= 16 * MIB; alignment *= 2)
        for (size_t size = 0; size <= 3 * MIB; size = size * 3 + 1) {
            for (size_t i = 0; i < 3; i++) {
                blocks[i] = hz7_aligned_alloc(alignment, size);
                wrong += blocks[i] == NULL || !is_aligned(blocks[i], alignment) || hz7_usable_size(blocks[i]) < size;
                pattern_fill(blocks[i], size, i);
            }
            for (size_t i = 0; i < 3; i++) {
                wrong += pattern_check(blocks[i], size, size, i) != PATTERN_INTACT;
                hz7_free(blocks[i]);
            }
        }
    tap_ok(wrong == 0, "alignments 1 to 16 MiB: %d wrong", wrong);
    stats_now();
}

static void resizing(void) {
    int wrong = 0;
    static const size_t steps[] = {1,         15,       16,      17,      200,    1024,      1025,     5000,
                                   32 * 1024, 32769,    65536,   65537,   200000, MIB,       MIB + 1,  9 * MIB,
                                   40 * MIB,  39 * MIB, 4 * MIB, 3 * MIB, 70000,  65536,     33 * KIB, 32768,
                                   9000,      4000,     1000,    100,     10,     100 * KIB, 10};
    char *block = hz7_realloc(NULL, steps[0]);
    size_t held = steps[0];
    pattern_fill(block, held, 0);
    for (size_t i = 1; i < sizeof steps / sizeof *steps; i++) {
        size_t kept = held < steps[i] ? held : steps[i];
        block = hz7_realloc(block, steps[i]);
        wrong += block == NULL || pattern_check(block, held, kept, i - 1) != PATTERN_INTACT;
        wrong += hz7_usable_size(block) < steps[i];
        wrong += hz7_usable_size(block) > 2 * steps[i] + 64 * KIB;
        held = steps[i];
        pattern_fill(block, held, i);
    }
    tap_ok(wrong == 0, "realloc up and down: %d wrong", wrong);
    errno = 4711;
    tap_ok(hz7_realloc(block, 0) == NULL && errno == 4711, "realloc to 0 frees");
    block = hz7_realloc(hz7_malloc(5 * MIB), 64 * KIB);
    char *grown = hz7_realloc(block, 640 * KIB);
    tap_ok(stats_now().blocks == 1, "one block is held");
    tap_ok(grown == block, "what is free behind a large block is taken in place");
    hz7_free(grown);
    tap_ok(stats_now().blocks == 0, "no block is held");
}

/* Blocks of a growing buffer between others, so that it moves by page table. */
static void moving(void) {
    int wrong = 0;
    void *between[12];
    size_t held = MIB;
    char *block = hz7_malloc(held);
    pattern_fill(block, held, 77);
    for (size_t i = 0; i < 8; i++) {
        between[i] = hz7_malloc(64 * KIB);
        block = hz7_realloc(block, held * 2);
        wrong += pattern_check(block, held, held, 77) != PATTERN_INTACT;
        held *= 2;
        pattern_fill(block, held, 77);
    }
    hz7_free(block);
    for (size_t i = 0; i < 8; i++)
        hz7_free(between[i]);
    tap_ok(wrong == 0, "realloc from 1 to 256 MiB: %d wrong", wrong);
}

static void zeros(void) {
    int wrong = 0;
    static char *blocks[40];
    for (int round = 0; round < 3; round++)
        for (size_t w = 0; w < WAYS; w++) {
            for (size_t i = 0; i < 40; i++) {
                blocks[i] = hz7_calloc(way_sizes[w], 1);
                wrong += !pattern_is_zero(blocks[i], way_sizes[w]);
                memset(blocks[i], 0xA5, hz7_usable_size(blocks[i]));
            }
            for (size_t i = 0; i < 40; i++)
                hz7_free(blocks[i]);
            if (round == 2)
                hz7_trim();
        }
    void *none = hz7_calloc(0, 10), *nothing = hz7_calloc(10, 0);
    wrong += none == NULL || nothing == NULL || none == nothing;
    hz7_free(none);
    hz7_free(nothing);
    tap_ok(wrong == 0, "calloc gives zeros, after reuse too: %d wrong", wrong);
}

/* Windows charges for memory when it is committed, and has less than the test asks for. */
#if defined(_WIN32)
enum { IS_CHARGED = 1 };
#else
enum { IS_CHARGED = 0 };
#endif

/* Blocks that no region so far can hold. Only their ends are written. */
static void regions(void) {
    if (sizeof(void *) < 8) {
        tap_skip("regions beyond all others do not fit into so little address space");
        return;
    }
    size_t most = (size_t)3 * 1024 * MIB;
    uint64_t before = stats_now().regions;
    int wrong = 0;
    char *blocks[3];
    for (size_t i = 0; i < 3; i++) {
        size_t size = most + i * 7 * MIB;
        blocks[i] = hz7_malloc(size);
        wrong += blocks[i] == NULL || hz7_usable_size(blocks[i]) < size;
        blocks[i][0] = blocks[i][size - 1] = (char)(i + 1);
    }
    tap_ok(wrong == 0 && stats_now().regions > before, "three blocks of %zu MiB in %llu regions", most / MIB,
           (unsigned long long)stats_now().regions);
    blocks[1] = hz7_realloc(blocks[1], 3 * most);
    wrong += blocks[1] == NULL || blocks[1][0] != 2 || blocks[1][most + 7 * MIB - 1] != 2;
    for (size_t i = 0; i < 3; i++)
        wrong += blocks[i][0] != (char)(i + 1);
    tap_ok(wrong == 0, "one of them moved to three times its size");
    uint64_t full = stats_now().reserved;
    for (size_t i = 0; i < 3; i++)
        hz7_free(blocks[i]);
    blocks[0] = hz7_malloc((size_t)full);
    if (IS_CHARGED && blocks[0] == NULL)
        tap_skip("no memory for a region that is larger than all");
    else
        tap_ok(blocks[0] != NULL && stats_now().regions == before + 1,
               "empty regions are given up for one that is larger than all");
    hz7_free(blocks[0]);
    tap_ok(stats_now().blocks == 0, "no block is held");
}

static void whole(void) {
    struct hz7_stats small = {.size = 4}, part;
    tap_ok(hz7_stats_get(&small) == EINVAL, "a stats struct too small");
    memset(&part, 0xEE, sizeof part);
    part.size = offsetof(struct hz7_stats, unused);
    tap_ok(hz7_stats_get(&part) == 0 && part.version == 1 && part.unused == 0xEEEEEEEEEEEEEEEE,
           "an older stats struct is filled as far as it reaches");
    tap_ok(hz7_set_on_error((enum hz7_on_error)3) == EINVAL, "no such action");
    tap_ok(strcmp(hz7_version(), "0.1.0") == 0 || strlen(hz7_version()) >= 5, "version %s", hz7_version());
    struct hz7_stats before = stats_now();
    void *blocks[3] = {hz7_malloc(100), hz7_malloc(10000), hz7_malloc(100000)};
    struct hz7_stats after = stats_now();
    tap_ok(after.blocks == before.blocks + 3 && after.large_blocks == before.large_blocks + 1 &&
               after.allocated == before.allocated + hz7_usable_size(blocks[0]) + hz7_usable_size(blocks[1]) +
                                      hz7_usable_size(blocks[2]),
           "three blocks are counted");
    for (int i = 0; i < 3; i++)
        hz7_free(blocks[i]);
    (void)hz7_trim();
    after = stats_now();
    tap_ok(after.allocated == 0 && after.unused == 0 && after.dirty == 0 && after.blocks == 0,
           "after trim all is free and clean");
    tap_ok(hz7_trim() == 0, "nothing is left to trim");
}

int main(void) {
    watchdog_start(100);
    struct hz7_stats first = stats_now();
    tap_ok(first.mapped == 0 && first.regions == 0 && hz7_trim() == 0, "nothing before the first call");
    sizes();
    errors();
    alignments();
    resizing();
    moving();
    zeros();
    regions();
    whole();
    return tap_done();
}
