/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * report.c -- with on_error=report a program goes on after misuse: every wrong call is reported once, live
 * blocks keep their contents, and the heap stays sound. Pointers of others are a warning by default.
 * usage: report strict | plain */
#include "fatal.h"
#include "pattern.h"
#include "rng.h"

enum { LIVE = 3000, STRESS = 60000, ROUNDS = 4 };

static bool is_strict;
static struct child child;

static const size_t sizes[] = {16, 100, 1000, 3000, 20000, 131072, 300 * 1024};
enum { SIZES = sizeof sizes / sizeof *sizes };

/* --- Live blocks ------------------------------------------------------------------------------ */

static struct {
    char *block;
    size_t size;
} live[LIVE];
static struct rng rng;

static size_t any_size(void) {
    size_t chance = rng_below(&rng, 100);
    return rng_between(&rng, 1, chance < 80 ? 1000 : chance < 99 ? 30000 : 400 * KIB);
}

static void live_allocate(size_t i) {
    live[i].size = any_size();
    live[i].block = fatal_allocate(live[i].size);
    pattern_fill(live[i].block, live[i].size, i);
}

static void live_free(size_t i) {
    if (pattern_check(live[i].block, live[i].size, live[i].size, i) != PATTERN_INTACT) {
        dprintf(1, "# block %zu of %zu bytes changed\n", i, live[i].size);
        _exit(WRONG_STAGE);
    }
    hkz_free(live[i].block);
}

static void live_stress(void) {
    for (size_t i = 0; i < STRESS; i++) {
        size_t at = rng_below(&rng, LIVE);
        live_free(at);
        live_allocate(at);
    }
}

static void *free_half(void *arg) {
    for (size_t i = 0; i < LIVE; i += 2)
        live_free(i);
    return arg;
}

static void need_identities(void) {
    struct hkz_stats stats = fatal_stats();
    if (stats.mapped == stats.active + stats.dirty + stats.clean &&
        stats.active == stats.allocated + stats.cached + stats.unused)
        return;
    dprintf(1, "# identities: mapped %llu, active %llu\n", (unsigned long long)stats.mapped,
            (unsigned long long)stats.active);
    _exit(WRONG_STAGE);
}

/* --- Wrong calls ------------------------------------------------------------------------------ */

static unsigned wrong_calls;

/* Those that must be reported by the call, given what the profile promises. */
static void wrong_free(void *pointer, bool is_seen) {
    if (!is_seen)
        return;
    hkz_free(launder(pointer));
    wrong_calls++;
}

static void wrong_questions(void *pointer) {
    if (launder(hkz_realloc(launder(pointer), 77)) != NULL || hkz_usable_size(launder(pointer)) != 0)
        _exit(WRONG_STAGE);
    wrong_calls += 2;
}

static void *wrong_free_in_thread(void *pointer) {
    wrong_free(pointer, is_strict);
    return NULL;
}

static void *allocate_in_thread(void *size) { return fatal_allocate(*(size_t *)size); }

static void misuse_one_size(size_t size) {
    bool is_seen = is_strict || size > CLASS_MAX;
    char *block = fatal_allocate(size);
    wrong_questions(block + 8);
    wrong_free(block + 8, is_seen);
    if (size <= CLASS_MAX)
        in_thread(wrong_free_in_thread, block + 8);
    hkz_free(block);
    wrong_free(block, is_seen);
    if (is_seen)
        wrong_questions(block);
    if (is_strict)
        in_thread(wrong_free_in_thread, block);
    void *theirs;
    pthread_join(fatal_thread(allocate_in_thread, (void *)&size), &theirs);
    wrong_free((char *)theirs + 8, is_seen);
    hkz_free(theirs);
    wrong_free(theirs, is_seen);
}

static void misuse_everything(void *arg) {
    setenv("HAKOZUNA_ON_ERROR", "report", 1);
    listen_start();
    rng = rng_init(*(unsigned *)arg);
    for (size_t i = 0; i < LIVE; i++)
        live_allocate(i);
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < SIZES; i++)
            misuse_one_size(sizes[i]);
        live_stress();
        need_identities();
    }
    in_thread(free_half, NULL);
    for (size_t i = 1; i < LIVE; i += 2)
        live_free(i);
    hkz_trim();
    need_identities();
    struct hkz_stats stats = fatal_stats();
    if (stats.allocated != 0)
        dprintf(1, "# allocated %llu at the end\n", (unsigned long long)stats.allocated);
    dprintf(1, "%u %u\n", wrong_calls, listen_lines());
    _exit(stats.allocated != 0);
}

static void test_report(void) {
    for (unsigned seed = 1; seed <= 2; seed++) {
        if (!child_run(&child, misuse_everything, &seed))
            tap_bail("cannot fork");
        unsigned expected = 0, reported = 0;
        int words = sscanf(child.out, "%u %u", &expected, &reported);
        tap_ok(child_exited(&child, 0) && words == 2 && expected > 0 && reported == expected,
               "seed %u: goes on after %u wrong calls, %u reported: status %#x %.100s", seed, expected, reported,
               (unsigned)child.status, child_exited(&child, 0) ? "" : child.out);
    }
}

/* on_error=ignore: the same without a word. */
static void misuse_silently(void *arg) {
    setenv("HAKOZUNA_ON_ERROR", "ignore", 1);
    char *block = fatal_allocate(300 * KIB);
    hkz_free(block);
    hkz_free(launder(block));
    _exit(arg != NULL);
}

/* Plain profiles let a block stand in a bin twice, with blocks of other runs in between: when they return,
 * the first copy may empty the run and give it back. */
static void free_all_twice(void *size) {
    enum { BLOCKS = 40 };
    char *blocks[BLOCKS];
    setenv("HAKOZUNA_ON_ERROR", "report", 1);
    listen_start();
    for (int i = 0; i < BLOCKS; i++)
        blocks[i] = fatal_allocate(*(size_t *)size);
    for (int i = 0; i < 2 * BLOCKS; i++)
        hkz_free(launder(blocks[i % BLOCKS]));
    hkz_trim();
    unsigned reported = listen_lines();
    for (int round = 0; round < 4; round++) {
        for (size_t i = 0; i < LIVE; i++)
            live_allocate(i);
        for (size_t i = 0; i < LIVE; i++)
            live_free(i);
        hkz_trim();
    }
    need_identities();
    dprintf(1, "%u reports, %u later\n", reported, listen_lines());
    _exit(reported == 0 || fatal_stats().allocated != 0);
}

static void test_twice_in_a_bin(void) {
    static const size_t twice_sizes[] = {131072, 65536, 20000, 1000, 16};
    unsigned failed = 0;
    for (size_t i = 0; i < sizeof twice_sizes / sizeof *twice_sizes; i++) {
        rng = rng_init(i);
        if (child_run(&child, free_all_twice, (void *)(uintptr_t)&twice_sizes[i]) && child_exited(&child, 0))
            continue;
        tap_diag("size %zu: status %#x: %.100s", twice_sizes[i], (unsigned)child.status, child.out);
        failed++;
    }
    tap_ok(failed == 0, "all blocks freed twice, all returned, and the heap is sound");
}

static void test_ignore(void) {
    bool done = child_run(&child, misuse_silently, NULL);
    tap_ok(done && child_exited(&child, 0) && child.err[0] == '\0', "ignore says nothing: %.100s", child.err);
}

/* --- Pointers of others ----------------------------------------------------------------------- */

struct foreign {
    const char *option; /* value of foreign_free */
    bool is_mapped;
    bool is_fatal;
};

static void free_foreign(void *arg) {
    const struct foreign *plan = arg;
    static char object[64];
    char on_stack[64];
    memset(object, 5, sizeof object);
    memset(on_stack, 6, sizeof on_stack);
    setenv("HAKOZUNA_FOREIGN_FREE", plan->option, 1);
    char *pointers[3] = {object + 16, on_stack + 16, object};
    if (plan->is_mapped)
        pointers[2] = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 3; i++) {
        hkz_free(launder(pointers[i]));
        errno = 0;
        if (launder(hkz_realloc(launder(pointers[i]), 100)) != NULL || errno != ENOMEM)
            _exit(WRONG_STAGE);
        if (hkz_usable_size(launder(pointers[i])) != 0)
            _exit(WRONG_STAGE);
    }
    bool is_whole = object[16] == 5 && on_stack[16] == 6 && fatal_stats().foreign_frees == 9;
    hkz_free(fatal_allocate(100));
    _exit(!is_whole);
}

static void test_foreign(void) {
    static const struct foreign plans[] = {
        {"forward", false, false}, /* the default; a mapping would be taken for the next allocator's */
        {"leak", true, false},
        {"abort", false, true},
    };
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        char head[128];
        bool done = child_run(&child, free_foreign, (void *)&plans[i]);
        snprintf(head, sizeof head, "hakozuna: %s: %s: foreign-free: ", hkz_profile(),
                 plans[i].is_fatal ? "error" : "warning");
        bool ends = plans[i].is_fatal ? child_aborted(&child) : child_exited(&child, 0);
        tap_ok(done && ends && is_one_line(child.err, head, " [HKZ-E004]\n"), "foreign_free=%s: status %#x, %.200s",
               plans[i].option, (unsigned)child.status, child.err);
    }
}

/* --- Blocks with a mapping of their own ------------------------------------------------------- */

static void misuse_huge(void *arg) {
    setenv("HAKOZUNA_HUGE_BYTES", "1m", 1);
    setenv("HAKOZUNA_ON_ERROR", "report", 1);
    char *block = fatal_allocate(3 << 20);
    if (fatal_stats().huge != 1)
        _exit(WRONG_STAGE);
    memset(block, 7, 3 << 20);
    hkz_free(launder(block + 16));
    if (block[16] != 7 || fatal_stats().huge != 1)
        _exit(WRONG_STAGE);
    hkz_free(block);
    hkz_free(launder(block));
    _exit(fatal_stats().huge != 0 || fatal_stats().foreign_frees != 0 || arg != NULL);
}

static void test_huge(void) {
    bool done = child_run(&child, misuse_huge, NULL);
    const char *interior = strstr(child.err, "error: interior-free: free of ");
    bool is_named = interior != NULL && strstr(interior, "error: double-free: free of ") != NULL;
    tap_ok(done && child_exited(&child, 0) && is_named, "huge: an interior and a second free: status %#x, %.200s",
           (unsigned)child.status, child.err);
}

int main(int argc, char **argv) {
    watchdog_start(FATAL_SECONDS);
    if (argc != 2 || (strcmp(argv[1], "strict") != 0 && strcmp(argv[1], "plain") != 0))
        tap_bail("usage: report strict | plain");
    is_strict = strcmp(argv[1], "strict") == 0;
    test_report();
    test_twice_in_a_bin();
    test_ignore();
    test_foreign();
    test_huge();
    return tap_done();
}
