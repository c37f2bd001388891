/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * marks.pml -- strict profiles: a block is live iff its bits in local and remote differ. lib/map/hz_mark.h, used
 * by hz_front_push_marked and hz_front_hand_out.
 *
 * mark_local and mark_remote stand for hz_mark.local and .remote. The thread that owns the run flips local with a
 * plain load and a plain store, after it looked whether the block is live; others flip remote, when they free by a
 * CAS that also looks (hz_mark_claim), when they hand out by hz_mark_flip_remote. Bit 1 is the block that is freed
 * twice; bit 2 is its neighbour in the same words, which is handed out and freed by the owner's thread and by
 * others all the time, always rightly.
 * Abstractions: one pair of words; how a pointer travels between threads. The program orders what it does with one
 * block, save the double free where it says so.
 * Proves: of two frees of which the program orders one before the other, by any two threads, the first succeeds
 * and the second is found; of two frees at once by threads that both do not own the run exactly one succeeds; the
 * neighbour's frees always succeed. Of two frees at once of which one is the owner's at least one succeeds.
 * Can happen (both_succeed): of two frees at once of which one is the owner's both succeed: the owner's thread looks
 * and finds the block live, the other claims it, the owner's thread stores its flip. The block is then on two ways
 * home and its mark says live (both_leave_live): neither free is reported, a third one would pass, and after it was
 * handed out again its mark says free, so that the next, valid, free is what is reported (wrong_one_blamed).
 *
 * proves ordered SAFETY -- the second of two ordered frees is found
 * proves remote_at_once SAFETY -DAT_ONCE -- one of two frees by other threads succeeds
 * proves owner_at_once SAFETY -DAT_ONCE -DWITH_OWNER -- at least one succeeds
 * proves ends NP -DAT_ONCE -DWITH_OWNER -- there is no cycle at all
 * refutes claim_in_two_steps -DAT_ONCE -- a claim stores without a CAS
 * refutes claim_blindly -- a free by another thread flips without a look
 * refutes claim_stale_look -DAT_ONCE -- a claim looks once, and not again when its CAS fails
 * refutes owner_blindly -- the owner's thread flips without a look
 * refutes owner_looks_at_local -- the owner's thread looks at local alone
 * refutes hand_out_in_two_steps -- another thread hands out with a load and a store of remote
 * refutes one_word -- all flip local, by plain stores
 * reaches both_succeed -DAT_ONCE -DWITH_OWNER -- neither of two frees at once is found
 * reaches both_leave_live -DAT_ONCE -DWITH_OWNER -- and the block is marked live
 * reaches wrong_one_blamed -DAT_ONCE -DWITH_OWNER -- and the next valid free is reported */
#define BLOCK 1
#define NEIGHBOUR 2

byte mark_local, mark_remote;
byte started, wins, losses; /* ghost: frees of the block */
byte turn;                  /* ghost: 0 nobody has the neighbour, 1 the owner's thread, 2 another */

#define LIVE(m) (((mark_local ^ mark_remote) & (m)) != 0)

/* hz_mark_is_live, hz_mark_flip_local */
inline owner_free(m) {
    l = mark_local;
    r = mark_remote;
#ifdef MUTATION_owner_looks_at_local
    r = 0;
#endif
    won = (((l ^ r) & m) != 0);
#ifdef MUTATION_owner_blindly
    won = true;
#endif
    if
    :: won -> l = mark_local; mark_local = l ^ m
    :: else
    fi;
    l = 0;
    r = 0
}

/* hz_mark_claim */
inline claim(m) {
    r = mark_remote;
    do
    :: true ->
#ifdef MUTATION_claim_stale_look
        if
        :: !looked -> l = mark_local; won = (((l ^ r) & m) != 0); looked = true
        :: else
        fi;
#else
        l = mark_local;
        won = (((l ^ r) & m) != 0);
#endif
#ifdef MUTATION_claim_blindly
        won = true;
#endif
        if
        :: !won -> break
        :: else
        fi;
#if defined(MUTATION_one_word)
        l = mark_local;
        mark_local = l ^ m;
        break
#elif defined(MUTATION_claim_in_two_steps)
        mark_remote = r ^ m;
        break
#else
        atomic {
            if
            :: mark_remote == r -> mark_remote = r ^ m; break
            :: else -> r = mark_remote
            fi
        }
#endif
    od;
    l = 0;
    r = 0
}

/* The first free of the block is ordered before the second, unless they are at once. */
inline begin() {
#ifdef AT_ONCE
    started++
#else
    atomic {
        if
        :: started < 2 && started == wins + losses -> started++
        :: started == 2 -> goto idle
        fi
    }
#endif
}

inline finish() {
    atomic {
        if
        :: won -> wins++
        :: else -> losses++
        fi;
#ifndef AT_ONCE
        assert(wins == 1);
#endif
        won = false
    }
}

/* The thread that owns the run. It frees the block when the schedule gives it one of the two frees. */
proctype owner() {
    byte l, r;
    bool won, looked;
    byte rounds = 2;
#if !defined(AT_ONCE) || defined(WITH_OWNER)
    bool wants = true;
#else
    bool wants = false;
#endif
    do
    :: wants ->
        begin();
        owner_free(BLOCK);
        finish();
#ifdef AT_ONCE
        wants = false
#endif
    :: atomic { turn == 0 && rounds > 0 -> rounds-- }
        assert(!LIVE(NEIGHBOUR));
        l = mark_local; /* hand out: hz_mark_flip_local */
        mark_local = l ^ NEIGHBOUR;
        l = 0;
        if
        :: turn = 2 /* another thread frees it */
        :: owner_free(NEIGHBOUR); assert(won); won = false
        fi
    :: !wants && rounds == 0 -> break
    :: started == 2 && rounds == 0 -> break
    od;
idle:
    skip
}

proctype other(byte wants) {
    byte l, r;
    bool won, looked;
    do
    :: wants > 0 ->
        begin();
        looked = false;
        claim(BLOCK);
        finish();
        wants--
    :: else -> break
    od;
idle:
    skip
}

/* Frees the neighbour when it is handed over, and hands it out again, as from the transfer cache. */
proctype neighbour() {
    byte l, r;
    bool won, looked;
    do
    :: turn == 2 ->
        looked = false;
        claim(NEIGHBOUR);
        assert(won);
        won = false;
        if
        :: true -> /* hz_mark_flip_remote */
            assert(!LIVE(NEIGHBOUR));
#ifdef MUTATION_hand_out_in_two_steps
            r = mark_remote;
            mark_remote = r ^ NEIGHBOUR;
            r = 0;
#else
            atomic { mark_remote = mark_remote ^ NEIGHBOUR }
#endif
            looked = false;
            claim(NEIGHBOUR);
            assert(won);
            won = false
        :: skip
        fi;
        turn = 0
    :: timeout -> break
    od
}

init {
    byte l, r;
    bool won;
    atomic {
        mark_local = BLOCK;
        run owner();
#ifdef AT_ONCE
        run other(1);
#ifndef WITH_OWNER
        run other(1);
#endif
#else
        run other(2);
        run other(2);
#endif
        run neighbour()
    }
    _nr_pr == 1; /* all others have ended */
    assert(wins + losses == 2 && !LIVE(NEIGHBOUR));
#ifdef WITH_OWNER
    assert(wins == 2 || (wins == 1 && !LIVE(BLOCK)));
#ifdef OUTCOME_both_succeed
    assert(wins == 1);
#endif
#ifdef OUTCOME_both_leave_live
    assert(!LIVE(BLOCK));
#endif
#ifdef OUTCOME_wrong_one_blamed
    mark_local = mark_local ^ BLOCK; /* handed out by the owner's thread */
    owner_free(BLOCK);
    assert(won)
#endif
#else
    assert(wins == 1 && losses == 1 && !LIVE(BLOCK))
#endif
}
