/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_front.c -- the slow side of the thread's cache: refill, flush, exit. */
#include "hz_front.h"

#include <string.h>

#include "hz_bits.h"
#include "hz_budget.h"
#include "hz_memcheck.h"
#include "hz_meta.h"
#include "hz_policy.h"
#include "hz_quarantine.h"
#include "hz_receive.h"

/* The slot below an unused bin's array: popping finds nothing, pushing finds it full. */
static void *no_slots[1];

#define CONSTANT_FRONT                                                              \
    {                                                                               \
        .self_tag = ~(hz_tag)0, .top = {[0 ... HZ_CLASS_COUNT - 1] = no_slots + 1}, \
        .limit = {[0 ... HZ_CLASS_COUNT - 1] = no_slots + 1},                       \
    }

struct hz_front hz_front_none = CONSTANT_FRONT;
struct hz_front hz_front_gone = CONSTANT_FRONT;
struct hz_front hz_front_busy = CONSTANT_FRONT;

__thread struct hz_front *hz_self __attribute__((tls_model("initial-exec"))) = &hz_front_none;

static uint16_t capacity_max[HZ_CLASS_COUNT]; /* const after init */
static size_t front_bytes;                    /* const after init */

enum { FIRST_INTERVAL = 64, HOLLOW_TIMES = 8, HOLLOW_RUNS = 8, HOLLOW_CAPACITY = 16 };

static unsigned capacity_min(unsigned class_index) {
    return (unsigned)hz_min(hz_policy.bin_blocks_min, capacity_max[class_index]);
}

/* A bin's array doubles when the bin grows, and the old one is not reused: in all less than three times
 * the largest, plus a NULL slot below each. So there is always room. */
void hz_front_init(size_t bin_blocks_max) {
    size_t slots = 0;
    for (unsigned i = 0; i < HZ_CLASS_COUNT; i++) {
        size_t blocks = hz_policy.bin_bytes / hz_class_bytes(i);
        blocks = hz_max(blocks, hz_max(hz_policy.bin_blocks_min, 2)); /* even of the largest */
        blocks = hz_min(blocks, hz_min(hz_policy.bin_blocks_max, hz_max(bin_blocks_max, 2)));
        capacity_max[i] = (uint16_t)blocks;
        slots += 3 * blocks + 16;
    }
    front_bytes = hz_align_up(sizeof(struct hz_front), HZ_LINE) + slots * sizeof(void *);
    hz_budget_init(0);
}

/* Fronts of ended threads, for the next ones: starting a thread should not cost page faults. Linked
 * through owner. */
enum { POOL_MAX = 8 };
static struct hz_lock pool_lock = HZ_LOCK_INIT(HZ_RANK_FRONT_POOL);
static struct hz_front *pool; /* lock */
static unsigned pool_count;   /* lock */

void hz_front_pool_lock(void) { hz_lock_take(&pool_lock); }
void hz_front_pool_unlock(void) { hz_lock_give(&pool_lock); }
void hz_front_pool_reset_lock(void) { hz_lock_reset(&pool_lock); }

/* Its bins' arrays hold old pointers, which no top will reach before they are overwritten. */
static struct hz_front *take_pooled(void) {
    hz_lock_take(&pool_lock);
    struct hz_front *front = pool;
    if (front != NULL) {
        pool = (struct hz_front *)(void *)front->owner;
        pool_count--;
    }
    hz_lock_give(&pool_lock);
    if (front != NULL)
        memset(front, 0, sizeof *front);
    return front;
}

static void discard(struct hz_front *front) {
    hz_lock_take(&pool_lock);
    bool is_kept = pool_count < POOL_MAX;
    if (is_kept) {
        front->owner = (struct hz_owner *)(void *)pool;
        pool = front;
        pool_count++;
    }
    hz_lock_give(&pool_lock);
    if (!is_kept)
        hz_meta_free(front, front_bytes);
}

struct hz_front *hz_front_create(void) {
    struct hz_front *front = take_pooled();
    if (front == NULL)
        front = hz_meta_alloc(front_bytes);
    if (front == NULL)
        return NULL;
    for (unsigned i = 0; i < HZ_CLASS_COUNT; i++) {
        hz_store_relaxed(&front->top[i], no_slots + 1);
        front->limit[i] = no_slots + 1;
    }
    front->slots = (void **)(void *)((char *)front + hz_align_up(sizeof *front, HZ_LINE));
    front->slots_end = (void **)(void *)((char *)front + front_bytes);
    front->ticks = front->tick_interval = FIRST_INTERVAL;
    front->owner = hz_owner_create(front);
    if (front->owner == NULL) {
        discard(front);
        return NULL;
    }
    front->self_tag = hz_tag_make(front->owner->id, 0);
    return front;
}

/* --- Bins ------------------------------------------------------------------------------------- */

static unsigned bin_count(const struct hz_front *front, unsigned class_index) {
    const struct hz_bin *bin = &front->bins[class_index];
    return bin->base == NULL ? 0 : (unsigned)(hz_load_relaxed(&front->top[class_index]) - bin->base);
}

unsigned hz_front_block_count(const struct hz_front *front) {
    unsigned count = 0;
    for (unsigned i = 0; i < HZ_CLASS_COUNT; i++)
        count += bin_count(front, i);
    return count;
}

static void set_count(struct hz_front *front, unsigned class_index, unsigned count) {
    hz_store_relaxed(&front->top[class_index], front->bins[class_index].base + count);
}

/* Changes the bin's capacity; it holds no more blocks than that. */
static void set_capacity(struct hz_front *front, unsigned class_index, unsigned capacity) {
    struct hz_bin *bin = &front->bins[class_index];
    if (capacity < bin->capacity)
        hz_budget_give((bin->capacity - capacity) * hz_class_bytes(class_index));
    if (capacity > bin->room) {
        HZ_ASSERT((size_t)(front->slots_end - front->slots) >= (size_t)capacity + 1);
        unsigned count = bin_count(front, class_index);
        void **base = front->slots + 1;
        base[-1] = NULL;
        front->slots += capacity + 1;
        if (count != 0)
            memcpy(base, bin->base, count * sizeof *base);
        hz_memcheck_clear(bin->base, bin->room);
        bin->base = base;
        bin->room = (uint16_t)capacity;
        set_count(front, class_index, count);
    }
    bin->capacity = (uint16_t)capacity;
    front->limit[class_index] = bin->base + capacity;
}

void hz_front_forget(struct hz_front *front, unsigned class_index) {
    void **top = hz_load_relaxed(&front->top[class_index]);
    hz_memcheck_clear(top, (size_t)(front->limit[class_index] - top));
}

/* The first capacity of a bin. */
static void open_bin(struct hz_front *front, unsigned class_index) {
    unsigned capacity = capacity_min(class_index);
    hz_budget_force(capacity * hz_class_bytes(class_index));
    set_capacity(front, class_index, capacity);
}

size_t hz_front_capacity_bytes(const struct hz_front *front) {
    size_t bytes = 0;
    for (unsigned i = 0; i < HZ_CLASS_COUNT; i++)
        bytes += front->bins[i].capacity * hz_class_bytes(i);
    return bytes;
}

/* --- Marks ------------------------------------------------------------------------------------ */

static bool is_own(const struct hz_front *front, hz_tag tag) {
    return front != NULL && hz_tag_owner(tag) == front->owner->id;
}

void hz_front_hand_out(const struct hz_front *front, const void *block) {
    hz_tag tag = hz_route_tag(block);
    struct hz_mark_place place = hz_mark_of(block, tag);
    if (HZ_UNLIKELY(!place.is_aligned)) /* after a second free its run is gone */
        return;
    if (is_own(front, tag))
        hz_mark_flip_local(place.mark, place.bit);
    else
        hz_mark_flip_remote(place.mark, place.bit);
}

bool hz_front_take_back(const struct hz_front *front, hz_tag tag, const void *block) {
    struct hz_mark_place place = hz_mark_of(block, tag);
    if (!is_own(front, tag))
        return hz_front_claim(place);
    return place.is_aligned && hz_mark_take_back(place.mark, place.bit);
}

bool hz_front_is_live(const void *block) {
    struct hz_mark_place place = hz_mark_of(block, hz_route_tag(block));
    return place.is_aligned && hz_mark_is_live(place.mark, place.bit);
}

/* --- Locked steps ----------------------------------------------------------------------------- */

static void lock_own(struct hz_front *front) {
    struct hz_owner *owner = front->owner;
    /* Relaxed: a sign of life for hz_maintain.c, ordered with nothing. One writer. */
    hz_store_relaxed(&owner->activity, hz_load_relaxed(&owner->activity) + 1);
    hz_lock_take(&owner->lock);
}

static void unlock_own(struct hz_front *front) { hz_lock_give(&front->owner->lock); }

/* Puts the count oldest blocks of the bin back into their runs. lock: the owner's. */
static void drain(struct hz_front *front, unsigned class_index, unsigned count) {
    if (count == 0)
        return;
    void **base = front->bins[class_index].base;
    unsigned left = bin_count(front, class_index) - count;
    hz_central_put(front->owner, base, count);
    memmove(base, base + count, left * sizeof *base);
    set_count(front, class_index, left);
    hz_front_forget(front, class_index);
}

/* Blocks of other owners among the count oldest of the bin, if the strategy brings such, leave for the
 * outbox. Returns how many stay of those count. No lock is held. */
static unsigned evict_foreign(struct hz_front *front, unsigned class_index, unsigned count) {
    if (hz_policy.remote != HZ_REMOTE_TRANSFER || count == 0)
        return count;
    void **base = front->bins[class_index].base;
    unsigned total = bin_count(front, class_index);
    unsigned kept = 0;
    for (unsigned i = 0; i < count; i++) {
        hz_tag tag = hz_route_tag(base[i]);
        if (hz_tag_owner(tag) == front->owner->id)
            base[kept++] = base[i];
        else if (hz_tag_owner(tag) <= HZ_OWNER_COMMONS_ID) /* also a run that is gone, to be reported */
            hz_central_return(base[i]);
        else
            hz_policy.remote_ops->put(&front->outbox, tag, base[i]);
    }
    memmove(base + kept, base + count, (total - count) * sizeof *base);
    set_count(front, class_index, total - (count - kept));
    hz_front_forget(front, class_index);
    return kept;
}

/* --- Receiving -------------------------------------------------------------------------------- */

enum { RECEIVE_STEP = 32 }; /* members that one refill looks at */

/* A block that came home: into its bin while there is room, else into its run. lock: the owner's. */
HZ_INLINE enum hz_fate receive_block(void *context, void *block) {
    struct hz_front *front = context;
    const struct hz_arena *arena = hz_map_find(block);
    unsigned class_index = hz_map_tag(arena, block) ^ front->self_tag;
    if (HZ_UNLIKELY(class_index >= HZ_CLASS_COUNT))
        return hz_central_put_own(front->owner, block) ? HZ_FATE_SETTLED : HZ_FATE_STRAY;
    if (!hz_central_is_strict) {
        struct hz_mark_place place = hz_mark_find(arena, (uintptr_t)block - arena->base, class_index);
        if (HZ_UNLIKELY(!place.is_aligned || !hz_mark_take_back(place.mark, place.bit))) {
            hz_central_note_wrong(block);
            return HZ_FATE_SETTLED;
        }
    }
    if (HZ_UNLIKELY(!hz_front_push(front, class_index, block)))
        hz_central_put(front->owner, &block, 1);
    return HZ_FATE_SETTLED;
}

static void finish_receiving(struct hz_front *front, const struct hz_received *received) {
    hz_central_forward(received->strays);
    hz_outbox_keep(&front->outbox, received->empty);
}

void hz_front_receive(struct hz_front *front) {
    struct hz_received received = {.strays = NULL};
    if (hz_inbox_is_empty(front->owner))
        return;
    lock_own(front);
    hz_receive_all(front->owner, receive_block, front, &received);
    unlock_own(front);
    finish_receiving(front, &received);
}

/* --- Refill and flush ------------------------------------------------------------------------- */

/* The bin gives up its count oldest blocks, and half of its capacity. lock: the owner's. */
static void shrink(struct hz_front *front, unsigned class_index, unsigned count) {
    drain(front, class_index, count);
    unsigned half = front->bins[class_index].capacity / 2u;
    unsigned least = (unsigned)hz_max(capacity_min(class_index), bin_count(front, class_index));
    if (half >= least)
        set_capacity(front, class_index, half);
}

/* A bin that runs empty doubles, if the budget allows: what it held was too little. */
static void grow(struct hz_front *front, unsigned class_index) {
    struct hz_bin *bin = &front->bins[class_index];
    if (bin->base == NULL) {
        open_bin(front, class_index);
        return;
    }
    unsigned wanted = (unsigned)hz_min(2u * bin->capacity, capacity_max[class_index]);
    if (wanted > bin->capacity && hz_budget_take((wanted - bin->capacity) * hz_class_bytes(class_index)))
        set_capacity(front, class_index, wanted);
}

/* Blocks that wait for anybody, then what came home, then runs. */
void *hz_front_refill(struct hz_front *front, unsigned class_index) {
    struct hz_owner *owner = front->owner;
    struct hz_received received = {.strays = NULL};
    struct hz_bin *bin = &front->bins[class_index];
    if (bin_count(front, class_index) == 0) {
        grow(front, class_index);
        set_count(front, class_index, hz_policy.remote_ops->take(class_index, bin->base, (bin->capacity + 1u) / 2));
    }
    lock_own(front);
    if (!hz_inbox_is_empty(owner))
        hz_receive(owner, RECEIVE_STEP, receive_block, front, &received);
    if (bin_count(front, class_index) == 0) {
        unsigned count = hz_central_take(owner, class_index, bin->base, (bin->capacity + 1u) / 2);
        set_count(front, class_index, count);
        owner->counts.refills++;
    }
    void *block = hz_front_pop(front, class_index);
    unlock_own(front);
    finish_receiving(front, &received);
    return block;
}

/* Whether the class's runs have many times the blocks that the bin may hold, of which the program has no more than
 * that: it gives back a large structure, and soon only what the bin keeps of it would keep all those runs.
 * lock: the owner's. */
static bool is_hollow(const struct hz_front *front, unsigned class_index) {
    unsigned capacity = front->bins[class_index].capacity;
    unsigned runs = front->owner->classes[class_index].runs;
    if (HZ_LIKELY(capacity <= HOLLOW_CAPACITY || runs < HOLLOW_RUNS + hz_policy.supply_runs ||
                  runs * hz_class_table[class_index].block_count < HOLLOW_TIMES * capacity))
        return false;
    return hz_central_is_hollow(front->owner, class_index, capacity + bin_count(front, class_index));
}

/* Half of the bin, the older one, goes; of a hollow class all, and the bin keeps little until it runs empty. */
static void flush(struct hz_front *front, unsigned class_index) {
    unsigned count = evict_foreign(front, class_index, (front->bins[class_index].capacity + 1u) / 2);
    lock_own(front);
    drain(front, class_index, count);
    if (HZ_UNLIKELY(is_hollow(front, class_index))) {
        drain(front, class_index, bin_count(front, class_index));
        set_capacity(front, class_index, (unsigned)hz_max(HOLLOW_CAPACITY, capacity_min(class_index)));
    }
    front->owner->counts.flushes++;
    unlock_own(front);
}

void hz_front_put(struct hz_front *front, unsigned class_index, void *block) {
    if (front->bins[class_index].base == NULL)
        open_bin(front, class_index);
    else if (hz_load_relaxed(&front->top[class_index]) == front->limit[class_index])
        flush(front, class_index);
    (void)hz_front_push(front, class_index, block);
}

void hz_front_send(struct hz_front *front, hz_tag tag, void *block) {
    uint32_t owner_id = hz_tag_owner(tag);
    if (owner_id <= HZ_OWNER_COMMONS_ID) /* also a run that is gone, to be reported */
        hz_central_return(block);
    else if (owner_id == front->owner->id)
        hz_front_put(front, hz_tag_class(tag), block);
    else
        hz_policy.remote_ops->put(&front->outbox, tag, block);
}

/* A bin that nothing happened to since the last maintenance gives up half of its blocks and of its capacity,
 * and its empty runs. */
void hz_front_flush_idle(struct hz_front *front) {
    for (unsigned i = 0; i < HZ_CLASS_COUNT; i++) {
        struct hz_bin *bin = &front->bins[i];
        unsigned count = bin_count(front, i);
        if (bin->base == NULL)
            continue;
        if (bin->seen == bin->base + count) {
            count = evict_foreign(front, i, (count + 1) / 2);
            lock_own(front);
            shrink(front, i, count);
            hz_central_release_empty(front->owner, i);
            unlock_own(front);
        }
        bin->seen = hz_load_relaxed(&front->top[i]);
    }
}

/* --- All of it -------------------------------------------------------------------------------- */

void hz_front_flush_all(struct hz_front *front) {
    hz_quarantine_empty(front);
    hz_policy.remote_ops->send_all(&front->outbox);
    hz_front_receive(front);
    for (unsigned i = 0; i < HZ_CLASS_COUNT; i++)
        (void)evict_foreign(front, i, bin_count(front, i));
    hz_policy.remote_ops->send_all(&front->outbox);
    lock_own(front);
    for (unsigned i = 0; i < HZ_CLASS_COUNT; i++)
        drain(front, i, bin_count(front, i));
    unlock_own(front);
    hz_outbox_trim(&front->outbox);
}

void hz_front_destroy(struct hz_front *front) {
    struct hz_owner *owner = front->owner;
    hz_front_flush_all(front);
    hz_quarantine_destroy(front);
    hz_budget_give(hz_front_capacity_bytes(front));
    hz_central_retire(owner);
    hz_owner_recycle(owner);
    discard(front);
}

size_t hz_front_cached_bytes(struct hz_front *front) {
    size_t bytes = 0;
    for (unsigned i = 0; i < HZ_CLASS_COUNT; i++) /* top and base may belong to two moments */
        bytes += hz_min(bin_count(front, i), capacity_max[i]) * hz_class_bytes(i);
    return bytes + hz_outbox_bytes(&front->outbox) + hz_load_relaxed(&front->quarantine.bytes);
}
