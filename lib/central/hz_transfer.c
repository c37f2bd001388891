/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_transfer.c -- the remote strategy transfer: the sender collects blocks per class, and whole batches wait
 * in a cache that all threads share, for whoever runs dry next. What does not fit goes to the owners' inboxes,
 * as by the strategy stash. A block that is taken from here is used, and freed, by a thread that does not own
 * its run. */
#include "hz_bits.h"
#include "hz_central.h"
#include "hz_lock.h"
#include "hz_memcheck.h"
#include "hz_policy.h"
#include "hz_remote.h"

static struct cache {
    struct hz_batch *first; /* lock: newest first */
    unsigned block_count;   /* lock */
    bool is_wanted;         /* lock: something was taken since the last settling */
} caches[HZ_CLASS_COUNT];
static struct hz_lock lock = HZ_LOCK_INIT(HZ_RANK_TRANSFER);

static void take_lock(void) { hz_lock_take(&lock); }
static void give_lock(void) { hz_lock_give(&lock); }
static void reset_lock(void) { hz_lock_reset(&lock); }

static bool try_keep(unsigned class_index, struct hz_batch *batch) {
    struct cache *cache = &caches[class_index];
    hz_lock_take(&lock);
    bool is_kept = cache->block_count + batch->count <= hz_policy.transfer_blocks;
    if (is_kept) {
        batch->next = cache->first;
        cache->first = batch;
        cache->block_count += batch->count;
    }
    hz_lock_give(&lock);
    return is_kept;
}

static void send(struct hz_outbox *outbox, uint32_t class_index, struct hz_batch *batch) {
    (void)outbox;
    if (!try_keep(class_index, batch))
        hz_central_scatter(batch);
}

static void put(struct hz_outbox *outbox, hz_tag tag, void *block) {
    unsigned class_index = hz_tag_class(tag);
    size_t bytes = hz_class_table[class_index].block_bytes;
    if (HZ_UNLIKELY(!hz_outbox_add(outbox, class_index, block, bytes, send)))
        hz_central_return(block);
}

static void send_all(struct hz_outbox *outbox) { hz_outbox_send_all(outbox, send); }

/* Moves up to count blocks out of the newest batch; returns the batch if that emptied it. lock. */
static struct hz_batch *take_some(struct cache *cache, void **slots, unsigned count, unsigned *ret_taken) {
    struct hz_batch *batch = cache->first;
    unsigned taken = (unsigned)hz_min(count, batch->count);
    for (unsigned i = 0; i < taken; i++)
        slots[i] = batch->blocks[--batch->count];
    hz_memcheck_clear(batch->blocks + batch->count, taken);
    cache->block_count -= taken;
    cache->is_wanted = true;
    *ret_taken = taken;
    if (batch->count != 0)
        return NULL;
    cache->first = batch->next;
    batch->next = NULL;
    return batch;
}

static unsigned take(unsigned class_index, void **slots, unsigned count) {
    struct cache *cache = &caches[class_index];
    struct hz_batch *empty = NULL;
    unsigned taken = 0;
    hz_lock_take(&lock);
    if (cache->first != NULL)
        empty = take_some(cache, slots, count, &taken);
    hz_lock_give(&lock);
    hz_batch_destroy(empty);
    return taken;
}

/* All batches of the class, linked; none if it was wanted since the last time and is_all is false. */
static struct hz_batch *detach(struct cache *cache, bool is_all) {
    struct hz_batch *first = NULL;
    hz_lock_take(&lock);
    if (is_all || !cache->is_wanted) {
        first = cache->first;
        cache->first = NULL;
        cache->block_count = 0;
    }
    cache->is_wanted = false;
    hz_lock_give(&lock);
    return first;
}

static void settle(bool is_all) {
    for (unsigned i = 0; i < HZ_CLASS_COUNT; i++)
        for (struct hz_batch *batch = detach(&caches[i], is_all); batch != NULL;) {
            struct hz_batch *next = batch->next;
            hz_central_scatter(batch);
            batch = next;
        }
}

static size_t waiting_bytes(void) {
    size_t bytes = 0;
    hz_lock_take(&lock);
    for (unsigned i = 0; i < HZ_CLASS_COUNT; i++)
        bytes += caches[i].block_count * hz_class_bytes(i);
    hz_lock_give(&lock);
    return bytes;
}

const struct hz_remote_ops hz_transfer_ops = {
    .put = put,
    .drop = hz_remote_drop_block,
    .send_all = send_all,
    .collect = hz_remote_collect_nothing,
    .recover = hz_remote_collect_nothing,
    .take = take,
    .settle = settle,
    .waiting_bytes = waiting_bytes,
    .lock = take_lock,
    .unlock = give_lock,
    .reset_lock = reset_lock,
};
