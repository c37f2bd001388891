/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hard.h -- what the tests of hardening share. The test process itself never allocates from the library: every
 * case begins, in a child of its own, with an untouched heap and with options of its own. */
#pragma once
#include "child.h"
#include "hakozuna.h"
#include "tap.h"
#include "watchdog.h"
#include <pthread.h>
#include <stdint.h>

enum { SURVIVED = 3, WRONG = 4, HARD_SECONDS = 100 };

static struct child child;

/* Options of the next children: "NAME=value" pairs for HAKOZUNA_CONF. */
static void with(const char *options) { setenv("HAKOZUNA_CONF", options, 1); }

/* An address, of which the compiler knows nothing. */
static inline void *launder(const void *address) {
    void *block = (void *)(uintptr_t)address;
    __asm__ volatile("" : "+r"(block) : : "memory");
    return block;
}

static inline char *take(size_t size) {
    char *block = launder(hkz_malloc(size));
    if (block == NULL)
        _exit(WRONG);
    return block;
}

static inline void must(bool condition, const char *what) {
    if (condition)
        return;
    fprintf(stderr, "not so: %s\n", what);
    _exit(WRONG);
}

static inline struct hkz_stats figures(void) {
    struct hkz_stats stats = {.size = sizeof stats};
    must(hkz_stats_get(&stats) == 0, "statistics");
    return stats;
}

/* The child must end by itself, silently. */
static inline void runs_well(const char *what, void (*work)(void *), void *arg) {
    must(child_run(&child, work, arg), "fork");
    tap_ok(child_exited(&child, 0) && child.err[0] == '\0', "%s: status %d, %.200s", what, child.status, child.err);
}

/* The child must be aborted after a report of that class and code with those details. */
static inline void is_reported(const char *what, void (*work)(void *), void *arg, const char *class,
                               const char *details) {
    must(child_run(&child, work, arg), "fork");
    tap_ok(child_aborted(&child) && strstr(child.err, class) != NULL && strstr(child.err, details) != NULL,
           "%s: status %d, %.200s", what, child.status, child.err);
}

static inline void is_fault(const char *what, void (*work)(void *), void *arg) {
    must(child_run(&child, work, arg), "fork");
    tap_ok(WIFSIGNALED(child.status) && WTERMSIG(child.status) == SIGSEGV, "%s: status %d, %.200s", what, child.status,
           child.err);
}

static inline void in_thread(void *(*work)(void *), void *arg) {
    pthread_t thread;
    must(pthread_create(&thread, NULL, work, arg) == 0, "a thread");
    pthread_join(thread, NULL);
}
