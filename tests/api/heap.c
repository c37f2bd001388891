/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * heap.c -- the heap as a whole: trim, version, profile, statistics and their identities. */
#include "child.h"
#include "entry.h"
#include "limits.h"
#include "markup.h"
#include "rng.h"
#include <pthread.h>

static struct hkz_stats snapshot(void) {
    struct hkz_stats stats = {.size = sizeof stats};
    need(hkz_stats_get(&stats) == 0, "hkz_stats_get failed");
    need(stats.version == 1, "version %u", stats.version);
    need(stats.mapped == stats.active + stats.dirty + stats.clean, "mapped %lu != %lu + %lu + %lu",
         (unsigned long)stats.mapped, (unsigned long)stats.active, (unsigned long)stats.dirty,
         (unsigned long)stats.clean);
    need(stats.active == stats.allocated + stats.cached + stats.unused, "active %lu != %lu + %lu + %lu",
         (unsigned long)stats.active, (unsigned long)stats.allocated, (unsigned long)stats.cached,
         (unsigned long)stats.unused);
    need(stats.reserved >= stats.mapped, "reserved < mapped");
    need(stats.huge_bytes <= stats.active, "huge_bytes > active");
    return stats;
}

static void check_monotone(const struct hkz_stats *before, const struct hkz_stats *after) {
    const uint64_t *old = &before->refills, *new = &after->refills;
    size_t counters = (size_t)(&before->out_of_memory - old) + 1;
    for (size_t i = 0; i < counters; i++)
        need(new[i] >= old[i], "counter %zu fell from %lu to %lu", i, (unsigned long)old[i], (unsigned long)new[i]);
}

/* Allocates sizes of all kinds; fills blocks[]; returns the bytes asked for. */
static size_t allocate_pattern(void **blocks, size_t count) {
    size_t asked = 0;
    for (size_t i = 0; i < count; i++) {
        size_t size = 1 + i * i * 7 % 100000;
        blocks[i] = a_malloc(size);
        need(blocks[i] != NULL, "malloc(%zu) failed", size);
        asked += size;
    }
    return asked;
}

enum { COUNT = 500 };

Test(stats, allocated_follows_the_program) {
    static void *blocks[COUNT];
    struct hkz_stats before = snapshot();
    size_t usable = 0, asked = allocate_pattern(blocks, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        usable += hkz_usable_size(blocks[i]);
    struct hkz_stats held = snapshot();
    cr_assert_geq(held.allocated - before.allocated, asked);
    cr_assert_eq(held.allocated - before.allocated, usable, "allocated %lu, usable %zu",
                 (unsigned long)(held.allocated - before.allocated), usable);
    cr_assert_leq(usable, asked + asked / 4 + COUNT * 15);
    for (size_t i = 0; i < COUNT; i += 2)
        usable -= hkz_usable_size(blocks[i]), hkz_free(blocks[i]);
    struct hkz_stats half = snapshot();
    cr_assert_eq(half.allocated - before.allocated, usable, "after freeing every other block");
    for (size_t i = 1; i < COUNT; i += 2)
        hkz_free(blocks[i]);
    struct hkz_stats after = snapshot();
    cr_assert_eq(after.allocated, before.allocated, "after freeing all");
}

Test(stats, allocated_follows_realloc) {
    struct hkz_stats before = snapshot();
    void *block = a_malloc(100);
    block = a_realloc(block, 50000);
    block = a_realloc(block, 500000);
    block = a_realloc(block, 50);
    struct hkz_stats held = snapshot();
    cr_assert_eq(held.allocated - before.allocated, hkz_usable_size(block));
    block = a_realloc(block, 0);
    cr_assert(block == NULL);
    block = a_realloc(a_malloc(300000), 0);
    cr_assert(block == NULL);
    cr_assert_eq(snapshot().allocated, before.allocated, "realloc(block, 0) does not free");
}

Test(stats, large_blocks_are_counted) {
    struct hkz_stats before = snapshot();
    char *large = a_malloc(300 * KIB), *huge = a_malloc(80 * MIB);
    struct hkz_stats held = snapshot();
    cr_assert_eq(held.large + held.huge, before.large + before.huge + 2);
    cr_assert_geq(held.allocated - before.allocated, 80 * MIB + 300 * KIB);
    cr_assert_geq(held.mapped, before.mapped + 80 * MIB);
    hkz_free(large);
    hkz_free(huge);
    struct hkz_stats after = snapshot();
    cr_assert_eq(after.large + after.huge, before.large + before.huge);
    cr_assert_eq(after.huge_bytes, before.huge_bytes);
    cr_assert_eq(after.allocated, before.allocated);
}

Test(stats, counters_only_rise) {
    static void *blocks[COUNT];
    struct hkz_stats before = snapshot();
    for (int round = 0; round < 10; round++) {
        allocate_pattern(blocks, COUNT);
        struct hkz_stats held = snapshot();
        check_monotone(&before, &held);
        for (size_t i = 0; i < COUNT; i++)
            hkz_free(blocks[i]);
        hkz_trim();
        before = snapshot();
        check_monotone(&held, &before);
    }
    cr_assert_gt(before.runs_created, 0);
    cr_assert_gt(before.runs_released, 0);
    cr_assert_gt(before.purges, 0);
    cr_assert_gt(before.purged_bytes, 0);
}

Test(stats, failures_are_counted) {
    struct hkz_stats before = snapshot();
    void *block = a_malloc((size_t)1 << 47);
    cr_assert(block == NULL);
    cr_assert_eq(snapshot().out_of_memory, before.out_of_memory + 1);
}

static pthread_barrier_t meeting;

static void *hold_blocks(void *arg) {
    void *blocks[64];
    (void)arg;
    for (size_t i = 0; i < 64; i++)
        blocks[i] = a_malloc(1 + i * 100);
    pthread_barrier_wait(&meeting);
    pthread_barrier_wait(&meeting);
    for (size_t i = 0; i < 64; i++)
        hkz_free(blocks[i]);
    return NULL;
}

Test(stats, threads_come_and_go) {
    enum { THREADS = 6 };
    pthread_t threads[THREADS];
    hkz_free(a_malloc(1));
    struct hkz_stats before = snapshot();
    pthread_barrier_init(&meeting, NULL, THREADS + 1);
    for (int i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, hold_blocks, NULL), 0);
    pthread_barrier_wait(&meeting);
    struct hkz_stats held = snapshot();
    cr_assert_eq(held.threads, before.threads == 0 ? 0 : before.threads + THREADS);
    cr_assert_gt(held.allocated, before.allocated);
    pthread_barrier_wait(&meeting);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    struct hkz_stats after = snapshot();
    cr_assert_eq(after.threads, before.threads);
    cr_assert_eq(after.allocated, before.allocated);
}

/* While others allocate, every snapshot must still add up. */
static _Atomic bool stop_churn;

static void *churn(void *arg) {
    struct rng rng = rng_init((uintptr_t)arg);
    void *blocks[100] = {NULL};
    while (!stop_churn) {
        size_t i = rng_below(&rng, 100);
        hkz_free(blocks[i]);
        blocks[i] = a_malloc(1 + (rng_next(&rng) & 0x3ffff) / (1 + rng_below(&rng, 500)));
    }
    hkz_batch_free(blocks, 100);
    return NULL;
}

Test(stats, add_up_under_load) {
    pthread_t threads[3];
    struct hkz_stats before = snapshot();
    for (uintptr_t i = 0; i < 3; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, churn, (void *)(i + 1)), 0);
    for (int i = 0; i < 300; i++) {
        struct hkz_stats now = snapshot();
        check_monotone(&before, &now);
    }
    stop_churn = true;
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(snapshot().allocated, before.allocated);
}

Test(stats, short_struct_is_filled_as_far_as_it_reaches) {
    struct hkz_stats stats;
    void *block = a_malloc(1000);
    memset(&stats, 0xee, sizeof stats);
    stats.size = (uint32_t)offsetof(struct hkz_stats, cached);
    cr_assert_eq(hkz_stats_get(&stats), 0);
    cr_assert_eq(stats.version, 1);
    cr_assert_geq(stats.allocated, 1000);
    cr_assert_lt(stats.allocated, MIB * 1024);
    const unsigned char *rest = (const unsigned char *)&stats.cached;
    for (size_t i = 0; i < sizeof stats - offsetof(struct hkz_stats, cached); i++)
        need(rest[i] == 0xee, "byte %zu behind the struct was written", i);
    hkz_free(block);
}

Test(stats, longer_struct_is_accepted) {
    struct {
        struct hkz_stats stats;
        unsigned char later[64];
    } wide;
    memset(&wide, 0xee, sizeof wide);
    wide.stats.size = sizeof wide;
    cr_assert_eq(hkz_stats_get(&wide.stats), 0);
    cr_assert_eq(wide.stats.version, 1);
    cr_assert_lt(wide.stats.out_of_memory, 1000000);
}

Test(stats, smallest_struct_and_below) {
    struct hkz_stats stats;
    memset(&stats, 0xee, sizeof stats);
    for (uint32_t size = 0; size < 8; size++) {
        stats.size = size;
        cr_assert_eq(hkz_stats_get(&stats), EINVAL);
        cr_assert_eq(stats.version, 0xeeeeeeee);
    }
    stats.size = 8;
    cr_assert_eq(hkz_stats_get(&stats), 0);
    cr_assert_eq(stats.version, 1);
    cr_assert_eq(stats.allocated, 0xeeeeeeeeeeeeeeeeu);
}

/* Gathers what hkz_stats_print writes, without allocating. */
struct text {
    char bytes[65536];
    size_t used;
};

static void gather(void *arg, const char *piece, size_t bytes) {
    struct text *text = arg;
    need(text->used + bytes < sizeof text->bytes, "more than 64 KiB of statistics");
    memcpy(text->bytes + text->used, piece, bytes);
    text->used += bytes;
    text->bytes[text->used] = '\0';
}

static struct text text;

Test(stats_print, text) {
    struct hkz_stats before = snapshot();
    cr_assert_eq(hkz_stats_print(HKZ_FORMAT_TEXT, gather, &text), 0);
    struct hkz_stats after = snapshot();
    cr_assert(strstr(text.bytes, "allocated") != NULL && strstr(text.bytes, "active") != NULL);
    cr_assert_eq(text.bytes[text.used - 1], '\n');
    cr_assert_eq(after.allocated, before.allocated, "printing allocated");
    cr_assert_eq(after.mapped, before.mapped, "printing mapped memory");
}

Test(stats_print, json_parses) {
    void *block = a_malloc(123456);
    cr_assert_eq(hkz_stats_print(HKZ_FORMAT_JSON, gather, &text), 0);
    cr_assert(markup_is_json(text.bytes), "%s", text.bytes);
    cr_assert(strstr(text.bytes, "\"allocated\"") != NULL);
    hkz_free(block);
}

Test(stats_print, unknown_format_is_einval) {
    cr_assert_eq(hkz_stats_print((enum hkz_format)opaque(7), gather, &text), EINVAL);
    cr_assert_eq(text.used, 0);
}

static void print_to_stderr(void *arg) {
    (void)arg;
    _exit(hkz_stats_print(HKZ_FORMAT_TEXT, NULL, NULL));
}

Test(stats_print, null_is_standard_error) {
    static struct child child;
    cr_assert(child_run(&child, print_to_stderr, NULL));
    cr_assert(child_exited(&child, 0));
    cr_assert(strstr(child.err, "allocated") != NULL, "%s", child.err);
}

/* The recogniser itself: a test that accepts everything proves nothing. */
Test(markup, tells_good_from_bad) {
    static const char *const good[] = {"{}", "[1, -2.5e3, \"a\\\"b\", {\"k\": [true, null]}]\n", "0"};
    static const char *const bad[] = {"", "{", "{\"a\" 1}", "{\"a\": 1,}", "[1 2]", "01", "{} x", "\"a", "nan"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        cr_assert(markup_is_json(good[i]), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_assert(!markup_is_json(bad[i]), "%s", bad[i]);
    cr_assert(markup_is_xml("<?xml version=\"1.0\"?><a b=\"1\"><c/><d></d></a>"));
    cr_assert(!markup_is_xml("<a>") && !markup_is_xml("<a></b>") && !markup_is_xml("") && !markup_is_xml("</a>") &&
              !markup_is_xml("<a b=\"1></a>"));
}

Test(trim, returns_free_memory) {
    static void *blocks[COUNT];
    hkz_trim();
    struct hkz_stats before = snapshot();
    for (int i = 0; i < COUNT; i++) {
        blocks[i] = a_malloc(50000);
        memset(blocks[i], 1, 50000);
    }
    for (int i = 0; i < COUNT; i++)
        hkz_free(blocks[i]);
    size_t given = hkz_trim();
    struct hkz_stats after = snapshot();
    cr_assert_eq(after.dirty, 0, "dirty %lu", (unsigned long)after.dirty);
    cr_assert_leq(after.active, before.active, "active %lu, was %lu", (unsigned long)after.active,
                  (unsigned long)before.active);
    cr_assert_leq(given, 2 * COUNT * 65536);
    cr_assert_eq(hkz_trim(), 0, "a second trim finds nothing");
}

Test(trim, keeps_live_blocks) {
    static void *blocks[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        blocks[i] = a_malloc(1 + i * 113);
        pattern_fill(blocks[i], 1 + i * 113, i);
    }
    for (size_t i = 0; i < COUNT; i += 3)
        hkz_free(blocks[i]);
    hkz_trim();
    for (size_t i = 0; i < COUNT; i++) {
        if (i % 3 == 0)
            continue;
        need(pattern_check(blocks[i], 1 + i * 113, 1 + i * 113, i) == PATTERN_INTACT, "block %zu changed", i);
        hkz_free(blocks[i]);
    }
}

enum { STRUCTURE = 200000 };

/* What the caches keep of a large structure does not keep its runs, in whatever order it is freed. */
Test(cached, blocks_do_not_keep_many_runs) {
    static void *blocks[STRUCTURE];
    struct rng rng = rng_init(3);
    for (size_t i = 0; i < STRUCTURE; i++)
        blocks[i] = a_malloc(48);
    struct hkz_stats full = snapshot();
    for (size_t i = STRUCTURE; i > 0; i--) {
        size_t at = rng_below(&rng, i);
        a_free(blocks[at]);
        blocks[at] = blocks[i - 1];
    }
    struct hkz_stats after = snapshot();
    cr_assert_leq(after.active, full.active / 4, "active %lu KiB, was %lu KiB", (unsigned long)after.active >> 10,
                  (unsigned long)full.active >> 10);
}

Test(version, matches_the_header) {
    char expected[32];
    snprintf(expected, sizeof expected, "%d.%d.%d", HKZ_VERSION_MAJOR, HKZ_VERSION_MINOR, HKZ_VERSION_PATCH);
    cr_assert_str_eq(hkz_version(), expected);
    cr_assert_eq(hkz_version_number(), HKZ_VERSION);
}

Test(profile, has_a_name) {
    cr_assert_not_null(hkz_profile());
    cr_assert_str_eq(hkz_profile(), getenv("HZ_TEST_PROFILE"));
}
