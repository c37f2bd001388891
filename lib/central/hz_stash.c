/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_stash.c -- the remote strategy stash: the sender collects blocks per owner and hands each batch over by
 * one atomic operation. Blocks are not touched, and the owner's descriptors are left to the owner. */
#include "hz_central.h"
#include "hz_policy.h"
#include "hz_remote.h"

static void send(struct hz_outbox *outbox, uint32_t owner_id, struct hz_batch *batch) {
    (void)outbox;
    hz_central_send(hz_owner_get(owner_id), batch);
}

static void put(struct hz_outbox *outbox, hz_tag tag, void *block) {
    size_t bytes = hz_class_table[hz_tag_class(tag)].block_bytes;
    if (HZ_UNLIKELY(!hz_outbox_add(outbox, hz_tag_owner(tag), block, bytes, send)))
        hz_central_return(block);
}

static void send_all(struct hz_outbox *outbox) { hz_outbox_send_all(outbox, send); }

const struct hz_remote_ops hz_stash_ops = {
    .put = put,
    .drop = hz_remote_drop_block,
    .send_all = send_all,
    .collect = hz_remote_collect_nothing,
    .recover = hz_remote_collect_nothing,
    .take = hz_remote_take_nothing,
    .settle = hz_remote_settle_nothing,
    .waiting_bytes = hz_remote_no_bytes,
    .lock = hz_remote_no_lock,
    .unlock = hz_remote_no_lock,
    .reset_lock = hz_remote_no_lock,
};
