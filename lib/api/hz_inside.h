/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_inside.h -- malloc and free for a signal handler that interrupted a slow path of its thread: the thread
 * may hold any lock, and its cache, its lists and its runs may be half changed. Requests are served from
 * mappings of their own; freed blocks wait until the thread leaves, and get their verdict then.
 * Does not: take locks, report, or write to anything but hz_aside's tables.
 *
 * Around each slow path stand hz_inside_enter and hz_inside_leave; a call that finds itself inside comes
 * here instead. */
#pragma once
#include "hz_thread.h"

/* Call on leaving; frees what waits. */
HZ_HIDDEN HZ_COLD void hz_inside_free_waiting(void);
extern _Atomic(bool) hz_inside_has_waiting HZ_HIDDEN;

HZ_INLINE void hz_inside_leave(void) {
    hz_thread_leave();
    /* Relaxed: what the thread's own handlers left it sees; what others left, their threads see. */
    if (HZ_UNLIKELY(hz_load_relaxed(&hz_inside_has_waiting)))
        hz_inside_free_waiting();
}

/* Zero bytes; NULL and ENOMEM when the kernel refuses. */
HZ_HIDDEN HZ_COLD void *hz_inside_take(size_t size, size_t alignment);

HZ_HIDDEN HZ_COLD void hz_inside_free(void *block);

/* The usable size of a block; 0 of one that only a table under a lock knows (huge ones) or nobody. */
HZ_HIDDEN HZ_COLD size_t hz_inside_usable(const void *block);

/* Neither block nor size is 0. The block of unknown size stays, and the result is NULL and ENOMEM. */
HZ_HIDDEN HZ_COLD void *hz_inside_realloc(void *block, size_t size);
