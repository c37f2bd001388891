/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_sample.c -- see hz_sample.h. */
#include "hz_sample.h"

#include "hz_bits.h"
#include "hz_os.h"
#include "hz_thread.h"

enum {
    BACKLOG = 64,       /* most samples that may be due at once */
    RATE_MAX = 1 << 25, /* so many times that are 31 bits */
};

uint32_t hz_sample_rate;

static hz_counter drawn;         /* numbers of the sequence of random ones */
static hz_counter without_front; /* allocations of threads without one */

void hz_sample_init(uint32_t rate) {
    hz_sample_rate = (uint32_t)hz_min(rate, RATE_MAX);
    hz_count(&drawn, (uintptr_t)&rate ^ ((uint64_t)hz_os_now_ms() << 32)); /* a seed */
    if (rate == 1)
        hz_thread_set_exact();
}

/* Uniform in [least, least + span). A fixed step and a mix of the bits: every thread draws from one
 * sequence. */
static uint32_t draw(uint32_t least, uint32_t span) {
    uint64_t mixed = hz_add_relaxed(&drawn, 0x9e3779b97f4a7c15u);
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return least + (uint32_t)((mixed >> 32) % span);
}

bool hz_sample_is_due(struct hz_front *front) {
    if (hz_sample_rate == 1)
        return true;
    if (front == NULL)
        return hz_add_relaxed(&without_front, 1u) % hz_sample_rate == 0;
    if (front->sample_at == 0) /* a new front: its first is as likely as any */
        front->sample_at = draw(1, hz_sample_rate);
    return front->sample_count >= front->sample_at;
}

static void arm(struct hz_front *front) { hz_thread_arm(front, hz_sample_is_due(front)); }

/* Between half and one and a half of the rate, so that no period of the program's goes with it. */
void hz_sample_next(struct hz_front *front) {
    if (front == NULL)
        return;
    front->sample_count -= (uint32_t)hz_min(front->sample_count, front->sample_at);
    front->sample_at = (uint32_t)hz_max(draw(hz_sample_rate / 2, hz_sample_rate + 1), 1);
    arm(front);
}

static void add(struct hz_front *front, size_t count) {
    front->sample_count = (uint32_t)hz_min(front->sample_count + count, (size_t)BACKLOG * hz_sample_rate);
}

void hz_sample_enter(struct hz_front *front) {
    int64_t freed = (int64_t)front->sample_ticks - front->ticks;
    int64_t less = (int64_t)front->sample_blocks - hz_front_block_count(front);
    add(front, (size_t)(freed + less > 0 ? freed + less : 0));
}

void hz_sample_leave(struct hz_front *front) {
    if (front->ticks > 0 && (size_t)front->ticks > hz_sample_rate) /* below 0 the clock is due */
        front->ticks = (int32_t)hz_sample_rate;
    front->sample_ticks = front->ticks;
    front->sample_blocks = hz_front_block_count(front);
    arm(front);
}

void hz_sample_add(struct hz_front *front) {
    add(front, 1);
    arm(front);
}
