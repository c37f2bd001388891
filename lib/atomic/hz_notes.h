/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_notes.h -- misuse that is found while a lock is held. A report may run code that allocates (an unwinder,
 * an abort handler), so that what is found then is noted, and reported by the same call when it holds no lock
 * any more. Thread-safe (lock: notes).
 * Does not: keep more than a few; of the rest it keeps the number. */
#pragma once
#include "hz_atomic.h"
#include "hz_fatal.h"

extern _Atomic(uint32_t) hz_notes_count HZ_HIDDEN;

/* Free or its like met block in a state that details names; block is left alone. Any lock may be held. */
HZ_HIDDEN HZ_COLD void hz_note(enum hz_error error, const void *block, const char *details);

/* Reports what was noted, by whomever. No lock is held. */
HZ_HIDDEN HZ_COLD void hz_notes_report_all(void);

HZ_INLINE void hz_notes_report(void) {
    /* Relaxed: a thread sees its own notes; others are nobody's in particular. */
    if (HZ_UNLIKELY(hz_load_relaxed(&hz_notes_count) != 0))
        hz_notes_report_all();
}

HZ_HIDDEN void hz_notes_lock(void);
HZ_HIDDEN void hz_notes_unlock(void);
HZ_HIDDEN void hz_notes_reset_lock(void);
