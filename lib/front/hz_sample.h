/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_sample.h -- which allocations are guarded: about one in so many, chosen where the slow paths pass anyway.
 *
 * Between two slow paths of a thread blocks leave its bins by malloc and enter them by free, and the ticks count
 * the frees. So what the bins hold less, and the frees, make up the allocations. When a sample is due the
 * thread is armed (hz_thread_arm), and so its next malloc comes by the slow path. While samples are taken
 * bins are short and ticks few, lest a slow path come too late.
 * Does not: cost the hot paths anything. */
#pragma once
#include "hz_front.h"

/* One allocation in so many; 0: none. const after init */
extern uint32_t hz_sample_rate HZ_HIDDEN;

/* Before hz_front_init(), and before any thread has a front. */
HZ_HIDDEN void hz_sample_init(uint32_t rate);

/* While hz_sample_rate is not 0; front is the calling thread's, or NULL. */

/* Whether the allocation at hand is to be guarded. */
HZ_HIDDEN bool hz_sample_is_due(struct hz_front *front);

/* It was, or could not be for want of a slot: on to the next. */
HZ_HIDDEN void hz_sample_next(struct hz_front *front);

/* Counts what was allocated since hz_sample_leave(); before a slow path that moves blocks into bins or out
 * of them, other than by one allocation or free, or that sets the ticks. */
HZ_HIDDEN void hz_sample_enter(struct hz_front *front);

/* Behind it. */
HZ_HIDDEN void hz_sample_leave(struct hz_front *front);

/* An allocation that bins have no part in. */
HZ_HIDDEN void hz_sample_add(struct hz_front *front);

/* Also while it is 0: a free that ticked, but whose block enters no bin. */
HZ_INLINE void hz_sample_pass(struct hz_front *front) {
    if (HZ_UNLIKELY(hz_sample_rate != 0))
        front->sample_ticks--;
}
