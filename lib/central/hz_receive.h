/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_receive.h -- the walk over what has arrived in an owner's inbox, with the fate of each block left to the
 * caller: the thread itself puts them into its bins, others into the runs.
 * Does not: take locks. */
#pragma once
#include <limits.h>

#include "hz_central.h"

/* What a walk leaves to be done when the owner's lock is given back. */
struct hz_received {
    void *strays;           /* for hz_central_forward */
    struct hz_batch *empty; /* for the pool */
};

/* Gives a block that came back a place. lock: the owner's. */
typedef void hz_receive_sink(void *context, void *block, void **strays);

/* One member of a chain. lock: the owner's. */
HZ_INLINE void hz_receive_member(struct hz_owner *owner, void *member, hz_receive_sink *sink, void *context,
                                 struct hz_received *received) {
    switch (hz_member_kind(member)) {
    case HZ_MEMBER_BLOCK: sink(context, hz_member_block(member), &received->strays); return;
    case HZ_MEMBER_RUN: hz_central_collect(owner, hz_member_run(member), &received->strays); return;
    default: break;
    }
    struct hz_batch *batch = hz_member_batch(member);
    hz_central_count_batch(owner, batch);
    for (uint32_t i = 0; i < batch->count; i++)
        sink(context, batch->blocks[i], &received->strays);
    batch->next = received->empty;
    received->empty = batch;
}

/* Up to member_count members; the others are put back. lock: the owner's. */
HZ_INLINE void hz_receive(struct hz_owner *owner, unsigned member_count, hz_receive_sink *sink,
                          void *context, struct hz_received *received) {
    void *member = hz_inbox_take(owner);
    for (; member != NULL && member_count != 0; member_count--) {
        void *next = hz_inbox_next(member);
        hz_receive_member(owner, member, sink, context, received);
        member = next;
    }
    if (member != NULL)
        hz_inbox_put_back(owner, member);
}

/* All of them: first what was put back, then what has arrived. lock: the owner's. */
HZ_INLINE void hz_receive_all(struct hz_owner *owner, hz_receive_sink *sink, void *context,
                              struct hz_received *received) {
    hz_receive(owner, UINT_MAX, sink, context, received);
    hz_receive(owner, UINT_MAX, sink, context, received);
}
