/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_front.c -- the slow side of the thread's cache: refill, flush, exit. */
#include "hz_front.h"

#include <string.h>

#include "hz_bits.h"
#include "hz_meta.h"
#include "hz_policy.h"

/* The slot below an unused bin's array: popping finds nothing, pushing finds it full. */
static void *no_slots[1];

#define CONSTANT_FRONT                                                                           \
    {                                                                                            \
        .self_tag = ~(hz_tag)0, .top = {[0 ... HZ_CLASS_COUNT - 1] = no_slots + 1},              \
        .limit = {[0 ... HZ_CLASS_COUNT - 1] = no_slots + 1},                                    \
    }

struct hz_front hz_front_none = CONSTANT_FRONT;
struct hz_front hz_front_gone = CONSTANT_FRONT;

__thread struct hz_front *hz_self __attribute__((tls_model("initial-exec"))) = &hz_front_none;

static uint16_t capacity_max[HZ_CLASS_COUNT]; /* const after init */
static size_t front_bytes;                    /* const after init */

enum { FIRST_INTERVAL = 64 };

static unsigned capacity_min(unsigned class_index) {
    return (unsigned)hz_min(hz_policy.bin_blocks_min, capacity_max[class_index]);
}

/* A bin's array doubles when the bin grows, and the old one is not reused: in all less than three times
 * the largest, plus a NULL slot below each. So there is always room. */
void hz_front_init(void) {
    size_t slots = 0;
    for (unsigned i = 0; i < HZ_CLASS_COUNT; i++) {
        size_t blocks = hz_policy.bin_bytes / hz_class_bytes(i);
        blocks = hz_max(blocks, hz_max(hz_policy.bin_blocks_min, 2)); /* even of the largest */
        blocks = hz_min(blocks, hz_policy.bin_blocks_max);
        capacity_max[i] = (uint16_t)blocks;
        slots += 3 * blocks + 16;
    }
    front_bytes = hz_align_up(sizeof(struct hz_front), HZ_LINE) + slots * sizeof(void *);
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

static void set_count(struct hz_front *front, unsigned class_index, unsigned count) {
    hz_store_relaxed(&front->top[class_index], front->bins[class_index].base + count);
}

/* Changes the bin's capacity; it holds no more blocks than that. */
static void set_capacity(struct hz_front *front, unsigned class_index, unsigned capacity) {
    struct hz_bin *bin = &front->bins[class_index];
    if (capacity > bin->room) {
        HZ_ASSERT((size_t)(front->slots_end - front->slots) >= (size_t)capacity + 1);
        unsigned count = bin_count(front, class_index);
        void **base = front->slots + 1;
        base[-1] = NULL;
        front->slots += capacity + 1;
        if (count != 0)
            memcpy(base, bin->base, count * sizeof *base);
        bin->base = base;
        bin->room = (uint16_t)capacity;
        set_count(front, class_index, count);
    }
    bin->capacity = (uint16_t)capacity;
    front->limit[class_index] = bin->base + capacity;
}

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
}

/* --- Receiving -------------------------------------------------------------------------------- */

/* A block that came home: into its bin while there is room, else into its run. lock: the owner's. */
HZ_INLINE void receive_block(struct hz_front *front, void *block, void **strays) {
    unsigned class_index = hz_route_tag(block) ^ front->self_tag;
    if (HZ_LIKELY(class_index < HZ_CLASS_COUNT)) {
        if (HZ_LIKELY(hz_front_push(front, class_index, block)))
            return;
    }
    (void)hz_central_sort(front->owner, block, strays);
}

static void keep_spare(struct hz_front *front, struct hz_batch *batch) {
    batch->next = front->spare;
    front->spare = batch;
    front->spare_count++;
}

enum { SPARE_MAX = 16 };

/* Everything in the inbox. lock: the owner's. Returns the strays, to be forwarded without it. */
static void *receive_locked(struct hz_front *front) {
    struct hz_owner *owner = front->owner;
    void *strays = NULL;
    void *next;
    for (void *member = hz_inbox_take(owner); member != NULL; member = next) {
        next = hz_inbox_next(member);
        if (hz_inbox_is_block(member)) {
            receive_block(front, hz_inbox_block(member), &strays);
            continue;
        }
        struct hz_batch *batch = hz_inbox_batch(member);
        hz_central_count_batch(owner, batch);
        for (uint32_t i = 0; i < batch->count; i++)
            receive_block(front, batch->blocks[i], &strays);
        keep_spare(front, batch);
    }
    return strays;
}

static void trim_spare(struct hz_front *front, unsigned most) {
    if (front->spare_count <= most)
        return;
    struct hz_batch **link = &front->spare;
    for (unsigned i = 0; i < most; i++)
        link = (struct hz_batch **)&(*link)->next;
    hz_batch_destroy(*link);
    *link = NULL;
    front->spare_count = most;
}

void hz_front_receive(struct hz_front *front) {
    if (hz_inbox_is_empty(front->owner))
        return;
    lock_own(front);
    void *strays = receive_locked(front);
    unlock_own(front);
    hz_central_forward(strays);
    trim_spare(front, SPARE_MAX);
}

/* --- Refill and flush ------------------------------------------------------------------------- */

/* A bin that runs empty doubles: what it held was too little. */
static void grow(struct hz_front *front, unsigned class_index) {
    struct hz_bin *bin = &front->bins[class_index];
    unsigned wanted = bin->base == NULL ? capacity_min(class_index) : 2u * bin->capacity;
    if (bin->base == NULL || bin->capacity < capacity_max[class_index])
        set_capacity(front, class_index, (unsigned)hz_min(wanted, capacity_max[class_index]));
}

void *hz_front_refill(struct hz_front *front, unsigned class_index) {
    struct hz_owner *owner = front->owner;
    void *strays = NULL;
    lock_own(front);
    if (!hz_inbox_is_empty(owner))
        strays = receive_locked(front);
    if (bin_count(front, class_index) == 0) {
        grow(front, class_index);
        struct hz_bin *bin = &front->bins[class_index];
        unsigned count = (bin->capacity + 1u) / 2;
        count = hz_central_take(owner, class_index, bin->base, count);
        set_count(front, class_index, count);
        owner->counts.refills++;
    }
    void *block = hz_front_pop(front, class_index);
    unlock_own(front);
    hz_central_forward(strays);
    trim_spare(front, SPARE_MAX);
    return block;
}

/* Half of the bin, the older one, goes. */
static void flush(struct hz_front *front, unsigned class_index) {
    lock_own(front);
    drain(front, class_index, (front->bins[class_index].capacity + 1u) / 2);
    front->owner->counts.flushes++;
    unlock_own(front);
}

void hz_front_put(struct hz_front *front, unsigned class_index, void *block) {
    if (front->bins[class_index].base == NULL)
        set_capacity(front, class_index, capacity_min(class_index));
    else if (hz_load_relaxed(&front->top[class_index]) == front->limit[class_index])
        flush(front, class_index);
    (void)hz_front_push(front, class_index, block);
}

/* A bin that nothing happened to since the last maintenance gives up half of its blocks and of its capacity,
 * and its empty runs. */
void hz_front_flush_idle(struct hz_front *front) {
    lock_own(front);
    for (unsigned i = 0; i < HZ_CLASS_COUNT; i++) {
        struct hz_bin *bin = &front->bins[i];
        unsigned count = bin_count(front, i);
        if (bin->base == NULL)
            continue;
        if (bin->seen == bin->base + count) {
            drain(front, i, (count + 1) / 2);
            set_capacity(front, i, (unsigned)hz_max(bin->capacity / 2u, capacity_min(i)));
            hz_central_release_empty(front->owner, i);
        }
        bin->seen = hz_load_relaxed(&front->top[i]);
    }
    unlock_own(front);
}

/* --- Sending ---------------------------------------------------------------------------------- */

static void send(struct hz_outgoing *outgoing) {
    struct hz_batch *batch = outgoing->batch;
    if (batch == NULL)
        return;
    struct hz_owner *owner = hz_owner_get(outgoing->owner_id);
    outgoing->batch = NULL;
    outgoing->bytes = 0;
    if (hz_inbox_push_batch(owner, batch))
        hz_central_reap(owner);
    else if (hz_load_relaxed(&owner->inbox_batches) > hz_policy.inbox_batches_max)
        hz_central_receive(owner, true);
}

void hz_front_send_all(struct hz_front *front) {
    for (unsigned i = 0; i < HZ_OUTGOING; i++)
        send(&front->outgoing[i]);
}

static struct hz_batch *new_batch(struct hz_front *front) {
    struct hz_batch *batch = front->spare;
    if (batch == NULL)
        return hz_batch_create();
    front->spare = batch->next;
    front->spare_count--;
    batch->count = 0;
    return batch;
}

static HZ_NOINLINE bool open_batch(struct hz_front *front, struct hz_outgoing *outgoing, uint32_t owner_id) {
    send(outgoing);
    outgoing->batch = new_batch(front);
    outgoing->owner_id = owner_id;
    return outgoing->batch != NULL;
}

void hz_front_put_remote(struct hz_front *front, hz_tag tag, void *block) {
    uint32_t owner_id = hz_tag_owner(tag);
    struct hz_outgoing *outgoing = &front->outgoing[owner_id % HZ_OUTGOING];
    if (HZ_UNLIKELY(outgoing->batch == NULL || outgoing->owner_id != owner_id))
        if (!open_batch(front, outgoing, owner_id)) {
            hz_central_return(block);
            return;
        }
    struct hz_batch *batch = outgoing->batch;
    batch->blocks[batch->count++] = block;
    outgoing->bytes += hz_class_table[hz_tag_class(tag)].block_bytes;
    bool is_heavy = outgoing->bytes >= hz_policy.batch_bytes && batch->count >= hz_policy.batch_blocks_min;
    if (batch->count == HZ_BATCH_BLOCKS || is_heavy)
        send(outgoing);
}

/* --- All of it -------------------------------------------------------------------------------- */

void hz_front_flush_all(struct hz_front *front) {
    hz_front_send_all(front);
    hz_front_receive(front);
    lock_own(front);
    for (unsigned i = 0; i < HZ_CLASS_COUNT; i++)
        drain(front, i, bin_count(front, i));
    unlock_own(front);
    trim_spare(front, 0);
}

void hz_front_destroy(struct hz_front *front) {
    struct hz_owner *owner = front->owner;
    hz_front_flush_all(front);
    hz_central_retire(owner);
    hz_owner_recycle(owner);
    discard(front);
}

size_t hz_front_cached_bytes(struct hz_front *front) {
    size_t bytes = 0;
    for (unsigned i = 0; i < HZ_CLASS_COUNT; i++) /* top and base may belong to two moments */
        bytes += hz_min(bin_count(front, i), capacity_max[i]) * hz_class_bytes(i);
    for (unsigned i = 0; i < HZ_OUTGOING; i++)
        bytes += front->outgoing[i].bytes;
    return bytes;
}
