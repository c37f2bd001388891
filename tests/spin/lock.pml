/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * lock.pml -- the lock of one word that sleeps in the kernel: lib/atomic/hz_lock.{h,c}.
 *
 * THREADS threads take and give the lock as often as they like and then end; any of them may use
 * hz_lock_try instead. A signal may end a sleep early SIGNALS times.
 * Abstractions: the SPIN_ROUNDS tries before sleeping are one try that may be left out. The kernel compares
 * and goes to sleep in one step, and wakes any one sleeper. No rank check, no fork.
 * Proves: at most one thread holds the lock; no thread sleeps for ever (that would be an end state of which
 * pan complains, since all others can end); no cycle in which nobody gets an answer.
 *
 * proves base SAFETY -- mutual exclusion, no lost wake-up
 * proves no_starvation NP -- no cycle of steps in which no call returns
 * refutes take_in_two_steps -- hz_lock_take looks, then stores, instead of a CAS
 * refutes sleeper_takes_with_1 -- a woken thread forgets that others may sleep
 * refutes sleep_without_compare -- the kernel does not compare the word before it sleeps
 * refutes give_without_wake -- nobody is woken
 * refutes give_in_two_steps -- hz_lock_give looks for 2, then stores 0, instead of an exchange */
#ifndef THREADS
#define THREADS 3
#endif
#define SIGNALS 1

byte word;              /* hz_lock.word */
bool asleep[THREADS];   /* in the kernel */
byte holders;           /* ghost */
byte ended;             /* ghost */

/* hz_cas_acquire(&lock->word, 0, 1) */
inline cas(won) {
#ifdef MUTATION_take_in_two_steps
    won = (word == 0);
    if
    :: won -> word = 1
    :: else
    fi
#else
    atomic { won = (word == 0); word = (won -> 1 : word) }
#endif
}

/* hz_os_wait(&lock->word, 2) */
inline os_wait() {
    atomic {
        if
#ifdef MUTATION_sleep_without_compare
        :: asleep[me] = true
#else
        :: word == 2 -> asleep[me] = true
        :: else
#endif
        fi
    }
    !asleep[me]
}

/* hz_os_wake_one(&lock->word) */
inline os_wake_one() {
    atomic {
        if
        :: asleep[0] -> asleep[0] = false
        :: asleep[1] -> asleep[1] = false
#if THREADS > 2
        :: asleep[2] -> asleep[2] = false
#endif
        :: else
        fi
    }
}

/* hz_lock_take, hz_lock_wait */
inline lock_take() {
    cas(won);
    if
    :: won
    :: else ->
        if
        :: cas(won)
        :: skip
        fi;
        do
        :: won -> break
        :: else ->
#ifdef MUTATION_sleeper_takes_with_1
            if
            :: slept -> atomic { old = word; word = (old == 0 -> 1 : 2) }
            :: else -> atomic { old = word; word = 2 }
            fi;
#else
            atomic { old = word; word = 2 } /* exchange */
#endif
            if
            :: old == 0 -> won = true
            :: else -> os_wait(); slept = true
            fi
        od
    fi
}

/* hz_lock_give, hz_lock_wake */
inline lock_give() {
#ifdef MUTATION_give_in_two_steps
    old = word;
    word = 0;
#else
    atomic { old = word; word = 0 } /* exchange */
#endif
    if
#ifndef MUTATION_give_without_wake
    :: old == 2 -> os_wake_one()
#endif
    :: else
    fi
}

proctype thread(byte me) {
    byte old;
    bool won, slept;
    do
    :: break
    :: true ->
        won = false;
        slept = false;
        if
        :: lock_take()
        :: cas(won) /* hz_lock_try */
        fi;
progress:
        if
        :: won ->
            holders++;
            assert(holders == 1);
            holders--;
            lock_give()
        :: else /* only the try may fail, and it answers at once */
        fi
    od;
    ended++
}

/* Sleeps end early, for no reason that the lock knows. */
proctype signals() {
    byte left = SIGNALS;
    do
    :: left > 0 -> left--; os_wake_one()
    :: break
    od
}

init {
    byte i;
    atomic {
        i = 0;
        do
        :: i < THREADS -> run thread(i); i++
        :: else -> break
        od;
        run signals()
    }
    ended == THREADS;
    assert(word == 0)
}
