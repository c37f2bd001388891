/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_central.c -- see hz_central.h. */
#include "hz_central.h"

#include <string.h>

#include "hz_bits.h"
#include "hz_fatal.h"
#include "hz_fill.h"
#include "hz_mark.h"
#include "hz_notes.h"
#include "hz_policy.h"
#include "hz_random.h"
#include "hz_receive.h"
#include "hz_remote.h"
#include "hz_source.h"

bool hz_central_is_strict;

void hz_central_init(bool is_strict) { hz_central_is_strict = hz_policy.is_strict || is_strict; }

/* --- Runs: all under the owner's lock --------------------------------------------------------- */

static void release_run(struct hz_owner *owner, struct hz_desc *desc) {
    struct hz_arena *arena = hz_desc_arena(desc);
    hz_owner_detach(owner, desc);
    owner->counts.runs_released++;
    hz_map_set_tags(arena, hz_desc_page(arena, desc), desc->page_count, HZ_TAG_FORMER + desc->class_index);
    hz_source_give(arena, desc);
}

/* A run with pending bits is in a chain, even if, after a second free of a block, none of its blocks is out. */
static void release_if_empty(struct hz_owner *owner, struct hz_desc *desc) {
    if (desc->used == 0 && !hz_desc_is_queued(hz_desc_arena(desc), desc))
        release_run(owner, desc);
}

static struct hz_desc *create_runs(struct hz_owner *owner, unsigned class_index) {
    struct hz_arena *arena;
    unsigned count;
    size_t pages = hz_class_table[class_index].run_pages;
    struct hz_desc *first = hz_source_take_runs(pages, hz_policy.supply_runs, &arena, &count);
    if (first == NULL)
        return NULL;
    for (unsigned i = 0; i < count; i++) {
        struct hz_desc *desc = hz_desc_at(arena, hz_desc_page(arena, first) + i * pages);
        if (hz_fill.is_checked && desc->is_dirty)
            hz_fill_freed(hz_desc_start(arena, desc), pages << HZ_PAGE_LOG2);
        hz_desc_init_run(arena, desc, class_index);
        hz_owner_adopt(owner, arena, desc);
    }
    owner->counts.runs_created += count;
    return first;
}

/* From the commons to owner; both locks are held. */
static void change_owner(struct hz_owner *owner, struct hz_desc *desc) {
    hz_owner_detach(hz_owner_commons(), desc);
    hz_owner_adopt(owner, hz_desc_arena(desc), desc);
}

static struct hz_desc *adopt_run(struct hz_owner *owner, unsigned class_index) {
    struct hz_owner *commons = hz_owner_commons();
    if (owner == commons)
        return NULL;
    hz_lock_take(&commons->lock);
    struct hz_desc *desc = hz_owner_first(commons, class_index);
    if (desc != NULL)
        change_owner(owner, desc);
    hz_lock_give(&commons->lock);
    return desc;
}

/* Makes a run of the class available to an owner that has none. */
static struct hz_desc *supply(struct hz_owner *owner, unsigned class_index) {
    struct hz_desc *desc = adopt_run(owner, class_index);
    return desc != NULL ? desc : create_runs(owner, class_index);
}

/* What a run's descriptor and its tag both say, and what follows from the class. lock: the owner's. */
static void check_run(const struct hz_owner *owner, const struct hz_arena *arena, const struct hz_desc *desc) {
    hz_tag tag = hz_map_tag(arena, hz_desc_start(arena, desc));
    HZ_MUST(tag == hz_tag_make(owner->id, desc->class_index), desc, "a run's tag and descriptor differ");
    HZ_MUST(desc->used <= desc->carved && desc->carved <= desc->block_count &&
                desc->block_count == hz_class_table[desc->class_index].block_count,
            desc, "a run's counts cannot be");
}

unsigned hz_central_take(struct hz_owner *owner, unsigned class_index, void **slots, unsigned count) {
    struct hz_desc *desc = hz_owner_first(owner, class_index);
    if (desc == NULL)
        desc = supply(owner, class_index);
    unsigned taken = 0;
    while (desc != NULL && taken < count) {
        struct hz_arena *arena = hz_desc_arena(desc);
        check_run(owner, arena, desc);
        if (HZ_UNLIKELY(desc->carved == 0))
            hz_mark_prepare(arena, hz_desc_page(arena, desc) << HZ_PAGE_LOG2, class_index);
        taken += hz_desc_take(arena, desc, slots + taken, count - taken);
        hz_owner_relist(owner, desc, false);
        desc = hz_owner_first(owner, class_index);
    }
    if (hz_random_level >= HZ_RANDOM_ALL)
        hz_random_shuffle(&owner->random, slots, taken);
    return taken;
}

enum { HOLLOW_LOOK = 32 }; /* runs */

/* The first runs stand for all, so that many runs do not make it slow. */
bool hz_central_is_hollow(const struct hz_owner *owner, unsigned class_index, unsigned most_used) {
    const struct hz_list *list = &owner->partial[class_index];
    const struct hz_list *link = list->next;
    size_t used = 0;
    size_t seen = 0;
    if (owner->classes[class_index].full != 0)
        return false;
    for (; link != list && seen < HOLLOW_LOOK; link = link->next, seen++)
        used += HZ_CONTAINER(link, const struct hz_desc, links)->used;
    return used * owner->classes[class_index].runs <= most_used * seen;
}

static const enum hz_error put_errors[] = {
    [HZ_PUT_DOUBLE] = HZ_ERROR_DOUBLE_FREE,
    [HZ_PUT_INTERIOR] = HZ_ERROR_INTERIOR_FREE,
    [HZ_PUT_INVALID] = HZ_ERROR_INVALID_FREE,
};

/* Blocks came back to the run: it may have to change lists. Of a class's empty runs one stays, the next to be
 * taken from; the others go. */
static void settle(struct hz_owner *owner, struct hz_desc *desc) {
    HZ_MUST(desc->used <= desc->block_count, desc, "more blocks came back to a run than it has");
    hz_owner_relist(owner, desc, hz_policy.is_take_first);
    if (desc->used != 0)
        return;
    struct hz_list *list = &owner->partial[desc->class_index];
    if (list->next != &desc->links)
        release_if_empty(owner, desc);
    else if (list->next->next != list)
        release_if_empty(owner, HZ_CONTAINER(list->next->next, struct hz_desc, links));
}

/* A block that was on its way to an owner when its run vanished was free all along. */
static void report_stale(const void *block) { hz_note(HZ_ERROR_DOUBLE_FREE, block, "its run has been returned since"); }

/* The first block lies in the run that begins at page; puts it there, and those behind it up to one that lies
 * elsewhere. Returns how many. lock: the owner's. */
static unsigned put_neighbours(const struct hz_arena *arena, struct hz_desc *desc, size_t page, void *const *blocks,
                               unsigned count) {
    const struct hz_class *class = &hz_class_table[desc->class_index];
    uintptr_t start = (uintptr_t)hz_map_address(arena, page);
    size_t bytes = (size_t)desc->page_count << HZ_PAGE_LOG2;
    size_t offset = (uintptr_t)blocks[0] - start;
    unsigned i = 0;
    do {
        enum hz_put result = hz_desc_put_at(arena, desc, page, class, offset);
        if (HZ_UNLIKELY(result != HZ_PUT_DONE))
            hz_note(put_errors[result], blocks[i], "found on return to its run");
        i++;
        offset = i < count ? (uintptr_t)blocks[i] - start : SIZE_MAX;
    } while (offset < bytes);
    return i;
}

/* Neighbours in a bin are often neighbours in a run, which is then looked up once. The run may be gone, if a
 * block stands in the bin twice and its first return emptied the run. */
void hz_central_put(struct hz_owner *owner, void *const *blocks, unsigned count) {
    for (unsigned i = 0; i < count;) {
        const struct hz_arena *arena = hz_map_find(blocks[i]);
        size_t page = hz_map_page(arena, blocks[i]);
        unsigned class_index = hz_load_relaxed(&arena->tags[page]) ^ hz_tag_make(owner->id, 0);
        if (HZ_UNLIKELY(class_index >= HZ_CLASS_COUNT)) {
            report_stale(blocks[i++]);
            continue;
        }
        page = hz_desc_first_page(arena, page);
        struct hz_desc *desc = hz_desc_at(arena, page);
        HZ_MUST(class_index == desc->class_index, desc, "a run's tag and descriptor differ");
        i += put_neighbours(arena, desc, page, blocks + i, count - i);
        settle(owner, desc);
    }
}

/* --- Between owners --------------------------------------------------------------------------- */

bool hz_central_put_own(struct hz_owner *owner, void *block) {
    uint32_t owner_id = hz_tag_owner(hz_route_tag(block));
    if (HZ_LIKELY(owner_id == owner->id))
        hz_central_put(owner, &block, 1);
    else if (owner_id == 0)
        report_stale(block);
    else
        return false;
    return true;
}

void hz_central_note_wrong(const void *block) {
    const struct hz_arena *arena = hz_map_find(block);
    enum hz_put put = hz_desc_judge(arena, hz_desc_first(arena, hz_map_page(arena, block)), block);
    hz_note(put_errors[put == HZ_PUT_DONE ? HZ_PUT_DOUBLE : put], block, "found when it came home");
}

/* Whether a block that came home to the owner was live until now: strict profiles knew when it was freed. The
 * caller may not be the owner's thread. lock: the owner's. */
static bool claim(const void *block, hz_tag tag) {
    if (hz_central_is_strict)
        return true;
    struct hz_mark_place place = hz_mark_of(block, tag);
    if (HZ_LIKELY(place.is_aligned && hz_mark_claim(place.mark, place.bit)))
        return true;
    hz_central_note_wrong(block);
    return false;
}

static enum hz_fate put_home(void *context, void *block) {
    const struct hz_owner *owner = context;
    hz_tag tag = hz_route_tag(block);
    if (hz_tag_owner(tag) == owner->id && !claim(block, tag))
        return HZ_FATE_SETTLED;
    return hz_central_put_own(context, block) ? HZ_FATE_SETTLED : HZ_FATE_STRAY;
}

/* A batch with room for one more stray: the newest, one that the walk emptied, or a new one. */
static struct hz_batch *stray_batch(struct hz_received *received) {
    struct hz_batch *batch = received->stray;
    if (batch != NULL && batch->count < HZ_BATCH_BLOCKS)
        return batch;
    batch = received->empty;
    if (batch != NULL)
        received->empty = batch->next;
    else
        batch = hz_batch_create();
    if (batch == NULL)
        return NULL;
    batch->count = 0;
    batch->next = received->strays;
    received->strays = received->stray = batch;
    return batch;
}

bool hz_received_stray(struct hz_received *received, void *block) {
    struct hz_batch *batch = stray_batch(received);
    if (batch != NULL)
        batch->blocks[batch->count++] = block;
    return batch != NULL;
}

/* Few blocks go on waiting, so those of several batches share one. */
void hz_received_keep(struct hz_received *received, struct hz_batch *batch) {
    struct hz_batch *later = received->later;
    if (batch->count != 0 && later != NULL && later->count + batch->count <= HZ_BATCH_BLOCKS) {
        memcpy(later->blocks + later->count, batch->blocks, batch->count * sizeof *batch->blocks);
        later->count += batch->count;
        batch->count = 0;
    }
    struct hz_batch **list = batch->count == 0 ? &received->empty : &received->later;
    if (batch->count != 0 && later == NULL)
        received->oldest = batch;
    batch->next = *list;
    *list = batch;
}

void hz_central_collect(struct hz_owner *owner, struct hz_desc *desc, void **strays) {
    const struct hz_arena *arena = hz_desc_arena(desc);
    hz_tag tag = hz_map_tag(arena, hz_desc_start(arena, desc));
    if (HZ_UNLIKELY(hz_tag_owner(tag) != owner->id)) {
        *hz_run_link(desc) = *strays;
        *strays = hz_member_of_run(desc);
        return;
    }
    unsigned used = desc->used;
    hz_policy.remote_ops->collect(desc);
    owner->counts.remote_batches++;
    owner->counts.remote_blocks += used - desc->used;
    settle(owner, desc);
}

static bool collect_common(struct hz_desc *desc) {
    struct hz_owner *commons = hz_owner_commons();
    void *strays = NULL;
    hz_lock_take(&commons->lock);
    hz_central_collect(commons, desc, &strays);
    hz_lock_give(&commons->lock);
    return strays == NULL;
}

/* A queued run that changed hands goes to its present owner's inbox. */
static void forward_run(struct hz_desc *desc) {
    const struct hz_arena *arena = hz_desc_arena(desc);
    for (;;) {
        uint32_t owner_id = hz_tag_owner(hz_map_tag(arena, hz_desc_start(arena, desc)));
        if (owner_id == 0) { /* after a second free; what is pending must not stay for the pages' next run */
            hz_store_relaxed(&hz_desc_queue_of(arena, desc)->pending, 0);
            report_stale(hz_desc_start(arena, desc));
            return;
        }
        if (owner_id != HZ_OWNER_COMMONS_ID) {
            struct hz_owner *owner = hz_owner_get(owner_id);
            if (hz_inbox_push_run(owner, desc))
                hz_central_reap(owner);
            return;
        }
        if (collect_common(desc))
            return;
    }
}

void hz_central_forward(void *strays) {
    while (strays != NULL) {
        void *next = hz_inbox_next(strays);
        if (hz_member_kind(strays) == HZ_MEMBER_RUN)
            forward_run(hz_member_run(strays));
        else
            hz_central_scatter(hz_member_batch(strays));
        strays = next;
    }
}

void hz_central_send(struct hz_owner *owner, struct hz_batch *batch) {
    if (hz_inbox_push_batch(owner, batch))
        hz_central_reap(owner);
    else
        hz_central_relieve(owner);
}

/* Returns whether something had arrived and the lock was to be had. */
static bool receive(struct hz_owner *owner, bool try_only) {
    struct hz_received received = {.strays = NULL};
    if (hz_inbox_is_empty(owner))
        return false;
    if (!try_only)
        hz_lock_take(&owner->lock);
    else if (!hz_lock_try(&owner->lock))
        return false;
    hz_receive_all(owner, put_home, owner, &received);
    hz_lock_give(&owner->lock);
    hz_batch_destroy(received.empty);
    hz_central_forward(received.strays);
    return true;
}

/* Others find the lock held meanwhile and go away, so that what they sent is looked for again. */
void hz_central_relieve(struct hz_owner *owner) {
    while (HZ_UNLIKELY(hz_load_relaxed(&owner->backlog) > hz_policy.backlog_max) && receive(owner, true))
        continue;
}

void hz_central_receive(struct hz_owner *owner, bool try_only) { (void)receive(owner, try_only); }

/* A vacant owner has no runs, so that every block is a stray and none comes back here. */
void hz_central_reap(struct hz_owner *owner) { hz_central_receive(owner, false); }

static bool put_common(void *block) {
    struct hz_owner *commons = hz_owner_commons();
    hz_lock_take(&commons->lock);
    hz_tag tag = hz_route_tag(block);
    bool is_common = hz_tag_owner(tag) == commons->id;
    if (is_common && claim(block, tag))
        hz_central_put(commons, &block, 1);
    hz_lock_give(&commons->lock);
    return is_common;
}

void hz_central_return(void *block) {
    for (;;) {
        hz_tag tag = hz_route_tag(block);
        uint32_t owner_id = hz_tag_owner(tag);
        if (owner_id == HZ_OWNER_COMMONS_ID) {
            if (put_common(block))
                return;
            continue; /* adopted meanwhile: look again */
        }
        if (owner_id == 0) {
            report_stale(block);
            return;
        }
        hz_policy.remote_ops->drop(hz_owner_get(owner_id), tag, block);
        return;
    }
}

void hz_central_put_at_once(void *block) {
    uint32_t owner_id = hz_tag_owner(hz_route_tag(block));
    enum hz_fate fate = HZ_FATE_STRAY;
    if (owner_id > HZ_OWNER_COMMONS_ID) {
        struct hz_owner *owner = hz_owner_get(owner_id);
        hz_lock_take(&owner->lock);
        fate = put_home(owner, block);
        hz_lock_give(&owner->lock);
    }
    if (fate == HZ_FATE_STRAY)
        hz_central_return(block);
}

/* Blocks of the batch that belong to the owner of its last one become a batch of their own, or go one by
 * one when there is no memory for that. */
static void scatter_owner(struct hz_batch *batch) {
    uint32_t owner_id = hz_tag_owner(hz_route_tag(batch->blocks[batch->count - 1]));
    struct hz_batch *part = hz_batch_create();
    uint32_t left = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        void *block = batch->blocks[i];
        if (hz_tag_owner(hz_route_tag(block)) != owner_id)
            batch->blocks[left++] = block;
        else if (part != NULL && owner_id > HZ_OWNER_COMMONS_ID)
            part->blocks[part->count++] = block;
        else
            hz_central_return(block);
    }
    batch->count = left;
    if (part == NULL)
        return;
    part->next = NULL;
    if (part->count != 0)
        hz_central_send(hz_owner_get(owner_id), part);
    else
        hz_batch_destroy(part);
}

void hz_central_scatter(struct hz_batch *batch) {
    while (batch->count != 0)
        scatter_owner(batch);
    batch->next = NULL;
    hz_batch_destroy(batch);
}

bool hz_central_adopt(struct hz_owner *owner, const void *block) {
    struct hz_owner *commons = hz_owner_commons();
    hz_lock_take(&commons->lock);
    bool is_common = hz_tag_owner(hz_route_tag(block)) == commons->id;
    if (is_common) {
        const struct hz_arena *arena = hz_map_find(block);
        change_owner(owner, hz_desc_first(arena, hz_map_page(arena, block)));
    }
    hz_lock_give(&commons->lock);
    return is_common;
}

void *hz_central_take_common(unsigned class_index) {
    struct hz_owner *commons = hz_owner_commons();
    void *block = NULL;
    hz_lock_take(&commons->lock);
    (void)hz_central_take(commons, class_index, &block, 1);
    hz_lock_give(&commons->lock);
    return block;
}

/* lock: the owner's. */
static void look(const struct hz_arena *arena, const void *address, struct hz_block_facts *facts) {
    const struct hz_desc *desc = hz_desc_first(arena, hz_map_page(arena, address));
    const struct hz_class *class = &hz_class_table[desc->class_index];
    facts->run = hz_desc_start(arena, desc);
    facts->class_index = desc->class_index;
    facts->block_bytes = class->block_bytes;
    facts->block_count = desc->block_count;
    facts->carved = desc->carved;
    facts->used = desc->used;
    facts->index = hz_class_block_index(class, (size_t)((const char *)address - facts->run));
    enum hz_put verdict = hz_desc_judge(arena, desc, address);
    facts->verdict = verdict == HZ_PUT_DOUBLE ? HZ_PUT_DONE : verdict;
    const char *start = facts->run + (size_t)facts->index * facts->block_bytes;
    facts->is_free = hz_desc_judge(arena, desc, start) == HZ_PUT_DOUBLE;
}

bool hz_central_look(const void *address, struct hz_block_facts *facts) {
    const struct hz_arena *arena = hz_map_find(address);
    for (;;) {
        uint32_t owner_id = hz_tag_owner(hz_map_tag(arena, address));
        if (owner_id == 0)
            return false; /* its run is gone by now, if there was one */
        struct hz_owner *owner = hz_owner_get(owner_id);
        hz_lock_take(&owner->lock);
        bool is_owner = hz_tag_owner(hz_map_tag(arena, address)) == owner_id;
        if (is_owner)
            look(arena, address, facts);
        hz_lock_give(&owner->lock);
        facts->owner_id = owner_id;
        if (is_owner)
            return true;
    }
}

/* --- The end of an owner ---------------------------------------------------------------------- */

/* Moves a list's runs to the commons. Both locks are held. */
static void surrender(struct hz_owner *owner, struct hz_list *list) {
    while (!hz_list_is_empty(list)) {
        struct hz_desc *desc = HZ_CONTAINER(list->next, struct hz_desc, links);
        hz_owner_detach(owner, desc);
        hz_owner_adopt(hz_owner_commons(), hz_desc_arena(desc), desc);
    }
}

static void surrender_all(struct hz_owner *owner) {
    surrender(owner, &owner->full);
    for (unsigned i = 0; i < HZ_CLASS_COUNT; i++)
        surrender(owner, &owner->partial[i]);
}

void hz_central_release_empty(struct hz_owner *owner, unsigned class_index) {
    struct hz_list *list = &owner->partial[class_index];
    for (struct hz_list *link = list->next; link != list;) {
        struct hz_desc *desc = HZ_CONTAINER(link, struct hz_desc, links);
        link = link->next;
        release_if_empty(owner, desc);
    }
}

static void release_all_empty(struct hz_owner *owner) {
    for (unsigned i = 0; i < HZ_CLASS_COUNT; i++)
        hz_central_release_empty(owner, i);
}

void hz_central_trim(struct hz_owner *owner, bool try_only) {
    hz_central_receive(owner, try_only);
    if (!try_only)
        hz_lock_take(&owner->lock);
    else if (!hz_lock_try(&owner->lock))
        return;
    release_all_empty(owner);
    hz_lock_give(&owner->lock);
}

void hz_central_retire(struct hz_owner *owner) {
    hz_central_receive(owner, false);
    hz_lock_take(&owner->lock);
    release_all_empty(owner);
    hz_lock_take(&hz_owner_commons()->lock);
    surrender_all(owner);
    hz_lock_give(&hz_owner_commons()->lock);
    hz_store_seq_cst(&owner->state, HZ_OWNER_VACANT); /* pairs with push in hz_inbox.c */
    hz_lock_give(&owner->lock);
    hz_central_reap(owner);
}

static void recover_list(struct hz_owner *owner, struct hz_list *list) {
    for (struct hz_list *link = list->next; link != list;) {
        struct hz_desc *desc = HZ_CONTAINER(link, struct hz_desc, links);
        link = link->next;
        hz_policy.remote_ops->recover(desc);
        hz_owner_relist(owner, desc, false);
    }
}

void hz_central_recover(struct hz_owner *owner) {
    recover_list(owner, &owner->full);
    for (unsigned i = 0; i < HZ_CLASS_COUNT; i++)
        recover_list(owner, &owner->partial[i]);
}

void hz_central_bury(struct hz_owner *owner) {
    surrender_all(owner);
    hz_store_seq_cst(&owner->state, HZ_OWNER_VACANT);
}
