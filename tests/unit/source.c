/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * source.c -- page runs against a shadow, free runs by size, blocks with their own mapping. */
#include "hz_bits.h"
#include "hz_fault.h"
#include "hz_free_runs.h"
#include "hz_huge.h"
#include "hz_large.h"
#include "hz_os.h"
#include "hz_policy.h"
#include "hz_source.h"
#include "unit.h"
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RUNS = 60, STEPS = 6000, PAGES_MAX = 40 };
static const uint32_t NEVER_MS = 1000000;
static const size_t PROBE = 4096; /* a word at each multiple is written and read */

struct held {
    struct hz_arena *arena;
    struct hz_desc *desc;
    char *start;
    size_t page_count;
    uint64_t mark;
    bool is_large;
};

static struct held held[RUNS];
static uint64_t next_mark = 1;

static void start_source(size_t arena_bytes, uint32_t decay_ms) {
    hz_class_init(HZ_CLASS_MAX_BYTES);
    cr_assert(hz_map_init(arena_bytes));
    hz_source_init(decay_ms, HZ_THP_DEFAULT);
}

static void mark_pages(struct held *run, size_t from_page) {
    for (size_t at = from_page << HZ_PAGE_LOG2; at < run->page_count << HZ_PAGE_LOG2; at += PROBE)
        *(uint64_t *)(void *)(run->start + at) = run->mark;
}

/* Nobody else wrote to the run. */
static void check_marks(const struct held *run) {
    for (size_t at = 0; at < run->page_count << HZ_PAGE_LOG2; at += PROBE)
        need(*(uint64_t *)(void *)(run->start + at) == run->mark, "run of %zu pages, offset %zu", run->page_count, at);
}

static void take(struct held *run, size_t page_count, size_t alignment, bool is_large) {
    run->desc = hz_source_take(page_count, alignment, &run->arena);
    need(run->desc != NULL, "%zu pages refused", page_count);
    run->start = hz_desc_start(run->arena, run->desc);
    run->page_count = page_count;
    run->mark = next_mark++;
    run->is_large = is_large;
    need((uintptr_t)run->start % alignment == 0, "%p at %zu", (void *)run->start, alignment);
    need(run->desc->page_count == page_count && run->desc->back == 0, "description");
    need(run->desc->is_dirty || unit_is_zero(run->start, page_count << HZ_PAGE_LOG2), "clean is not zero");
    if (is_large)
        hz_source_mark_large(run->desc);
    hz_map_set_tags(run->arena, hz_desc_page(run->arena, run->desc), page_count, HZ_TAG_INTERIOR);
    mark_pages(run, 0);
}

static void give(struct held *run) {
    size_t page = hz_desc_page(run->arena, run->desc);
    check_marks(run);
    hz_map_set_tags(run->arena, page, run->page_count, HZ_TAG_FORMER);
    hz_source_give(run->arena, run->desc);
    for (size_t i = 0; i < run->page_count; i++)
        need(hz_map_tag(run->arena, hz_map_address(run->arena, page + i)) == HZ_TAG_FORMER, "tag changes");
    run->desc = NULL;
}

static void extend(struct held *run, size_t more) {
    size_t before = run->page_count;
    bool was_dirty = run->desc->is_dirty;
    if (!hz_source_extend(run->arena, run->desc, before + more)) {
        need(run->desc->page_count == before, "a refused extension changed the run");
        return;
    }
    run->page_count = before + more;
    need(run->desc->page_count == run->page_count, "length");
    char *added = run->start + (before << HZ_PAGE_LOG2);
    need(was_dirty || run->desc->is_dirty || unit_is_zero(added, more << HZ_PAGE_LOG2), "not zero");
    need(hz_map_tag(run->arena, added + (more << HZ_PAGE_LOG2) - 1) == HZ_TAG_INTERIOR, "tag");
    mark_pages(run, before);
}

static void shrink(struct held *run, size_t page_count) {
    hz_source_shrink(run->arena, run->desc, page_count);
    need(hz_map_tag(run->arena, run->start + (page_count << HZ_PAGE_LOG2)) == HZ_TAG_FORMER_INTERIOR, "tag");
    run->page_count = page_count;
    need(run->desc->page_count == page_count, "length");
}

static void check_totals(void) {
    size_t pages = 0, large_pages = 0, large_blocks = 0, committed = 0;
    hz_source_validate();
    for (unsigned i = 0; i < RUNS; i++) {
        if (held[i].desc == NULL)
            continue;
        pages += held[i].page_count;
        large_blocks += held[i].is_large;
        large_pages += held[i].is_large ? held[i].page_count : 0;
    }
    for (struct hz_arena *a = &hz_map_first; a != NULL; a = hz_load_relaxed(&a->next))
        committed += hz_load_relaxed(&a->committed_pages);
    struct hz_source_counts counts = hz_source_count();
    need(counts.active_pages == pages, "active %zu, not %zu", counts.active_pages, pages);
    need(counts.large_pages == large_pages && counts.large_blocks == large_blocks, "large");
    need(counts.active_pages + counts.dirty_pages + counts.clean_pages == committed,
         "%zu active, %zu dirty, %zu clean of %zu", counts.active_pages, counts.dirty_pages, counts.clean_pages,
         committed);
}

static void change(struct rng *rng, struct held *run) {
    size_t choice = rng_below(rng, 4);
    if (choice == 0 && run->is_large && run->page_count > 1)
        shrink(run, rng_between(rng, 1, run->page_count - 1));
    else if (choice == 1 && run->is_large)
        extend(run, rng_between(rng, 1, PAGES_MAX));
    else
        give(run);
}

static void step_once(struct rng *rng) {
    struct held *run = &held[rng_below(rng, RUNS)];
    if (rng_below(rng, 200) == 0)
        (void)hz_source_purge_all();
    else if (run->desc != NULL)
        change(rng, run);
    else
        take(run, rng_between(rng, 1, PAGES_MAX), HZ_PAGE << (rng_below(rng, 4) == 0 ? rng_below(rng, 6) : 0),
             rng_below(rng, 2) == 0);
}

static void run_random_steps(size_t arena_bytes, uint32_t decay_ms) {
    struct rng rng = rng_init(decay_ms + arena_bytes);
    start_source(arena_bytes, decay_ms);
    for (unsigned step = 0; step < STEPS; step++) {
        step_once(&rng);
        check_totals();
    }
    for (unsigned i = 0; i < RUNS; i++)
        if (held[i].desc != NULL)
            give(&held[i]);
    check_totals();
    cr_assert_eq(hz_source_count().active_pages, 0);
}

Test(source, random_steps_with_pages_kept) { run_random_steps(512 * HZ_MIB, NEVER_MS); }

Test(source, random_steps_with_pages_purged_at_once) { run_random_steps(512 * HZ_MIB, 0); }

Test(source, random_steps_over_several_arenas) {
    run_random_steps(8 * HZ_MIB, NEVER_MS);
    cr_assert_not_null(hz_load_relaxed(&hz_map_first.next));
}

Test(source, purge_all_makes_everything_zero) {
    start_source(64 * HZ_MIB, NEVER_MS);
    for (unsigned i = 0; i < 10; i++)
        take(&held[i], 8, HZ_PAGE, false);
    for (unsigned i = 0; i < 10; i += 2)
        give(&held[i]);
    cr_assert_eq(hz_source_count().dirty_pages, 40);
    cr_assert_eq(hz_source_purge_all(), 40 * HZ_PAGE);
    cr_assert_eq(hz_source_count().dirty_pages, 0);
    cr_assert_eq(hz_source_purge_all(), 0);
    take(&held[0], 8, HZ_PAGE, false);
    cr_assert_not(held[0].desc->is_dirty);
    check_totals();
}

Test(source, dirty_pages_are_reused_first) {
    start_source(64 * HZ_MIB, NEVER_MS);
    take(&held[0], 8, HZ_PAGE, false);
    take(&held[1], 1, HZ_PAGE, false); /* keeps the first from merging with what follows */
    char *start = held[0].start;
    give(&held[0]);
    take(&held[0], 8, HZ_PAGE, false);
    cr_assert_eq(held[0].start, start);
    cr_assert(held[0].desc->is_dirty);
}

Test(source, neighbours_merge) {
    start_source(64 * HZ_MIB, NEVER_MS);
    for (unsigned i = 0; i < 4; i++)
        take(&held[i], 4, HZ_PAGE, false);
    char *start = held[0].start;
    give(&held[0]);
    give(&held[2]);
    give(&held[1]);
    take(&held[0], 12, HZ_PAGE, false);
    cr_assert_eq(held[0].start, start);
    check_totals();
}

Test(source, extend_is_refused_by_a_taken_neighbour) {
    start_source(64 * HZ_MIB, NEVER_MS);
    take(&held[0], 4, HZ_PAGE, true);
    take(&held[1], 4, HZ_PAGE, true);
    cr_assert_not(hz_source_extend(held[0].arena, held[0].desc, 5));
    give(&held[1]);
    cr_assert(hz_source_extend(held[0].arena, held[0].desc, 8));
    cr_assert_not(hz_source_extend(held[0].arena, held[0].desc, UINT32_MAX));
    held[0].page_count = 8;
    check_totals();
}

Test(source, decay_waits_for_the_age) {
    start_source(64 * HZ_MIB, 500);
    take(&held[0], 8, HZ_PAGE, false);
    give(&held[0]);
    uint32_t now = hz_os_now_ms();
    (void)hz_source_decay(now);
    cr_assert_eq(hz_source_count().dirty_pages, 8);
    (void)hz_source_decay(now + 1000);
    cr_assert_eq(hz_source_count().dirty_pages, 0);
    cr_assert_eq(hz_source_count().purged_bytes, 8 * HZ_PAGE);
}

Test(source, decay_finds_what_is_a_month_old) {
    start_source(64 * HZ_MIB, 500);
    take(&held[0], 8, HZ_PAGE, false);
    give(&held[0]);
    (void)hz_source_decay(hz_os_now_ms() + UINT32_C(30) * 24 * 3600 * 1000);
    cr_assert_eq(hz_source_count().dirty_pages, 0);
}

Test(source, one_refused_purge_does_not_end_the_others) {
    start_source(64 * HZ_MIB, NEVER_MS);
    for (unsigned i = 0; i < 10; i++)
        take(&held[i], 8, HZ_PAGE, false);
    for (unsigned i = 0; i < 10; i += 2)
        give(&held[i]);
    hz_fault_set(&(struct hz_fault_plan){.kinds = 1u << HZ_FAULT_PURGE, .nth = {1, 0}});
    cr_assert_eq(hz_source_purge_all(), 32 * HZ_PAGE);
    cr_assert_eq(hz_source_count().dirty_pages, 8);
    hz_fault_set(&(struct hz_fault_plan){.kinds = 1u << HZ_FAULT_PURGE, .from = 1});
    cr_assert_eq(hz_source_purge_all(), 0);
    hz_fault_set(NULL);
    cr_assert_eq(hz_source_purge_all(), 8 * HZ_PAGE);
}

static _Atomic(bool) is_over;

static void *purge_for_ever(void *unused) {
    static struct held run;
    while (!is_over) {
        take(&run, 16 * HZ_MIB >> HZ_PAGE_LOG2, HZ_PAGE, false);
        memset(run.start, 1, 16 * HZ_MIB);
        hz_map_set_tags(run.arena, hz_desc_page(run.arena, run.desc), run.page_count, HZ_TAG_NONE);
        hz_source_give(run.arena, run.desc);
        (void)hz_source_purge_all();
    }
    return unused;
}

enum { CHILD_CONTENT = 3, CHILD_CAUGHT = 4 };

static int look_in_child(void) {
    hz_source_reset_lock();
    (void)hz_source_purge_all();
    bool was_caught = hz_source_count().dirty_pages != 0;
    hz_source_recover();
    (void)hz_source_purge_all();
    struct hz_source_counts counts = hz_source_count();
    hz_source_validate();
    if (counts.dirty_pages != 0)
        return 1;
    return was_caught ? CHILD_CAUGHT : CHILD_CONTENT;
}

/* Forks until the other thread was caught at it some times. */
Test(source, a_forked_child_gets_what_others_were_purging) {
    enum { FORKS_MAX = 5000, CAUGHT = 3 };
    pthread_t thread;
    start_source(512 * HZ_MIB, NEVER_MS);
    cr_assert_eq(pthread_create(&thread, NULL, purge_for_ever, NULL), 0);
    unsigned caught = 0;
    for (unsigned i = 0; i < FORKS_MAX && caught < CAUGHT; i++) {
        hz_source_lock();
        pid_t pid = fork();
        if (pid == 0)
            _exit(look_in_child());
        hz_source_unlock();
        int status = -1;
        cr_assert_eq(waitpid(pid, &status, 0), pid);
        int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        need(code == CHILD_CONTENT || code == CHILD_CAUGHT, "fork %u: status %#x", i, (unsigned)status);
        caught += code == CHILD_CAUGHT;
    }
    is_over = true;
    pthread_join(thread, NULL);
    cr_assert_eq(caught, CAUGHT);
}

Test(source, impossible_lengths_are_refused) {
    struct hz_arena *arena;
    start_source(64 * HZ_MIB, NEVER_MS);
    cr_assert_null(hz_source_take(UINT32_MAX, HZ_PAGE, &arena));
    cr_assert_null(hz_source_take((size_t)UINT32_MAX - 1, HZ_PAGE, &arena));
    check_totals();
}

/* A list of one size range is walked only so far, so a run of the wanted size's own range may be missed;
 * one a quarter longer, which lies in a later list, may not. */
Test(free_runs, find_gives_a_run_that_fits) {
    enum { COUNT = 200, LONGEST = 5000 };
    static struct hz_free_runs runs;
    static struct hz_desc descs[COUNT];
    struct rng rng = rng_init(5);
    size_t pages = 0, longest = 0;
    hz_free_runs_init(&runs);
    cr_assert_null(hz_free_runs_find(&runs, 1));
    for (unsigned i = 0; i < COUNT; i++) {
        descs[i].page_count = (uint32_t)rng_between(&rng, 1, LONGEST);
        pages += descs[i].page_count;
        longest = hz_max(longest, descs[i].page_count);
        hz_free_runs_insert(&runs, &descs[i]);
    }
    cr_assert_eq(runs.page_count, pages);
    for (size_t wanted = 1; wanted <= longest; wanted++) {
        struct hz_desc *found = hz_free_runs_find(&runs, wanted);
        need(found != NULL || wanted + wanted / 4 >= longest, "%zu pages: none found", wanted);
        need(found == NULL || found->page_count >= wanted, "%zu pages: too short", wanted);
    }
    cr_assert_null(hz_free_runs_find(&runs, longest + 1));
    for (unsigned i = 0; i < COUNT; i++)
        hz_free_runs_remove(&runs, &descs[i]);
    cr_assert_eq(runs.page_count, 0);
    cr_assert_null(hz_free_runs_find(&runs, 1));
}

static void check_huge(size_t bytes, size_t alignment) {
    char *block = hz_huge_take(bytes, alignment);
    need(block != NULL && (uintptr_t)block % alignment == 0, "%zu at %zu: %p", bytes, alignment, (void *)block);
    size_t usable = hz_huge_bytes(block);
    need(usable >= bytes && unit_is_zero(block, usable), "%zu bytes", bytes);
    need(hz_huge_judge(block + 1) == HZ_ROUTE_INTERIOR && hz_huge_judge(block + usable) != HZ_ROUTE_INTERIOR, "judged");
    need(hz_huge_contains(block + usable - 1) && hz_huge_bytes(block + 16) == 0, "contains");
    need(!hz_huge_give(block + 16) && hz_huge_give(block), "give");
    need(!hz_huge_give(block) && !hz_huge_contains(block), "gave twice");
    need(hz_huge_judge(block) == HZ_ROUTE_FREED && hz_huge_judge(block + 16) == HZ_ROUTE_MISS, "judged");
}

Test(huge, take_and_give) {
    for (size_t alignment = HZ_PAGE; alignment <= 16 * HZ_MIB; alignment *= 4)
        for (size_t bytes = HZ_PAGE; bytes <= 8 * HZ_MIB; bytes = bytes * 3 + 1)
            check_huge(bytes, alignment);
    size_t blocks, bytes;
    hz_huge_count(&blocks, &bytes);
    cr_assert(blocks == 0 && bytes == 0);
}

Test(huge, resize_keeps_contents) {
    char *block = hz_huge_take(HZ_MIB, HZ_PAGE);
    memset(block, 7, HZ_MIB);
    block = hz_huge_resize(block, 9 * HZ_MIB, true);
    cr_assert_not_null(block);
    cr_assert(block[0] == 7 && block[HZ_MIB - 1] == 7 && block[9 * HZ_MIB - 1] == 0);
    cr_assert_geq(hz_huge_bytes(block), 9 * HZ_MIB);
    cr_assert(hz_huge_give(block));
}

Test(huge, many_are_all_found) {
    enum { BLOCKS = 2000 };
    static char *blocks[BLOCKS];
    size_t count, bytes;
    for (size_t i = 0; i < BLOCKS; i++)
        blocks[i] = hz_huge_take(HZ_PAGE, HZ_PAGE);
    hz_huge_count(&count, &bytes);
    cr_assert_eq(count, BLOCKS);
    cr_assert_geq(bytes, BLOCKS * HZ_PAGE);
    for (size_t i = 0; i < BLOCKS; i += 2)
        need(hz_huge_give(blocks[i]), "block %zu", i);
    for (size_t i = 0; i < BLOCKS; i++)
        need(hz_huge_contains(blocks[i]) == (i % 2 == 1), "block %zu", i);
}

/* A rest as long as the block, or a page less, is not the block's: its size was rounded up. */
Test(huge, a_kept_part_is_no_more_than_a_size_explains) {
    for (size_t less = 0; less <= HZ_PAGE; less += hz_os_page_bytes()) {
        char *block = hz_huge_take(4 * HZ_MIB - less, HZ_PAGE);
        hz_fault_set(&(struct hz_fault_plan){.kinds = 1u << HZ_FAULT_RELEASE | 1u << HZ_FAULT_MAP});
        cr_assert(hz_huge_give(block));
        size_t asked = 2 * HZ_MIB - hz_os_page_bytes() + 1;
        char *part = hz_huge_take(asked, HZ_PAGE);
        need(part != NULL && asked >= hz_huge_bytes(part) / 2, "%zu bytes for %zu", hz_huge_bytes(part), asked);
        hz_fault_set(NULL);
        cr_assert(hz_huge_give(part));
        while ((part = hz_huge_take(HZ_MIB, HZ_PAGE)) != NULL && part >= block && part < block + 4 * HZ_MIB)
            continue; /* the rest is no part any more */
    }
}

/* A mapping that the kernel did not take back serves again, in parts that nobody would call of another size. */
Test(huge, what_the_kernel_kept_is_shared_out) {
    char *block = hz_huge_take(9 * HZ_MIB, HZ_PAGE), *part[4];
    memset(block, 1, 9 * HZ_MIB);
    hz_fault_set(&(struct hz_fault_plan){.kinds = 1u << HZ_FAULT_RELEASE | 1u << HZ_FAULT_MAP});
    cr_assert(hz_huge_give(block));
    for (unsigned i = 0; i < 4; i++) {
        part[i] = hz_huge_take(2 * HZ_MIB, HZ_PAGE);
        need(part[i] >= block && part[i] + 2 * HZ_MIB <= block + 9 * HZ_MIB, "part %u", i);
        need(hz_huge_bytes(part[i]) >= 2 * HZ_MIB && hz_huge_bytes(part[i]) <= 4 * HZ_MIB, "%zu bytes in part %u",
             hz_huge_bytes(part[i]), i);
        for (size_t at = 0; at < 2 * HZ_MIB; at++)
            need(part[i][at] == 0, "byte %zu of part %u", at, i);
        memset(part[i], 2, hz_huge_bytes(part[i]));
    }
    cr_assert_null(hz_huge_take(2 * HZ_MIB, HZ_PAGE));
    hz_fault_set(NULL);
    for (unsigned i = 0; i < 4; i++)
        need(hz_huge_give(part[i]), "part %u", i);
}

Test(large, good_size_is_what_take_makes_usable) {
    start_source(64 * HZ_MIB, NEVER_MS);
    hz_large_init(4 * HZ_MIB, 2 * HZ_MIB);
    for (size_t size = HZ_CLASS_MAX_BYTES + 1; size < 4 * HZ_MIB; size += 77777) {
        bool is_zero;
        char *block = hz_large_take(size, 16, &is_zero);
        need(block != NULL, "%zu refused", size);
        struct hz_arena *arena = hz_map_find(block);
        struct hz_desc *desc = hz_desc_at(arena, hz_map_page(arena, block));
        need(hz_large_good_size(size) == (size_t)desc->page_count << HZ_PAGE_LOG2, "%zu", size);
        need(hz_map_tag(arena, block) == HZ_TAG_LARGE, "tag of %zu", size);
        need(hz_large_give(arena, desc), "give %zu", size);
        need(!hz_large_give(arena, desc), "gave %zu twice", size);
    }
    cr_assert_eq(hz_large_good_size(SIZE_MAX), 0);
    hz_source_validate();
}

/* --- Several runs at a time ------------------------------------------------------------------- */

/* Takes count runs of page_count pages into held[], as one step of the source. */
static void take_runs(size_t page_count, unsigned count) {
    struct hz_arena *arena;
    unsigned taken;
    struct hz_desc *first = hz_source_take_runs(page_count, count, &arena, &taken);
    need(first != NULL && taken == count, "%u of %u runs", taken, count);
    for (unsigned i = 0; i < count; i++) {
        size_t page = hz_desc_page(arena, first) + i * page_count;
        struct hz_desc *desc = hz_desc_at(arena, page);
        need(desc->page_count == page_count && desc->back == 0 && desc->kind == HZ_DESC_TAKEN, "run %u", i);
        need(desc->is_dirty == first->is_dirty, "dirt of run %u", i);
        held[i] = (struct held){arena, desc, hz_desc_start(arena, desc), page_count, next_mark++, false};
        hz_map_set_tags(arena, page, page_count, HZ_TAG_INTERIOR);
        mark_pages(&held[i], 0);
    }
    check_totals();
}

/* Given back in any order they merge at once: see inv. 2. */
static void check_order(const unsigned *order, size_t page_count) {
    take_runs(page_count, 3);
    for (unsigned i = 0; i < 3; i++) {
        give(&held[order[i]]);
        check_totals();
    }
}

Test(source, runs_taken_together_are_given_back_one_by_one) {
    static const unsigned orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    start_source(64 * HZ_MIB, NEVER_MS);
    for (unsigned i = 0; i < 6; i++)
        for (size_t page_count = 4; page_count > 0; page_count--) /* what is free always suffices */
            check_order(orders[i], page_count);
    cr_assert_eq(hz_source_count().active_pages, 0);
    char *start = hz_map_address(&hz_map_first, 0);
    take(&held[0], hz_map_first.fresh_page, HZ_PAGE, false);
    cr_assert_eq(held[0].start, start, "all of it is one run again");
}

/* Out of the middle of dirty pages, with a neighbour on either side. */
Test(source, runs_taken_together_from_a_gap) {
    start_source(64 * HZ_MIB, NEVER_MS);
    for (unsigned i = 10; i < 13; i++)
        take(&held[i], 6, HZ_PAGE, false);
    char *gap = held[11].start;
    give(&held[11]);
    take_runs(2, 3);
    cr_assert_eq(held[0].start, gap);
    cr_assert(held[0].desc->is_dirty && held[2].desc->is_dirty);
    for (unsigned i = 0; i < 3; i++)
        check_marks(&held[i]);
}

/* Where several do not fit, one does. */
Test(source, one_run_when_there_is_no_room_for_several) {
    struct hz_arena *arena;
    unsigned count = 77;
    start_source(64 * HZ_MIB, NEVER_MS);
    struct hz_desc *desc = hz_source_take_runs(1, (unsigned)1 << 30, &arena, &count);
    cr_assert(desc != NULL && count == 1 && desc->page_count == 1);
    hz_source_give(arena, desc);
    check_totals();
}
