/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_guard_slot.h -- the slots of the pool, for hz_guard*.c alone. */
#pragma once
#include "hz_guard.h"

enum hz_guard_state {
    HZ_GUARD_FRESH,    /* never served */
    HZ_GUARD_ARRIVING, /* one thread prepares it */
    HZ_GUARD_LIVE,
    HZ_GUARD_LEAVING, /* one thread closes it */
    HZ_GUARD_FREED,
};

/* All fields: lock; but see hz_guard_peek. Start and size of an arriving or leaving slot stay as they are for the one
 * thread. */
struct hz_guard_slot {
    char *start; /* of the block; valid but in fresh slots */
    size_t size;
    uint8_t state; /* enum hz_guard_state */
    bool is_open;  /* its data and both guard pages may be accessible, after a report that did not abort */
    uint32_t next; /* in the queue of freed slots */
    struct hz_guard_trace taken;
    struct hz_guard_trace given; /* count 0 until freed */
    struct hz_guard_trace met;   /* the latest wrong call or access */
};

struct hz_guard_pool {
    struct hz_lock lock;
    struct hz_guard_slot *slots; /* const after init, as all up to page_bytes */
    uint32_t slot_count;
    uint32_t waiting_min; /* freed slots that do not serve yet */
    size_t slot_bytes;    /* guard and data */
    size_t data_bytes;
    size_t page_bytes;
    _Atomic(uint32_t) fresh_from;    /* this slot and those behind it never served; written under lock */
    uint32_t oldest, newest;         /* of the freed ones; lock */
    _Atomic(uint32_t) waiting_count; /* of the freed ones; written under lock */
    uint64_t random;                 /* lock */
};

extern struct hz_guard_pool hz_guard_pool HZ_HIDDEN;

HZ_INLINE char *hz_guard_data(uint32_t index) {
    return (char *)hz_guard_range.base + (size_t)index * hz_guard_pool.slot_bytes + hz_guard_pool.page_bytes;
}

/* The slot to which an address of the pool belongs; on a guard page that of the nearer block, a live one
 * first. NULL if none there ever served. lock. */
HZ_HIDDEN struct hz_guard_slot *hz_guard_find(const void *address);

/* The calls that lead here, beginning with the return address from; or to a signal's context. */
HZ_HIDDEN void hz_guard_note(struct hz_guard_trace *trace, const void *from, void *context);

/* Opens or closes a slot's data and the guard pages around it. */
HZ_HIDDEN bool hz_guard_open(const struct hz_guard_slot *slot);
HZ_HIDDEN bool hz_guard_close(const struct hz_guard_slot *slot);

/* Reports a pointer that is no live block; a block behind or before which the byte at bad was written, met by
 * the call of the trace. */
HZ_HIDDEN HZ_COLD void hz_guard_report(const char *verb, const void *pointer, const void *from);
HZ_HIDDEN HZ_COLD void hz_guard_report_bytes(const char *verb, struct hz_guard_slot *slot, const char *bad,
                                             const struct hz_guard_trace *trace);
