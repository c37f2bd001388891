/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * transfer.pml -- the cache of batches that all threads share: lib/central/hz_transfer.c, for one class.
 *
 * Two senders free two blocks each, as a batch, and end. A user takes up to two blocks when its bin is empty, uses
 * them, frees them (they are another owner's, so they go into its own batch), twice, and ends, which sends the
 * batch. Maintenance settles once while all this happens, and once when all have ended, as trim does.
 * Abstractions: a spilled block is home at once (inbox.pml shows that it gets there); batches come from the pool,
 * one for each sender and one for each of the user's rounds.
 * Proves: every block is at one place, at the end home; the count is that of the batches' blocks and never more
 * than LIMIT; after the last settling nothing remains.
 *
 * proves limit_2 SAFETY -DLIMIT=2 -- all of the above, one batch fits
 * proves limit_4 SAFETY -DLIMIT=4 -- all fit
 * proves limit_0 SAFETY -DLIMIT=0 -- none fits
 * proves ends NP -DLIMIT=2 -- there is no cycle at all
 * refutes limit_outside_lock -DLIMIT=2 -- the count is read before the lock is taken
 * refutes keep_without_lock -DLIMIT=4 -- a batch is linked without the lock
 * refutes take_without_lock -DLIMIT=4 -- blocks are taken without the lock
 * refutes detach_without_lock -DLIMIT=4 -- settling loads the list, then stores NULL, without the lock
 * refutes detach_keeps_count -DLIMIT=2 -- settling forgets to set the count to zero
 * refutes keep_and_spill -DLIMIT=2 -- what was kept is spilled as well
 * refutes end_without_send -DLIMIT=2 -- a thread ends with an open batch
 * refutes spill_first -DLIMIT=0 -- of a batch that does not fit only the first block is sent home */
#define BLOCKS 4
#define BATCHES 4
#define BIT(b) (1 << (b))
#define COUNT(mask) (((mask) & 1) + (((mask) >> 1) & 1) + (((mask) >> 2) & 1) + (((mask) >> 3) & 1))

byte first;                /* cache->first: batch + 1; lock */
byte block_count;          /* cache->block_count; lock */
byte next[BATCHES];        /* batch->next: batch + 1 */
byte blocks[BATCHES];      /* batch->blocks, a set */
bool locked;
byte out = 15;             /* ghost: blocks that a user has, a set */
byte home;                 /* ghost: blocks that went to their owners, a set */

inline lock() { atomic { !locked; locked = true } }
inline unlock() { locked = false }

/* Ghost: the count is right, and within its limit. */
inline check() {
    assert(block_count <= LIMIT);
    sum = 0;
    at = first;
    do
    :: at != 0 -> sum = sum + COUNT(blocks[at - 1]); at = next[at - 1]
    :: else -> break
    od;
    assert(sum == block_count);
    sum = 0
}

inline spill(batch) {
    atomic {
        assert((home & blocks[batch]) == 0 && (out & blocks[batch]) == 0);
#ifdef MUTATION_spill_first
        home = home | (blocks[batch] & -blocks[batch]);
#else
        home = home | blocks[batch];
#endif
        blocks[batch] = 0
    }
}

/* try_keep, send */
inline send(batch) {
#ifdef MUTATION_limit_outside_lock
    is_kept = (block_count + COUNT(blocks[batch]) <= LIMIT);
    lock();
#elif defined(MUTATION_keep_without_lock)
    is_kept = (block_count + COUNT(blocks[batch]) <= LIMIT);
#else
    lock();
    is_kept = (block_count + COUNT(blocks[batch]) <= LIMIT);
#endif
    if
    :: is_kept ->
        next[batch] = first;
        atomic { first = batch + 1; block_count = block_count + COUNT(blocks[batch]); check() }
    :: else
    fi;
#ifndef MUTATION_keep_without_lock
    unlock();
#endif
    if
#ifdef MUTATION_keep_and_spill
    :: true -> spill(batch)
#else
    :: !is_kept -> spill(batch)
#endif
    :: else
    fi;
    is_kept = false
}

proctype sender(byte batch) {
    bool is_kept;
    byte sum, at;
    atomic {
        blocks[batch] = BIT(2 * batch) | BIT(2 * batch + 1);
        assert((out & blocks[batch]) == blocks[batch]);
        out = out & ~blocks[batch]
    }
    send(batch)
}

/* take_some: some blocks of the newest batch; the batch goes to the pool when that empties it. */
inline take() {
#ifndef MUTATION_take_without_lock
    lock();
#endif
    batch = first;
    if
    :: batch != 0 ->
        if
        :: mine = blocks[batch - 1]
        :: mine = blocks[batch - 1] & 5 /* one of two */
        :: mine = blocks[batch - 1] & 10
        fi;
        atomic {
            blocks[batch - 1] = blocks[batch - 1] & ~mine;
            block_count = block_count - COUNT(mine);
            if
            :: blocks[batch - 1] == 0 -> first = next[batch - 1]; next[batch - 1] = 0
            :: else
            fi;
            check()
        }
    :: else
    fi;
#ifndef MUTATION_take_without_lock
    unlock();
#endif
    batch = 0
}

proctype user() {
    bool is_kept;
    byte sum, at, batch, mine;
    byte round = 2; /* the batch of this round */
    do
    :: round < BATCHES ->
        take();
        atomic {
            assert((out & mine) == 0 && (home & mine) == 0);
            out = out | mine
        }
        atomic {
            out = out & ~mine;
            blocks[round] = mine;
            mine = 0
        }
        if
#ifdef MUTATION_end_without_send
        :: blocks[round] != 0 && round == 2 -> send(round)
#else
        :: blocks[round] != 0 -> send(round)
#endif
        :: else
        fi;
        round++
    :: else -> break
    od
}

/* detach, settle */
inline settle() {
#ifndef MUTATION_detach_without_lock
    lock();
#endif
    batch = first;
    atomic {
        first = 0;
#ifndef MUTATION_detach_keeps_count
        block_count = 0;
#endif
    }
#ifndef MUTATION_detach_without_lock
    unlock();
#endif
    do
    :: batch != 0 ->
        at = next[batch - 1];
        spill(batch - 1);
        next[batch - 1] = 0;
        batch = at
    :: else -> break
    od;
    at = 0
}

proctype maintenance() {
    byte batch, at;
    settle()
}

init {
    byte batch, at;
    atomic {
        run sender(0);
        run sender(1);
        run user();
        run maintenance()
    }
    _nr_pr == 1; /* all others have ended */
    settle();
    assert(first == 0 && block_count == 0);
    assert(home == 15 && out == 0)
}
