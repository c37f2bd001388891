/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_notes.c -- see hz_notes.h. */
#include "hz_notes.h"

#include "hz_lock.h"
#include "hz_text.h"

enum { NOTES_MAX = 16 };

struct note {
    enum hz_error error;
    const void *block;
    const char *details;
};

static struct hz_lock lock = HZ_LOCK_INIT(HZ_RANK_NOTES);
static struct note notes[NOTES_MAX]; /* lock: the first hz_notes_count of them */
static uint64_t dropped;             /* lock */

_Atomic(uint32_t) hz_notes_count; /* lock writes */

void hz_notes_lock(void) { hz_lock_take(&lock); }
void hz_notes_unlock(void) { hz_lock_give(&lock); }
void hz_notes_reset_lock(void) { hz_lock_reset(&lock); }

void hz_note(enum hz_error error, const void *block, const char *details) {
    if (hz_fatal_action(error) == HZ_ON_ERROR_IGNORE)
        return;
    hz_lock_take(&lock);
    uint32_t count = hz_load_relaxed(&hz_notes_count);
    if (count < NOTES_MAX) {
        notes[count] = (struct note){error, block, details};
        hz_store_relaxed(&hz_notes_count, count + 1);
    } else {
        dropped++;
    }
    hz_lock_give(&lock);
}

static void report_dropped(uint64_t count) {
    struct hz_text text;
    if (count == 0)
        return;
    hz_text_init(&text);
    hz_text_add_number(&text, count);
    hz_text_add(&text, " more wrong frees were found at once");
    hz_message("warning", text.bytes);
}

void hz_notes_report_all(void) {
    struct note taken[NOTES_MAX];
    hz_lock_take(&lock);
    uint32_t count = hz_load_relaxed(&hz_notes_count);
    for (uint32_t i = 0; i < count; i++)
        taken[i] = notes[i];
    uint64_t more = dropped;
    dropped = 0;
    hz_store_relaxed(&hz_notes_count, 0);
    hz_lock_give(&lock);
    for (uint32_t i = 0; i < count; i++)
        hz_report(taken[i].error, "free", taken[i].block, taken[i].details);
    report_dropped(more);
}
