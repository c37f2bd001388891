/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * page.pml -- runs that queue themselves: the word hz_desc.pending has a bit for each block that other threads
 * freed. Who sets the first bit pushes the run onto the inbox of the owner that its tag names; who takes the
 * run from the inbox collects the bits: lib/central/hz_page.{h,c}.
 *
 * Run 0 has blocks 0 and 1, run 1 has block 2; both are owner 2's, whose thread may take its inbox in, then
 * retires and recycles the number. Each block is freed by a thread of its own. A second thread creates an owner
 * (the same number, or 3), adopts what the commons have, takes its inbox in and may retire. A helper does the
 * same as maintenance: it tries any owner's lock and takes the inbox in. A run whose blocks are all back may go
 * to the source, where the second thread may take it as a new run; its block is freed by another thread still.
 * A run is idle (pending == 0), queued (pending != 0, in one chain, or in the hands of its first setter or of
 * a forwarder) or draining (taken from the chain, not yet exchanged).
 * Abstractions: what a lock alone protects changes in one step. A free that finds the commons' number
 * puts the block itself under their lock (put_common). Who forwards a queued run to the commons collects it under
 * their lock (collect_common). Recursion is a stack of strays.
 * Two frees of one block that are both pending are told apart by the bit (asserted in set_bit for the valid program
 * of the model). Can happen: a free comes again after the first one was collected. Its bit queues the run, and the
 * run may go to the source, when the other blocks come back, while it is still in a chain.
 * Proves: every block comes back to its run once, under the lock of the run's owner; no run is in two chains
 * or twice in one (its link has one user); nobody touches the descriptor of a run that the source has; no run
 * with pending bits is forgotten; the inbox of a vacant owner is empty; nobody waits for ever.
 *
 * All processes together are too many; the searches here leave some out.
 * proves second SAFETY -DNO_HELPER -DNO_THIRD -- all of the above
 * proves helper SAFETY -DNO_SECOND -DNO_THIRD -- with a helper, without a second owner
 * proves third SAFETY -DNO_HELPER -DNO_SECOND -- two runs in a chain
 * proves reuse SAFETY -DREUSE -DNO_THIRD -DNO_HELPER -- the second thread takes the run from the source again
 * proves no_livelock NP -DNO_THIRD -DNO_HELPER -- there is no cycle at all
 * refutes always_push -DNO_SECOND -DNO_HELPER -- who sets a bit pushes the run even if it was not the first
 * refutes flag_without_recheck -- a queued flag, cleared after collecting, instead of pending's first bit
 * refutes set_in_two_steps -DNO_SECOND -DNO_HELPER -- pending is loaded, then stored
 * refutes collect_in_two_steps -DNO_SECOND -DNO_HELPER -- pending is loaded, then cleared, instead of an exchange
 * refutes collect_before_next -DNO_SECOND -DNO_HELPER -- the link is read after the exchange
 * refutes collect_foreign -- a taker collects a run that is another owner's now
 * refutes drop_foreign -- a taker forgets a run that is another owner's now
 * refutes common_without_tag -DNO_THIRD -DNO_HELPER -- the tag is not read again under the lock of the commons
 * refutes look_before_vacant -DNO_SECOND -DNO_HELPER -- a retiring owner looks for the last time, then becomes vacant
 * refutes push_without_state -DNO_SECOND -DNO_HELPER -- the pusher does not look whether the owner is vacant
 * refutes take_without_lock -DNO_SECOND -- the helper takes without the owner's lock
 * reaches late_double_free -DLATE -DNO_SECOND -DNO_HELPER -- a run goes to the source while it is in a chain
 * refutes release_pending -DREUSE -- a run goes to the source while pending blocks do not count as used */
#define NONE 0
#define COMMONS 1
#define OWNERS 4
#define RUNS 2
#define BLOCKS 3
#define RUN(b) ((b) >> 1)
#define BIT(b) (1 << ((b) & 1))

mtype = { OUT, PENDING, HOME };

byte inbox[OWNERS];   /* hz_owner.inbox: run + 1, 0 is NULL */
bool vacant[OWNERS];  /* hz_owner.state == HZ_OWNER_VACANT */
bool locked[OWNERS];  /* hz_owner.lock */
bool recycled;        /* owner 2 is on the list of vacant numbers */
byte tag[RUNS];       /* the owner's number in the run's tags */
byte used[RUNS];      /* hz_desc.used; lock: the owner's */
byte pending[RUNS];
byte link[RUNS];      /* next in the chain */
#ifdef MUTATION_flag_without_recheck
bool flag[RUNS];
#endif
mtype place[BLOCKS];  /* ghost */
byte chained[RUNS];   /* ghost: chains that the run is in */
bool reused;          /* ghost: run 0 lives again, with block 0 */

inline lock(o) { atomic { !locked[o]; locked[o] = true } }
inline unlock(o) { locked[o] = false }

/* The blocks of bits are in the run again; it may go. lock: o's */
inline put(o, r, bits) {
    assert(locked[o] && tag[r] == o);
    if
    :: bits & 1 ->
#ifdef LATE
        if
        :: place[2 * r] == PENDING -> place[2 * r] = HOME; used[r]--
        :: else /* reported: found on return to its run */
        fi
#else
        assert(place[2 * r] == PENDING);
        place[2 * r] = HOME;
        used[r]--
#endif
    :: else
    fi;
    if
    :: bits & 2 ->
        assert(place[2 * r + 1] == PENDING);
        place[2 * r + 1] = HOME;
        used[r]--
    :: else
    fi;
#ifdef MUTATION_release_pending
    if
    :: used[r] == 0 || (place[2 * r] != OUT && place[2 * r + 1] != OUT) -> tag[r] = NONE
    :: used[r] == 0
    :: else
    fi;
#else
    if
    :: used[r] == 0 -> /* release_run */
        assert(pending[r] == 0 && chained[r] == 0);
        tag[r] = NONE
#ifndef LATE
    :: used[r] == 0 /* kept: the next to be taken from */
#endif
    :: else
    fi;
#endif
    bits = 0
}

/* The exchange, and what follows. lock: o's */
inline drain(o, r) {
#ifdef MUTATION_collect_in_two_steps
    bits = pending[r];
    atomic { pending[r] = 0; put(o, r, bits) }
#elif defined(MUTATION_flag_without_recheck)
    atomic { bits = pending[r]; pending[r] = 0; put(o, r, bits) }
    flag[r] = false;
#else
    atomic { bits = pending[r]; pending[r] = 0; assert(bits != 0); put(o, r, bits) }
#endif
}

/* push in hz_inbox.c; is_vacant is the answer */
inline push(o, r) {
    atomic {
        assert(tag[r] != NONE && chained[r] == 0);
        head = inbox[o];
        link[r] = head
    }
    do
    :: atomic { inbox[o] == head -> inbox[o] = r + 1; assert(chained[r] == 0); chained[r]++; break }
    :: atomic { inbox[o] != head -> assert(chained[r] == 0); head = inbox[o]; link[r] = head }
    od;
#ifdef MUTATION_push_without_state
    is_vacant = false;
#else
    is_vacant = vacant[o];
#endif
    head = 0
}

/* Takes the inbox in; strays get those of other owners. lock: o's */
inline receive_locked(o) {
    atomic { chain = inbox[o]; inbox[o] = 0 }
    do
    :: chain == 0 -> break
    :: else ->
        atomic {
            r = chain - 1;
            assert(tag[r] != NONE && chained[r] == 1);
#ifndef MUTATION_collect_before_next
            chain = link[r];
#endif
            chained[r]--;
            t = tag[r] /* the only read here that no lock protects, if it is another's */
        }
#ifdef MUTATION_collect_foreign
        t = o;
#endif
        if
        :: t == o -> t = 0; drain(o, r)
#ifdef MUTATION_drop_foreign
        :: else
#else
        :: else -> atomic { t = 0; link[r] = strays; strays = r + 1 }
#endif
        fi;
#ifdef MUTATION_collect_before_next
        chain = link[r];
#endif
        r = 0
    od
}

inline receive(o) {
    if
    :: inbox[o] == 0
    :: else -> lock(o); receive_locked(o); unlock(o)
    fi
}

/* Sends each stray to the owner that its tag names. No owner's lock is held. */
inline forward() {
    do
    :: strays == 0 -> break
    :: else ->
        atomic { r = strays - 1; strays = link[r] }
        do
        :: true ->
            atomic { o = tag[r]; assert(o != NONE) }
            if
            :: o == COMMONS ->
                lock(COMMONS);
                t = tag[r];
#ifdef MUTATION_common_without_tag
                t = COMMONS;
#endif
                if
                :: t == COMMONS -> drain(COMMONS, r); t = 0; unlock(COMMONS); break
                :: else -> t = 0; unlock(COMMONS) /* adopted meanwhile */
                fi
            :: else ->
                push(o, r);
                r = 0;
                if
                :: is_vacant -> receive(o)
                :: else
                fi;
                break
            fi
        od;
        is_vacant = false;
        o = 0;
        r = 0
    od
}

#define LOCALS byte strays, chain, r, o, t, bits, head; bool is_vacant, is_first

inline surrender(s) {
    if
    :: tag[s] == me -> tag[s] = COMMONS
    :: else
    fi
}

/* hz_central_retire, hz_owner_recycle */
inline retire() {
    receive(me);
    forward();
    lock(me);
    lock(COMMONS);
    surrender(0);
    surrender(1);
    unlock(COMMONS);
#ifdef MUTATION_look_before_vacant
    unlock(me);
    receive(me);
    forward();
    vacant[me] = true;
#else
    atomic { vacant[me] = true }
    unlock(me);
    receive(me);
    forward();
#endif
    recycled = (me == 2)
}

proctype first() {
    LOCALS;
    byte me = 2;
    if
    :: receive(me); forward()
    :: skip
    fi;
    retire()
}

inline adopt(s) {
    if
    :: tag[s] == COMMONS -> tag[s] = me
    :: else
    fi
}

#ifndef NO_SECOND
proctype second() {
    LOCALS;
    byte me;
    atomic { /* hz_owner_create */
        if
        :: recycled -> me = 2; recycled = false
        :: me = 3
        fi;
        vacant[me] = false
    }
    lock(me);
    lock(COMMONS);
    adopt(0);
    adopt(1);
    unlock(COMMONS);
    unlock(me);
#ifdef REUSE
    lock(me);
    atomic { /* create_run: another run at the same place, its block 0 is out at once */
        if
        :: tag[0] == NONE ->
            assert(chained[0] == 0 && pending[0] == 0);
            used[0] = 1;
            place[0] = OUT;
            reused = true;
            tag[0] = me
        :: else
        fi
    }
    unlock(me);
#endif
    receive(me);
    forward();
    if
    :: retire()
    :: skip
    fi
}
#endif

#ifndef NO_HELPER
proctype helper() {
    LOCALS;
    byte to;
    if
    :: to = 2
    :: to = 3
    fi;
    if
    :: inbox[to] != 0 ->
#ifndef MUTATION_take_without_lock
        atomic { /* hz_lock_try */
            if
            :: !locked[to] -> locked[to] = true
            :: else -> goto end
            fi
        }
#endif
        receive_locked(to);
#ifndef MUTATION_take_without_lock
        unlock(to);
#endif
        forward()
    :: else
    fi;
end:
    skip
}
#endif

/* set_bit in hz_page.c */
inline set_bit(b) {
#ifdef MUTATION_set_in_two_steps
    bits = pending[RUN(b)];
    atomic { pending[RUN(b)] = bits | BIT(b); place[b] = PENDING; is_first = (bits == 0) }
#else
    atomic {
        assert(place[b] == OUT && tag[RUN(b)] != NONE);
        place[b] = PENDING;
        bits = pending[RUN(b)];
        assert(!(bits & BIT(b))); /* double free */
        pending[RUN(b)] = bits | BIT(b);
        is_first = (bits == 0)
    }
#endif
    bits = 0;
#ifdef MUTATION_always_push
    is_first = true;
#endif
#ifdef MUTATION_flag_without_recheck
    atomic { is_first = !flag[RUN(b)]; flag[RUN(b)] = true }
#endif
}

/* A thread that does not own the run frees block b: put and drop in hz_page.c, hz_central_return. */
inline free_remote(b) {
    do
    :: true ->
        o = tag[RUN(b)]; /* may be out of date below */
        if
        :: o == COMMONS -> /* put_common */
            lock(COMMONS);
            atomic {
                if
                :: tag[RUN(b)] == COMMONS ->
                    place[b] = PENDING;
                    bits = BIT(b);
                    put(COMMONS, RUN(b), bits);
                    t = 1
                :: else
                fi;
                unlock(COMMONS)
            }
            if
            :: t == 1 -> t = 0; break
            :: else
            fi
        :: else -> set_bit(b); break
        fi
    od;
    if
    :: is_first ->
        push(o, RUN(b));
        is_first = false;
        if
        :: is_vacant -> receive(o)
        :: else
        fi;
        is_vacant = false;
        o = 0;
        forward()
    :: else
    fi;
    o = 0
}

#ifdef LATE
/* Frees block 0 again, after it came home, while the run still has another block out. */
proctype late_again() {
    LOCALS;
    if
    :: atomic { place[0] == HOME && tag[0] > COMMONS ->
            o = tag[0];
            is_first = (pending[0] == 0);
            pending[0] = pending[0] | 1
        }
    :: timeout
    fi;
    if
    :: is_first ->
        push(o, 0);
        if
        :: is_vacant -> receive(o)
        :: else
        fi;
        forward()
    :: else
    fi
}
#endif

proctype freer(byte b) {
    LOCALS;
    free_remote(b)
}

#ifdef REUSE
/* Frees block 0 of the second life of run 0. */
proctype late() {
    LOCALS;
    if
    :: reused -> free_remote(0)
    :: timeout /* there was none */
    fi
}
#endif

init {
    LOCALS;
    byte to;
    atomic {
        tag[0] = 2; tag[1] = 2;
        used[0] = 2; used[1] = 1;
        vacant[3] = true;
        place[0] = OUT; place[1] = OUT; place[2] = OUT;
        run first();
        run freer(0);
        run freer(1);
#ifndef NO_THIRD
        run freer(2);
#endif
#ifndef NO_SECOND
        run second();
#endif
#ifndef NO_HELPER
        run helper();
#endif
#ifdef LATE
        run late_again();
#endif
#ifdef REUSE
        run late();
#endif
    }
    _nr_pr == 1; /* all others have ended */
    assert(!vacant[2] || inbox[2] == 0);
    assert(!vacant[3] || inbox[3] == 0);
    assert(inbox[COMMONS] == 0);
    atomic { /* the living take in what waits for them */
        to = 2;
        do
        :: to < OWNERS -> receive(to); forward(); to++
        :: else -> break
        od
    }
    assert(place[0] == HOME && place[1] == HOME && used[0] == 0 && pending[0] == 0);
#ifndef NO_THIRD
    assert(place[2] == HOME && used[1] == 0 && pending[1] == 0);
#endif
    assert(chained[0] == 0 && chained[1] == 0)
}
