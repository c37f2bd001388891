/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_guard_report.c -- wrong calls and wrong accesses in the pool: verdicts, and their reports. */
#include "hz_fatal.h"
#include "hz_guard_slot.h"
#include "hz_text.h"
#include "hz_unwind.h"

#define POOL hz_guard_pool

/* --- Words ------------------------------------------------------------------------------------ */

static void add_bytes(struct hz_text *text, uint64_t bytes) {
    hz_text_add_number(text, bytes);
    hz_text_add(text, bytes == 1 ? " byte" : " bytes");
}

/* Where an address lies, seen from the block: "1 byte behind the end of a block of 48 bytes". */
static void add_place(struct hz_text *text, const struct hz_guard_slot *slot, const char *address) {
    size_t before = (size_t)(slot->start - address);
    size_t at = (size_t)(address - slot->start);
    if (address < slot->start) {
        add_bytes(text, before);
        hz_text_add(text, " before the start of a block of ");
    } else if (at >= slot->size) {
        add_bytes(text, at - slot->size + 1);
        hz_text_add(text, " behind the end of a block of ");
    } else {
        hz_text_add(text, "at byte ");
        hz_text_add_number(text, at);
        hz_text_add(text, " of a block of ");
    }
    add_bytes(text, slot->size);
}

static void print_trace(const char *what, const struct hz_guard_trace *trace) {
    struct hz_text text;
    if (trace->count == 0)
        return;
    hz_text_init(&text);
    hz_text_add(&text, what);
    hz_text_add(&text, " by thread ");
    hz_text_add_number(&text, trace->thread);
    hz_text_add(&text, ":");
    hz_message("detail", text.bytes);
    hz_unwind_print(trace->frames, trace->count);
}

/* A copy of the slot to which the pointer belongs; false if there is none. */
static bool look(const void *pointer, struct hz_guard_slot *ret_slot) {
    hz_lock_take(&POOL.lock);
    const struct hz_guard_slot *slot = hz_guard_find(pointer);
    if (slot != NULL)
        *ret_slot = *slot;
    hz_lock_give(&POOL.lock);
    return slot != NULL;
}

void hz_guard_explain(const void *pointer) {
    struct hz_guard_slot slot;
    struct hz_text text;
    if (!look(pointer, &slot))
        return;
    hz_text_init(&text);
    hz_text_add(&text, "guarded block ");
    hz_text_add_hex(&text, (uintptr_t)slot.start);
    hz_text_add(&text, " of ");
    add_bytes(&text, slot.size);
    hz_text_add(&text, slot.state == HZ_GUARD_LIVE      ? ", in use"
                       : slot.state == HZ_GUARD_LEAVING ? ", being freed"
                                                        : ", freed");
    hz_message("detail", text.bytes);
    print_trace("found", &slot.met);
    print_trace("allocated", &slot.taken);
    print_trace("freed", &slot.given);
}

/* --- Calls ------------------------------------------------------------------------------------ */

/* The trace is the latest call's that met the slot; a slot that serves anew meanwhile only shows more. */
static void remember(const void *pointer, const struct hz_guard_trace *trace) {
    hz_lock_take(&POOL.lock);
    struct hz_guard_slot *slot = hz_guard_find(pointer);
    if (slot != NULL)
        slot->met = *trace;
    hz_lock_give(&POOL.lock);
}

void hz_guard_report(const char *verb, const void *pointer, const void *from) {
    struct hz_guard_slot slot;
    struct hz_guard_trace met;
    struct hz_text text;
    hz_guard_note(&met, from, NULL);
    remember(pointer, &met);
    if (!look(pointer, &slot)) {
        hz_report(HZ_ERROR_INVALID_FREE, verb, pointer, "in our memory, where no block is");
        return;
    }
    size_t at = (size_t)((const char *)pointer - slot.start);
    if (at == 0 && slot.state != HZ_GUARD_LIVE) {
        hz_report(HZ_ERROR_DOUBLE_FREE, verb, pointer, "freed already; a guarded block");
        return;
    }
    hz_text_init(&text);
    add_place(&text, &slot, pointer);
    if (slot.state != HZ_GUARD_LIVE)
        hz_text_add(&text, " that was freed");
    hz_report(at < slot.size ? HZ_ERROR_INTERIOR_FREE : HZ_ERROR_INVALID_FREE, verb, pointer, text.bytes);
}

void hz_guard_report_bytes(const char *verb, struct hz_guard_slot *slot, const char *bad,
                           const struct hz_guard_trace *trace) {
    struct hz_text text;
    remember(slot->start, trace);
    hz_text_init(&text);
    hz_text_add(&text, "written ");
    add_place(&text, slot, bad);
    hz_report(HZ_ERROR_OVERFLOW, verb, slot->start, text.bytes);
}

/* --- Accesses --------------------------------------------------------------------------------- */

/* Reports the access, unless it does not happen again as things stand now. */
static void report_access(const struct hz_guard_slot *slot, const void *address, int access) {
    static const char *const verbs[] = {"access", "read", "write"};
    struct hz_text text;
    hz_text_init(&text);
    add_place(&text, slot, address);
    bool is_live = slot->state == HZ_GUARD_LIVE;
    if (!is_live)
        hz_text_add(&text, " that was freed");
    hz_report(is_live ? HZ_ERROR_OVERFLOW : HZ_ERROR_USE_AFTER_FREE, verbs[access], address, text.bytes);
}

/* Opens the slot for the program to go on, and its neighbours' guard pages with it; until it serves again
 * no more is reported. A slot that somebody prepares at this moment serves again: let it be tried. */
static bool let_pass(const void *address) {
    bool done = true;
    hz_lock_take(&POOL.lock);
    struct hz_guard_slot *slot = hz_guard_find(address);
    if (slot != NULL && slot->state != HZ_GUARD_ARRIVING) {
        slot->is_open = true;
        done = hz_guard_open(slot);
    }
    hz_lock_give(&POOL.lock);
    return done;
}

bool hz_guard_fault(const void *address, enum hz_access access, void *context) {
    struct hz_guard_slot slot;
    struct hz_guard_trace met;
    if (!look(address, &slot))
        return false;
    if (slot.state != HZ_GUARD_ARRIVING && !slot.is_open) {
        hz_guard_note(&met, NULL, context);
        remember(address, &met);
        report_access(&slot, address, (int)access);
    }
    return let_pass(address);
}
