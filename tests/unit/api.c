/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * api.c -- the reader of options; what large blocks keep of what their users were told, also inside the allocator,
 * where signal handlers may be. */
#include "child.h"
#include "hakozuna.h"
#include "hz_fail.h"
#include "hz_inside.h"
#include "hz_large.h"
#include "hz_options.h"
#include "hz_route.h"
#include "hz_thread.h"
#include "pattern.h"
#include "unit.h"

Test(options, defaults_come_from_the_policy) {
    hz_options_init();
    cr_assert_eq(hz_options.decay_ms, hz_policy.decay_ms);
    cr_assert_eq(hz_options.huge_bytes, hz_policy.huge_bytes);
    cr_assert_eq(hz_options.thp, (uint64_t)hz_policy.thp);
    cr_assert_eq(hz_options.on_error[HZ_ERROR_DOUBLE_FREE], HZ_ON_ERROR_ABORT);
    cr_assert_eq(hz_options.on_error[HZ_ERROR_OUT_OF_MEMORY], HZ_ON_ERROR_IGNORE);
}

Test(options, variables_are_read) {
    setenv("HAKOZUNA_DECAY_MS", "123", 1);
    setenv("HAKOZUNA_ON_ERROR", "report", 1);
    setenv("HAKOZUNA_ARENA_BYTES", "16M", 1);
    hz_options_init();
    cr_assert_eq(hz_options.decay_ms, 123);
    cr_assert_eq(hz_options.on_error[HZ_ERROR_DOUBLE_FREE], HZ_ON_ERROR_REPORT);
    cr_assert_eq(hz_options.on_error[HZ_ERROR_OUT_OF_MEMORY], HZ_ON_ERROR_IGNORE);
    cr_assert_eq(hz_options.arena_bytes, 16 * HZ_MIB);
}

Test(options, each_error_has_its_action) {
    setenv("HAKOZUNA_ON_ERROR", "report,Double-Free=abort,out-of-memory=report,overflow=ignore", 1);
    hz_options_init();
    for (unsigned i = 0; i < HZ_ERROR_COUNT; i++) {
        uint64_t action = i == HZ_ERROR_DOUBLE_FREE ? HZ_ON_ERROR_ABORT
                          : i == HZ_ERROR_OVERFLOW  ? HZ_ON_ERROR_IGNORE
                                                    : HZ_ON_ERROR_REPORT;
        need(hz_options.on_error[i] == action, "%s", hz_error_name((enum hz_error)i));
    }
}

Test(options, an_action_list_with_a_fault_changes_nothing) {
    static const char *const lists[] = {"report,",
                                        ",report",
                                        "report,double-free",
                                        "report,double-free=",
                                        "=report",
                                        "ignore,double-frees=report",
                                        "ignore,double-free=reports",
                                        ""};
    for (unsigned i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        setenv("HAKOZUNA_ON_ERROR", lists[i], 1);
        hz_options_init();
        for (unsigned k = 0; k < HZ_ERROR_COUNT - 1; k++)
            need(hz_options.on_error[k] == (k == HZ_ERROR_FOREIGN_FREE ? HZ_ON_ERROR_REPORT : HZ_ON_ERROR_ABORT),
                 "\"%s\"", lists[i]);
    }
}

Test(options, conf_holds_several_and_a_variable_wins) {
    setenv("HAKOZUNA_CONF", "decay_ms=5:thp=never:huge_bytes=2g:", 1);
    setenv("HAKOZUNA_DECAY_MS", "6", 1);
    hz_options_init();
    cr_assert_eq(hz_options.decay_ms, 6);
    cr_assert_eq(hz_options.thp, HZ_THP_NEVER);
    cr_assert_eq(hz_options.huge_bytes, 2048 * HZ_MIB);
}

Test(options, a_size_in_bytes_goes_as_far_as_one_with_a_unit) {
    setenv("HAKOZUNA_ARENA_BYTES", "17592186044416", 1);
    setenv("HAKOZUNA_HUGE_BYTES", "9223372036854775807", 1);
    hz_options_init();
    cr_assert_eq(hz_options.arena_bytes, (uint64_t)16 << 40);
    cr_assert_eq(hz_options.huge_bytes, INT64_MAX);
}

/* Exits with 1 if the entry changed decay_ms. */
static void read_entry(void *entry) {
    putenv(entry);
    hz_options_init();
    if (hz_options.decay_ms != hz_policy.decay_ms)
        _exit(1);
}

Test(options, wrong_ones_are_reported_and_change_nothing) {
    static char entries[][40] = {
        "HAKOZUNA_DECAY_MS=",       "HAKOZUNA_DECAY_MS=x",          "HAKOZUNA_DECAY_MS=-1",
        "HAKOZUNA_DECAY_MS=1k",     "HAKOZUNA_DECAY_MS=1000000001", "HAKOZUNA_DECAYMS=7",
        "HAKOZUNA_THP=sometimes",   "HAKOZUNA_HUGE_BYTES=1x",       "HAKOZUNA_CONF=decay_ms",
        "HAKOZUNA_CONF=decay=7",    "HAKOZUNA_HUGE_BYTES=k",        "HAKOZUNA_HUGE_BYTES=99999999999t",
        "HAKOZUNA_THP=a\nb\x1b[0m", "HAKOZUNA_CONF=a\nb",           "HAKOZUNA_HUGE_BYTES=9223372036854775808",
    };
    static struct child child;
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        need(child_run(&child, read_entry, entries[i]), "fork");
        need(child_exited(&child, 0), "%s: status %d", entries[i], child.status);
        need(strstr(child.err, "is ignored") != NULL, "%s: \"%s\"", entries[i], child.err);
        need(strchr(child.err, '\n') == child.err + strlen(child.err) - 1, "not a line: \"%s\"", child.err);
    }
}

Test(options, a_plan_of_refusals_is_read) {
    struct hz_fault_plan plan;
    static const char text[] = "kinds=map+COMMIT,nth=5,nth=9,every=100,from=1000,probability=0.25,seed=7,above=1M";
    cr_assert(hz_fail_read(text, sizeof text - 1, &plan));
    cr_assert_eq(plan.kinds, 1u << HZ_FAULT_MAP | 1u << HZ_FAULT_COMMIT);
    cr_assert_eq(plan.nth[0], 5);
    cr_assert_eq(plan.nth[1], 9);
    cr_assert_eq(plan.every, 100);
    cr_assert_eq(plan.from, 1000);
    cr_assert_eq(plan.chance, UINT32_C(1) << 30);
    cr_assert_eq(plan.seed, 7);
    cr_assert_eq(plan.above, HZ_MIB);
    cr_assert(hz_fail_read("probability=1", 13, &plan));
    cr_assert_eq(plan.chance, UINT32_MAX);
}

Test(options, a_wrong_plan_is_reported_and_refuses_nothing) {
    static char entries[][40] = {
        "HAKOZUNA_FAIL=",          "HAKOZUNA_FAIL=nth=0",           "HAKOZUNA_FAIL=nth",
        "HAKOZUNA_FAIL=nth=5,",    "HAKOZUNA_FAIL=nth=5,,every=2",  "HAKOZUNA_FAIL=often=1",
        "HAKOZUNA_FAIL=kinds=",    "HAKOZUNA_FAIL=kinds=map+x",     "HAKOZUNA_FAIL=above=1x",
        "HAKOZUNA_FAIL=from=-1",   "HAKOZUNA_FAIL=probability=1.5", "HAKOZUNA_FAIL=probability=2",
        "HAKOZUNA_FAIL=yes",       "HAKOZUNA_FAIL=probability=0",   "HAKOZUNA_FAIL=seed=x",
        "HAKOZUNA_CONF=fail=nth:", "HAKOZUNA_FAIL=probability=.5",
    };
    static struct child child;
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        need(child_run(&child, read_entry, entries[i]), "fork");
        need(child_exited(&child, 0), "%s: status %d", entries[i], child.status);
        need(strstr(child.err, "is ignored") != NULL, "%s: \"%s\"", entries[i], child.err);
    }
}

Test(options, a_plan_refuses_what_it_says) {
    hz_fault_set(&(struct hz_fault_plan){.kinds = 1u << HZ_FAULT_MAP, .nth = {2, 4}, .above = 100});
    for (unsigned i = 1; i <= 5; i++) {
        cr_assert_not(hz_fault(HZ_FAULT_MAP, 100));
        cr_assert_not(hz_fault(HZ_FAULT_COMMIT, 1000));
        cr_assert_eq(hz_fault(HZ_FAULT_MAP, 101), i == 2 || i == 4);
    }
    cr_assert_eq(hz_fault_seen(), 5);
    cr_assert_eq(hz_fault_refused(), 2);
    hz_fault_set(&(struct hz_fault_plan){.every = 3, .from = 8});
    for (unsigned i = 1; i <= 10; i++)
        cr_assert_eq(hz_fault(HZ_FAULT_PURGE, 1), i % 3 == 0 || i >= 8);
    unsigned drawn[2] = {0, 0};
    for (unsigned round = 0; round < 2; round++) {
        hz_fault_set(&(struct hz_fault_plan){.chance = UINT32_C(1) << 30, .seed = 3});
        for (unsigned i = 0; i < 32; i++)
            drawn[round] = drawn[round] << 1 | hz_fault(HZ_FAULT_PURGE, 1);
    }
    cr_assert_eq(drawn[0], drawn[1]);
    need(hz_fault_refused() > 2 && hz_fault_refused() < 16, "%u of 32", (unsigned)hz_fault_refused());
    hz_fault_set(NULL);
    cr_assert_not(hz_fault(HZ_FAULT_PURGE, 1));
}

/* --- Large blocks ----------------------------------------------------------------------------- */

enum { ASKED = 129 * HZ_KIB, GRANTED = 150 * HZ_KIB };

/* A block of which the compiler knows nothing. */
static void *opaque(void *block) {
    __asm__ volatile("" : "+r"(block) : : "memory");
    return block;
}

/* A large block behind which there is another, so that it cannot grow in place, on memory that was written before. */
static char *walled(size_t alignment, size_t size) {
    char *former = hkz_malloc(8 * HZ_MIB);
    hz_large_init(SIZE_MAX, SIZE_MAX); /* what grows is copied */
    memset(former, 0x11, 8 * HZ_MIB);
    hkz_free(former);
    char *block = opaque(hkz_aligned_alloc(alignment, size));
    cr_assert_not_null(block);
    cr_assert_not_null(opaque(hkz_malloc(ASKED)));
    return block;
}

static void need_kept(char *block, size_t written) {
    pattern_fill(block, written, written);
    char *moved = opaque(hkz_realloc(block, 4 * HZ_MIB));
    cr_assert(moved != NULL && moved != block);
    cr_assert_eq(pattern_check(moved, written, written, written), PATTERN_INTACT);
}

Test(large, keeps_what_expand_granted) {
    char *block = walled(16, ASKED);
    cr_assert_eq(opaque(hkz_expand(block, GRANTED)), block);
    cr_assert_eq(opaque(hkz_expand(block, ASKED)), block);
    need_kept(block, GRANTED);
}

Test(large, keeps_what_usable_size_told) {
    char *block = walled(16, ASKED);
    size_t usable = hkz_usable_size(block);
    need_kept(block, usable);
}

static void check_granted_inside(void *(*grant)(void *, size_t)) {
    char *block = walled(16, ASKED);
    hz_thread_enter();
    char *same = opaque(grant(block, GRANTED));
    hz_inside_leave();
    cr_assert_eq(same, block);
    need_kept(block, GRANTED);
}

Test(large, keeps_what_realloc_granted_inside) { check_granted_inside(hkz_realloc); }

Test(large, keeps_what_expand_granted_inside) { check_granted_inside(hkz_expand); }

Test(large, keeps_what_usable_size_told_inside) {
    char *block = walled(16, ASKED);
    hz_thread_enter();
    size_t usable = hkz_usable_size(block);
    hz_inside_leave();
    need_kept(block, usable);
}

/* Small blocks are large ones when their alignment asks for it. */
Test(large, keeps_good_sizes_of_aligned_blocks) {
    static const size_t sizes[] = {100, 5000, 100000, ASKED};
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *block = walled(2 * HZ_PAGE, sizes[i]);
        need_kept(block, hkz_good_size(sizes[i]));
    }
}

Test(large, copies_no_more_than_was_asked_for) {
    hkz_free_aligned_sized(opaque(hkz_aligned_alloc(2 * HZ_PAGE, 100)), 2 * HZ_PAGE, 100);
    char *block = walled(16, ASKED);
    const struct hz_desc *desc = hz_route_find(block).desc;
    cr_assert_eq(hz_large_written(desc), ASKED);
    cr_assert_eq(opaque(hkz_realloc(block, GRANTED)), block);
    cr_assert_eq(hz_large_written(desc), GRANTED);
    (void)hkz_usable_size(block);
    cr_assert_eq(hz_large_written(desc), 3 * HZ_PAGE);
    cr_assert_eq(opaque(hkz_realloc(block, ASKED)), block);
    cr_assert_eq(hz_large_written(desc), ASKED);
}

Test(large, calloc_zeroes_all_that_is_usable) {
    hkz_free(walled(16, 4 * HZ_MIB));
    char *block = opaque(hkz_calloc(1, ASKED));
    size_t usable = hkz_usable_size(block);
    for (size_t i = 0; i < usable; i++)
        need(block[i] == 0, "byte %zu of %zu", i, usable);
}

static void *allocated_inside(size_t size) {
    hz_thread_enter();
    void *block = opaque(hkz_malloc(size));
    hz_inside_leave();
    return block;
}

/* Threads free what signal handlers allocated, and tell its size as of any block. */
Test(inside, blocks_may_be_freed_by_size) {
    for (size_t size = 1; size < 20000; size += 1000)
        hkz_free_sized(allocated_inside(size), size);
    hkz_free_aligned_sized(allocated_inside(24), 16, 24);
}

Test(inside, what_realloc_left_may_be_freed_by_size) {
    char *block = opaque(hkz_malloc(1000));
    hz_thread_enter();
    char *same = opaque(hkz_realloc(block, 100));
    hz_inside_leave();
    cr_assert_eq(same, block);
    hkz_free_sized(block, 100);
}
