/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_front.h -- the thread's cache: one bin of free blocks per class, and the batches that it collects for
 * other owners.
 *
 * A bin is an array of pointers, used as a stack; blocks themselves are never touched. The blocks in a bin
 * belong to runs of the thread's own owner; under the remote strategy transfer some may not. Only the thread touches
 * its front; statistics read the tops.
 * Before its first slow path, after its exit hook ran, and while it is inside the allocator, a thread has one
 * of three constant fronts, whose bins are empty and full at once, so that the hot paths need no test for any.
 * So does a thread that is armed: its own front works as ever, but every call comes by the slow path.
 * Does not: know runs (hz_central.h does).
 *
 * inv. 1: base[-1] is NULL, base <= top <= limit, limit - base == capacity <= room.
 * inv. 2: no block in a bin is live (see hz_mark.h).
 * inv. 3: blocks of other owners enter only an empty bin, up to half of its capacity: so they are among its older
 * half. */
#pragma once
#include "hz_central.h"
#include "hz_mark.h"
#include "hz_remote.h"

struct hz_bin {
    void **base;       /* NULL until the class is first used */
    void **seen;       /* where top was at the last maintenance */
    uint16_t capacity; /* blocks; adapts between policy minimum and maximum */
    uint16_t room;     /* blocks that the array at base can hold */
};

/* Freed blocks that wait: see hz_quarantine.h. A ring, oldest at first. */
struct hz_quarantine {
    void **blocks; /* NULL until first used */
    uint8_t *classes;
    size_t first;
    size_t count;
    _Atomic(size_t) bytes; /* thread writes, statistics read */
};

struct hz_front {
    /* Hot. */
    hz_tag self_tag;                    /* const: hz_tag_make(owner id, 0) */
    int32_t ticks;                      /* frees until the next look at the clock */
    void **_Atomic top[HZ_CLASS_COUNT]; /* one past the newest block; thread writes, statistics read */
    void **limit[HZ_CLASS_COUNT];

    /* Cold. */
    struct hz_owner *owner; /* const; NULL in the constant fronts */
    int32_t tick_interval;
    uint32_t tick_ms;       /* time of the last look at the clock */
    uint32_t maintained_ms; /* time of the last maintenance */
    uint32_t sample_at;     /* allocations at which the next guarded block is due; 0: not drawn (hz_sample.h) */
    uint32_t sample_count;  /* allocations since the last one, as far as counted */
    int32_t sample_ticks;   /* ticks as of the last count, less frees that entered no bin */
    uint32_t sample_blocks; /* blocks in bins as of then */
    bool is_armed;          /* hz_thread_arm */
    struct hz_bin bins[HZ_CLASS_COUNT];
    struct hz_outbox outbox;
    struct hz_quarantine quarantine;
    void **slots;     /* room for bin arrays not yet given out */
    void **slots_end; /* const */
};

/* The calling thread's front as the hot paths see it; one of the constant fronts where they must not touch
 * it, or it has none. */
extern __thread struct hz_front *hz_self HZ_HIDDEN __attribute__((tls_model("initial-exec")));
extern struct hz_front hz_front_none HZ_HIDDEN; /* not yet; or it is armed */
extern struct hz_front hz_front_gone HZ_HIDDEN; /* no more */
extern struct hz_front hz_front_busy HZ_HIDDEN; /* the thread is inside: see hz_thread.h */

/* The newest block of the bin, or NULL. */
HZ_INLINE void *hz_front_pop(struct hz_front *front, unsigned class_index) {
    void **top = hz_load_relaxed(&front->top[class_index]);
    void *block = top[-1];
    if (HZ_LIKELY(block != NULL))
        hz_store_relaxed(&front->top[class_index], top - 1);
    return block;
}

/* Whether the bin had room for block. */
HZ_INLINE bool hz_front_push(struct hz_front *front, unsigned class_index, void *block) {
    void **top = hz_load_relaxed(&front->top[class_index]);
    if (HZ_UNLIKELY(top == front->limit[class_index]))
        return false;
    *top = block;
    hz_store_relaxed(&front->top[class_index], top + 1);
    return true;
}

/* Derives the sizes of bins from the policy; none is to hold more than bin_blocks_max blocks (at least 2). */
HZ_HIDDEN void hz_front_init(size_t bin_blocks_max);

/* A front, with an owner, for the calling thread; NULL when memory lacks. */
HZ_HIDDEN struct hz_front *hz_front_create(void);

/* Gives back everything the front holds and the front itself. The thread's hz_self is another already. */
HZ_HIDDEN void hz_front_destroy(struct hz_front *front);

/* For fork. */
HZ_HIDDEN void hz_front_pool_lock(void);
HZ_HIDDEN void hz_front_pool_unlock(void);
HZ_HIDDEN void hz_front_pool_reset_lock(void);

/* A block of the class when the bin is empty; NULL when memory lacks. */
HZ_HIDDEN HZ_NOINLINE void *hz_front_refill(struct hz_front *front, unsigned class_index);

/* Puts a block of the front's own owner into its bin, making room if it is full. */
HZ_HIDDEN HZ_NOINLINE void hz_front_put(struct hz_front *front, unsigned class_index, void *block);

/* Sends a free block, of a page with this tag, to where it belongs: its bin, the outbox, or its run. */
HZ_HIDDEN void hz_front_send(struct hz_front *front, hz_tag tag, void *block);

/* Outside the hot paths, of pointers where a class run is: the block is about to be handed out; it was given to
 * free, and so is live no more (false: it is not live; plain profiles leave blocks of others live); it is live.
 * front is NULL for threads without one. */
HZ_HIDDEN void hz_front_hand_out(const struct hz_front *front, const void *block);
HZ_HIDDEN bool hz_front_take_back(const struct hz_front *front, hz_tag tag, const void *block);
HZ_HIDDEN bool hz_front_is_live(const void *block);

/* hz_front_take_back of another thread's block, whose mark is there. */
HZ_INLINE bool hz_front_claim(struct hz_mark_place place) {
    return place.is_aligned && (!hz_central_is_strict || hz_mark_claim(place.mark, place.bit));
}

/* Gives back all blocks in bins and outbox; the front stays usable. */
HZ_HIDDEN void hz_front_flush_all(struct hz_front *front);

/* Blocks in all bins. */
HZ_HIDDEN unsigned hz_front_block_count(const struct hz_front *front);

/* Bytes that the front's bins may grow to. */
HZ_HIDDEN size_t hz_front_capacity_bytes(const struct hz_front *front);

/* Bytes of blocks in bins and outbox; of another thread's front a close estimate. */
HZ_HIDDEN size_t hz_front_cached_bytes(struct hz_front *front);

/* For hz_memcheck.h: the bin's slots above its newest block. */
HZ_HIDDEN void hz_front_forget(struct hz_front *front, unsigned class_index);

/* For hz_maintain.c. */
HZ_HIDDEN void hz_front_flush_idle(struct hz_front *front);
HZ_HIDDEN void hz_front_receive(struct hz_front *front);
