/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_thread.h -- from a thread to its front, at both ends of the thread's life, and across fork.
 *
 * While a thread is on a slow path, and only there does it hold locks, it is inside the allocator: hz_self is
 * a constant front, so that the hot paths of a signal handler which interrupts it fail, and the slow paths see
 * that they must touch nothing: see hz_inside.h. */
#pragma once
#include "hz_atomic.h"
#include "hz_front.h"

/* The thread's own front, or the constant front that says why it has none. What hz_self is outside, unless
 * hz_thread_set_exact or hz_thread_arm asked for slow paths only. */
extern __thread struct hz_front *hz_kept HZ_HIDDEN __attribute__((tls_model("initial-exec")));

/* What hz_self is outside, armed or not; NULL: see hz_thread_leave. const after init */
extern struct hz_front *hz_thread_resting HZ_HIDDEN;

/* Every malloc and free becomes a slow path, which a signal handler may interrupt anywhere. At start. */
HZ_HIDDEN void hz_thread_set_exact(void);

/* Makes every malloc and free of the calling thread a slow path from when it leaves, or lets them be hot again.
 * The front is the thread's own, and works as ever. Call it inside. */
HZ_INLINE void hz_thread_arm(struct hz_front *front, bool is_armed) { front->is_armed = is_armed; }

/* A forked child whose parent forked inside, and which is not out yet. */
extern bool hz_thread_is_torn HZ_HIDDEN;
HZ_HIDDEN HZ_COLD void hz_thread_mend(void);

/* Whether the caller is a signal handler that interrupted the allocator. */
HZ_INLINE bool hz_thread_is_inside(void) { return hz_self == &hz_front_busy; }

/* Not to be called inside. */
HZ_INLINE void hz_thread_enter(void) {
    hz_self = &hz_front_busy;
    hz_signal_fence();
}

/* The thread holds no lock. */
HZ_INLINE void hz_thread_leave(void) {
    if (HZ_UNLIKELY(hz_thread_is_torn))
        hz_thread_mend();
    hz_signal_fence();
    struct hz_front *own = HZ_UNLIKELY(hz_kept->is_armed) ? &hz_front_none : hz_kept;
    hz_self = HZ_UNLIKELY(hz_thread_resting != NULL) ? hz_thread_resting : own;
}

/* Registers the thread exit hook. Without one (all pthread keys taken) no thread gets a front, and all of
 * them share the commons: slower, never wrong. */
HZ_HIDDEN void hz_thread_init(void);

/* The calling thread's front, created if it has none yet. NULL when it cannot have one: its exit hook ran
 * already, or memory lacks; then the commons serve it. Call it inside. */
HZ_HIDDEN HZ_NOINLINE struct hz_front *hz_thread_front(void);

/* The same for a free, but for the first few of a thread that has no front: its first may be libc's last for it, behind
 * its exit hook, so that the front would stay for ever. */
HZ_HIDDEN struct hz_front *hz_thread_front_to_free(void);

/* Holds every lock of the allocator, so that a forked child finds all structures whole. In a signal handler
 * that interrupted the allocator none of it: the parent goes on as it was, and the child passes all locks until
 * it leaves, when it mends what it can. What other threads were changing under locks stays as it is there. */
HZ_HIDDEN void hz_thread_before_fork(void);
HZ_HIDDEN void hz_thread_after_fork_parent(void);

/* Bytes that were in the caches of threads which a fork left behind: free, but out of reach. */
HZ_HIDDEN size_t hz_thread_lost_bytes(void);

/* In the child: makes all locks free and buries the owners whose threads are gone. */
HZ_HIDDEN void hz_thread_after_fork_child(void);
