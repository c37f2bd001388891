/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * outbox.c -- batches by key: when they leave, what is in them, and where empty ones go. */
#include "hz_outbox.h"
#include "hz_policy.h"
#include "unit.h"

enum { SENT_MAX = 64, SPARE_MAX = 16 };

static struct hz_outbox outbox;
static struct {
    uint32_t key;
    struct hz_batch *batch;
} sent[SENT_MAX];
static unsigned sent_count;
static char blocks[256];

static void send(struct hz_outbox *from, uint32_t key, struct hz_batch *batch) {
    need(from == &outbox && sent_count < SENT_MAX, "sent from elsewhere");
    sent[sent_count].key = key;
    sent[sent_count++].batch = batch;
}

static void add(uint32_t key, char *block, size_t bytes) {
    need(hz_outbox_add(&outbox, key, block, bytes, send), "no memory");
}

Test(outbox, a_batch_leaves_when_it_is_heavy_enough) {
    cr_assert_eq(hz_policy.batch_bytes, 64);
    for (unsigned i = 0; i < 3; i++)
        add(7, &blocks[i], 16);
    cr_assert_eq(sent_count, 0);
    cr_assert_eq(hz_outbox_bytes(&outbox), 48);
    add(7, &blocks[3], 16);
    cr_assert(sent_count == 1 && sent[0].key == 7 && sent[0].batch->count == 4);
    for (unsigned i = 0; i < 4; i++)
        cr_assert_eq(sent[0].batch->blocks[i], &blocks[i]);
    cr_assert_eq(hz_outbox_bytes(&outbox), 0);
    add(7, &blocks[4], 5000);
    cr_assert(sent_count == 2 && sent[1].batch->count == 1);
}

Test(outbox, a_batch_leaves_when_it_is_full) {
    for (unsigned i = 0; i < HZ_BATCH_BLOCKS - 1; i++)
        add(3, &blocks[i], 1);
    cr_assert_eq(sent_count, 0);
    add(3, &blocks[HZ_BATCH_BLOCKS - 1], 1);
    cr_assert(sent_count == 1 && sent[0].batch->count == HZ_BATCH_BLOCKS);
}

/* Two keys that share a slot. */
Test(outbox, a_batch_of_another_key_makes_room) {
    add(5, &blocks[0], 1);
    add(6, &blocks[1], 1);
    add(5 + HZ_OUTGOING, &blocks[2], 1);
    cr_assert(sent_count == 1 && sent[0].key == 5 && sent[0].batch->count == 1);
    cr_assert_eq(sent[0].batch->blocks[0], &blocks[0]);
    add(5, &blocks[3], 1);
    cr_assert(sent_count == 2 && sent[1].key == 5 + HZ_OUTGOING);
    cr_assert_eq(hz_outbox_bytes(&outbox), 2);
}

Test(outbox, send_all_sends_each_once) {
    for (uint32_t key = 100; key < 100 + HZ_OUTGOING; key++)
        add(key, &blocks[key % HZ_OUTGOING], 1);
    cr_assert_eq(sent_count, 0);
    hz_outbox_send_all(&outbox, send);
    cr_assert_eq(sent_count, HZ_OUTGOING);
    uint32_t seen = 0;
    for (unsigned i = 0; i < sent_count; i++) {
        need(sent[i].batch->count == 1 && sent[i].batch->blocks[0] == &blocks[sent[i].key % HZ_OUTGOING], "%u", i);
        seen |= 1u << (sent[i].key - 100);
    }
    cr_assert_eq(seen, (1u << HZ_OUTGOING) - 1);
    cr_assert_eq(hz_outbox_bytes(&outbox), 0);
    hz_outbox_send_all(&outbox, send);
    cr_assert_eq(sent_count, HZ_OUTGOING);
}

/* A sink may add to the same outbox: the slot is free by then. */
static void send_and_add(struct hz_outbox *from, uint32_t key, struct hz_batch *batch) {
    send(from, key, batch);
    if (sent_count == 1)
        add(key, &blocks[99], 1);
}

Test(outbox, adding_while_sending_opens_a_new_batch) {
    add(9, &blocks[0], 1);
    hz_outbox_send_all(&outbox, send_and_add);
    cr_assert(sent_count == 1 && sent[0].batch->count == 1);
    hz_outbox_send_all(&outbox, send);
    cr_assert(sent_count == 2 && sent[1].batch != sent[0].batch && sent[1].batch->blocks[0] == &blocks[99]);
}

Test(outbox, empty_batches_are_kept_up_to_a_few) {
    struct hz_batch *chain = NULL;
    for (unsigned i = 0; i < SPARE_MAX + 3; i++) {
        struct hz_batch *batch = hz_batch_create();
        batch->next = chain;
        batch->count = 9;
        chain = batch;
    }
    struct hz_batch *newest = chain;
    hz_outbox_keep(&outbox, chain);
    cr_assert_eq(outbox.spare_count, SPARE_MAX);
    for (unsigned i = 0; i < SPARE_MAX; i++) {
        struct hz_batch *batch = hz_outbox_batch(&outbox);
        need(batch != NULL && batch->count == 0, "spare %u", i);
        need(i != SPARE_MAX - 1 || batch == newest, "the first kept comes last");
    }
    cr_assert(outbox.spare_count == 0 && outbox.spare == NULL);
    struct hz_batch *pooled = hz_batch_create();
    cr_assert_not_null(pooled);
    hz_outbox_keep(&outbox, NULL);
    cr_assert_eq(outbox.spare_count, 0);
}

Test(outbox, trim_returns_spare_ones_to_the_pool) {
    struct hz_batch *batch = hz_batch_create();
    batch->next = NULL;
    hz_outbox_keep(&outbox, batch);
    hz_outbox_trim(&outbox);
    cr_assert(outbox.spare_count == 0 && outbox.spare == NULL);
    cr_assert_eq(hz_batch_create(), batch);
}
