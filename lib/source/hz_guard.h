/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_guard.h -- guarded blocks: each alone between pages without access rights, in a pool apart from every
 * arena. An access beyond the block's pages, or to a freed one, is a fault at once; one to the rest of
 * its pages is found when the block is freed. Who allocated and who freed is remembered.
 *
 * The pool is a row of slots, each data pages behind a guard page, and a last guard page. A block touches
 * either end of its slot's data, by chance, as near as its alignment allows. A freed slot keeps its contents,
 * without access rights, until it serves again; that is the slot's turn which was freed longest ago, and a
 * quarter of the slots always wait.
 * Does not: choose which blocks are guarded (hz_sample.h).
 *
 * Thread-safe (lock: guard, never held while the pool's memory is accessed or a report is made). */
#pragma once
#include "hz_lock.h"
#include "hz_segv.h"

enum { HZ_GUARD_FRAMES = 16 };

/* A call, as hz_unwind_from() saw it. count is 0 where there was none. */
struct hz_guard_trace {
    uint32_t thread;
    uint32_t count;
    void *frames[HZ_GUARD_FRAMES];
};

struct hz_guard_range {
    uintptr_t base;
    size_t bytes; /* 0 while there is no pool */
};

extern struct hz_guard_range hz_guard_range HZ_HIDDEN; /* const after init */

HZ_INLINE bool hz_guard_contains(const void *address) {
    return (uintptr_t)address - hz_guard_range.base < hz_guard_range.bytes;
}

/* Makes a pool of so many slots, and lets on_access see refused accesses first: it passes those to the pool on
 * to hz_guard_fault(), if the thread may take locks. False, with nothing done, when the kernel refuses. */
HZ_HIDDEN bool hz_guard_init(size_t slots, hz_segv_handler *on_access);

/* Reports an access inside the pool; true when it may be tried again. context: the signal's. */
HZ_HIDDEN bool hz_guard_fault(const void *address, enum hz_access access, void *context);

/* A guarded block of zeros, or NULL: too large, too strictly aligned, all slots taken, or the kernel refuses.
 * from: the return address of the call that allocates. */
HZ_HIDDEN void *hz_guard_take(size_t size, size_t alignment, const void *from);

/* For pointers inside the pool. A pointer that is no live block is reported in the name of verb, and nothing
 * is done; so are bytes around the block that were written, and then the block is freed. */
HZ_HIDDEN void hz_guard_give(void *block, const char *verb, const void *from);

/* For pointers inside the pool: the size as it was asked for; 0 after a report. */
HZ_HIDDEN size_t hz_guard_bytes(const void *block, const char *verb, const void *from);

/* The same of a live block, without a lock and without a report: 0 of any other pointer inside the pool. */
HZ_HIDDEN size_t hz_guard_peek(const void *block);

/* Prints what is known of the block nearest to a pointer inside the pool, as details of a report. */
HZ_HIDDEN HZ_COLD void hz_guard_explain(const void *pointer);

/* Bytes of the pages of live blocks, and of freed ones. */
HZ_HIDDEN void hz_guard_count(size_t *ret_live_bytes, size_t *ret_freed_bytes);

/* For fork. */
HZ_HIDDEN void hz_guard_lock(void);
HZ_HIDDEN void hz_guard_unlock(void);
HZ_HIDDEN void hz_guard_reset_lock(void);
