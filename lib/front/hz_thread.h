/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_thread.h -- from a thread to its front, at both ends of the thread's life, and across fork. */
#pragma once
#include "hz_front.h"

/* Registers the thread exit hook. Without one (all pthread keys taken) no thread gets a front, and all of
 * them share the commons: slower, never wrong. */
HZ_HIDDEN void hz_thread_init(void);

/* The calling thread's front, created if it has none yet. NULL when it cannot have one: its exit hook ran
 * already, or memory lacks; then the commons serve it. */
HZ_HIDDEN HZ_NOINLINE struct hz_front *hz_thread_front(void);

/* Holds every lock of the allocator, so that a forked child finds all structures whole. */
HZ_HIDDEN void hz_thread_before_fork(void);
HZ_HIDDEN void hz_thread_after_fork_parent(void);

/* Bytes that were in the caches of threads which a fork left behind: free, but out of reach. */
HZ_HIDDEN size_t hz_thread_lost_bytes(void);

/* In the child: makes all locks free and buries the owners whose threads are gone. */
HZ_HIDDEN void hz_thread_after_fork_child(void);
