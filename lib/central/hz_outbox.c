/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_outbox.c -- see hz_outbox.h. */
#include "hz_outbox.h"

#include "hz_memcheck.h"

enum { SPARE_MAX = 16 };

void hz_outbox_send_one(struct hz_outbox *outbox, struct hz_outgoing *outgoing, hz_outbox_send *send) {
    struct hz_batch *batch = outgoing->batch;
    if (batch == NULL)
        return;
    outgoing->batch = NULL;
    outgoing->bytes = 0;
    send(outbox, outgoing->key, batch);
}

void hz_outbox_send_all(struct hz_outbox *outbox, hz_outbox_send *send) {
    for (unsigned i = 0; i < HZ_OUTGOING; i++)
        hz_outbox_send_one(outbox, &outbox->outgoing[i], send);
}

struct hz_batch *hz_outbox_batch(struct hz_outbox *outbox) {
    struct hz_batch *batch = outbox->spare;
    if (batch == NULL)
        return hz_batch_create();
    outbox->spare = batch->next;
    outbox->spare_count--;
    batch->count = 0;
    return batch;
}

bool hz_outbox_open(struct hz_outbox *outbox, struct hz_outgoing *outgoing, uint32_t key, hz_outbox_send *send) {
    hz_outbox_send_one(outbox, outgoing, send);
    outgoing->batch = hz_outbox_batch(outbox);
    outgoing->key = key;
    return outgoing->batch != NULL;
}

void hz_outbox_keep(struct hz_outbox *outbox, struct hz_batch *first) {
    while (first != NULL && outbox->spare_count < SPARE_MAX) {
        struct hz_batch *batch = first;
        first = batch->next;
        hz_memcheck_clear(batch->blocks, HZ_BATCH_BLOCKS);
        batch->next = outbox->spare;
        outbox->spare = batch;
        outbox->spare_count++;
    }
    hz_batch_destroy(first);
}

void hz_outbox_trim(struct hz_outbox *outbox) {
    hz_batch_destroy(outbox->spare);
    outbox->spare = NULL;
    outbox->spare_count = 0;
}

size_t hz_outbox_bytes(const struct hz_outbox *outbox) {
    size_t bytes = 0;
    for (unsigned i = 0; i < HZ_OUTGOING; i++)
        bytes += outbox->outgoing[i].bytes;
    return bytes;
}
