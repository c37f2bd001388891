/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_delay.c -- see hz_delay.h. Each thread draws from a sequence of its own, which follows from how many threads
 * came before it. */
#include "hz_delay.h"

#include <sched.h>
#include <stdatomic.h>

enum {
    SHORT_CHANCE = 16, /* one of so many operations waits so many rounds at most */
    SHORT_ROUNDS = 64,
    LONG_CHANCE = 1024,
    LONG_ROUNDS = 4096,
    YIELD_CHANCE = 2048,
};

static uint32_t draw(void) {
    static _Atomic(uint32_t) threads;
    static __thread uint32_t state __attribute__((tls_model("initial-exec")));
    if (state == 0)
        state = (atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed) + 1) * 2654435761u | 1;
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

static void spin(uint32_t rounds) {
    while (rounds-- != 0)
        HZ_RELAX();
}

void hz_delay(void) {
    uint32_t number = draw();
    uint32_t rounds = number >> 16;
    if (HZ_LIKELY(number % SHORT_CHANCE != 0))
        return;
    if (number % YIELD_CHANCE == 0)
        (void)sched_yield(); /* keeps errno: it does not fail */
    else if (number % LONG_CHANCE == 0)
        spin(rounds % LONG_ROUNDS);
    else
        spin(rounds % SHORT_ROUNDS);
}
