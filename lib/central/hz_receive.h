/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_receive.h -- the walk over what has arrived in an owner's inbox, with the fate of each block left to the
 * caller: the thread itself puts them into its bins, others into the runs.
 * Does not: take locks. */
#pragma once
#include <limits.h>

#include "hz_central.h"

/* What became of a block. */
enum hz_fate {
    HZ_FATE_SETTLED, /* it has a place, or was wrong and reported */
    HZ_FATE_STRAY,   /* its run has changed hands: it goes on to another owner */
};

/* What a walk leaves to be done when the owner's lock is given back. */
struct hz_received {
    void *strays;            /* batches and runs for hz_central_forward */
    struct hz_batch *stray;  /* the newest batch among them */
    struct hz_batch *empty;  /* for the pool */
    struct hz_batch *later;  /* strays that go on waiting for memory, linked by next: newest first */
    struct hz_batch *oldest; /* the last of these */
};

/* Gives a block that came back a place, if it can. lock: the owner's. */
typedef enum hz_fate hz_receive_sink(void *context, void *block);

/* The block becomes a stray; false, with nothing done, when memory lacks for a batch. */
HZ_HIDDEN bool hz_received_stray(struct hz_received *received, void *block);

/* The batch, of which only blocks that go on waiting are left. */
HZ_HIDDEN void hz_received_keep(struct hz_received *received, struct hz_batch *batch);

/* One member of a chain. lock: the owner's. */
HZ_INLINE void hz_receive_member(struct hz_owner *owner, void *member, hz_receive_sink *sink, void *context,
                                 struct hz_received *received) {
    if (hz_member_kind(member) == HZ_MEMBER_RUN) {
        hz_central_collect(owner, hz_member_run(member), &received->strays);
        return;
    }
    struct hz_batch *batch = hz_member_batch(member);
    uint32_t count = batch->count;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        void *block = batch->blocks[i];
        if (HZ_LIKELY(sink(context, block) == HZ_FATE_SETTLED))
            continue;
        if (!hz_received_stray(received, block))
            batch->blocks[kept++] = block;
    }
    batch->count = kept;
    hz_central_count_batch(owner, kept == 0, count - kept);
    hz_received_keep(received, batch);
}

/* Up to member_count members; returns the others. lock: the owner's. */
HZ_INLINE void *hz_receive_some(struct hz_owner *owner, unsigned member_count, hz_receive_sink *sink, void *context,
                                struct hz_received *received) {
    void *member = hz_inbox_take(owner);
    for (; member != NULL && member_count != 0; member_count--) {
        void *next = hz_inbox_next(member);
        hz_receive_member(owner, member, sink, context, received);
        member = next;
    }
    return member;
}

/* The rest of a chain, and what goes on waiting, are put back. lock: the owner's. */
HZ_INLINE void hz_receive_put_back(struct hz_owner *owner, void *rest, struct hz_received *received) {
    if (received->later != NULL) {
        received->oldest->next = rest;
        rest = received->later;
        received->later = NULL;
    }
    if (rest != NULL)
        hz_inbox_put_back(owner, rest);
}

/* Up to member_count members; the others are put back. lock: the owner's. */
HZ_INLINE void hz_receive(struct hz_owner *owner, unsigned member_count, hz_receive_sink *sink, void *context,
                          struct hz_received *received) {
    void *rest = hz_receive_some(owner, member_count, sink, context, received);
    hz_receive_put_back(owner, rest, received);
}

/* All of them: first what was put back, then what has arrived. lock: the owner's. */
HZ_INLINE void hz_receive_all(struct hz_owner *owner, hz_receive_sink *sink, void *context,
                              struct hz_received *received) {
    (void)hz_receive_some(owner, UINT_MAX, sink, context, received);
    (void)hz_receive_some(owner, UINT_MAX, sink, context, received);
    hz_receive_put_back(owner, NULL, received);
}
