/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * central.c -- inboxes, batches, and blocks between runs and owners. */
#include "hz_central.h"
#include "hz_fatal.h"
#include "hz_maintain.h"
#include "hz_mark.h"
#include "hz_os.h"
#include "hz_policy.h"
#include "hz_source.h"
#include "hz_thread.h"
#include "owners.h"
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 4, PUSHES = 20000, SLOTS = 64 };

static const unsigned CLASS = 3; /* many blocks in a run */
static struct hz_owner *owner;

static void start_central(void) {
    unit_start_owners();
    owner = hz_owner_create(&owner);
    cr_assert_not_null(owner);
}

static unsigned take(struct hz_owner *from, unsigned class_index, void **slots, unsigned count) {
    hz_lock_take(&from->lock);
    unsigned taken = hz_central_take(from, class_index, slots, count);
    hz_lock_give(&from->lock);
    for (unsigned i = 0; i < taken; i++) { /* as if handed out */
        struct hz_mark_place place = hz_mark_of(slots[i], hz_route_tag(slots[i]));
        hz_mark_flip_remote(place.mark, place.bit);
    }
    return taken;
}

static void put(struct hz_owner *to, void *const *blocks, unsigned count) {
    hz_lock_take(&to->lock);
    hz_central_put(to, blocks, count);
    hz_lock_give(&to->lock);
}

static struct hz_desc *run_of(const void *block) { return hz_route_find(block).desc; }

static void push_batch(struct hz_owner *to, void *const *blocks, unsigned count) {
    struct hz_batch *batch = hz_batch_create();
    cr_assert_not_null(batch);
    memcpy(batch->blocks, blocks, count * sizeof *blocks);
    batch->count = count;
    cr_assert_not(hz_inbox_push_batch(to, batch));
}

Test(batch, pool_recycles) {
    struct hz_batch *first = hz_batch_create(), *second = hz_batch_create();
    cr_assert(first != NULL && second != NULL && first != second);
    first->count = second->count = 5;
    first->next = second;
    second->next = NULL;
    hz_batch_destroy(first);
    hz_batch_destroy(NULL);
    struct hz_batch *again = hz_batch_create(), *more = hz_batch_create();
    cr_assert((again == first && more == second) || (again == second && more == first));
    cr_assert(again->count == 0 && more->count == 0);
}

Test(inbox, takes_newest_first_and_whole) {
    start_central();
    cr_assert(hz_inbox_is_empty(owner));
    cr_assert_null(hz_inbox_take(owner));
    struct hz_batch *first = hz_batch_create(), *second = hz_batch_create(), *third = hz_batch_create();
    cr_assert_not(hz_inbox_push_batch(owner, first));
    cr_assert_not(hz_inbox_push_batch(owner, second));
    cr_assert_not(hz_inbox_push_batch(owner, third));
    cr_assert_eq(hz_load_relaxed(&owner->backlog), 3);
    void *member = hz_inbox_take(owner);
    cr_assert(hz_member_kind(member) == HZ_MEMBER_BATCH && hz_member_batch(member) == third);
    member = hz_inbox_next(member);
    cr_assert(hz_member_kind(member) == HZ_MEMBER_BATCH && hz_member_batch(member) == second);
    member = hz_inbox_next(member);
    cr_assert_eq(hz_member_batch(member), first);
    cr_assert_null(hz_inbox_next(member));
    cr_assert(hz_inbox_is_empty(owner));
    cr_assert_eq(hz_load_relaxed(&owner->backlog), 0);
}

Test(inbox, push_tells_that_the_owner_is_vacant) {
    start_central();
    cr_assert_not(hz_inbox_push_batch(owner, hz_batch_create()));
    hz_store_seq_cst(&owner->state, HZ_OWNER_VACANT);
    cr_assert(hz_inbox_push_batch(owner, hz_batch_create()));
}

struct pushed {
    struct hz_batch batch;
    unsigned thread, number;
};

static struct pushed pushed[THREADS][PUSHES];

static void *push_many(void *arg) {
    struct pushed *mine = arg;
    for (unsigned i = 0; i < PUSHES; i++)
        (void)hz_inbox_push_batch(owner, &mine[i].batch);
    return NULL;
}

/* Counts a chain, whose members of one thread must come newest first. */
static unsigned count_chain(void *member, unsigned *before) {
    unsigned count = 0, at[THREADS];
    for (unsigned i = 0; i < THREADS; i++)
        at[i] = PUSHES;
    for (; member != NULL; member = hz_inbox_next(member), count++) {
        const struct pushed *block = (const void *)hz_member_batch(member);
        need(block->number < at[block->thread] && block->number + 1 > before[block->thread],
             "thread %u: block %u out of order", block->thread, block->number);
        at[block->thread] = block->number;
    }
    return count;
}

static void run_pushers(pthread_t *threads) {
    for (unsigned t = 0; t < THREADS; t++) {
        for (unsigned i = 0; i < PUSHES; i++)
            pushed[t][i].thread = t, pushed[t][i].number = i;
        cr_assert_eq(pthread_create(&threads[t], NULL, push_many, pushed[t]), 0);
    }
}

Test(inbox, every_block_of_many_threads_arrives_once_in_order) {
    unsigned before[THREADS] = {0};
    unsigned count = 0;
    pthread_t threads[THREADS];
    start_central();
    run_pushers(threads);
    while (count < THREADS * PUSHES)
        count += count_chain(hz_inbox_take(owner), before);
    for (unsigned t = 0; t < THREADS; t++)
        pthread_join(threads[t], NULL);
    cr_assert_eq(count, THREADS * PUSHES);
    cr_assert(hz_inbox_is_empty(owner));
}

Test(central, take_gives_blocks_of_one_run) {
    void *slots[SLOTS];
    start_central();
    cr_assert_eq(take(owner, CLASS, slots, SLOTS), SLOTS);
    for (unsigned i = 0; i < SLOTS; i++) {
        struct hz_route route = hz_route_find(slots[i]);
        need(route.verdict == HZ_ROUTE_BLOCK && route.desc == run_of(slots[0]), "slot %u", i);
        need(route.tag == hz_tag_make(owner->id, CLASS), "tag of slot %u", i);
    }
    cr_assert_eq(owner->counts.runs_created, 1);
}

Test(central, every_class_can_be_taken_and_put) {
    void *slots[SLOTS];
    start_central();
    for (unsigned i = 0; i < HZ_CLASS_COUNT; i++) {
        unsigned taken = take(owner, i, slots, SLOTS);
        need(taken >= 1 && taken <= SLOTS, "class %u: %u", i, taken);
        for (unsigned at = 0; at < taken; at++)
            memset(slots[at], 0x77, hz_class_bytes(i));
        put(owner, slots, taken);
        hz_source_validate();
    }
    hz_central_trim(owner, false);
    cr_assert_eq(owner->run_count, 0);
    cr_assert_eq(hz_source_count().active_pages, 0);
}

Test(central, last_empty_run_is_kept_and_others_go) {
    enum { BLOCKS = 40 };
    void *blocks[BLOCKS];
    unsigned class_index = HZ_CLASS_COUNT - 1;
    start_central();
    for (unsigned i = 0; i < BLOCKS; i++)
        cr_assert_eq(take(owner, class_index, &blocks[i], 1), 1);
    cr_assert_gt(owner->run_count, 1);
    put(owner, blocks, BLOCKS);
    cr_assert_eq(owner->run_count, 1);
    hz_central_trim(owner, false);
    cr_assert_eq(owner->run_count, 0);
}

Test(central, hollow_is_what_has_few_blocks_in_use_and_no_full_run) {
    enum { RUNS = 3 };
    void *blocks[RUNS][HZ_RUN_MASK_BLOCKS];
    start_central();
    unsigned class_index = hz_class_of(1024);
    unsigned count = hz_class_table[class_index].block_count;
    cr_assert(hz_central_is_hollow(owner, class_index, 0), "no run");
    for (unsigned i = 0; i < RUNS; i++)
        cr_assert_eq(take(owner, class_index, blocks[i], count), count);
    cr_assert_not(hz_central_is_hollow(owner, class_index, RUNS * count), "all runs are full");
    for (unsigned i = 0; i < RUNS - 1; i++)
        put(owner, blocks[i], count - 2);
    cr_assert_not(hz_central_is_hollow(owner, class_index, RUNS * count), "one run is full");
    put(owner, blocks[RUNS - 1], count - 2);
    cr_assert(hz_central_is_hollow(owner, class_index, RUNS * 2));
    cr_assert_not(hz_central_is_hollow(owner, class_index, RUNS * 2 - 1), "more are in use");
    cr_assert(hz_central_is_hollow(owner, class_index + 1, 0), "of another class");
}

Test(central, inbox_is_received_into_the_runs) {
    void *slots[SLOTS];
    start_central();
    cr_assert_eq(take(owner, CLASS, slots, SLOTS), SLOTS);
    struct hz_desc *desc = run_of(slots[0]);
    push_batch(owner, slots, SLOTS - 4);
    push_batch(owner, slots + SLOTS - 4, 1);
    hz_central_receive(owner, true);
    cr_assert_eq(desc->used, 3);
    cr_assert(hz_inbox_is_empty(owner));
    cr_assert_eq(owner->counts.remote_batches, 2);
    cr_assert_eq(owner->counts.remote_blocks, SLOTS - 3);
    hz_desc_validate(hz_desc_arena(desc), desc);
}

Test(central, strays_go_on_to_their_owner) {
    void *slots[4];
    start_central();
    struct hz_owner *other = hz_owner_create(&owner);
    cr_assert_eq(take(owner, CLASS, slots, 4), 4);
    push_batch(other, slots, 4);
    hz_central_receive(other, false);
    cr_assert_not(hz_inbox_is_empty(owner));
    hz_central_receive(owner, false);
    cr_assert_eq(run_of(slots[0])->used, 0);
}

/* Whichever owner is looked at first: the commons are before all others, a new owner behind them. */
Test(central, a_trim_releases_the_runs_that_strays_empty) {
    void *slots[2];
    start_central();
    struct hz_owner *other = hz_owner_create(&owner), *last = hz_owner_create(&owner);
    cr_assert_eq(take(owner, CLASS, &slots[0], 1), 1);
    hz_central_retire(owner);
    cr_assert_eq(take(other, CLASS + 1, &slots[1], 1), 1);
    cr_assert_eq(hz_source_count().active_pages, 2);
    push_batch(last, slots, 2);
    (void)hz_maintain_trim(NULL);
    cr_assert_eq(hz_source_count().active_pages, 0);
}

/* A block of the commons waits at an owner that is no more: who sent it is gone, or memory lacked. */
static struct hz_owner *leave_at_vacant_owner(void) {
    void *slot;
    struct hz_owner *vacant = hz_owner_create(&owner);
    cr_assert_eq(take(owner, CLASS, &slot, 1), 1);
    hz_central_retire(owner);
    hz_owner_recycle(owner);
    hz_central_retire(vacant);
    hz_owner_recycle(vacant);
    struct hz_batch *batch = hz_batch_create();
    cr_assert_not_null(batch);
    batch->blocks[0] = slot;
    batch->count = 1;
    cr_assert(hz_inbox_push_batch(vacant, batch));
    return vacant;
}

Test(central, maintenance_receives_for_vacant_owners) {
    start_central();
    struct hz_owner *vacant = leave_at_vacant_owner();
    hz_maintain_init(0);
    usleep(20000);
    hz_maintain_exit();
    cr_assert(hz_inbox_is_empty(vacant));
}

Test(central, a_forked_child_receives_for_vacant_owners) {
    start_central();
    struct hz_owner *vacant = leave_at_vacant_owner();
    hz_thread_before_fork();
    pid_t pid = fork();
    if (pid == 0) {
        hz_thread_after_fork_child();
        _exit(hz_inbox_is_empty(vacant) ? 0 : 1);
    }
    hz_thread_after_fork_parent();
    int status = -1;
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert_eq(status, 0);
    cr_assert_not(hz_inbox_is_empty(vacant), "the parent's own was left alone");
}

Test(central, retired_runs_go_to_the_commons_and_are_adopted) {
    void *slots[4], *again[4];
    start_central();
    cr_assert_eq(take(owner, CLASS, slots, 4), 4);
    struct hz_desc *desc = run_of(slots[0]);
    hz_central_retire(owner);
    cr_assert_eq(hz_load_relaxed(&owner->state), HZ_OWNER_VACANT);
    cr_assert(owner->run_count == 0 && desc->run.owner == hz_owner_commons());
    hz_central_return(slots[0]);
    cr_assert_eq(desc->used, 3);
    hz_owner_recycle(owner);
    struct hz_owner *next = hz_owner_create(&owner);
    cr_assert_eq(take(next, CLASS, again, 1), 1);
    cr_assert(again[0] == slots[0] && desc->run.owner == next);
    cr_assert_eq(hz_owner_commons()->run_count, 0);
}

Test(central, adopt_takes_only_from_the_commons) {
    start_central();
    void *block = hz_central_take_common(CLASS);
    cr_assert_eq(hz_tag_owner(hz_route_tag(block)), HZ_OWNER_COMMONS_ID);
    hz_lock_take(&owner->lock);
    cr_assert(hz_central_adopt(owner, block));
    cr_assert_not(hz_central_adopt(owner, block));
    hz_lock_give(&owner->lock);
    cr_assert_eq(hz_tag_owner(hz_route_tag(block)), owner->id);
}

Test(central, retire_gives_empty_runs_to_the_source) {
    void *slots[4];
    start_central();
    cr_assert_eq(take(owner, CLASS, slots, 4), 4);
    push_batch(owner, slots, 4);
    hz_central_retire(owner);
    cr_assert_eq(hz_owner_commons()->run_count, 0);
    cr_assert_eq(hz_source_count().active_pages, 0);
}

Test(central, wrong_blocks_change_nothing) {
    void *slots[4];
    start_central();
    for (unsigned i = 0; i < HZ_ERROR_COUNT; i++)
        hz_fatal_set_action((enum hz_error)i, HZ_ON_ERROR_IGNORE);
    cr_assert_eq(take(owner, CLASS, slots, 4), 4);
    struct hz_desc *desc = run_of(slots[0]);
    void *wrong[4] = {slots[0], slots[0], (char *)slots[1] + 8, (char *)slots[0] + 60000};
    put(owner, wrong, 4);
    cr_assert_eq(desc->used, 3);
    hz_desc_validate(hz_desc_arena(desc), desc);
}

/* Free blocks read as zeros after the sweep; used ones keep their contents. */
Test(central, sweep_purges_idle_free_blocks_once) {
    enum { BLOCKS = 2000 };
    static void *blocks[BLOCKS];
    start_central();
    unsigned taken = take(owner, CLASS, blocks, BLOCKS);
    cr_assert_gt(taken, 500);
    for (unsigned i = 0; i < taken; i++)
        memset(blocks[i], 0x66, hz_class_bytes(CLASS));
    put(owner, blocks, taken - 1); /* blocks[taken - 1] has the lowest address */
    cr_assert_eq(hz_central_sweep(owner, 1), 0);
    uint64_t counted = owner->counts.purged_bytes;
    size_t purged = hz_central_sweep(owner, 1);
    cr_assert_eq(owner->counts.purged_bytes - counted, purged);
    cr_assert_gt(owner->counts.purges, 0);
    cr_assert_gt(purged, 0);
    cr_assert_eq(hz_central_sweep(owner, 1), 0);
    cr_assert_eq(*(unsigned char *)blocks[taken - 1], 0x66);
    cr_assert(unit_is_zero(blocks[taken / 2], hz_class_bytes(CLASS)));
}

/* The pages were somebody else's before. */
Test(central, sweep_purges_what_never_served_in_a_run) {
    void *slot;
    start_central();
    unsigned class_index = hz_class_of(1024);
    struct hz_arena *arena;
    struct hz_desc *desc = hz_source_take(hz_class_table[class_index].run_pages, HZ_PAGE, &arena);
    char *start = hz_desc_start(arena, desc);
    size_t bytes = (size_t)desc->page_count << HZ_PAGE_LOG2;
    memset(start, 0x66, bytes);
    hz_source_give(arena, desc);
    cr_assert_eq(take(owner, class_index, &slot, 1), 1);
    cr_assert_eq(slot, start);
    size_t page = hz_os_page_bytes();
    cr_assert_eq(hz_central_sweep(owner, 0), bytes - page);
    cr_assert_eq(start[page - 1], 0x66);
    cr_assert(unit_is_zero(start + page, bytes - page));
    put(owner, &slot, 1);
    cr_assert_eq(take(owner, class_index, &slot, 1), 1);
    cr_assert_eq(hz_central_sweep(owner, 0), 0, "once");
}
