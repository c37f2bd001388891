/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * misuse.c -- every wrong pointer is named exactly, at the faulty call, and kills the process; or, softened,
 * leaves the heap as it was. */
#include "child.h"
#include "tiny7.h"
#include <pthread.h>

struct attempt {
    void (*make)(size_t size);
    size_t size;
};

static struct child child;
static char *volatile victim; /* what a make function leaves behind, to be freed wrongly */
static char in_static[64];

static void attempt_free(void *arg) {
    struct attempt *attempt = arg;
    attempt->make(attempt->size);
    hz7_free(victim);
    _exit(0);
}

static void attempt_realloc(void *arg) {
    struct attempt *attempt = arg;
    attempt->make(attempt->size);
    victim = hz7_realloc(victim, 50);
    _exit(0);
}

static void attempt_usable_size(void *arg) {
    struct attempt *attempt = arg;
    attempt->make(attempt->size);
    _exit((int)hz7_usable_size(victim) & 1);
}

/* In the child the report names the class; after softening, the call returns and the heap works. */
static void attempt_softened(void *arg) {
    struct attempt *attempt = arg;
    hz7_set_on_error(HZ7_ON_ERROR_IGNORE);
    attempt->make(attempt->size);
    struct hz7_stats before = stats_now();
    errno = 4711;
    hz7_free(victim);
    if (errno != 4711 || hz7_usable_size(victim) != 0)
        _exit(1);
    if (hz7_realloc(victim, 70) != NULL || errno != EINVAL)
        _exit(2);
    struct hz7_stats after = stats_now();
    if (memcmp(&before, &after, sizeof before) != 0)
        _exit(3);
    char *one = hz7_malloc(attempt->size), *two = hz7_malloc(attempt->size);
    if (one == NULL || two == NULL || one == two)
        _exit(4);
    pattern_fill(one, attempt->size, 1);
    pattern_fill(two, attempt->size, 2);
    if (pattern_check(one, attempt->size, attempt->size, 1) != PATTERN_INTACT)
        _exit(5);
    hz7_free(one);
    hz7_free(two);
    _exit(0);
}

static bool died_with(void (*work)(void *arg), struct attempt *attempt, const char *start, const char *code) {
    if (!child_run(&child, work, attempt))
        tap_bail("no child");
    if (child_aborted(&child) && strstr(child.err, start) == child.err && strstr(child.err, code) != NULL)
        return true;
    tap_diag("size %zu, status %#x, expected %s %s, said: %s", attempt->size, (unsigned)child.status, start, code,
             child.err);
    return false;
}

static bool try_size(void (*make)(size_t size), size_t size, const char *class, const char *code) {
    struct attempt attempt = {make, size};
    char start[100];
    snprintf(start, sizeof start, "hakozuna: hz7-tiny: error: %s: free of 0x", class);
    bool right = died_with(attempt_free, &attempt, start, code);
    snprintf(start, sizeof start, "hakozuna: hz7-tiny: error: %s: realloc of 0x", class);
    right &= died_with(attempt_realloc, &attempt, start, code);
    snprintf(start, sizeof start, "hakozuna: hz7-tiny: error: %s: usable_size of 0x", class);
    right &= died_with(attempt_usable_size, &attempt, start, code);
    if (!child_run(&child, attempt_softened, &attempt) || !child_exited(&child, 0)) {
        tap_diag("softened: size %zu, status %#x, said: %s", size, (unsigned)child.status, child.err);
        right = false;
    }
    return right;
}

static void try_all(const char *name, void (*make)(size_t size), size_t least, const char *class, const char *code) {
    bool right = true;
    for (size_t w = 0; w < WAYS; w++)
        if (way_sizes[w] >= least)
            right &= try_size(make, way_sizes[w], class, code);
    tap_ok(right, "%s: %s [%s]", name, class, code);
}

/* --- Mistakes ----------------------------------------------------------------------------------- */

static void freed(size_t size) {
    hz7_free(hz7_malloc(size)); /* another before it, so that the victim is not the first of its run */
    char *other = launder(hz7_malloc(size));
    victim = launder(hz7_malloc(size));
    hz7_free(victim);
    (void)other;
}

static void freed_and_back(size_t size) {
    victim = launder(hz7_malloc(size));
    hz7_free(victim);
    (void)hz7_trim();
}

static void freed_in_full_run(size_t size) {
    static char *blocks[5000];
    size_t count = size < 1000 ? 5000 : 20;
    for (size_t i = 0; i < count; i++)
        blocks[i] = launder(hz7_malloc(size));
    for (size_t i = 0; i < count; i += 3)
        hz7_free(blocks[i]);
    victim = blocks[count / 3 / 3 * 3];
}

static void *free_victim(void *arg) {
    hz7_free(victim);
    return arg;
}

static void freed_elsewhere(size_t size) {
    pthread_t thread;
    victim = launder(hz7_malloc(size));
    if (pthread_create(&thread, NULL, free_victim, NULL) != 0)
        _exit(9);
    pthread_join(thread, NULL);
}

static void moved_by_realloc(size_t size) {
    victim = launder(hz7_malloc(size));
    void *stopper = launder(hz7_malloc(64 * KIB)); /* not in place */
    void *moved = launder(hz7_realloc(victim, size * 3 + 100));
    if (stopper == NULL || moved == victim)
        _exit(9);
}

static void inside(size_t size) { victim = (char *)launder(hz7_malloc(size)) + 1; }
static void middle(size_t size) { victim = (char *)launder(hz7_malloc(size)) + size / 2 / 8 * 8; }
static void last_byte(size_t size) { victim = (char *)launder(hz7_malloc(size)) + size - 1; }

/* Behind all blocks of its run, or of its region. */
static void never_carved(size_t size) {
    char *block = launder(hz7_malloc(size));
    victim = block + hz7_usable_size(block) * (size <= 32 * KIB ? 2 : 1);
}

static void far_behind(size_t size) {
    victim = (char *)launder(hz7_malloc(size)) + (sizeof(void *) == 8 ? 200 : 40) * MIB;
}

static void below_aligned(size_t size) {
    void *first = launder(hz7_aligned_alloc(64 * MIB, size));
    char *second = launder(hz7_aligned_alloc(64 * MIB, size));
    victim = second - 64 * KIB;
    (void)first;
}

static void on_stack(size_t size) {
    char here[64];
    victim = launder(here + size % 16);
}
static void of_static(size_t size) { victim = launder(in_static + size % 16); }
static void of_libc(size_t size) { victim = launder(malloc(size)); }
static void wild(size_t size) { victim = (char *)launder((void *)0x123456789a0) + size; } /* NOLINT */
static void before_any(size_t size) { victim = launder(in_static + size % 8); }

int main(void) {
    watchdog_start(110);
    try_all("freed", freed, 0, "double-free", "[HKZ-E001]");
    try_all("freed, and its memory went back", freed_and_back, 0, "double-free", "[HKZ-E001]");
    try_all("freed in a run that was full", freed_in_full_run, 0, "double-free", "[HKZ-E001]");
    try_all("freed by another thread", freed_elsewhere, 0, "double-free", "[HKZ-E001]");
    try_all("moved by realloc", moved_by_realloc, 100, "double-free", "[HKZ-E001]");
    try_all("one byte inside", inside, 2, "interior-free", "[HKZ-E002]");
    try_all("in the middle", middle, 16, "interior-free", "[HKZ-E002]");
    try_all("at the last byte", last_byte, 2, "interior-free", "[HKZ-E002]");
    try_all("never handed out", never_carved, 0, "invalid-free", "[HKZ-E003]");
    try_all("behind everything", far_behind, 0, "invalid-free", "[HKZ-E003]");
    try_all("a gap left by an alignment", below_aligned, 0, "invalid-free", "[HKZ-E003]");
    try_all("on the stack", on_stack, 0, "foreign-free", "[HKZ-E004]");
    try_all("a static object", of_static, 0, "foreign-free", "[HKZ-E004]");
    try_all("of libc's malloc", of_libc, 0, "foreign-free", "[HKZ-E004]");
    try_all("a wild address", wild, 0, "foreign-free", "[HKZ-E004]");
    try_all("before the first allocation", before_any, 0, "foreign-free", "[HKZ-E004]");
    return tap_done();
}
