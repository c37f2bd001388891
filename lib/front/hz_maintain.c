/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_maintain.c -- see hz_maintain.h. */
#include "hz_maintain.h"

#include "hz_bits.h"
#include "hz_os.h"
#include "hz_policy.h"
#include "hz_source.h"

enum { TICKS_MAX = 4096, SLOW_MS = 20, PERIODS = 8, PERIOD_MIN_MS = 8, SWEEP_IDLE_PASSES = 1 };

static struct hz_lock lock = HZ_LOCK_INIT(HZ_RANK_DECAY);
static uint32_t period_ms;        /* const after init */
static uint32_t sweep_ms;         /* const after init: time between sweeps */
static uint32_t last_round_ms;    /* lock */
static uint32_t last_sweep_ms;    /* lock */
static _Atomic(bool) has_backlog; /* hint: the last round left work undone */

void hz_maintain_lock(void) { hz_lock_take(&lock); }
void hz_maintain_unlock(void) { hz_lock_give(&lock); }
void hz_maintain_reset_lock(void) { hz_lock_reset(&lock); }

void hz_maintain_init(uint32_t decay_ms) {
    period_ms = (uint32_t)hz_max(decay_ms / PERIODS, PERIOD_MIN_MS);
    sweep_ms = (uint32_t)hz_max(decay_ms / 2, PERIOD_MIN_MS);
}

/* Work for an owner whose thread has not taken its lock since the last round: it may sleep for ever, and what others
 * freed to it must not wait for that; or it is no more, and what arrived last found no memory to go on. lock: decay. */
static void help_idle_owner(struct hz_owner *owner) {
    uint32_t activity = hz_load_relaxed(&owner->activity);
    bool is_idle = owner->activity_seen == activity;
    owner->activity_seen = activity;
    if (!is_idle)
        return;
    if (hz_load_relaxed(&owner->state) == HZ_OWNER_ALIVE)
        hz_central_trim(owner, true);
    else
        hz_central_receive(owner, true);
}

/* The round for the whole heap; whoever comes first in a period does it. */
static void maintain_heap(uint32_t now_ms) {
    if (!hz_lock_try(&lock))
        return;
    if (now_ms - last_round_ms >= period_ms) {
        last_round_ms = now_ms;
        uint32_t count = hz_owner_count();
        hz_policy.remote_ops->settle(false);
        bool is_sweep = now_ms - last_sweep_ms >= sweep_ms;
        last_sweep_ms = is_sweep ? now_ms : last_sweep_ms;
        for (uint32_t id = 1; id <= count; id++) {
            help_idle_owner(hz_owner_get(id));
            if (is_sweep)
                (void)hz_central_sweep(hz_owner_get(id), SWEEP_IDLE_PASSES);
        }
    }
    hz_store_relaxed(&has_backlog, hz_source_decay(now_ms));
    hz_lock_give(&lock);
}

void hz_maintain_tick(struct hz_front *front) {
    uint32_t now_ms = hz_os_now_ms();
    uint32_t elapsed_ms = now_ms - front->tick_ms;
    front->tick_ms = now_ms;
    if (elapsed_ms == 0)
        front->tick_interval = (int32_t)hz_min(2 * (size_t)front->tick_interval, TICKS_MAX);
    else if (elapsed_ms > SLOW_MS)
        front->tick_interval = (int32_t)hz_max((size_t)front->tick_interval / 4, 1);
    front->ticks = front->tick_interval;
    if (now_ms - front->maintained_ms >= period_ms) {
        front->maintained_ms = now_ms;
        hz_policy.remote_ops->send_all(&front->outbox);
        hz_front_receive(front);
        hz_front_flush_idle(front);
        maintain_heap(now_ms);
    } else if (hz_load_relaxed(&has_backlog)) {
        maintain_heap(now_ms);
    }
}

void hz_maintain_exit(void) { maintain_heap(hz_os_now_ms()); }

/* All inboxes come before the first trim: what arrives at one owner may go on to one that was trimmed already. */
size_t hz_maintain_trim(struct hz_front *front) {
    if (front != NULL)
        hz_front_flush_all(front);
    hz_policy.remote_ops->settle(true);
    uint32_t count = hz_owner_count();
    uint64_t purged = hz_source_count().purged_bytes;
    size_t swept = 0;
    for (uint32_t id = 1; id <= count; id++)
        hz_central_receive(hz_owner_get(id), false);
    for (uint32_t id = 1; id <= count; id++) {
        hz_central_trim(hz_owner_get(id), false);
        swept += hz_central_sweep(hz_owner_get(id), 0);
    }
    (void)hz_source_purge_all();
    return swept + (size_t)(hz_source_count().purged_bytes - purged);
}
