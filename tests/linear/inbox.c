/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * inbox.c -- an owner's inbox, pushed to by two threads and taken by a third, which now and then puts a rest
 * back; and the last look of an owner that retires: what it misses, a pusher knows of.
 * usage: inbox [rounds [seed]] */
#include "hz_inbox.h"
#include "rounds.h"
#include "specs.h"
#include "tap.h"
#include "watchdog.h"

enum { EACH = LINEAR_MOST_ITEMS / ROUNDS_THREADS };

static struct hz_owner owner;

static struct hz_batch batches[LINEAR_MOST_ITEMS]; /* the members, by number */

static void *member_of(unsigned number) { return &batches[number]; }

static uint8_t number_of(void *member) {
    for (unsigned i = 0; i < LINEAR_MOST_ITEMS; i++)
        if (member_of(i) == member)
            return (uint8_t)i;
    tap_bail("%p was never pushed", member);
}

static bool push(unsigned number) { return hz_inbox_push_batch(&owner, &batches[number]); }

/* --- Push and take ---------------------------------------------------------------------------- */

static void add_members(struct linear_op *op, void *member) {
    for (; member != NULL && op->count < LINEAR_MOST_ITEMS; member = hz_inbox_next(member))
        op->items[op->count++] = number_of(member);
}

static void take(struct rounds_thread *thread, bool puts_back) {
    struct linear_op *op = rounds_begin(thread, INBOX_TAKE, 0);
    void *member = hz_inbox_take(&owner);
    rounds_finish(op);
    add_members(op, member);
    if (!puts_back || op->count < 2)
        return;
    member = hz_inbox_next(member);
    op = rounds_begin(thread, INBOX_PUT_BACK, 0);
    hz_inbox_put_back(&owner, member);
    rounds_finish(op);
    add_members(op, member);
}

static void act(struct rounds_thread *thread) {
    unsigned base = thread->number * EACH, count = (unsigned)rng_between(&thread->rng, 2, 6);
    for (unsigned i = 0; i < count; i++) {
        rounds_dally(thread);
        if (thread->number == 0) {
            hz_lock_take(&owner.lock);
            take(thread, rng_below(&thread->rng, 3) == 0);
            hz_lock_give(&owner.lock);
            continue;
        }
        struct linear_op *op = rounds_begin(thread, INBOX_PUSH, base + i);
        (void)push(base + i);
        rounds_finish(op);
    }
}

/* The operations of the end of a round: thread 0's, which called. */
static struct rounds_thread *first;

static bool take_rest(void) {
    for (unsigned i = 0; i < 3; i++)
        take(first, false);
    return hz_inbox_is_empty(&owner);
}

static void act_and_note(struct rounds_thread *thread) {
    if (thread->number == 0)
        first = thread;
    act(thread);
}

/* --- The last look of a retiring owner -------------------------------------------------------- */

static bool was_told[LINEAR_MOST_ITEMS]; /* the push returned that the owner is vacant */
static bool is_pushed[LINEAR_MOST_ITEMS];

static void note_taken(void *member) {
    while (member != NULL) {
        void *next = hz_inbox_next(member);
        is_pushed[number_of(member)] = false;
        member = next;
    }
}

/* Threads 1 and 2 push; thread 0 takes, retires and looks once more. Records stay apart from the spec's, which
 * has nothing to say here: one operation each, for the overlap. */
static void act_retire(struct rounds_thread *thread) {
    void *before = NULL, *last = NULL;
    first = thread->number == 0 ? thread : first;
    rounds_dally(thread);
    struct linear_op *op = rounds_begin(thread, 0, 0);
    for (unsigned i = 0; i < 2 && thread->number != 0; i++) {
        unsigned number = thread->number * EACH + i;
        was_told[number] = push(number);
        is_pushed[number] = true;
        rounds_dally(thread);
    }
    if (thread->number == 0) {
        hz_lock_take(&owner.lock);
        before = hz_inbox_take(&owner);
        hz_store_seq_cst(&owner.state, HZ_OWNER_VACANT);
        if (!hz_inbox_is_empty(&owner))
            last = hz_inbox_take(&owner);
        hz_lock_give(&owner.lock);
    }
    rounds_finish(op);
    if (thread->number == 0) { /* the marks of what it took come off at the end */
        thread->ops[0].count = 0;
        add_members(&thread->ops[0], before);
        add_members(&thread->ops[0], last);
    }
}

static bool none_is_forgotten(void) {
    bool is_right = true;
    for (unsigned i = 0; i < first->ops[0].count; i++)
        is_pushed[first->ops[0].items[i]] = false;
    for (unsigned i = 0; i < LINEAR_MOST_ITEMS; i++)
        if (is_pushed[i] && !was_told[i]) {
            tap_diag("member %u stays behind and nobody knows", i);
            is_right = false;
        }
    note_taken(hz_inbox_take(&owner));
    for (unsigned i = 0; i < LINEAR_MOST_ITEMS; i++)
        is_right = is_right && !is_pushed[i];
    hz_store_seq_cst(&owner.state, HZ_OWNER_ALIVE);
    return is_right;
}

static bool any_step(void *state, const struct linear_op *op) {
    (void)state;
    (void)op;
    return true;
}

int main(int argc, char **argv) {
    static const struct linear_spec no_spec = {1, any_step};
    static const struct inbox_state empty;
    unsigned count = argc > 1 ? (unsigned)atoi(argv[1]) : 20000;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    watchdog_start(ROUNDS_SECONDS);
    owner.id = HZ_OWNER_COMMONS_ID + 1;
    hz_store_seq_cst(&owner.state, HZ_OWNER_ALIVE);
    rounds_run(&(struct rounds){"inbox", &inbox_spec, &empty, count, seed, act_and_note, take_rest});
    rounds_run(&(struct rounds){"inbox, last look", &no_spec, &empty, count, seed, act_retire, none_is_forgotten});
    return rounds_done();
}
