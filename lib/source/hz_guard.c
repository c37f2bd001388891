/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_guard.c -- see hz_guard.h. */
#include "hz_guard.h"

#include <string.h>

#include "hz_bits.h"
#include "hz_guard_slot.h"
#include "hz_meta.h"
#include "hz_os.h"
#include "hz_unwind.h"

struct hz_guard_range hz_guard_range;
struct hz_guard_pool hz_guard_pool = {.lock = HZ_LOCK_INIT(HZ_RANK_GUARD)};

#define POOL hz_guard_pool

enum { SLOTS_MAX = 16384, ALIGNMENT_MIN = 16, NO_SLOT = UINT32_MAX };

bool hz_guard_init(size_t slots, hz_segv_handler *on_access) {
    POOL.slot_count = (uint32_t)hz_min(hz_max(slots, 1), SLOTS_MAX);
    POOL.waiting_min = POOL.slot_count / 4;
    POOL.page_bytes = hz_os_page_bytes();
    POOL.data_bytes = hz_max(HZ_PAGE, POOL.page_bytes);
    POOL.slot_bytes = POOL.data_bytes + POOL.page_bytes;
    POOL.oldest = POOL.newest = NO_SLOT;
    size_t bytes = POOL.slot_count * POOL.slot_bytes + POOL.page_bytes;
    size_t slot_array_bytes = POOL.slot_count * sizeof *POOL.slots;
    POOL.slots = hz_meta_alloc(slot_array_bytes);
    char *base = POOL.slots == NULL ? NULL : hz_os_reserve(bytes, POOL.page_bytes);
    bool is_watched = base != NULL && hz_segv_catch(on_access);
    if (!is_watched) {
        if (base != NULL)
            (void)hz_os_release(base, bytes);
        if (POOL.slots != NULL)
            hz_meta_free(POOL.slots, slot_array_bytes);
        return false;
    }
    POOL.random = (uintptr_t)base ^ ((uint64_t)(uintptr_t)&bytes << 20) ^ hz_os_now_ms();
    hz_guard_range = (struct hz_guard_range){(uintptr_t)base, bytes};
    return true;
}

void hz_guard_note(struct hz_guard_trace *trace, const void *from, void *context) {
    trace->thread = hz_os_thread_id();
    trace->count = context == NULL ? hz_unwind_from(trace->frames, HZ_GUARD_FRAMES, from)
                                   : hz_unwind(trace->frames, HZ_GUARD_FRAMES, context);
}

/* --- The queue of freed slots ----------------------------------------------------------------- */

static void push(uint32_t index) {
    POOL.slots[index].next = NO_SLOT;
    if (POOL.newest == NO_SLOT)
        POOL.oldest = index;
    else
        POOL.slots[POOL.newest].next = index;
    POOL.newest = index;
    hz_store_relaxed(&POOL.waiting_count, hz_load_relaxed(&POOL.waiting_count) + 1);
}

static uint32_t pop(void) {
    uint32_t index = POOL.oldest;
    POOL.oldest = POOL.slots[index].next;
    if (POOL.oldest == NO_SLOT)
        POOL.newest = NO_SLOT;
    hz_store_relaxed(&POOL.waiting_count, hz_load_relaxed(&POOL.waiting_count) - 1);
    return index;
}

/* Both numbers change under the lock; without it the answer is a hint. */
static bool has_slot(void) {
    return hz_load_relaxed(&POOL.fresh_from) < POOL.slot_count ||
           hz_load_relaxed(&POOL.waiting_count) > POOL.waiting_min;
}

/* lock. */
static struct hz_guard_slot *next_slot(void) {
    uint32_t fresh = hz_load_relaxed(&POOL.fresh_from);
    if (fresh == POOL.slot_count)
        return &POOL.slots[pop()];
    hz_store_relaxed(&POOL.fresh_from, fresh + 1);
    return &POOL.slots[fresh];
}

static uint32_t index_of(const struct hz_guard_slot *slot) { return (uint32_t)(slot - POOL.slots); }

/* --- The bytes around a block ----------------------------------------------------------------- */

static unsigned char pattern(const char *address) { return (unsigned char)(0xc5 ^ ((uintptr_t)address * 29)); }

static char *first_page(const struct hz_guard_slot *slot) {
    return (char *)((uintptr_t)slot->start & ~(uintptr_t)(POOL.page_bytes - 1));
}

static char *end_page(const struct hz_guard_slot *slot) {
    return (char *)hz_align_up((uintptr_t)slot->start + slot->size, POOL.page_bytes);
}

static void fill(char *from, const char *to) {
    for (; from < to; from++)
        *from = (char)pattern(from);
}

/* The written byte nearest to the block, or NULL. */
static const char *find_written(const struct hz_guard_slot *slot) {
    for (const char *at = slot->start + slot->size; at < end_page(slot); at++)
        if ((unsigned char)*at != pattern(at))
            return at;
    for (const char *at = slot->start - 1; at >= first_page(slot); at--)
        if ((unsigned char)*at != pattern(at))
            return at;
    return NULL;
}

/* --- Opening and closing ---------------------------------------------------------------------- */

bool hz_guard_open(const struct hz_guard_slot *slot) {
    return hz_os_commit(hz_guard_data(index_of(slot)) - POOL.page_bytes, POOL.slot_bytes + POOL.page_bytes);
}

bool hz_guard_close(const struct hz_guard_slot *slot) {
    return hz_os_protect(hz_guard_data(index_of(slot)) - POOL.page_bytes, POOL.slot_bytes + POOL.page_bytes);
}

/* Gives a slot that the caller reserved its block's pages. */
static bool prepare(const struct hz_guard_slot *slot, bool is_used, bool is_open) {
    char *data = hz_guard_data(index_of(slot));
    if (is_open && !hz_guard_close(slot))
        return false;
    bool is_zero = !is_used || hz_os_purge(data, POOL.data_bytes);
    char *first = first_page(slot);
    if (!hz_os_commit(first, (size_t)(end_page(slot) - first)))
        return false;
    if (!is_zero)
        memset(slot->start, 0, slot->size);
    fill(first, slot->start);
    fill(slot->start + slot->size, end_page(slot));
    return true;
}

static char *place(const struct hz_guard_slot *slot, size_t size, size_t alignment, bool is_left) {
    char *data = hz_guard_data(index_of(slot));
    if (is_left)
        return data;
    uintptr_t start = (uintptr_t)data + POOL.data_bytes - size;
    return (char *)(start & ~(uintptr_t)(hz_max(alignment, ALIGNMENT_MIN) - 1));
}

/* Three in four blocks end at the guard page: overflows are more common than underflows. lock. */
static bool draw_left(void) {
    POOL.random = POOL.random * 6364136223846793005u + 1442695040888963407u;
    return POOL.random >> 62 == 0;
}

/* A slot for a block, the caller's to prepare; NULL when all are taken. */
static struct hz_guard_slot *reserve(size_t size, size_t alignment, bool *ret_used, bool *ret_open) {
    struct hz_guard_slot *slot = NULL;
    hz_lock_take(&POOL.lock);
    if (has_slot()) {
        slot = next_slot();
        *ret_used = slot->state == HZ_GUARD_FREED;
        *ret_open = slot->is_open;
        slot->start = place(slot, size, alignment, draw_left());
        slot->size = size;
        slot->state = HZ_GUARD_ARRIVING;
        slot->taken.count = slot->given.count = slot->met.count = 0;
    }
    hz_lock_give(&POOL.lock);
    return slot;
}

/* trace: the call's that took or gave the block; NULL if there is none. */
static void settle(struct hz_guard_slot *slot, enum hz_guard_state state, bool is_open,
                   const struct hz_guard_trace *trace) {
    hz_lock_take(&POOL.lock);
    slot->state = (uint8_t)state;
    slot->is_open = is_open;
    if (state == HZ_GUARD_FREED)
        push(index_of(slot));
    if (trace != NULL)
        *(state == HZ_GUARD_LIVE ? &slot->taken : &slot->given) = *trace;
    hz_lock_give(&POOL.lock);
}

void *hz_guard_take(size_t size, size_t alignment, const void *from) {
    struct hz_guard_trace trace;
    bool is_used;
    bool is_open;
    if (size > POOL.data_bytes || alignment > POOL.page_bytes || !has_slot())
        return NULL;
    struct hz_guard_slot *slot = reserve(size, alignment, &is_used, &is_open);
    if (slot == NULL)
        return NULL;
    if (!prepare(slot, is_used, is_open)) {
        settle(slot, HZ_GUARD_FREED, true, NULL); /* open: the next attempt undoes what was done */
        return NULL;
    }
    hz_guard_note(&trace, from, NULL);
    char *start = slot->start;
    settle(slot, HZ_GUARD_LIVE, false, &trace);
    return start;
}

/* --- Release ---------------------------------------------------------------------------------- */

/* lock. */
static struct hz_guard_slot *find_live(const void *block) {
    struct hz_guard_slot *slot = hz_guard_find(block);
    bool is_live = slot != NULL && slot->state == HZ_GUARD_LIVE && slot->start == (const char *)block;
    return is_live ? slot : NULL;
}

/* The slot of a live block, the caller's to close now; or NULL. */
static struct hz_guard_slot *begin_leaving(const void *block, bool *ret_open) {
    hz_lock_take(&POOL.lock);
    struct hz_guard_slot *slot = find_live(block);
    if (slot != NULL) {
        slot->state = HZ_GUARD_LEAVING;
        *ret_open = slot->is_open;
    }
    hz_lock_give(&POOL.lock);
    return slot;
}

void hz_guard_give(void *block, const char *verb, const void *from) {
    struct hz_guard_trace trace;
    bool is_open;
    struct hz_guard_slot *slot = begin_leaving(block, &is_open);
    if (slot == NULL) {
        hz_guard_report(verb, block, from);
        return;
    }
    hz_guard_note(&trace, from, NULL);
    const char *bad = find_written(slot);
    if (bad != NULL)
        hz_guard_report_bytes(verb, slot, bad, &trace);
    /* A refusal leaves it accessible, no more. */
    bool is_closed = hz_os_protect(hz_guard_data(index_of(slot)), POOL.data_bytes);
    settle(slot, HZ_GUARD_FREED, is_open || !is_closed, &trace);
}

size_t hz_guard_bytes(const void *block, const char *verb, const void *from) {
    hz_lock_take(&POOL.lock);
    const struct hz_guard_slot *slot = find_live(block);
    size_t bytes = slot == NULL ? 0 : slot->size;
    hz_lock_give(&POOL.lock);
    if (bytes == 0)
        hz_guard_report(verb, block, from);
    return bytes;
}

/* A live block of the caller's own: what is read here changes with no other block. */
size_t hz_guard_peek(const void *block) {
    size_t offset = (uintptr_t)block - hz_guard_range.base;
    size_t index = offset / POOL.slot_bytes;
    if (index == POOL.slot_count) /* the last guard page */
        return 0;
    const struct hz_guard_slot *slot = &POOL.slots[index];
    return slot->state == HZ_GUARD_LIVE && slot->start == (const char *)block ? slot->size : 0;
}

/* --- Looking ---------------------------------------------------------------------------------- */

static size_t distance(const struct hz_guard_slot *slot, const char *address) {
    return address < slot->start ? (size_t)(slot->start - address) : (size_t)(address - slot->start);
}

/* Which of two slots, of which the first may be NULL, is more likely meant. */
static struct hz_guard_slot *nearer(struct hz_guard_slot *a, struct hz_guard_slot *b, const char *address) {
    if (b->state == HZ_GUARD_FRESH || b->state == HZ_GUARD_ARRIVING)
        return a;
    if (a == NULL || (b->state == HZ_GUARD_LIVE) != (a->state == HZ_GUARD_LIVE))
        return a == NULL || b->state == HZ_GUARD_LIVE ? b : a;
    size_t to_end = distance(a, address) - hz_min(a->size, distance(a, address));
    return to_end <= distance(b, address) ? a : b;
}

struct hz_guard_slot *hz_guard_find(const void *address) {
    size_t offset = (uintptr_t)address - hz_guard_range.base;
    size_t index = offset / POOL.slot_bytes;
    if (offset % POOL.slot_bytes >= POOL.page_bytes)
        return POOL.slots[index].state == HZ_GUARD_FRESH ? NULL : &POOL.slots[index];
    struct hz_guard_slot *found = NULL;
    if (index > 0)
        found = nearer(found, &POOL.slots[index - 1], address);
    if (index < POOL.slot_count)
        found = nearer(found, &POOL.slots[index], address);
    return found;
}

void hz_guard_count(size_t *ret_live_bytes, size_t *ret_freed_bytes) {
    size_t bytes[2] = {0, 0};
    hz_lock_take(&POOL.lock);
    for (uint32_t i = 0; i < hz_load_relaxed(&POOL.fresh_from); i++) {
        const struct hz_guard_slot *slot = &POOL.slots[i];
        if (slot->state != HZ_GUARD_ARRIVING)
            bytes[slot->state == HZ_GUARD_FREED] += (size_t)(end_page(slot) - first_page(slot));
    }
    hz_lock_give(&POOL.lock);
    *ret_live_bytes = bytes[0];
    *ret_freed_bytes = bytes[1];
}

/* --- Fork ------------------------------------------------------------------------------------- */

void hz_guard_lock(void) { hz_lock_take(&POOL.lock); }
void hz_guard_unlock(void) { hz_lock_give(&POOL.lock); }

/* Slots that other threads were at are nobody's here, in a state between two. */
void hz_guard_reset_lock(void) {
    hz_lock_reset(&POOL.lock);
    for (uint32_t i = 0; i < hz_load_relaxed(&POOL.fresh_from); i++) {
        struct hz_guard_slot *slot = &POOL.slots[i];
        if (slot->state != HZ_GUARD_ARRIVING && slot->state != HZ_GUARD_LEAVING)
            continue;
        slot->is_open = true;
        slot->state = HZ_GUARD_FREED;
        push(i);
    }
}
