/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_owner.h -- owners: who may change a run. One per live thread with a cache, and the commons.
 *
 * An owner's lists and its runs' descriptors change only under its lock. The owning thread takes the lock
 * on its slow path; any other thread may, to do waiting work for an owner that sleeps. A run changes its
 * owner only while both owners' locks are held, so under an owner's lock a tag that names it stays true.
 * Owners are never unmapped; a number is reused after its thread ended.
 * Does not: take runs from the source, or look into the inbox.
 *
 * inv. 1: every run whose descriptor names the owner is on exactly one of its lists.
 * inv. 2: a run is on partial[class] iff it has available blocks; classes[class].full counts those that are not. */
#pragma once
#include "hz_desc.h"
#include "hz_fatal.h"
#include "hz_lock.h"

enum hz_owner_state {
    HZ_OWNER_VACANT, /* no thread; its runs have gone to the commons */
    HZ_OWNER_ALIVE,
};

/* Counted under the owner's lock; kept when the number is reused. */
struct hz_owner_counts {
    uint64_t refills, flushes, remote_batches, remote_blocks, runs_created, runs_released;
    uint64_t purges, purged_bytes; /* of free blocks inside runs */
};

/* Of the owner's runs of a class. */
struct hz_owner_class {
    uint32_t runs;
    uint32_t full; /* of these without available blocks */
};

struct hz_owner {
    alignas(HZ_LINE) struct hz_lock lock;
    uint32_t id;                                   /* const; 1 is the commons */
    _Atomic(uint32_t) state;                       /* enum hz_owner_state */
    uint32_t next_vacant;                          /* lock: owner table */
    void *front;                                   /* lock: owner table; the thread's cache, for statistics */
    uint32_t run_count;                            /* lock */
    struct hz_owner_class classes[HZ_CLASS_COUNT]; /* lock */
    struct hz_owner_counts counts;                 /* lock */
    uint64_t random;                               /* lock; state of the numbers that mix blocks */
    struct hz_list full;                           /* lock: runs without available blocks */
    struct hz_list partial[HZ_CLASS_COUNT];        /* lock: runs with some; refills take from the first */

    void *_Atomic waiting; /* lock writes: taken from the inbox, not yet looked at; see hz_inbox.h */

    /* Blocks that other threads freed: see hz_inbox.h. */
    alignas(HZ_LINE) _Atomic(void *) inbox;
    _Atomic(uint32_t) backlog;  /* hint: batches and runs waiting, for back-pressure */
    _Atomic(uint32_t) activity; /* rises whenever the thread takes the lock itself */
    uint32_t activity_seen;     /* lock: decay */
};

#define HZ_OWNER_COMMONS_ID 1u

/* Creates the commons. False when memory lacks. */
HZ_HIDDEN bool hz_owner_init(void);

/* The owner of runs whose thread has ended, and of threads that can have no cache. */
HZ_HIDDEN struct hz_owner *hz_owner_commons(void);

/* A vacant owner made alive for the calling thread, or NULL when memory lacks. */
HZ_HIDDEN struct hz_owner *hz_owner_create(void *front);

/* New numbers for a forked child, which would share its parent's. lock. */
HZ_HIDDEN void hz_owner_reseed(struct hz_owner *owner);

/* Makes the number reusable. The owner is vacant, has no runs, and nothing of its front is used again. */
HZ_HIDDEN void hz_owner_recycle(struct hz_owner *owner);

/* The owner numbered id, 1 <= id <= hz_owner_count(). */
HZ_HIDDEN struct hz_owner *hz_owner_get(uint32_t id);
HZ_HIDDEN uint32_t hz_owner_count(void);

/* The owner table does not change between the two. For statistics, and for fork. */
HZ_HIDDEN void hz_owner_table_lock(void);
HZ_HIDDEN void hz_owner_table_unlock(void);
HZ_HIDDEN void hz_owner_table_reset_lock(void);

/* Puts a run that has no list yet on the list where inv. 2 wants it; sets its tags and owner. lock. */
HZ_HIDDEN void hz_owner_adopt(struct hz_owner *owner, struct hz_arena *arena, struct hz_desc *desc);

/* Takes a run off its list. lock. */
HZ_HIDDEN void hz_owner_detach(struct hz_owner *owner, struct hz_desc *desc);

/* Off its list, if the list is whole. lock. */
HZ_INLINE void hz_owner_unlink(struct hz_desc *desc) {
    HZ_MUST(hz_list_is_linked(&desc->links), desc, "a list of runs is torn");
    hz_list_remove(&desc->links);
}

/* Moves a run between the lists if inv. 2 asks for it: to the front of the partial list, or to the end.
 * Call after its used count changed. lock. */
HZ_INLINE void hz_owner_relist(struct hz_owner *owner, struct hz_desc *desc, bool is_front) {
    bool has_blocks = hz_desc_available(desc) != 0;
    if (HZ_LIKELY(has_blocks == desc->is_listed))
        return;
    hz_owner_unlink(desc);
    desc->is_listed = has_blocks;
    owner->classes[desc->class_index].full += has_blocks ? -1u : 1u;
    struct hz_list *list = has_blocks ? &owner->partial[desc->class_index] : &owner->full;
    hz_list_push_front(is_front ? list : list->prev, &desc->links);
}

/* The first run of the class with available blocks, or NULL. lock. */
HZ_INLINE struct hz_desc *hz_owner_first(struct hz_owner *owner, unsigned class_index) {
    struct hz_list *list = &owner->partial[class_index];
    return hz_list_is_empty(list) ? NULL : HZ_CONTAINER(list->next, struct hz_desc, links);
}
