/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_remote.h -- what a strategy for blocks freed by another thread consists of. A profile names one; the
 * others are not linked into its library.
 * Does not: decide anything. */
#pragma once
#include "hz_outbox.h"

struct hz_remote_ops {
    /* A block of another owner, freed by the outbox's thread. tag: of its page; neither nobody's nor the
     * commons'. No owner's lock is held. */
    void (*put)(struct hz_outbox *outbox, hz_tag tag, void *block);

    /* The same for a thread without an outbox, to the owner that the tag named. */
    void (*drop)(struct hz_owner *owner, hz_tag tag, void *block);

    /* Sends on everything that the outbox holds back. No owner's lock is held. */
    void (*send_all)(struct hz_outbox *outbox);

    /* The pending blocks of a run that was queued at its owner go back into it. lock: the owner's. */
    void (*collect)(struct hz_desc *desc);

    /* In a forked child, where no run is in a chain any more: the same for blocks whose threads came no
     * further than marking them. */
    void (*recover)(struct hz_desc *desc);

    /* Up to count blocks of the class that wait for whoever runs dry. No owner's lock is held. */
    unsigned (*take)(unsigned class_index, void **slots, unsigned count);

    /* Sends such blocks back to their owners: all, or those that nobody wanted since the last time. No
     * owner's lock is held. */
    void (*settle)(bool is_all);

    /* Bytes of blocks that wait so. */
    size_t (*waiting_bytes)(void);

    /* For fork: the locks of the strategy. */
    void (*lock)(void);
    void (*unlock)(void);
    void (*reset_lock)(void);
};

extern const struct hz_remote_ops hz_stash_ops HZ_HIDDEN;
extern const struct hz_remote_ops hz_page_ops HZ_HIDDEN;
extern const struct hz_remote_ops hz_transfer_ops HZ_HIDDEN;

/* For strategies that have nothing to do in a step. */
HZ_HIDDEN void hz_remote_send_nothing(struct hz_outbox *outbox);
HZ_HIDDEN void hz_remote_collect_nothing(struct hz_desc *desc);
HZ_HIDDEN unsigned hz_remote_take_nothing(unsigned class_index, void **slots, unsigned count);
HZ_HIDDEN void hz_remote_settle_nothing(bool is_all);
HZ_HIDDEN size_t hz_remote_no_bytes(void);
HZ_HIDDEN void hz_remote_no_lock(void);

/* hz_remote_ops.drop by the owner's inbox, for strategies that know no better way. */
HZ_HIDDEN void hz_remote_drop_block(struct hz_owner *owner, hz_tag tag, void *block);
