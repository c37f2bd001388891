/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_random.c -- see hz_random.h. */
#include "hz_random.h"

#include "hz_bits.h"

enum { GROUP = 32 };

enum hz_random_level hz_random_level;

static void shuffle_group(uint64_t *state, void **slots, unsigned count) {
    for (unsigned left = count; left > 1; left--) {
        unsigned other = hz_random_below(state, left);
        void *slot = slots[left - 1];
        slots[left - 1] = slots[other];
        slots[other] = slot;
    }
}

void hz_random_shuffle(uint64_t *state, void **slots, unsigned count) {
    for (unsigned i = 0; i < count; i += GROUP)
        shuffle_group(state, slots + i, (unsigned)hz_min(GROUP, count - i));
}
