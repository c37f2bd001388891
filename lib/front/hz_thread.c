/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_thread.c -- see hz_thread.h. */
#include "hz_thread.h"

#include "hz_budget.h"
#include "hz_guard.h"
#include "hz_huge.h"
#include "hz_maintain.h"
#include "hz_meta.h"
#include "hz_notes.h"
#include "hz_os.h"
#include "hz_policy.h"
#include "hz_source.h"
#include "hz_unwind.h"

static bool has_exit_hook; /* const after init */
static size_t lost_bytes;  /* written by the only thread of a forked child */

__thread struct hz_front *hz_kept __attribute__((tls_model("initial-exec"))) = &hz_front_none;
struct hz_front *hz_thread_resting;
bool hz_thread_is_torn; /* written by the only thread of a forked child */

size_t hz_thread_lost_bytes(void) { return lost_bytes; }

void hz_thread_set_exact(void) { hz_thread_resting = &hz_front_none; }

/* Runs among the thread's last destructors, but perhaps not as the very last: later ones find
 * hz_front_gone, and with it the commons. A thread that ends inside, by asynchronous cancellation, leaves
 * its front as it is. */
static void on_thread_exit(void *front) {
    if (hz_thread_is_inside())
        return;
    hz_thread_enter();
    hz_kept = &hz_front_gone;
    hz_front_destroy(front);
    hz_maintain_exit();
    hz_notes_report();
    hz_thread_leave();
}

void hz_thread_init(void) { has_exit_hook = hz_os_thread_exit_init(on_thread_exit); }

/* When the kernel had no memory for a front, asking it again at every call would take longer than all else. */
enum { RETRY_MS = 20 };
static _Atomic(uint32_t) refused_ms; /* hint: when that was; 0: never */

static struct hz_front *create(void) {
    uint32_t refused = hz_load_relaxed(&refused_ms);
    uint32_t now_ms = refused != 0 ? hz_os_now_ms() : 0;
    if (refused != 0 && now_ms - refused < RETRY_MS)
        return NULL;
    struct hz_front *front = hz_front_create();
    if (front == NULL)
        hz_store_relaxed(&refused_ms, hz_os_now_ms() | 1u);
    else if (refused != 0)
        hz_store_relaxed(&refused_ms, 0u);
    return front;
}

/* Outside, since it may allocate. */
static bool set_exit_hook(struct hz_front *front) {
    hz_thread_leave();
    bool is_set = hz_os_thread_exit_set(front);
    hz_thread_enter();
    return is_set;
}

struct hz_front *hz_thread_front(void) {
    if (HZ_LIKELY(hz_kept->owner != NULL))
        return hz_kept;
    if (hz_kept == &hz_front_gone || !has_exit_hook)
        return NULL;
    struct hz_front *front = create();
    if (front == NULL)
        return NULL; /* memory may come back */
    hz_kept = front;
    if (set_exit_hook(front))
        return front;
    hz_kept = &hz_front_none;
    hz_front_destroy(front);
    return NULL;
}

enum { FREES_WITHOUT_FRONT = 2 };
static __thread uint8_t frees_without_front __attribute__((tls_model("initial-exec")));

struct hz_front *hz_thread_front_to_free(void) {
    if (hz_kept != &hz_front_none || frees_without_front == FREES_WITHOUT_FRONT)
        return hz_thread_front();
    frees_without_front++;
    return NULL;
}

/* --- Fork ------------------------------------------------------------------------------------- */

static uint32_t forked_count; /* lock: owner table; owners there were when the fork began */

/* Owners are created under the table's lock. A fork handler of others that allocates may still create one
 * while the fork is under way; it belongs to the forking thread and needs no visit. */
static void each_owner(void (*visit)(struct hz_owner *owner)) {
    for (uint32_t id = HZ_OWNER_COMMONS_ID + 1; id <= forked_count; id++)
        visit(hz_owner_get(id));
    if (forked_count != 0) /* else the heap is not up yet */
        visit(hz_owner_commons());
}

static void take_owner(struct hz_owner *owner) { hz_lock_take(&owner->lock); }
static void give_owner(struct hz_owner *owner) { hz_lock_give(&owner->lock); }
static void reset_owner(struct hz_owner *owner) { hz_lock_reset(&owner->lock); }

void hz_thread_before_fork(void) {
    if (hz_thread_is_inside())
        return;
    hz_thread_enter();
    hz_unwind_before_fork(); /* with no lock held: who walks a stack may need one to finish */
    hz_maintain_lock();
    hz_owner_table_lock();
    forked_count = hz_owner_count();
    each_owner(take_owner);
    hz_policy.remote_ops->lock();
    hz_source_lock();
    hz_huge_lock();
    hz_guard_lock();
    hz_batch_pool_lock();
    hz_front_pool_lock();
    hz_meta_lock();
    hz_notes_lock();
    hz_lock_fork_begin();
    hz_thread_leave();
}

void hz_thread_after_fork_parent(void) {
    if (hz_thread_is_inside())
        return;
    hz_thread_enter();
    hz_lock_fork_end();
    hz_notes_unlock();
    hz_meta_unlock();
    hz_front_pool_unlock();
    hz_batch_pool_unlock();
    hz_guard_unlock();
    hz_huge_unlock();
    hz_source_unlock();
    hz_policy.remote_ops->unlock();
    each_owner(give_owner);
    hz_owner_table_unlock();
    hz_maintain_unlock();
    hz_unwind_after_fork_parent();
    hz_thread_leave();
}

/* The thread is gone, and what its front cached with it: the front may have been caught in the middle of a
 * step, so that nothing in it can be trusted. */
static void bury_other(struct hz_owner *owner) {
    bool is_mine = hz_kept->owner == owner || owner->id == HZ_OWNER_COMMONS_ID;
    if (is_mine || hz_load_relaxed(&owner->state) != HZ_OWNER_ALIVE)
        return;
    lost_bytes += hz_front_cached_bytes(owner->front);
    hz_central_bury(owner);
}

/* Also of owners long vacant: the thread that pushed last was to look after them, and may be gone. */
static void settle_vacant(struct hz_owner *owner) {
    if (hz_load_relaxed(&owner->state) != HZ_OWNER_VACANT)
        return;
    hz_central_reap(owner);
    if (owner->front != NULL)
        hz_owner_recycle(owner);
}

/* Every other owner is buried, so that all runs are the commons' or this thread's. */
static void recover_pending(void) {
    if (hz_kept->owner != NULL) {
        hz_central_receive(hz_kept->owner, false);
        hz_central_recover(hz_kept->owner);
    }
    if (hz_owner_count() != 0)
        hz_central_recover(hz_owner_commons());
}

static void reset_all(void) {
    hz_lock_fork_end();
    hz_lock_check_reset();
    hz_notes_reset_lock();
    hz_meta_reset_lock();
    hz_front_pool_reset_lock();
    hz_batch_pool_reset_lock();
    hz_guard_reset_lock();
    hz_huge_reset_lock();
    hz_source_reset_lock();
    hz_policy.remote_ops->reset_lock();
    each_owner(reset_owner);
    hz_owner_table_reset_lock();
    hz_maintain_reset_lock();
    hz_unwind_after_fork_child();
    each_owner(hz_owner_reseed);
    hz_source_reseed();
    hz_source_recover();
    each_owner(bury_other);
    each_owner(settle_vacant);
    recover_pending();
    hz_budget_init(hz_kept->owner != NULL ? hz_front_capacity_bytes(hz_kept) : 0);
}

void hz_thread_after_fork_child(void) {
    if (hz_thread_is_inside()) {
        hz_lock_fork_begin();
        hz_thread_is_torn = true;
        return;
    }
    hz_thread_enter();
    reset_all();
    hz_thread_leave();
}

void hz_thread_mend(void) {
    hz_thread_is_torn = false;
    forked_count = hz_owner_count();
    reset_all();
}
