/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * rate.c -- one allocation in so many is guarded: within a factor of two, whatever the program's way of
 * allocating. Sizes are odd, so that a guarded block is known by its length. */
#include "guard.h"
#include <pthread.h>

enum { RATE = 100, MALLOCS = 50000, LIVE = 1000, BURST = 2000, THREADS = 200 };

static unsigned long mallocs, guarded;
static int turns = MALLOCS; /* of the first two cases */

static char *allocate(size_t size) {
    char *block = launder(hkz_malloc(size | 1));
    NEED(block != NULL);
    __atomic_add_fetch(&mallocs, 1, __ATOMIC_RELAXED);
    __atomic_add_fetch(&guarded, is_guarded(block), __ATOMIC_RELAXED);
    return block;
}

static void print_and_end(void) { printf("%lu %lu\n", mallocs, guarded); }

/* One block, again and again. */
static void tight(void) {
    for (int i = 0; i < turns; i++)
        hkz_free(allocate(100));
    print_and_end();
}

/* Many live blocks of many sizes, replaced by chance. */
static void mixed(void) {
    static char *live[LIVE];
    struct rng rng = rng_init(4711);
    for (int i = 0; i < turns; i++) {
        size_t at = rng_below(&rng, LIVE);
        hkz_free(live[at]);
        live[at] = allocate(rng_below(&rng, 100) < 90 ? rng_below(&rng, 2000) : rng_below(&rng, 60000));
    }
    print_and_end();
}

/* Each turn costs system calls where all are guarded. */
static void few(void) {
    turns = MALLOCS / 10;
    tight();
}

static void few_mixed(void) {
    turns = MALLOCS / 10;
    mixed();
}

/* A heap that grows, and goes. */
static void growing(void) {
    static char *live[MALLOCS];
    struct rng rng = rng_init(4711);
    for (int i = 0; i < MALLOCS; i++)
        live[i] = allocate(rng_below(&rng, 300));
    for (int i = 0; i < MALLOCS; i++)
        hkz_free(live[i]);
    print_and_end();
}

static void bursts(void) {
    static char *live[BURST];
    struct rng rng = rng_init(4711);
    for (int i = 0; i < MALLOCS / BURST; i++) {
        for (int j = 0; j < BURST; j++)
            live[j] = allocate(rng_below(&rng, 5000));
        for (int j = 0; j < BURST; j++)
            hkz_free(live[j]);
    }
    print_and_end();
}

/* One thread allocates, another one frees. */
static char *handed[LIVE];

static void *take_over(void *arg) {
    for (int i = 0; i < MALLOCS; i++) {
        char *block;
        while ((block = __atomic_exchange_n(&handed[i % LIVE], NULL, __ATOMIC_ACQ_REL)) == NULL)
            sched_yield();
        hkz_free(block);
    }
    return arg;
}

static void passing(void) {
    pthread_t thread;
    NEED(pthread_create(&thread, NULL, take_over, NULL) == 0);
    for (int i = 0; i < MALLOCS; i++) {
        while (__atomic_load_n(&handed[i % LIVE], __ATOMIC_ACQUIRE) != NULL)
            sched_yield();
        __atomic_store_n(&handed[i % LIVE], allocate((size_t)i % 500), __ATOMIC_RELEASE);
    }
    pthread_join(thread, NULL);
    print_and_end();
}

/* In an arena behind the first, which hot paths do not know. Only these allocations are counted. */
static void behind(void) {
    for (int i = 0; i < MALLOCS; i++)
        NEED(launder(hkz_malloc(300)) != NULL);
    mallocs = guarded = 0;
    tight();
}

/* Threads that end before they allocated RATE blocks. */
static void *be_short(void *arg) {
    char *live[RATE / 2];
    for (int i = 0; i < RATE / 2; i++)
        live[i] = allocate((size_t)i * 20);
    for (int i = 0; i < RATE / 2; i++)
        hkz_free(live[i]);
    return arg;
}

static void threads(void) {
    for (int i = 0; i < MALLOCS / (RATE / 2) / 10; i++) {
        pthread_t thread;
        NEED(pthread_create(&thread, NULL, be_short, NULL) == 0);
        pthread_join(thread, NULL);
    }
    print_and_end();
}

static const struct guard_case cases[] = {
    {"tight", tight},     {"mixed", mixed}, {"growing", growing},     {"bursts", bursts}, {"passing", passing},
    {"threads", threads}, {"few", few},     {"few_mixed", few_mixed}, {"behind", behind},
};
enum { CASES = sizeof cases / sizeof *cases, PLAIN_CASES = 6 };

static double one_in(void) {
    unsigned long all = 0, some = 0;
    if (!child_exited(&child, 0) || sscanf(child.out, "%lu %lu", &all, &some) != 2)
        return 0;
    return (double)all / (double)(some == 0 ? 1 : some);
}

static void expect_rate(const char *name) {
    double found = one_in();
    if (!tap_ok(found > (int)RATE / 2.0 && found < (int)RATE * 2.0, "%s: one in %.1f is guarded", name, found))
        guard_show();
}

int main(int argc, char **argv) {
    guard_main_case(argc, argv, cases, CASES);
    watchdog_start(GUARD_SECONDS);
    for (size_t i = 0; i < PLAIN_CASES; i++) {
        GUARD_RUN(cases[i].name, "HAKOZUNA_GUARD_SAMPLE=100", "HAKOZUNA_GUARD_SLOTS=4096");
        expect_rate(cases[i].name);
    }
    GUARD_RUN("behind", "HAKOZUNA_ARENA_BYTES=1M", "HAKOZUNA_GUARD_SAMPLE=100", "HAKOZUNA_GUARD_SLOTS=4096");
    expect_rate("behind");
    GUARD_RUN("few_mixed", "HAKOZUNA_GUARD_SAMPLE=7", "HAKOZUNA_GUARD_SLOTS=4096");
    tap_ok(one_in() > 3.5 && one_in() < 14, "one in 7: %.1f", one_in());
    GUARD_RUN("few", "HAKOZUNA_GUARD_SAMPLE=1", NULL);
    tap_ok(one_in() == 1, "one in 1: %.3f", one_in());
    GUARD_RUN("few_mixed", "HAKOZUNA_GUARD_SAMPLE=1", "HAKOZUNA_GUARD_SLOTS=4096");
    tap_ok(one_in() < 1.1, "one in 1 of what fits: %.3f", one_in());
    GUARD_RUN("mixed", "HAKOZUNA_GUARD_SAMPLE=0", NULL);
    tap_ok(one_in() == (int)MALLOCS, "one in 0 is none: %.1f", one_in());
    GUARD_RUN("mixed", NULL);
    tap_ok(one_in() == (int)MALLOCS, "none without the option: %.1f", one_in());
    return tap_done();
}
