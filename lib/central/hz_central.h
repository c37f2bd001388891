/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_central.h -- what happens to blocks beyond a thread's cache: to and from the runs of an owner, between
 * owners, and into the commons when a thread ends.
 * Blocks on their way between threads are live by their marks in plain profiles, and not so in strict ones. What
 * takes them into a run or a bin of the owner's looks, in plain profiles, whether they still are, and makes them
 * so no more: of two copies of one block the second is found then.
 * Does not: know thread caches. */
#pragma once
#include "hz_inbox.h"
#include "hz_route.h"

/* Whether blocks on their way between threads are live no more: const after start-up, and so in all profiles that
 * say so and wherever an option wants it. */
extern bool hz_central_is_strict HZ_HIDDEN;
HZ_HIDDEN void hz_central_init(bool is_strict);

/* Whether about no more than most_used blocks of all the owner's runs of the class are in use. lock: the owner's. */
HZ_HIDDEN bool hz_central_is_hollow(const struct hz_owner *owner, unsigned class_index, unsigned most_used);

/* Fills slots with up to count blocks of the class (see hz_desc_take; mixed by chance if that is wanted) from
 * the owner's partial runs; where there is none, from one adopted from the commons, else from new ones, as many
 * as the policy says. 0 when memory lacks. lock: the owner's. */
HZ_HIDDEN unsigned hz_central_take(struct hz_owner *owner, unsigned class_index, void **slots, unsigned count);

/* Puts blocks back into their runs, which are the owner's; reports wrong ones. A run goes back to the source
 * when that empties it, unless it is the next to be taken from. lock: the owner's. */
HZ_HIDDEN void hz_central_put(struct hz_owner *owner, void *const *blocks, unsigned count);

/* Hands a batch to its owner, alive or not. No owner's lock is held. */
HZ_HIDDEN void hz_central_send(struct hz_owner *owner, struct hz_batch *batch);

/* Does the owner's receiving for it when much waits and its lock is free. No owner's lock is held. */
HZ_HIDDEN void hz_central_relieve(struct hz_owner *owner);

/* A queued run off a chain: its pending blocks go back into it, or, when it has changed hands, it goes onto
 * the chain *strays as it is. lock: the owner's. */
HZ_HIDDEN void hz_central_collect(struct hz_owner *owner, struct hz_desc *desc, void **strays);

/* Puts every block that has arrived in the owner's inbox back into its run. Takes the lock; with try_only,
 * gives up if someone holds it. Blocks whose runs have changed hands meanwhile are sent on. */
HZ_HIDDEN void hz_central_receive(struct hz_owner *owner, bool try_only);

/* A block that came to the owner goes into its run; false, with nothing done, if the run has changed hands
 * since. lock: the owner's. */
HZ_HIDDEN bool hz_central_put_own(struct hz_owner *owner, void *block);

/* Sends each member of a chain of strays on. No owner's lock is held. */
HZ_HIDDEN void hz_central_forward(void *strays);

/* Notes what is wrong with a pointer to where a run of the owner's is. lock: the owner's. */
HZ_HIDDEN HZ_COLD void hz_central_note_wrong(const void *block);

/* Sends one block to whoever owns its run. No owner's lock is held. */
HZ_HIDDEN void hz_central_return(void *block);

/* Sends each block of a batch to whoever owns its run; the batch goes to the pool. No owner's lock is held. */
HZ_HIDDEN void hz_central_scatter(struct hz_batch *batch);

/* Puts one block into its run, for want of a batch to send it in. No owner's lock is held. */
HZ_HIDDEN void hz_central_put_at_once(void *block);

/* Empties the inbox of a vacant owner. No owner's lock is held. */
HZ_HIDDEN void hz_central_reap(struct hz_owner *owner);

/* Makes the commons' run around block the owner's; false when it is not the commons' (any more).
 * lock: the owner's. */
HZ_HIDDEN bool hz_central_adopt(struct hz_owner *owner, const void *block);

/* The owner's thread ends: its runs go to the source or the commons, its inbox is emptied, and it becomes
 * vacant. The caller has given back every block that its cache held. */
HZ_HIDDEN void hz_central_retire(struct hz_owner *owner);

/* The same for an owner whose thread does not exist in a forked child, which has one thread. Blocks that its
 * cache held stay lost to this process. */
HZ_HIDDEN void hz_central_bury(struct hz_owner *owner);

/* In a forked child: pending blocks that no chain leads to any more go back into the owner's runs. */
HZ_HIDDEN void hz_central_recover(struct hz_owner *owner);

/* One block of the class from the commons, for threads without a cache. */
HZ_HIDDEN void *hz_central_take_common(unsigned class_index);

/* What is known of an address inside a class run, and of the block around it. */
struct hz_block_facts {
    enum hz_put verdict; /* of the address: DONE also for a free block's start */
    bool is_free;        /* the block is available in its run */
    uint8_t class_index;
    uint32_t owner_id;
    uint32_t block_bytes, block_count, carved, used; /* of the run; see struct hz_desc */
    uint32_t index;                                  /* of the block */
    const char *run;
};

/* Looks at an address inside an arena; false when no class run is there (any more). Takes the owner's lock. */
HZ_HIDDEN HZ_COLD bool hz_central_look(const void *address, struct hz_block_facts *facts);

/* Gives the owner's empty runs of the class to the source. lock: the owner's. */
HZ_HIDDEN void hz_central_release_empty(struct hz_owner *owner, unsigned class_index);

/* Takes the inbox in, then gives all empty runs to the source. Takes the lock; with try_only, does what it
 * can without waiting for it. */
HZ_HIDDEN void hz_central_trim(struct hz_owner *owner, bool try_only);

/* Returns to the kernel the pages under free blocks of partly used runs, and those that never served in them, of runs
 * to which no block came back during the last idle_passes sweeps of this owner. Each run is purged once until a block
 * comes back. Takes the lock. Returns the bytes. */
HZ_HIDDEN size_t hz_central_sweep(struct hz_owner *owner, unsigned idle_passes);

/* lock: the owner's. */
HZ_INLINE void hz_central_count_batch(struct hz_owner *owner, bool is_done, uint32_t block_count) {
    owner->counts.remote_batches += is_done;
    owner->counts.remote_blocks += block_count;
}
