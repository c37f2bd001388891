/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * page_words.pml -- runs of more than 64 blocks that queue themselves: mark_pending and collect in
 * lib/central/hz_page.c, where pending is the summary of the run's pending words.
 *
 * WORDS words of two bits; FREERS threads free one block each, and block 3 is freed by the owner's side, so the
 * run can become empty at any later moment. The queue is one place (inbox.pml and page.pml show that it loses
 * nothing): collector takes the run off it and collects, as often as it is there.
 * Proves: each block comes back once; the run is never queued twice; no bit is left in a run that is not queued;
 * the run is released exactly when all blocks are back, and nobody touches its descriptor after that, until
 * a second life begins whose first free must find all words zero.
 *
 * proves base SAFETY -- all of the above
 * proves no_livelock NP -- there is no cycle at all
 * refutes summary_before_word -- a freeing thread sets the summary's bit first, then the word's
 * refutes word_before_summary -- the collector empties the words, then the summary
 * refutes word_in_two_steps -- the collector loads a word, then stores zero
 * refutes summary_in_two_steps -- the collector loads the summary, then stores zero
 * refutes set_in_two_steps -- a freeing thread loads a word, then stores it
 * refutes push_by_word -- the first in a word pushes, whatever the summary was
 * refutes summary_of_all -- the second in a word sets the summary too and pushes when that was zero
 * refutes used_by_count -- blocks that wait do not count as used */
#define WORDS 2
#define BLOCKS 4
#define FREERS 4

mtype = { OUT, PENDING, HOME };

byte pending;       /* the summary */
byte words[WORDS];
bool queued;        /* in the owner's inbox */
byte used;          /* lock: the owner's, which the collector holds */
bool released;
mtype place[BLOCKS]; /* ghost */
byte freed;          /* ghost */

inline set_word(w, m) {
#ifdef MUTATION_set_in_two_steps
    old = words[w];
    words[w] = old | m;
#else
    atomic {
        assert(!released);
        old = words[w];
        assert(!(old & m));
        words[w] = old | m
    }
#endif
}

inline set_summary(w) {
    atomic { assert(!released); old = pending; pending = old | (1 << w) }
}

/* hz_inbox_push_run */
inline push() {
    atomic { assert(!queued && !released); queued = true }
}

proctype freer(byte b) {
    byte old;
    byte w = b >> 1;
    atomic { assert(place[b] == OUT); place[b] = PENDING }
#ifdef MUTATION_summary_before_word
    set_summary(w);
    if
    :: old == 0 -> set_word(w, 1 << (b & 1)); push()
    :: else -> set_word(w, 1 << (b & 1))
    fi;
#else
    set_word(w, 1 << (b & 1));
#ifdef MUTATION_summary_of_all
    old = 0;
#endif
    if
    :: old == 0 ->
        set_summary(w);
#ifdef MUTATION_push_by_word
        old = 0;
#endif
        if
        :: old == 0 -> push()
        :: else
        fi
    :: else
    fi;
#endif
    freed++
}

/* hz_desc_put_word */
inline put_word(w, bits) {
    if
    :: bits & 1 -> assert(place[2 * w] == PENDING); place[2 * w] = HOME; used--
    :: else
    fi;
    if
    :: bits & 2 -> assert(place[2 * w + 1] == PENDING); place[2 * w + 1] = HOME; used--
    :: else
    fi;
    bits = 0
}

inline collect_word(w) {
#ifdef MUTATION_word_in_two_steps
    bits = words[w];
    atomic { words[w] = 0; put_word(w, bits) }
#else
    atomic { bits = words[w]; words[w] = 0; put_word(w, bits) }
#endif
}

proctype collector() {
    byte summary, bits, w;
    do
    :: atomic { queued -> queued = false } /* hz_inbox_take */
#ifdef MUTATION_word_before_summary
        w = 0;
        do
        :: w < WORDS -> collect_word(w); w++
        :: else -> break
        od;
        pending = 0;
#else
#ifdef MUTATION_summary_in_two_steps
        summary = pending;
        pending = 0;
#else
        atomic { summary = pending; pending = 0 }
#endif
        w = 0;
        do
        :: summary & (1 << w) -> collect_word(w); summary = summary & ~(1 << w); w++
        :: !(summary & (1 << w)) && w < WORDS -> w++
        :: w == WORDS -> break
        od;
#endif
        w = 0;
        atomic { /* settle */
            if
#ifdef MUTATION_used_by_count
            :: place[0] != OUT && place[1] != OUT && place[2] != OUT && place[3] != OUT ->
#else
            :: used == 0 ->
#endif
                assert(pending == 0 && words[0] == 0 && words[1] == 0 && !queued);
                released = true;
                break
            :: else
            fi
        }
    :: freed == FREERS && !queued -> break
    od
}

init {
    atomic {
        used = BLOCKS;
        place[0] = OUT; place[1] = OUT; place[2] = OUT; place[3] = OUT;
        run collector();
        run freer(0);
        run freer(1);
        run freer(2);
        run freer(3)
    }
    _nr_pr == 1; /* all others have ended */
    assert(released && used == 0 && pending == 0 && words[0] == 0 && words[1] == 0 && !queued);
    assert(place[0] == HOME && place[1] == HOME && place[2] == HOME && place[3] == HOME)
}
