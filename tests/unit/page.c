/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * page.c -- the remote strategy page, step by step. Its source is included for its static steps. */
#include "../../lib/central/hz_page.c"
#include "child.h"
#include "hz_source.h"
#include "owners.h"
#include <pthread.h>

enum { THREADS = 3, ROUNDS = 300, SLOTS = 64 };

static const unsigned WORDS_CLASS = 0; /* more than 64 blocks in a run */
static const unsigned MASK_CLASS = 24; /* at most 64 */
static struct hz_owner *owner, *other;

static void start_page(void) {
    unit_start_owners();
    owner = hz_owner_create(&owner);
    other = hz_owner_create(&owner);
    cr_assert(owner != NULL && other != NULL);
    cr_assert_gt(hz_class_table[WORDS_CLASS].block_count, HZ_RUN_MASK_BLOCKS);
    cr_assert_leq(hz_class_table[MASK_CLASS].block_count, HZ_RUN_MASK_BLOCKS);
}

static unsigned take(unsigned class_index, void **slots, unsigned count) {
    hz_lock_take(&owner->lock);
    unsigned taken = hz_central_take(owner, class_index, slots, count);
    hz_lock_give(&owner->lock);
    return taken;
}

static struct hz_desc *run_of(const void *block) { return hz_route_find(block).desc; }

static uint64_t pending_of(const struct hz_desc *desc) {
    return hz_load_relaxed(&hz_desc_queue_of(hz_desc_arena(desc), desc)->pending);
}

static void put_remote(void *block) { put(NULL, hz_route_tag(block), block); }

/* The members of the owner's inbox, which is emptied. */
static unsigned count_queued(struct hz_owner *at, struct hz_desc *expected) {
    unsigned count = 0;
    for (void *member = hz_inbox_take(at); member != NULL; member = hz_inbox_next(member), count++)
        cr_assert(hz_member_kind(member) == HZ_MEMBER_RUN && hz_member_run(member) == expected);
    return count;
}

static void check_first_bit_queues(unsigned class_index) {
    void *slots[SLOTS];
    unsigned count = (unsigned)hz_min(SLOTS, hz_class_table[class_index].block_count); /* of one run */
    unsigned taken = take(class_index, slots, count);
    struct hz_desc *desc = run_of(slots[0]);
    for (unsigned i = 0; i < taken; i++)
        put_remote(slots[i]);
    cr_assert_eq(desc->used, taken, "pending blocks count as used");
    cr_assert_eq(hz_count_bits(pending_of(desc)), class_index == MASK_CLASS ? taken : 1);
    cr_assert_eq(count_queued(owner, desc), 1);
    collect(desc);
    cr_assert_eq(desc->used, 0);
    cr_assert_eq(pending_of(desc), 0);
    hz_desc_validate(hz_desc_arena(desc), desc);
}

Test(page, first_bit_queues_the_run_once) {
    start_page();
    check_first_bit_queues(MASK_CLASS);
    check_first_bit_queues(WORDS_CLASS);
}

Test(page, collected_runs_are_queued_again) {
    void *slots[2];
    start_page();
    cr_assert_eq(take(MASK_CLASS, slots, 2), 2);
    put_remote(slots[0]);
    hz_central_receive(owner, false);
    cr_assert_eq(run_of(slots[1])->used, 1);
    put_remote(slots[1]);
    cr_assert_eq(count_queued(owner, run_of(slots[1])), 1);
}

Test(page, words_and_their_summary_agree) {
    enum { BLOCKS = 1000 };
    static void *slots[BLOCKS];
    start_page();
    cr_assert_eq(take(WORDS_CLASS, slots, BLOCKS), BLOCKS); /* slots[BLOCKS - 1] is block 0 */
    struct hz_desc *desc = run_of(slots[0]);
    _Atomic(uint64_t) *words = hz_desc_pending_words(hz_desc_arena(desc), desc);
    static const unsigned indexes[] = {0, 63, 64, 200, 201, 999};
    for (unsigned i = 0; i < 6; i++)
        put_remote(slots[BLOCKS - 1 - indexes[i]]);
    cr_assert_eq(pending_of(desc), 1u | 1u << 1 | 1u << 3 | 1u << 15);
    cr_assert_eq(hz_load_relaxed(&words[0]), (uint64_t)1 << 63 | 1);
    cr_assert_eq(hz_load_relaxed(&words[3]), (uint64_t)3 << 8);
    hz_central_receive(owner, false);
    cr_assert_eq(desc->used, BLOCKS - 6);
    for (unsigned w = 0; w < 64; w++)
        need(hz_load_relaxed(&words[w]) == 0, "word %u", w);
    hz_desc_validate(hz_desc_arena(desc), desc);
}

static void put_twice(void *block) {
    put_remote(block);
    put_remote(block);
    hz_notes_report();
}

static void put_once(void *block) {
    put_remote(block);
    hz_notes_report();
}

static void must_report(void (*work)(void *), void *block, const char *code) {
    static struct child child;
    cr_assert(child_run(&child, work, block));
    cr_assert(child_aborted(&child) && strstr(child.err, code) != NULL, "%s", child.err);
}

Test(page, wrong_blocks_are_reported_at_once) {
    for (unsigned i = 0; i < 2; i++) {
        char *block;
        if (i == 0)
            start_page();
        cr_assert_eq(take(i == 0 ? MASK_CLASS : WORDS_CLASS, (void **)&block, 1), 1);
        must_report(put_twice, block, "[HKZ-E001]");
        must_report(put_once, block + 8, "[HKZ-E002]");
    }
    char *last; /* of a run whose tail is too short for a block */
    unsigned class_index = 0;
    while (hz_class_table[class_index].block_bytes * hz_class_table[class_index].block_count % HZ_PAGE == 0)
        class_index++;
    cr_assert_eq(take(class_index, (void **)&last, 1), 1);
    must_report(put_once, last + hz_class_table[class_index].block_bytes * hz_class_table[class_index].block_count,
                "[HKZ-E003]");
}

static void collect_what_is_free(void *block) {
    hz_lock_take(&owner->lock);
    hz_central_put(owner, &block, 1);
    hz_lock_give(&owner->lock);
    hz_central_receive(owner, false);
    hz_notes_report();
}

Test(page, a_pending_block_that_is_free_already_is_found_on_return) {
    void *slots[2];
    start_page();
    cr_assert_eq(take(MASK_CLASS, slots, 2), 2);
    put_remote(slots[0]);
    must_report(collect_what_is_free, slots[0], "found on return to its run) [HKZ-E001]");
}

/* --- Change of owner -------------------------------------------------------------------------- */

Test(page, a_run_in_the_wrong_inbox_is_forwarded) {
    void *slots[2];
    start_page();
    cr_assert_eq(take(MASK_CLASS, slots, 2), 2);
    struct hz_desc *desc = run_of(slots[0]);
    put_remote(slots[0]);
    put_remote(slots[1]);
    cr_assert_eq(count_queued(owner, desc), 1);
    cr_assert_not(hz_inbox_push_run(other, desc));
    hz_central_receive(other, false);
    cr_assert_eq(desc->used, 2);
    cr_assert_not(hz_inbox_is_empty(owner));
    hz_central_receive(owner, false);
    cr_assert_eq(desc->used, 0);
}

Test(page, a_run_that_went_to_the_commons_is_collected_there) {
    void *slots[2];
    start_page();
    cr_assert_eq(take(MASK_CLASS, slots, 2), 2);
    struct hz_desc *desc = run_of(slots[0]);
    put_remote(slots[0]);
    cr_assert_eq(count_queued(owner, desc), 1);
    hz_central_retire(owner);
    cr_assert(desc->run.owner == hz_owner_commons() && desc->used == 2);
    cr_assert_not(hz_inbox_push_run(other, desc));
    hz_central_receive(other, false);
    cr_assert_eq(desc->used, 1);
    cr_assert_eq(pending_of(desc), 0);
}

/* --- Every order of the steps ----------------------------------------------------------------- */

/* Setters of one bit each, and a collector that looks twice, broken into their atomic steps. A run of more
 * than 64 blocks takes one step more on each side; those are set_bit and exchanges, as in mark_pending and
 * collect. */
enum { SETTERS = 2, COLLECTOR = SETTERS, ACTORS = SETTERS + 1, STEPS_MAX = 16 };

static struct {
    bool has_words;
    struct hz_desc *desc;
    void *slots[SETTERS + 1];
    bool is_queued; /* on the inbox's chain or in the collector's hand */
    unsigned at[ACTORS];
    bool is_first[SETTERS];
    void *member;
    uint64_t summary;
} game;

static void step_setter(unsigned actor) {
    struct hz_arena *arena = hz_desc_arena(game.desc);
    const struct hz_class *class = &hz_class_table[game.desc->class_index];
    uint32_t index = 0;
    size_t offset = (size_t)((char *)game.slots[actor] - hz_desc_start(arena, game.desc));
    cr_assert_eq(hz_desc_locate_in(class, class->block_count, offset, &index), HZ_PUT_DONE);
    unsigned step = game.at[actor] + !game.has_words;
    if (step == 0) {
        game.is_first[actor] =
            set_bit(hz_desc_pending_words(arena, game.desc) + index / 64, (uint64_t)1 << (index % 64)) == 1;
    } else if (step == 1) {
        bool is_on = !game.has_words || game.is_first[actor];
        game.is_first[actor] = is_on && set_bit(&hz_desc_queue_of(arena, game.desc)->pending,
                                                (uint64_t)1 << (game.has_words ? index / 64 : index)) == 1;
    } else if (game.is_first[actor]) {
        need(!game.is_queued, "queued twice");
        game.is_queued = true;
        (void)hz_inbox_push_run(owner, game.desc);
    }
}

/* Three steps for a look: take the chain; exchange the word; for words, exchange each. */
static void step_collector(void) {
    struct hz_arena *arena = hz_desc_arena(game.desc);
    unsigned step = game.at[COLLECTOR] % (game.has_words ? 3 : 2);
    if (step == 0)
        game.member = hz_inbox_take(owner);
    if (game.member == NULL)
        return;
    if (step == 1) {
        need(hz_member_run(game.member) == game.desc && hz_inbox_next(game.member) == NULL, "chain");
        game.is_queued = false; /* from the exchange on a setter may queue it again */
        game.summary = hz_exchange_acq_rel(&hz_desc_queue_of(arena, game.desc)->pending, (uint64_t)0);
        if (!game.has_words)
            collect_word(arena, game.desc, 0, game.summary);
    } else if (step == 2) {
        _Atomic(uint64_t) *words = hz_desc_pending_words(arena, game.desc);
        for (; game.summary != 0; game.summary &= game.summary - 1) {
            unsigned w = hz_lowest_bit(game.summary);
            collect_word(arena, game.desc, w, hz_exchange_acq_rel(&words[w], (uint64_t)0));
        }
    }
}

/* From the start, in the order of the actors in order[]. Afterwards one more look finds the rest. */
static void play(const unsigned *order, unsigned count) {
    unsigned class_index = game.has_words ? WORDS_CLASS : MASK_CLASS;
    cr_assert_eq(take(class_index, game.slots, SETTERS + 1), SETTERS + 1); /* one stays, and so does the run */
    game.desc = run_of(game.slots[0]);
    memset(game.at, 0, sizeof game.at);
    for (unsigned i = 0; i < count; i++) {
        if (order[i] == COLLECTOR)
            step_collector();
        else
            step_setter(order[i]);
        game.at[order[i]]++;
    }
    hz_central_receive(owner, false);
    need(game.desc->used == 1 && !hz_desc_is_queued(hz_desc_arena(game.desc), game.desc), "%u used", game.desc->used);
    need(hz_inbox_is_empty(owner), "left in the inbox");
    game.is_queued = false;
    hz_desc_validate(hz_desc_arena(game.desc), game.desc);
    hz_lock_take(&owner->lock);
    hz_central_put(owner, &game.slots[SETTERS], 1);
    hz_lock_give(&owner->lock);
}

static unsigned play_all_from(unsigned *order, unsigned at, unsigned *left) {
    unsigned played = 0, rest = 0;
    for (unsigned actor = 0; actor < ACTORS; actor++) {
        rest += left[actor];
        if (left[actor] == 0)
            continue;
        left[actor]--;
        order[at] = actor;
        played += play_all_from(order, at + 1, left);
        left[actor]++;
    }
    if (rest == 0) {
        play(order, at);
        played = 1;
    }
    return played;
}

static unsigned play_all(bool has_words) {
    unsigned order[STEPS_MAX], left[ACTORS];
    game.has_words = has_words;
    for (unsigned i = 0; i < SETTERS; i++)
        left[i] = has_words ? 3 : 2;
    left[COLLECTOR] = has_words ? 6 : 4;
    return play_all_from(order, 0, left);
}

Test(page, every_order_of_the_steps_of_a_mask) {
    start_page();
    cr_assert_eq(play_all(false), 420); /* 8! / (2! 2! 4!) */
}

Test(page, every_order_of_the_steps_of_words) {
    start_page();
    cr_assert_eq(play_all(true), 18480); /* 12! / (3! 3! 6!) */
}

/* --- Threads ---------------------------------------------------------------------------------- */

static struct {
    void *slots[512];
    unsigned count;
    pthread_barrier_t begin, end;
} shared;

static void *put_share(void *first) {
    for (unsigned round = 0; round < ROUNDS; round++) {
        pthread_barrier_wait(&shared.begin);
        for (unsigned i = (unsigned)(uintptr_t)first; i < shared.count; i += THREADS)
            put_remote(shared.slots[i]);
        pthread_barrier_wait(&shared.end);
    }
    return NULL;
}

Test(page, what_many_threads_put_is_collected_once) {
    pthread_t threads[THREADS];
    void *stays;
    start_page();
    pthread_barrier_init(&shared.begin, NULL, THREADS + 1);
    pthread_barrier_init(&shared.end, NULL, THREADS + 1);
    for (uintptr_t i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, put_share, (void *)i), 0);
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned class_index = round % 2 == 0 ? WORDS_CLASS : MASK_CLASS;
        need(take(class_index, &stays, 1) == 1, "no block");
        struct hz_desc *desc = run_of(stays);
        shared.count = 0;
        while (shared.count < 50 && take(class_index, &shared.slots[shared.count], 1) == 1)
            shared.count += run_of(shared.slots[shared.count]) == desc;
        pthread_barrier_wait(&shared.begin);
        for (unsigned i = 0; i < 20; i++)
            hz_central_receive(owner, true);
        pthread_barrier_wait(&shared.end);
        hz_central_receive(owner, false);
        need(desc->used == 1 && pending_of(desc) == 0, "round %u: %u used", round, desc->used);
        collect_what_is_free(stays);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}
