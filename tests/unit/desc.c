/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * desc.c -- the pure steps of a class run, against a shadow that holds one state per block. */
#include "child.h"
#include "hz_desc.h"
#include "unit.h"

enum { STEPS = 4000, TAKE_MAX = 100 };

enum state { FRESH, USED, FREED };

struct run {
    struct hz_arena *arena;
    struct hz_desc *desc;
    const struct hz_class *class;
    char *start;
    enum state states[HZ_RUN_MAX_BLOCKS];
};

static struct run run;

/* A run of the class that begins in the middle of a small arena. */
static void make_run(unsigned class_index) {
    const size_t first_page = 3;
    hz_class_init(HZ_CLASS_MAX_BYTES);
    if (hz_map_first.page_count == 0)
        cr_assert(hz_map_init(16 * HZ_MIB));
    run.arena = &hz_map_first;
    run.class = &hz_class_table[class_index];
    cr_assert(hz_map_commit(run.arena, first_page + run.class->run_pages));
    run.desc = hz_desc_at(run.arena, first_page);
    run.desc->page_count = run.class->run_pages;
    run.desc->back = 0;
    run.start = hz_map_address(run.arena, first_page);
    memset(run.states, 0, sizeof run.states);
    memset(hz_desc_words(run.arena, run.desc), 0xff, HZ_MAP_BITS_BYTES);
    hz_desc_init_run(run.arena, run.desc, class_index);
}

static char *block_at(unsigned index) { return run.start + (size_t)index * run.class->block_bytes; }

static enum hz_put verdict_of(enum state state) {
    return state == USED ? HZ_PUT_DONE : state == FREED ? HZ_PUT_DOUBLE : HZ_PUT_INVALID;
}

/* The blocks that take must give: the lowest freed ones, then the lowest fresh ones. */
static unsigned next_block(void) {
    for (unsigned state = FREED; state != USED; state = state == FREED ? FRESH : USED)
        for (unsigned i = 0; i < run.class->block_count; i++)
            if (run.states[i] == state)
                return i;
    return run.class->block_count;
}

static unsigned count_state(enum state state) {
    unsigned count = 0;
    for (unsigned i = 0; i < run.class->block_count; i++)
        count += run.states[i] == state;
    return count;
}

static void check_counts(void) {
    unsigned used = count_state(USED);
    hz_desc_validate(run.arena, run.desc);
    need(run.desc->used == used, "used %u, not %u", run.desc->used, used);
    need(hz_desc_available(run.desc) == run.class->block_count - used, "available");
    need(run.desc->carved == run.class->block_count - count_state(FRESH), "carved");
}

static void take(unsigned count) {
    void *slots[TAKE_MAX + 1];
    slots[count] = &run; /* not to be touched */
    unsigned available = hz_desc_available(run.desc);
    unsigned taken = hz_desc_take(run.arena, run.desc, slots, count);
    need(taken == (count < available ? count : available), "took %u of %u, %u available", taken, count, available);
    for (unsigned i = taken; i-- > 0;) {
        unsigned expected = next_block();
        need(slots[i] == block_at(expected), "%p is not block %u", slots[i], expected);
        run.states[expected] = USED;
    }
    need(slots[count] == &run, "take wrote past its slots");
}

static void put(unsigned index) {
    enum hz_put expected = verdict_of(run.states[index]);
    enum hz_put judged = hz_desc_judge(run.arena, run.desc, block_at(index));
    enum hz_put result = hz_desc_put(run.arena, run.desc, block_at(index));
    need(judged == expected && result == expected, "block %u: judged %u, put %u, not %u", index, judged, result,
         expected);
    if (result == HZ_PUT_DONE)
        run.states[index] = FREED;
}

/* The spans of FREED blocks, one after another. */
static void check_spans(void) {
    unsigned first = 0, expected = 0, next = 0;
    while ((next = hz_desc_free_span(run.arena, run.desc, next, &first)) != 0) {
        for (; expected < first; expected++)
            need(run.states[expected] != FREED, "block %u was left out of the spans", expected);
        need(first < next, "empty span at %u", first);
        for (; expected < next; expected++)
            need(run.states[expected] == FREED, "block %u is not free", expected);
    }
    for (; expected < run.class->block_count; expected++)
        need(run.states[expected] != FREED, "block %u was left out of the spans", expected);
}

/* Takes and puts at random; the bias changes, so that the run fills and empties. */
static void run_random_steps(unsigned class_index) {
    struct rng rng = rng_init(class_index);
    make_run(class_index);
    size_t take_percent = 50;
    for (unsigned step = 0; step < STEPS; step++) {
        if (step % 256 == 0)
            take_percent = step / 256 % 2 == 0 ? 60 : 3;
        if (rng_below(&rng, 100) < take_percent)
            take((unsigned)rng_below(&rng, TAKE_MAX + 1) / (unsigned)rng_between(&rng, 1, 20));
        else
            put((unsigned)rng_below(&rng, run.class->block_count));
        check_counts();
        if (step % 64 == 0)
            check_spans();
    }
}

Test(desc, random_steps_agree_with_the_shadow_in_every_class) {
    for (unsigned i = 0; i < HZ_CLASS_COUNT; i++)
        run_random_steps(i);
}

Test(desc, both_kinds_of_bitmap_occur) {
    bool has_mask = false, has_words = false;
    hz_class_init(HZ_CLASS_MAX_BYTES);
    for (unsigned i = 0; i < HZ_CLASS_COUNT; i++) {
        has_mask |= hz_class_table[i].block_count <= HZ_RUN_MASK_BLOCKS;
        has_words |= hz_class_table[i].block_count > HZ_RUN_MASK_BLOCKS;
    }
    cr_assert(has_mask && has_words);
}

Test(desc, every_block_once_and_rising_when_popped) {
    for (unsigned i = 0; i < HZ_CLASS_COUNT; i++) {
        static void *slots[HZ_RUN_MAX_BLOCKS];
        make_run(i);
        unsigned count = hz_desc_take(run.arena, run.desc, slots, HZ_RUN_MAX_BLOCKS);
        need(count == run.class->block_count, "class %u: %u blocks", i, count);
        for (unsigned at = 0; at < count; at++)
            need(slots[count - 1 - at] == block_at(at), "class %u: pop %u", i, at);
        need(hz_desc_available(run.desc) == 0, "class %u: some are left", i);
        need(hz_desc_take(run.arena, run.desc, slots, 1) == 0, "class %u: one more", i);
    }
}

/* The pages served another run before, of which each had another place. */
static void check_pages(unsigned class_index) {
    enum { PAGES_MAX = 32 };
    static _Alignas(64) char queues[PAGES_MAX * HZ_MAP_QUEUE_BYTES];
    make_run(class_index);
    size_t first = hz_desc_page(run.arena, run.desc);
    size_t count = run.class->run_pages;
    cr_assert_leq(first + count, PAGES_MAX);
    run.arena->queues = queues;
    for (size_t i = 0; i < count; i++) {
        hz_desc_at(run.arena, first + i)->former_back = 77;
        hz_desc_queue(run.arena, first + i)->back = 77;
    }
    hz_desc_init_run(run.arena, run.desc, class_index);
    for (size_t i = 0; i < count; i++) {
        const struct hz_desc *desc = hz_desc_at(run.arena, first + i);
        const struct hz_queue *queue = hz_desc_queue(run.arena, first + i);
        need((const char *)queue == queues + (first + i) * HZ_MAP_QUEUE_BYTES, "page %zu: its queue", i);
        need(desc->back == i && desc->former_back == i && queue->back == i, "class %u, page %zu", class_index, i);
        need(hz_desc_first(run.arena, first + i) == run.desc, "class %u, page %zu: the first", class_index, i);
    }
    need(hz_desc_start(run.arena, run.desc) == run.start, "class %u: start", class_index);
    need(!hz_desc_is_queued(run.arena, run.desc), "class %u: nothing is pending", class_index);
    hz_store_relaxed(&hz_desc_queue_of(run.arena, run.desc)->pending, UINT64_C(8));
    need(hz_desc_is_queued(run.arena, run.desc), "class %u: pending", class_index);
    hz_store_relaxed(&hz_desc_queue_of(run.arena, run.desc)->pending, UINT64_C(0));
    run.arena->queues = NULL;
}

Test(desc, init_leads_every_page_to_the_first) {
    for (unsigned i = 0; i < HZ_CLASS_COUNT; i++)
        check_pages(i);
}

/* Every offset of the run, with some blocks used, some freed, some fresh. */
static void check_verdicts(unsigned class_index) {
    make_run(class_index);
    unsigned carved = (run.class->block_count + 1u) / 2;
    while (run.desc->carved < carved)
        take(1);
    for (unsigned i = 0; i < carved; i += 3)
        put(i);
    for (size_t offset = 0; offset < (size_t)run.class->run_pages << HZ_PAGE_LOG2; offset++) {
        size_t index = offset / run.class->block_bytes;
        enum hz_put expected = index >= carved                            ? HZ_PUT_INVALID
                               : index * run.class->block_bytes != offset ? HZ_PUT_INTERIOR
                                                                          : verdict_of(run.states[index]);
        enum hz_put judged = hz_desc_judge(run.arena, run.desc, run.start + offset);
        need(judged == expected, "class %u, offset %zu: %u, not %u", class_index, offset, judged, expected);
        if (expected != HZ_PUT_DONE)
            need(hz_desc_put(run.arena, run.desc, run.start + offset) == expected, "class %u, put %zu", class_index,
                 offset);
    }
    check_counts();
}

Test(desc, verdict_of_every_offset) {
    for (unsigned i = 0; i < HZ_CLASS_COUNT; i++)
        check_verdicts(i);
}

Test(desc, put_resets_idleness) {
    make_run(0);
    take(2);
    run.desc->idle_passes = 9;
    put(0);
    cr_assert_eq(run.desc->idle_passes, 0);
    run.desc->idle_passes = 9;
    put(0); /* a double one changes nothing */
    cr_assert_eq(run.desc->idle_passes, 9);
}

static void validate_broken(void *arg) {
    (void)arg;
    run.desc->used++;
    hz_desc_validate(run.arena, run.desc);
}

Test(desc, validate_traps_on_a_wrong_count) {
    static struct child child;
    make_run(0);
    take(2);
    cr_assert(child_run(&child, validate_broken, NULL));
    cr_assert(WIFSIGNALED(child.status));
}

/* --- Words of bits ---------------------------------------------------------------------------- */

/* What putting bits of word w must give back, by the shadow, which changes accordingly. */
static uint64_t shadow_put_word(unsigned w, uint64_t bits) {
    uint64_t wrong = 0;
    for (unsigned bit = 0; bit < 64; bit++) {
        unsigned index = w * 64 + bit;
        if ((bits >> bit & 1) == 0)
            continue;
        if (index < run.class->block_count && run.states[index] == USED)
            run.states[index] = FREED;
        else
            wrong |= (uint64_t)1 << bit;
    }
    return wrong;
}

/* Dense, sparse, single and empty sets of bits. */
static uint64_t any_bits(struct rng *rng) {
    switch (rng_below(rng, 5)) {
    case 0: return 0;
    case 1: return UINT64_MAX;
    case 2: return (uint64_t)1 << rng_below(rng, 64);
    case 3: return rng_next(rng);
    default: return rng_next(rng) & rng_next(rng) & rng_next(rng);
    }
}

static void put_words(unsigned class_index) {
    struct rng rng = rng_init(class_index + 1000);
    make_run(class_index);
    unsigned word_count = run.class->block_count <= HZ_RUN_MASK_BLOCKS ? 1 : (run.class->block_count + 63u) / 64;
    for (unsigned step = 0; step < STEPS / 4; step++) {
        take((unsigned)rng_below(&rng, 40));
        unsigned w = (unsigned)rng_below(&rng, word_count);
        uint64_t bits = any_bits(&rng);
        run.desc->idle_passes = 7;
        uint64_t wrong = hz_desc_put_word(run.arena, run.desc, w, bits);
        uint64_t expected = shadow_put_word(w, bits);
        need(wrong == expected, "class %u, word %u, bits %jx: %jx wrong, not %jx", class_index, w, (uintmax_t)bits,
             (uintmax_t)wrong, (uintmax_t)expected);
        need(bits == wrong || run.desc->idle_passes == 0, "idleness");
        check_counts();
    }
}

Test(desc, put_word_agrees_with_the_shadow_in_every_class) {
    for (unsigned i = 0; i < HZ_CLASS_COUNT; i++)
        put_words(i);
}
