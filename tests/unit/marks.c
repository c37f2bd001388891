/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * marks.c -- the two bits of an address: every state, every place, and many threads at one word. */
#include "hz_mark.h"
#include "unit.h"
#include <pthread.h>

enum { THREADS = 3, ROUNDS = 20000 };

/* A word in which the bit of that number has the given state and all others have the pattern of others. */
static struct hz_mark make(unsigned number, bool local, bool remote, uint32_t others) {
    struct hz_mark mark;
    uint32_t bit = (uint32_t)1 << number;
    hz_store_relaxed(&mark.local, (others & ~bit) | (local ? bit : 0));
    hz_store_relaxed(&mark.remote, (~others & ~bit) | (remote ? bit : 0));
    return mark;
}

static void need_state(struct hz_mark *mark, unsigned bit, bool local, bool remote, uint32_t others) {
    struct hz_mark expected = make(bit, local, remote, others);
    need(hz_load_relaxed(&mark->local) == hz_load_relaxed(&expected.local), "local");
    need(hz_load_relaxed(&mark->remote) == hz_load_relaxed(&expected.remote), "remote");
}

static void check_steps(unsigned bit, bool local, bool remote, uint32_t others) {
    struct hz_mark mark = make(bit, local, remote, others);
    bool is_live = local != remote;
    hz_mark_touch(&mark);
    need_state(&mark, bit, local, remote, others);
    need(hz_mark_is_live(&mark, bit) == is_live, "live");
    need_state(&mark, bit, local, remote, others);
    hz_mark_flip_local(&mark, bit);
    need_state(&mark, bit, !local, remote, others);
    hz_mark_flip_local(&mark, bit);
    hz_mark_flip_remote(&mark, bit);
    need_state(&mark, bit, local, !remote, others);
    hz_mark_flip_remote(&mark, bit);
    need(hz_mark_claim(&mark, bit) == is_live, "claim");
    need_state(&mark, bit, local, is_live ? !remote : remote, others);
    need(!hz_mark_claim(&mark, bit), "claimed twice");
    mark = make(bit, local, remote, others);
    need(hz_mark_take_back(&mark, bit) == is_live, "taken back");
    need_state(&mark, bit, is_live ? !local : local, remote, others);
}

Test(marks, every_step_from_every_state_of_every_bit) {
    static const uint32_t others[] = {0, UINT32_MAX, 0x55555555, 0x123456f0};
    for (unsigned bit = 0; bit < HZ_MARK_BITS; bit++)
        for (unsigned state = 0; state < 4; state++)
            for (unsigned i = 0; i < 4; i++)
                check_steps(bit, state & 1, state >> 1, others[i]);
}

/* Each way to hand out, followed by each way to free, and again: free is seen the second time. */
Test(marks, any_side_may_hand_out_and_any_may_free) {
    struct hz_mark mark = {0, 0};
    const unsigned bit = 9;
    for (unsigned way = 0; way < 16; way++) {
        if ((way & 1) != 0)
            hz_mark_flip_remote(&mark, bit);
        else
            hz_mark_flip_local(&mark, bit);
        need(hz_mark_is_live(&mark, bit), "handed out, way %u", way);
        if ((way & 2) != 0)
            need(hz_mark_claim(&mark, bit), "claim, way %u", way);
        else
            need(hz_mark_take_back(&mark, bit), "taken back, way %u", way);
        need(!hz_mark_is_live(&mark, bit) && !hz_mark_claim(&mark, bit), "freed, way %u", way);
        need(!hz_mark_take_back(&mark, bit), "taken back twice, way %u", way);
    }
}

/* --- Places ----------------------------------------------------------------------------------- */

static size_t page_bytes_of(unsigned class_index) {
    return (size_t)hz_class_table[class_index].run_pages << HZ_PAGE_LOG2;
}

static void check_places(unsigned class_index, size_t first) {
    size_t block_bytes = hz_class_table[class_index].block_bytes;
    struct hz_mark_place before = {NULL, 0, true};
    for (size_t offset = 0; offset < page_bytes_of(class_index); offset += 8) {
        struct hz_mark_place place = hz_mark_find(&hz_map_first, first + offset, class_index);
        if (offset % block_bytes != 0) {
            need(place.is_aligned == false || offset % 16 == 0, "offset %zu of class %u", offset, class_index);
            continue;
        }
        need(place.is_aligned, "class %u, offset %zu is aligned", class_index, offset);
        need(place.bit < HZ_MARK_BITS, "bit %u", place.bit);
        need(place.mark > before.mark || (place.mark == before.mark && place.bit > before.bit),
             "class %u, offset %zu: not a place of its own", class_index, offset);
        need(!hz_mark_is_live(place.mark, place.bit), "a fresh page has no live blocks");
        before = place;
    }
}

/* A page's marks lie apart from its neighbours', whatever their classes. */
static void check_page_border(unsigned class_index, unsigned next_class, size_t border) {
    struct hz_mark_place last = hz_mark_find(&hz_map_first, border - 16, class_index);
    struct hz_mark_place next = hz_mark_find(&hz_map_first, border, next_class);
    need(last.mark != next.mark, "classes %u and %u share a word", class_index, next_class);
}

Test(marks, every_block_of_every_class_has_its_own) {
    hz_class_init(HZ_CLASS_MAX_BYTES);
    cr_assert(hz_map_init(16 * HZ_MIB));
    cr_assert_not_null(hz_map_first.marks);
    cr_assert(hz_map_commit(&hz_map_first, 64));
    for (unsigned i = 0; i < HZ_CLASS_COUNT; i++) {
        check_places(i, 3 * HZ_PAGE);
        for (unsigned next = 0; next < HZ_CLASS_COUNT; next++)
            check_page_border(i, next, 5 * HZ_PAGE);
    }
}

static void check_place_of(const char *block, hz_tag tag) {
    struct hz_mark_place place = hz_mark_of(block, tag);
    const char *mark = (const char *)place.mark;
    need(place.is_aligned == ((uintptr_t)block % 256 == 0), "tag %#x", tag);
    need(!place.is_aligned || (mark >= hz_map_first.coarse_marks &&
                               mark < hz_map_first.coarse_marks + hz_map_first.page_count * HZ_MAP_COARSE_MARKS_BYTES),
         "tag %#x: a mark that is none", tag);
    need(!place.is_aligned || !hz_mark_is_live(place.mark, place.bit), "tag %#x", tag);
}

/* A page's run may vanish between a look at its tag and a look at its marks. */
Test(marks, tags_of_no_class_find_a_mark_or_none) {
    hz_class_init(HZ_CLASS_MAX_BYTES);
    cr_assert(hz_map_init(16 * HZ_MIB));
    cr_assert(hz_map_commit(&hz_map_first, 64));
    const char *block = hz_map_address(&hz_map_first, 3);
    for (hz_tag tag = HZ_TAG_FORMER; tag <= HZ_TAG_INTERIOR; tag++)
        for (unsigned offset = 0; offset < 1024; offset += 16)
            check_place_of(block + offset, tag);
}

/* --- Threads ---------------------------------------------------------------------------------- */

enum { WORDS = 2048, SWEEPS = 40 };
static struct hz_mark words[WORDS];
static pthread_barrier_t sweep;

/* Claims every bit of every word, at full speed beside others who do the same. */
static void *claim_all(void *ret_won) {
    size_t won = 0;
    for (unsigned i = 0; i < SWEEPS; i++) {
        pthread_barrier_wait(&sweep);
        for (unsigned w = 0; w < WORDS; w++)
            for (unsigned bit = 0; bit < HZ_MARK_BITS; bit++)
                won += hz_mark_claim(&words[w], bit);
        pthread_barrier_wait(&sweep);
    }
    *(size_t *)ret_won = won;
    return NULL;
}

Test(marks, no_claim_succeeds_twice_or_is_lost) {
    pthread_t threads[2];
    size_t won[2];
    pthread_barrier_init(&sweep, NULL, 3);
    for (unsigned i = 0; i < 2; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, claim_all, &won[i]), 0);
    for (unsigned i = 0; i < SWEEPS; i++) {
        for (unsigned w = 0; w < WORDS; w++)
            for (unsigned bit = 0; bit < HZ_MARK_BITS; bit++)
                hz_mark_flip_local(&words[w], bit);
        pthread_barrier_wait(&sweep);
        pthread_barrier_wait(&sweep);
    }
    for (unsigned i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(won[0] + won[1], (size_t)SWEEPS * WORDS * HZ_MARK_BITS);
    for (unsigned w = 0; w < WORDS; w++)
        need(hz_load_relaxed(&words[w].local) == hz_load_relaxed(&words[w].remote), "word %u", w);
}

enum { OWN = 26, NEIGHBOUR = 28 }; /* bits that others change meanwhile */
static struct hz_mark shared;
static pthread_barrier_t begin, end;
static _Atomic(unsigned) winners;

static void *claim_each_round(void *own_bit) {
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned bit = round % OWN;
        pthread_barrier_wait(&begin);
        if (hz_mark_claim(&shared, bit))
            (void)hz_add_relaxed(&winners, 1u);
        hz_mark_flip_remote(&shared, (unsigned)(uintptr_t)own_bit); /* a neighbour changes */
        pthread_barrier_wait(&end);
    }
    return NULL;
}

/* Meanwhile the owner's thread flips bits of its own in the same word. */
Test(marks, of_many_claims_one_succeeds) {
    pthread_t threads[THREADS];
    pthread_barrier_init(&begin, NULL, THREADS + 1);
    pthread_barrier_init(&end, NULL, THREADS + 1);
    for (uintptr_t i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, claim_each_round, (void *)(NEIGHBOUR + i)), 0);
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned bit = round % OWN;
        hz_mark_flip_local(&shared, bit);
        pthread_barrier_wait(&begin);
        for (unsigned i = 0; i < 3; i++)
            hz_mark_flip_local(&shared, OWN);
        pthread_barrier_wait(&end);
        need(hz_load_relaxed(&winners) == 1, "round %u: %u succeeded", round, hz_load_relaxed(&winners));
        hz_store_relaxed(&winners, 0u);
        need(!hz_mark_is_live(&shared, bit), "live after round %u", round);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    uint32_t local = hz_load_relaxed(&shared.local), remote = hz_load_relaxed(&shared.remote);
    cr_assert_eq(local >> OWN & 1, ROUNDS * 3 % 2);
    for (unsigned i = 0; i < THREADS; i++)
        cr_assert_eq(remote >> (NEIGHBOUR + i) & 1, ROUNDS % 2);
}
