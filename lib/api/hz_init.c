/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_init.c -- see hz_init.h. */
#include "hz_init.h"

#include "hz_guard.h"
#include "hz_harden.h"
#include "hz_inside.h"
#include "hz_large.h"
#include "hz_maintain.h"
#include "hz_options.h"
#include "hz_os.h"
#include "hz_sample.h"
#include "hz_source.h"
#include "hz_stats.h"
#include "hz_thread.h"
#include "hz_unwind.h"
#include "hz_verdict.h"
#include "hz_watch.h"

_Atomic(bool) hz_init_done;

static struct hz_lock lock = HZ_LOCK_INIT(HZ_RANK_INIT);
static bool has_options; /* lock */
static bool is_sealed;   /* lock */
enum { HANDLERS_NONE, HANDLERS_COMING, HANDLERS_THERE };
static _Atomic(uint32_t) fork_handlers;
static _Atomic(bool) is_constructed;

/* Inside, the thread may hold the pool's lock: then the access is shown to the handler that there was. */
static bool on_access(const void *address, enum hz_access access, void *context) {
    if (!hz_guard_contains(address) || hz_thread_is_inside())
        return false;
    hz_thread_enter();
    bool may_go_on = hz_guard_fault(address, access, context);
    hz_inside_leave();
    return may_go_on;
}

/* Where no pool can be made, nothing is guarded. */
static void init_sampling(void) {
    if (hz_options.guard_sample != 0 && hz_guard_init((size_t)hz_options.guard_slots, on_access))
        hz_sample_init((uint32_t)hz_options.guard_sample);
}

/* The first call asks, not a constructor: what others' constructors allocate is watched, too. */
static void init_watching(void) {
    if (!HZ_MEMCHECK)
        return;
    hz_memcheck_init();
    if (hz_memcheck_is_on())
        hz_watch_init();
}

/* Blocks in bins are as good as in no quarantine: few of them. */
static size_t bin_blocks_max(void) {
    enum { WATCHED = 2 };
    if (hz_memcheck_is_on())
        return WATCHED;
    return hz_sample_rate == 0 ? SIZE_MAX : hz_sample_rate;
}

static void init_numbers(void) {
    hz_options_init();
    init_watching();
    hz_class_init(HZ_CLASS_MAX_BYTES);
    hz_verdict_init();
    hz_random_level = (enum hz_random_level)hz_options.random;
    hz_source_init((uint32_t)hz_options.decay_ms, (int)hz_options.thp);
    hz_large_init((size_t)hz_options.huge_bytes, hz_policy.remap_bytes);
    init_sampling();
    hz_front_init(bin_blocks_max());
    hz_maintain_init((uint32_t)hz_options.decay_ms);
    hz_thread_init();
    if (hz_options.signal_safe != 0)
        hz_thread_set_exact();
    hz_harden_init();
    has_options = true;
    if (hz_options.fail != 0)
        hz_fault_set(&hz_options.fail_plan);
}

/* What nobody may change from here on: see HZ_SEAL. */
static void seal(void *start, size_t bytes) {
    if ((((uintptr_t)start | bytes) & (hz_os_page_bytes() - 1)) == 0)
        (void)hz_os_make_readable(start, bytes);
}

static bool init_memory(void) {
    bool has_arena = hz_map_first.page_count != 0 || hz_map_init((size_t)hz_options.arena_bytes);
    return has_arena && (hz_owner_count() != 0 || hz_owner_init());
}

static unsigned nested_forks; /* by handlers of others, between ours */

/* The lock is among those that fork holds, so that the child does not find an attempt half made. A signal
 * handler that interrupted such an attempt forks without. */
static void before_fork(void) {
    if (hz_lock_is_forking()) {
        nested_forks++;
        return;
    }
    if (!hz_thread_is_inside())
        hz_lock_take(&lock);
    hz_thread_before_fork();
}

static void after_fork_parent(void) {
    if (nested_forks != 0 && hz_lock_is_forking()) {
        nested_forks--;
        return;
    }
    hz_thread_after_fork_parent();
    if (!hz_thread_is_inside())
        hz_lock_give(&lock);
}

static void after_fork_child(void) {
    nested_forks = 0;
    hz_thread_after_fork_child();
    hz_lock_reset(&lock);
}

/* Outside the lock, since registering may allocate. Handlers run before fork in reverse order of
 * registration; most programs allocate before they register theirs, so ours run last. Where a handler runs
 * while we hold all locks, the locks let its thread pass: see hz_lock.h. */
static bool register_fork_handlers(void) {
    uint32_t expected = HANDLERS_NONE;
    if (!hz_cas_acquire(&fork_handlers, &expected, HANDLERS_COMING))
        return expected == HANDLERS_THERE;
    bool done = hz_os_at_fork(before_fork, after_fork_parent, after_fork_child);
    hz_store_release(&fork_handlers, done ? HANDLERS_THERE : HANDLERS_NONE); /* or the next call tries again */
    return done;
}

/* Outside, since loading allocates, and not before the dynamic linker, which may be the one that allocates now,
 * is done with what the program starts with. */
static void load_unwinder(void) {
    if (!hz_load_relaxed(&is_constructed) || hz_sample_rate == 0)
        return;
    hz_thread_leave();
    hz_unwind_load();
    hz_thread_enter();
}

/* The handlers come first: a process may fork while the kernel gives no memory for anything else. Until they
 * are there, calls come this way. */
bool hz_init_slow(void) {
    hz_lock_take(&lock);
    if (!has_options)
        init_numbers();
    bool done = init_memory();
    if (done && !is_sealed) {
        seal(&hz_classes, sizeof hz_classes);
        seal(&hz_options, sizeof hz_options);
        is_sealed = true;
    }
    hz_lock_give(&lock);
    if (register_fork_handlers() && done)
        hz_store_release(&hz_init_done, true);
    if (done)
        load_unwinder();
    return done;
}

/* The thread that constructs is the only one, or the one that loads this library. */
static __attribute__((constructor)) void begin(void) {
    hz_store_relaxed(&is_constructed, true);
    if (hz_load_acquire(&hz_init_done) && hz_sample_rate != 0)
        hz_unwind_load();
}

static __attribute__((destructor)) void finish(void) {
    if (hz_load_acquire(&hz_init_done) && hz_options.stats == HZ_STATS_EXIT)
        (void)hkz_stats_print((enum hkz_format)hz_options.stats_format, NULL, NULL);
}
