/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * inbox.pml -- blocks that other threads freed, and the end of an owner: lib/central/hz_inbox.{h,c} and the
 * halves "between owners" and "the end of an owner" of lib/central/hz_central.c.
 *
 * Owner 2 has run 0 (blocks 0, 1) and run 1 (blocks 2, 3). Its thread may take its inbox in, retires and
 * recycles the number. A second thread creates an owner, which may get the same number, frees block 3 (which
 * adopts run 1 when the commons have it), takes its inbox in and may retire too. One thread sends blocks 0 and 1
 * as a batch when their tags agree when it looks, else one by one, in a batch each; another returns block 2
 * through hz_central_return. A helper does hz_central_trim with try_only on any owner, as maintenance does.
 * Abstractions: caches and bins are left out (a block put into a bin is put into the run at once); a batch
 * carries two blocks or one; the pool of batches is not modelled; what a lock alone protects changes in one step.
 * The model's recursion return -> push -> reap -> forward -> return is a stack of strays, in the same order.
 * Proves: at the end every block came back to its run once, by a holder of the lock of the run's owner; no
 * run vanishes under a block on its way; the inbox of a vacant owner is empty; nobody waits for ever.
 *
 * All processes together have about 10^8 states and need 10 GB (searched once by hand); the searches here leave
 * some out.
 * proves no_helper_sender SAFETY -DNO_HELPER -DNO_SENDER -- all of the above
 * proves no_helper_lone SAFETY -DNO_HELPER -DNO_LONE -- with the batch, without the lone block
 * proves no_lone SAFETY -DNO_LONE -- with a helper
 * proves no_sender SAFETY -DNO_SENDER -- with a helper and the lone block
 * proves no_second SAFETY -DNO_SECOND -- without a second owner
 * proves adopter SAFETY -DADOPTER -DNO_HELPER -DNO_SENDER -- the second has the old number, a third adopts run 1
 * proves no_livelock NP -DNO_HELPER -DNO_SENDER -- there is no cycle at all, such as of return and adoption
 * refutes look_before_vacant -DNO_SECOND -DNO_HELPER -- the last look into the inbox comes before vacant
 * refutes no_last_look -DNO_SECOND -DNO_HELPER -- a retiring owner becomes vacant and does not look again
 * refutes push_without_state -DNO_SECOND -DNO_HELPER -- the pusher does not look whether the owner is vacant
 * refutes state_before_push -DNO_SECOND -DNO_HELPER -- the pusher looks at the state first, then pushes
 * refutes take_in_two_steps -DNO_SECOND -DNO_HELPER -- hz_inbox_take loads, then stores NULL
 * refutes take_without_lock -DNO_SECOND -- the helper takes without the owner's lock
 * refutes put_without_tag -DNO_SECOND -DNO_HELPER -- a taker does not read the tag again
 * refutes common_without_tag -DNO_HELPER -DNO_SENDER -- put_common does not read the tag again under the lock
 * refutes adopt_without_tag -DADOPTER -DNO_HELPER -DNO_SENDER -- adoption does not read the tag again
 * refutes push_in_two_steps -DNO_SECOND -DNO_HELPER -- the push stores the head without a CAS
 * refutes next_after_put -DNO_SECOND -DNO_HELPER -- the taker reads a member's link after it has put the block back */
#define NONE 0
#define COMMONS 1
#define OWNERS 4
#define RUNS 2
#define BLOCKS 4
#define RUN(b) ((b) >> 1)
#define BATCH (BLOCKS + 1) /* members: b + 1 is a batch of block b alone; 0 is NULL */

mtype = { OUT, SENT, HOME };

byte inbox[OWNERS];         /* hz_owner.inbox */
bool vacant[OWNERS];        /* hz_owner.state == HZ_OWNER_VACANT */
bool locked[OWNERS];        /* hz_owner.lock */
bool recycled;              /* owner 2 is on the list of vacant numbers */
byte tag[RUNS];             /* the owner's number in the run's tags */
byte used[RUNS];            /* hz_desc.used; lock: the owner's */
byte link[BLOCKS + 2];      /* a member's next: batch->next */
mtype place[BLOCKS];        /* ghost */

inline lock(o) { atomic { !locked[o]; locked[o] = true } }
inline unlock(o) { locked[o] = false }

/* hz_central_put of one block, settle, release_run. lock: o's */
inline put(o, b) {
        assert(locked[o] && tag[RUN(b)] == o && place[b] == SENT);
        place[b] = HOME;
        link[b + 1] = 0; /* a batch of one goes to the pool, and is anybody's */
        used[RUN(b)]--;
        if
        :: used[RUN(b)] == 0 -> tag[RUN(b)] = NONE
        :: else
        fi
}

/* push in hz_inbox.c; is_vacant is the answer */
inline push(o, m) {
#ifdef MUTATION_state_before_push
    is_vacant = vacant[o];
#endif
    atomic { head = inbox[o]; link[m] = head }
    do
#ifdef MUTATION_push_in_two_steps
    :: inbox[o] = m; break
#else
    :: atomic { inbox[o] == head -> inbox[o] = m; break }
    :: atomic { inbox[o] != head -> head = inbox[o]; link[m] = head }
#endif
    od;
#ifdef MUTATION_push_without_state
    is_vacant = false;
#elif !defined(MUTATION_state_before_push)
    is_vacant = vacant[o];
#endif
    head = 0
}

/* hz_central_put_own, hz_received_stray. lock: o's */
inline sort(o, b) {
    atomic {
        t = tag[RUN(b)];
        assert(t != NONE); /* report_stale */
#ifdef MUTATION_put_without_tag
        t = o;
#endif
        if
        :: t == o -> put(o, b)
        :: else -> link[b + 1] = strays; strays = b + 1
        fi;
        t = 0
    }
}

/* receive_locked. lock: o's */
inline receive_locked(o) {
#ifdef MUTATION_take_in_two_steps
    chain = inbox[o];
    inbox[o] = 0;
#else
    atomic { chain = inbox[o]; inbox[o] = 0 }
#endif
    do
    :: chain == 0 -> break
    :: else ->
        atomic {
            m = chain;
#ifndef MUTATION_next_after_put
            chain = link[m];
#endif
        }
        if
        :: m == BATCH -> sort(o, 0); sort(o, 1)
        :: else -> sort(o, m - 1)
        fi;
#ifdef MUTATION_next_after_put
        chain = link[m];
#endif
        m = 0
    od
}

/* hz_central_receive, without the forwarding */
inline receive(o) {
    if
    :: inbox[o] == 0
    :: else -> lock(o); receive_locked(o); unlock(o)
    fi
}

/* put_common: whether the commons had the run */
inline put_common(b) {
    lock(COMMONS);
    atomic {
        is_common = (tag[RUN(b)] == COMMONS);
#ifdef MUTATION_common_without_tag
        is_common = true;
#endif
        if
        :: is_common -> put(COMMONS, b)
        :: else
        fi;
        unlock(COMMONS)
    }
}

/* hz_central_forward and hz_central_return, with hz_central_reap */
inline forward() {
    do
    :: strays == 0 -> break
    :: else ->
        atomic { m = strays; strays = link[m] }
        do
        :: true ->
            o = tag[RUN(m - 1)];
            assert(o != NONE); /* report_stale */
            if
            :: o == COMMONS ->
                put_common(m - 1);
                if
                :: is_common -> break
                :: else /* adopted meanwhile */
                fi
            :: else ->
                push(o, m);
                m = 0;
                if
                :: is_vacant -> receive(o)
                :: else
                fi;
                break
            fi
        od;
        is_common = false;
        is_vacant = false;
        o = 0;
        m = 0
    od
}

/* hz_central_retire, hz_owner_recycle */
inline retire() {
    receive(me);
    forward();
    lock(me);
    lock(COMMONS);
    m = 0;
    do /* surrender_all: each tag by itself, since readers have no lock */
    :: m < RUNS ->
        if
        :: tag[m] == me -> tag[m] = COMMONS
        :: else
        fi;
        m++
    :: else -> m = 0; break
    od;
    unlock(COMMONS);
#ifdef MUTATION_look_before_vacant
    unlock(me);
    receive(me);
    forward();
    vacant[me] = true;
#else
    vacant[me] = true;
    unlock(me);
#ifndef MUTATION_no_last_look
    receive(me);
    forward();
#endif
#endif
    recycled = (me == 2)
}

#define LOCALS byte strays, chain, m, o, t, head; bool is_vacant, is_common

/* Whose runs these were. */
proctype first() {
    LOCALS;
    byte me = 2;
    if
    :: receive(me); forward()
    :: skip
    fi;
    retire();
    skip
}

/* free_block in hz_heap.c, for a thread with a cache */
#ifndef NO_SECOND
proctype second() {
    LOCALS;
    byte me;
    atomic { /* hz_owner_create */
        if
        :: recycled -> me = 2; recycled = false
#ifndef ADOPTER
        :: me = 3
#endif
        fi;
        vacant[me] = false
    }
    place[3] = SENT;
    o = tag[RUN(3)];
    if
    :: o == COMMONS ->
        lock(me);
        lock(COMMONS); /* hz_central_adopt */
        is_common = (tag[RUN(3)] == COMMONS);
#ifdef MUTATION_adopt_without_tag
        is_common = true;
#endif
        if
        :: is_common -> assert(tag[RUN(3)] == COMMONS); tag[RUN(3)] = me
        :: else
        fi;
        unlock(COMMONS);
        unlock(me)
    :: else
    fi;
    if
    :: is_common -> is_common = false; lock(me); atomic { put(me, 3); unlock(me) }
    :: else -> link[4] = strays; strays = 4; forward()
    fi;
    receive(me);
    forward();
    if
    :: retire()
    :: skip
    fi;
    skip
}
#endif

#ifdef ADOPTER
/* adopt_run in hz_central_take, by a thread that stays. */
proctype adopter() {
    lock(3);
    lock(COMMONS);
    if
    :: tag[1] == COMMONS -> tag[1] = 3
    :: else
    fi;
    unlock(COMMONS);
    unlock(3)
}
#endif

/* Two blocks in a batch for the owner that the first one's tag named: hz_front_put_remote, send. */
#ifndef NO_SENDER
proctype sender() {
    LOCALS;
    byte to;
    place[0] = SENT;
    place[1] = SENT;
    to = tag[RUN(0)];
    if
    :: to == tag[RUN(1)] && to != COMMONS ->
        push(to, BATCH);
        if
        :: is_vacant -> receive(to)
        :: else
        fi
    :: else -> link[1] = 2; link[2] = 0; strays = 1
    fi;
    to = 0;
    is_vacant = false;
    forward();
    skip
}
#endif

/* A thread without a cache: hz_central_return. */
#ifndef NO_LONE
proctype lone() {
    LOCALS;
    place[2] = SENT;
    link[3] = 0;
    strays = 3;
    forward();
    skip
}
#endif

/* Maintenance: hz_central_trim(owner, try_only) for an owner that seems to sleep. */
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

init {
    LOCALS;
    byte to;
    atomic {
        tag[0] = 2;
        tag[1] = 2;
        used[0] = 2;
        used[1] = 2;
#ifdef ADOPTER
        run adopter();
#else
        vacant[3] = true;
#endif
        place[0] = OUT; place[1] = OUT; place[2] = OUT; place[3] = OUT;
        run first();
#ifndef NO_SECOND
        run second();
#endif
#ifndef NO_SENDER
        run sender();
#endif
#ifndef NO_LONE
        run lone();
#endif
#ifndef NO_HELPER
        run helper();
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
#ifndef NO_SENDER
    assert(place[0] == HOME && place[1] == HOME && used[0] == 0 && tag[0] == NONE);
#endif
#ifndef NO_LONE
    assert(place[2] == HOME);
#endif
#ifndef NO_SECOND
    assert(place[3] == HOME);
#endif
#if !defined(NO_LONE) && !defined(NO_SECOND)
    assert(used[1] == 0 && tag[1] == NONE)
#endif
}
