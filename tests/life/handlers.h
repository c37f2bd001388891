/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * handlers.h -- handlers of fork as other libraries have them, which may allocate in each phase: one set is registered
 * as early as a program can, one late (handlers_register_late), so that both orders around the allocator's own are
 * met. The program that includes this says what they do: handler_step(), for each of the six with its number. */
#pragma once
#include <pthread.h>
#include <stdlib.h>

static void handler_step(size_t which);

static void early_prepare(void) { handler_step(0); }
static void early_parent(void) { handler_step(1); }
static void early_child(void) { handler_step(2); }
static void late_prepare(void) { handler_step(3); }
static void late_parent(void) { handler_step(4); }
static void late_child(void) { handler_step(5); }

__attribute__((constructor(101))) static void register_early(void) {
    if (pthread_atfork(early_prepare, early_parent, early_child) != 0)
        abort();
}

static inline int handlers_register_late(void) { return pthread_atfork(late_prepare, late_parent, late_child); }
