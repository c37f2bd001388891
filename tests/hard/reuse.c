/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * reuse.c -- freed blocks: how long they wait (quarantine), what they hold (fill on free), and whether that is
 * still so when they are handed out again (check on reuse). usage: reuse strict|plain [effort] */
#include "hard.h"
#include "hz_policy.h"
#include "rng.h"

enum { SHORT = 256 << 10, LONG = 896 << 10, JUNK = 0xDB, QUARANTINE = 64 << 10, SIZE = 64 };

static unsigned effort = 1; /* of the search for false alarms */

/* --- Quarantine ------------------------------------------------------------------------------- */

/* After how many further pairs of malloc and free the block comes back; at most most. */
static unsigned pairs_until_reuse(const void *block, size_t size, unsigned most) {
    for (unsigned i = 0; i < most; i++) {
        char *next = take(size);
        if (next == block)
            return i;
        hkz_free(next);
    }
    return most;
}

static void reuse_soon(void *arg) {
    (void)arg;
    char *block = take(SIZE);
    hkz_free(block);
    must(pairs_until_reuse(block, SIZE, 1000) < 200, "without quarantine a block is back soon");
}

static void wait_in_quarantine(void *arg) {
    (void)arg;
    char *block = take(SIZE);
    hkz_free(block);
    unsigned pairs = pairs_until_reuse(block, SIZE, 20 * QUARANTINE / SIZE);
    must(pairs >= QUARANTINE / SIZE, "not before the bound");
    must(pairs < 20 * QUARANTINE / SIZE, "but then");
    char *large = take(QUARANTINE + 1);
    hkz_free(large);
    must(pairs_until_reuse(large, QUARANTINE + 1, 20) < 20, "what is larger than the bound does not wait");
}

static void keep_bound(void *arg) {
    size_t most = 0;
    (void)arg;
    for (unsigned i = 0; i < 100000; i++) {
        hkz_free(take(16 + i * 37 % 3000));
        if (i % 1000 != 0)
            continue;
        struct hkz_stats stats = figures();
        most = stats.cached > most ? (size_t)stats.cached : most;
        must(stats.allocated == 0, "what waits is not allocated");
    }
    must(most > QUARANTINE / 2, "blocks wait");
    must(figures().active < (64 << 20), "but not too many"); /* of 150 MiB; some profiles take 16 runs at a time */
}

static void empty_by_trim(void *arg) {
    (void)arg;
    char *block = take(SIZE);
    char *other = take(SIZE); /* keeps the run */
    hkz_free(block);
    hkz_trim();
    must(figures().cached == 0, "nothing waits after a trim");
    must(pairs_until_reuse(block, SIZE, QUARANTINE / SIZE / 2) < QUARANTINE / SIZE / 2, "it serves again");
    hkz_free(other);
}

static void *free_blocks(void *arg) {
    char **blocks = arg;
    for (unsigned i = 0; i < 100; i++)
        hkz_free(blocks[i]);
    for (unsigned i = 0; i < 100; i++)
        hkz_free(take(SIZE));
    return NULL;
}

static void empty_by_exit(void *arg) {
    char *blocks[100];
    (void)arg;
    for (unsigned i = 0; i < 100; i++)
        blocks[i] = take(SIZE);
    in_thread(free_blocks, blocks);
    hkz_trim();
    struct hkz_stats stats = figures();
    must(stats.allocated == 0 && stats.cached == 0, "an ended thread holds nothing back");
    must(stats.active == 0, "and its blocks are home");
}

static void double_free_in_quarantine(void *arg) {
    (void)arg;
    char *block = take(SIZE);
    hkz_free(block);
    for (unsigned i = 0; i < 20; i++)
        hkz_free(take(SIZE));
    hkz_free(block);
    _exit(SURVIVED);
}

static void interior_in_quarantine(void *arg) {
    (void)arg;
    hkz_free(take(SIZE) + 16);
    _exit(SURVIVED);
}

static void forked_with_quarantine(void *arg) {
    (void)arg;
    static struct child inner;
    hkz_free(take(SIZE));
    must(child_run(&inner, keep_bound, NULL) && child_exited(&inner, 0), inner.err);
    must(child_run(&inner, empty_by_trim, NULL) && child_exited(&inner, 0), inner.err);
}

static void test_quarantine(void) {
    with("");
    runs_well("quarantine off: reuse soon", reuse_soon, NULL);
    with("quarantine=64K");
    runs_well("quarantine: a block waits for the bound", wait_in_quarantine, NULL);
    runs_well("quarantine: bounded", keep_bound, NULL);
    runs_well("quarantine: emptied by trim", empty_by_trim, NULL);
    runs_well("quarantine: emptied at the end of a thread", empty_by_exit, NULL);
    runs_well("quarantine: across fork", forked_with_quarantine, NULL);
    is_reported("quarantine: interior", interior_in_quarantine, NULL, "interior-free", "HKZ-E002");
    is_reported("quarantine: double free while it waits", double_free_in_quarantine, NULL, "double-free", "HKZ-E001");
}

/* --- Fill ------------------------------------------------------------------------------------- */

static const size_t sizes[] = {1, 16, 100, 1024, 3000, 16384, 70000, 131072, 200000, 900000, 5 << 20};
enum { SIZES = sizeof sizes / sizeof *sizes };

static bool is_all(const char *block, size_t bytes, int value) {
    for (size_t i = 0; i < bytes; i++)
        if ((unsigned char)block[i] != value)
            return false;
    return true;
}

/* Blocks hold what they should after free, by this thread and by another. Large ones are seen in place: their
 * pages stay for a while, or were returned and are zeros. */
static void *free_one(void *block) {
    hkz_free(block);
    return NULL;
}

static void check_fill(void *arg) {
    int value = *(const int *)arg;
    for (unsigned i = 0; i < SIZES * 2; i++) {
        size_t size = hkz_good_size(sizes[i / 2]);
        if (size >= hz_policy.huge_bytes)
            continue; /* gone with its mapping */
        char *block = take(size);
        memset(block, 0x77, size);
        if (i % 2 == 0)
            hkz_free(block);
        else
            in_thread(free_one, block);
        bool is_kept = is_all(launder(block), size, 0x77);
        bool is_given_back = is_all(launder(block), size, 0); /* by a profile that keeps nothing */
        bool is_filled = is_all(launder(block), size, value);
        must(value == 0x77 ? is_kept || is_given_back : is_filled || (size > 131072 && is_given_back), "filled");
    }
}

static void check_tail(void *arg) {
    int value = *(const int *)arg;
    char *block = take(LONG);
    memset(block, 0x77, LONG);
    char *kept = launder(hkz_realloc(block, SHORT));
    must(kept == block && is_all(kept, SHORT, 0x77), "the head is kept");
    must(is_all(kept + SHORT, LONG - SHORT, value) || is_all(kept + SHORT, LONG - SHORT, 0), "the tail is filled");
}

static void check_calloc(void *arg) {
    (void)arg;
    for (unsigned round = 0; round < 3; round++)
        for (unsigned i = 0; i < SIZES; i++) {
            size_t size = hkz_good_size(sizes[i]);
            char *block = launder(hkz_calloc(1, size));
            must(block != NULL && is_all(block, size, 0), "calloc gives zeros");
            memset(block, 0x77, size);
            hkz_free(block);
        }
}

static void test_fill(void) {
    static const struct {
        const char *options;
        int value;
    } cases[] = {
        {"", 0x77},
        {"free_fill=zero", 0},
        {"free_fill=junk", JUNK},
        {"check_reuse=1", JUNK},
        {"free_fill=zero:check_reuse=1", 0},
        {"free_fill=junk:quarantine=64K", JUNK},
    };
    char what[80];
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        int value = cases[i].value;
        with(cases[i].options);
        snprintf(what, sizeof what, "fill '%s'", cases[i].options);
        runs_well(what, check_fill, &value);
        snprintf(what, sizeof what, "fill '%s': calloc", cases[i].options);
        runs_well(what, check_calloc, NULL);
        if (value == 0x77)
            continue;
        snprintf(what, sizeof what, "fill '%s': the tail of a shrunk block", cases[i].options);
        runs_well(what, check_tail, &value);
    }
}

/* --- Check ------------------------------------------------------------------------------------ */

struct late {
    size_t size;
    size_t at;
};

static void write_late(void *arg) {
    const struct late *late = arg;
    char *keep = take(late->size); /* so that the run stays */
    char *block = take(late->size);
    hkz_free(block);
    block[late->at] ^= 0x10;
    (void)pairs_until_reuse(block, late->size, 10000);
    hkz_free(keep);
    _exit(SURVIVED);
}

static void test_check(const char *options) {
    static const struct late lates[] = {{16, 0},   {16, 15},      {100, 5},      {1024, 1023}, {3000, 2047},
                                        {3000, 0}, {16384, 4096}, {16384, 9999}, {131072, 0},  {131072, 131071}};
    char what[120], details[80];
    for (unsigned i = 0; i < sizeof lates / sizeof *lates; i++) {
        const struct late *late = &lates[i];
        with(options);
        snprintf(what, sizeof what, "'%s': byte %zu of %zu", options, late->at, late->size);
        snprintf(details, sizeof details, "(byte %zu of %zu was written", late->at, hkz_good_size(late->size));
        is_reported(what, write_late, (void *)late, "use-after-free: reuse of 0x", details);
        tap_ok(strstr(child.err, "[HKZ-E008]") != NULL, "with its code");
    }
    with("free_fill=junk");
    must(child_run(&child, write_late, (void *)&lates[0]), "fork");
    tap_ok(child_exited(&child, SURVIVED) && child.err[0] == '\0', "not looked for unless asked: %s", child.err);
}

static void go_on(void *arg) {
    (void)arg;
    char *block = take(SIZE);
    hkz_free(block);
    block[3] = 1;
    must(pairs_until_reuse(block, SIZE, 10000) < 10000, "it is handed out");
    for (unsigned i = 0; i < 1000; i++)
        hkz_free(take(SIZE));
}

/* --- No false alarm --------------------------------------------------------------------------- */

enum { SLOTS = 400, THREADS = 3 };
static char *shared[SLOTS]; /* changes hands by atomic exchange */

static void *churn(void *seed) {
    struct rng rng = rng_init((uint64_t)(uintptr_t)seed);
    for (unsigned i = 0; i < 2500 * effort; i++) {
        size_t size = 1 + rng_below(&rng, rng_below(&rng, 20) == 0 ? 300000 : 3000);
        char *block = take(size);
        memset(block, (int)i, size);
        hkz_free(__atomic_exchange_n(&shared[rng_below(&rng, SLOTS)], block, __ATOMIC_ACQ_REL));
        if (i % 1000 == 999)
            hkz_trim();
    }
    return NULL;
}

/* Threads that come and go, so that runs change hands. */
static void all_is_well(void *arg) {
    (void)arg;
    pthread_t threads[THREADS];
    for (uintptr_t round = 0; round < 4; round++) {
        for (uintptr_t i = 0; i < THREADS; i++)
            must(pthread_create(&threads[i], NULL, churn, (void *)(round * THREADS + i + 1)) == 0, "a thread");
        for (unsigned i = 0; i < THREADS; i++)
            pthread_join(threads[i], NULL);
    }
    static struct child inner;
    if (arg == NULL)
        must(child_run(&inner, all_is_well, "") && child_exited(&inner, 0), inner.err);
    for (unsigned i = 0; i < SLOTS; i++)
        hkz_free(shared[i]);
    hkz_trim();
    must(figures().allocated == 0, "nothing is lost");
}

int main(int argc, char **argv) {
    watchdog_start(HARD_SECONDS);
    if (argc > 1)
        effort = (unsigned)atoi(argv[1]);
    test_quarantine();
    test_fill();
    test_check("check_reuse=1");
    test_check("check_reuse=1:free_fill=zero:quarantine=4K");
    with("check_reuse=1:on_error=report");
    must(child_run(&child, go_on, NULL), "fork");
    tap_ok(child_exited(&child, 0) && strstr(child.err, "use-after-free") != NULL, "on_error=report: %s", child.err);
    with("check_reuse=1:free_fill=zero");
    runs_well("no false alarm: zero", all_is_well, NULL);
    with("check_reuse=1:quarantine=256K:random=all:decay_ms=20");
    runs_well("no false alarm: junk, quarantine, all by chance", all_is_well, NULL);
    return tap_done();
}
