/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_outbox.h -- batches that a thread fills with blocks of others, each under a key: the number of the owner
 * they go to, or their class.
 * Does not: send them; the remote strategies do. Only its thread touches an outbox; statistics read the
 * bytes.
 *
 * inv. 1: all blocks of an open batch belong to its key. */
#pragma once
#include "hz_inbox.h"
#include "hz_policy.h"

enum { HZ_OUTGOING = 16 };

struct hz_outgoing {
    struct hz_batch *batch; /* NULL: not open */
    uint32_t key;
    size_t bytes; /* of the blocks in the batch */
};

struct hz_outbox {
    struct hz_outgoing outgoing[HZ_OUTGOING];
    struct hz_batch *spare; /* empty batches */
    unsigned spare_count;
};

typedef void hz_outbox_send(struct hz_outbox *outbox, uint32_t key, struct hz_batch *batch);

/* Sends away the batch that outgoing holds, if any. */
HZ_HIDDEN void hz_outbox_send_one(struct hz_outbox *outbox, struct hz_outgoing *outgoing, hz_outbox_send *send);

/* Sends away what outgoing holds, then opens a batch of key in it. False when memory lacks. */
HZ_HIDDEN HZ_NOINLINE bool hz_outbox_open(struct hz_outbox *outbox, struct hz_outgoing *outgoing, uint32_t key,
                                          hz_outbox_send *send);

/* Adds a block of block_bytes to the batch of key, after sending away a batch that is in its way; sends it,
 * too, when the policy says that it is full. False, with nothing done, when there is no memory for a batch. */
HZ_INLINE bool hz_outbox_add(struct hz_outbox *outbox, uint32_t key, void *block, size_t block_bytes,
                             hz_outbox_send *send) {
    struct hz_outgoing *outgoing = &outbox->outgoing[key % HZ_OUTGOING];
    if (HZ_UNLIKELY(outgoing->batch == NULL || outgoing->key != key))
        if (!hz_outbox_open(outbox, outgoing, key, send))
            return false;
    struct hz_batch *batch = outgoing->batch;
    batch->blocks[batch->count++] = block;
    outgoing->bytes += block_bytes;
    bool is_heavy = outgoing->bytes >= hz_policy.batch_bytes && batch->count >= hz_policy.batch_blocks_min;
    if (HZ_UNLIKELY(batch->count == HZ_BATCH_BLOCKS || is_heavy))
        hz_outbox_send_one(outbox, outgoing, send);
    return true;
}

/* Sends all open batches. */
HZ_HIDDEN void hz_outbox_send_all(struct hz_outbox *outbox, hz_outbox_send *send);

/* Takes empty batches, linked by next, for later; beyond a few they go back to the pool. */
HZ_HIDDEN void hz_outbox_keep(struct hz_outbox *outbox, struct hz_batch *first);

/* An empty batch, or NULL when memory lacks. */
HZ_HIDDEN struct hz_batch *hz_outbox_batch(struct hz_outbox *outbox);

/* Gives all spare batches back to the pool. */
HZ_HIDDEN void hz_outbox_trim(struct hz_outbox *outbox);

/* Bytes of the blocks in open batches. */
HZ_HIDDEN size_t hz_outbox_bytes(const struct hz_outbox *outbox);
