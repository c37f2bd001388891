/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_maintain.h -- what must happen as time passes: idle memory goes back to where others can use it.
 *
 * There is no helper thread; the clock is looked at by frees. Every front counts its frees down and asks the
 * time when the count runs out; the count adapts, so that a busy thread asks every few milliseconds and a
 * thread that frees once in a while asks nearly every time.
 * Does not: run when nobody frees. */
#pragma once
#include "hz_front.h"

/* decay_ms: after this time unused memory goes back to the kernel; maintenance runs a few times in it. */
HZ_HIDDEN void hz_maintain_init(uint32_t decay_ms);

/* Call when the front's ticks fell below 0. */
HZ_HIDDEN HZ_NOINLINE void hz_maintain_tick(struct hz_front *front);

/* Call when a front is gone: threads may end before they freed enough to look at the clock. */
HZ_HIDDEN void hz_maintain_exit(void);

/* Gives back everything that can be: the caller's cache, what other threads freed, empty runs of all
 * owners, every dirty page. front may be NULL. Returns the bytes that went to the kernel. */
HZ_HIDDEN size_t hz_maintain_trim(struct hz_front *front);

HZ_HIDDEN void hz_maintain_lock(void);
HZ_HIDDEN void hz_maintain_unlock(void);
HZ_HIDDEN void hz_maintain_reset_lock(void);
