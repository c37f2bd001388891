/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_remote.c -- the steps in which a strategy does nothing, or what all do. */
#include "hz_remote.h"

#include "hz_central.h"

void hz_remote_send_nothing(struct hz_outbox *outbox) { (void)outbox; }
void hz_remote_collect_nothing(struct hz_desc *desc) { (void)desc; }
void hz_remote_settle_nothing(bool is_all) { (void)is_all; }
size_t hz_remote_no_bytes(void) { return 0; }
void hz_remote_no_lock(void) {}

unsigned hz_remote_take_nothing(unsigned class_index, void **slots, unsigned count) {
    (void)class_index;
    (void)slots;
    (void)count;
    return 0;
}

void hz_remote_drop_block(struct hz_owner *owner, hz_tag tag, void *block) {
    (void)tag;
    struct hz_batch *batch = hz_batch_create();
    if (batch == NULL) {
        hz_central_put_at_once(block);
        return;
    }
    batch->blocks[batch->count++] = block;
    hz_central_send(owner, batch);
}
