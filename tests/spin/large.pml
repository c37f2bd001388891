/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * large.pml -- the end of a large block: hz_large_give in lib/source/hz_large.c, hz_source_give and
 * hz_source_take around it, free_rare in lib/api/hz_heap.c.
 *
 * Two threads free one large block, a double free. With -DTAKER a third thread takes the page as soon as the source
 * has it, as a large block, as a page of a larger one or as a class run, and keeps it.
 * Abstractions: the block is one page, so one tag; what the source's lock protects changes in one step.
 * Proves: one of the two gives the block to the source and the other reports a double free, when the page is not
 * taken again before the loser has looked; with a taker, still: the source never has a page twice, and each block
 * is given to it at most once.
 * Can happen: the loser looks, or comes to its CAS, when the page is another's large block already. Then its free
 * succeeds and ends that block, which it cannot tell from a valid free; the new owner's own free is what is
 * reported. If the page is a class run by then, the loser's free is judged as one of a block of that run; if it
 * lies inside a larger block, as an interior pointer.
 *
 * proves one_wins SAFETY -- without a taker one gives, the other reports
 * proves taker SAFETY -DTAKER -- the source stays whole
 * proves ends NP -DTAKER -- there is no cycle at all
 * refutes give_in_two_steps -- the tag is loaded, then stored, instead of a CAS
 * refutes give_without_turn -- the block is given back by whoever sees LARGE, and the tag turns after that
 * refutes tag_after_give -DTAKER -- the tag is stored when the source has the page already
 * refutes any_tag -DTAKER -- the CAS succeeds on any tag but FORMER_LARGE
 * reaches loser_frees_new_block -DTAKER -- the loser frees the taker's large block
 * reaches loser_after_route -DTAKER -- the same, though the tag that it saw first was the old block's
 * reaches loser_sees_run -DTAKER -- the loser takes the page for a class run's
 * reaches loser_reports_interior -DTAKER -- the loser reports a pointer inside a block
 * reaches loser_sees_former -- the loser reports a double free: it saw that the block was freed
 * reaches loser_fails -- the loser reports a double free: its CAS failed */
mtype = { LARGE, FORMER_LARGE, INTERIOR, CLASS };

mtype tag;          /* arena->tags[page] */
bool in_source;     /* the page is free; lock: source */
byte life;          /* ghost: which block the page is */
byte gave[2];       /* ghost: per life */
byte reports;       /* ghost: double frees */
byte misled;        /* ghost: frees of what became of the page */

/* hz_source_give */
inline source_give() {
    atomic {
        assert(!in_source);
        in_source = true
    }
}

/* free_rare: the route, then hz_large_give */
proctype freer() {
    mtype seen;
    bool won;
    byte old_life;
    atomic { seen = tag; old_life = life }
    if
    :: seen == LARGE ->
#if defined(MUTATION_give_in_two_steps)
        won = (tag == LARGE);
        if
        :: won -> tag = FORMER_LARGE
        :: else
        fi;
#elif defined(MUTATION_give_without_turn)
        won = (tag == LARGE);
#else
        atomic {
            won = (tag == LARGE);
#ifdef MUTATION_any_tag
            won = (tag != FORMER_LARGE);
#endif
            if
            :: won ->
                assert(tag == LARGE);
                tag = FORMER_LARGE;
#ifdef OUTCOME_loser_frees_new_block
                assert(life == 0);
#endif
#ifdef OUTCOME_loser_after_route
                assert(life == old_life);
#endif
            :: else
            fi
        }
#endif
        if
        :: won ->
            atomic { gave[life]++; assert(gave[life] == 1) }
            source_give();
#if defined(MUTATION_give_without_turn) || defined(MUTATION_tag_after_give)
            tag = FORMER_LARGE
#endif
        :: else ->
#ifdef OUTCOME_loser_fails
            assert(false);
#endif
            reports++
        fi
    :: seen == FORMER_LARGE ->
#ifdef OUTCOME_loser_sees_former
        assert(false);
#endif
        reports++
    :: seen == INTERIOR ->
#ifdef OUTCOME_loser_reports_interior
        assert(false);
#endif
        misled++
    :: seen == CLASS -> /* freed, or reported, as a block of the run */
#ifdef OUTCOME_loser_sees_run
        assert(false);
#endif
        misled++
    fi
}

/* take_pages, or create_runs */
proctype taker() {
    atomic { in_source -> in_source = false; life = 1 } /* hz_source_take */
    if
    :: tag = LARGE
    :: tag = INTERIOR
    :: tag = CLASS
    fi
}

init {
    atomic {
        tag = LARGE;
        run freer();
        run freer();
#ifdef TAKER
        run taker()
#endif
    }
    _nr_pr == 1; /* all others have ended */
    assert(gave[0] == 1 && gave[0] + gave[1] + reports + misled == 2);
#ifdef TAKER
    assert(in_source == (gave[1] == 1) && in_source == (tag == FORMER_LARGE))
#else
    assert(reports == 1 && in_source && tag == FORMER_LARGE)
#endif
}
