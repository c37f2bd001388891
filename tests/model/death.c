/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * death.c -- owners that end or fall asleep while others free their blocks: nothing may be lost, and what
 * was freed must serve the next thread. usage: death [BLOCKS ROUNDS]
 *
 * A round: an owner allocates, two others free, another thread then allocates as much again. A loss of a
 * round's blocks shows after a few rounds, whatever caches and queues may hold back in one. Of a sleeper that is up to
 * 64 batches, 4,000 blocks, with twice as many in the same runs where one of the two was far ahead of the other. */
#include "hakozuna.h"
#include "rss.h"
#include "tap.h"
#include "watchdog.h"
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>

enum { MOST_BLOCKS = 20000, MOST_ROUNDS = 32, FREERS = 2, WATCHDOG_SECONDS = 110 };

/* What caches and the runs that wait for adoption may hold, beside a first refill of each class. */
#define SLACK_BYTES ((uint64_t)2 << 20)

static unsigned block_count = MOST_BLOCKS, round_count = 5;
static bool is_brief;
static char *_Atomic blocks[MOST_BLOCKS];
static _Atomic(unsigned) freed;
static sem_t allocated, frees_done, may_end;

static void fail_if(bool condition, const char *what) {
    if (condition)
        tap_bail("%s", what);
}

static void wait_for(sem_t *semaphore) {
    while (sem_wait(semaphore) != 0)
        continue;
}

static pthread_t start(void *(*work)(void *), void *arg) {
    pthread_t thread;
    fail_if(pthread_create(&thread, NULL, work, arg) != 0, "no thread");
    return thread;
}

static struct hkz_stats snapshot(void) {
    struct hkz_stats stats = {.size = sizeof stats};
    fail_if(hkz_stats_get(&stats) != 0, "no statistics");
    return stats;
}

/* --- Allocating and freeing ------------------------------------------------------------------- */

enum { CLASSES = 9 };         /* of the sizes below, about */
static uint64_t refill_bytes; /* what the first block of a thread makes active: as many runs as the policy says */

static size_t size_of(unsigned i) {
    static const size_t sizes[] = {16, 48, 100, 512, 1000, 100, 3000, 48, 5000, 20};
    return sizes[i % (sizeof sizes / sizeof *sizes)];
}

static void allocate_all(void) {
    for (unsigned i = 0; i < block_count; i++) {
        char *block = hkz_malloc(size_of(i));
        fail_if(block == NULL, "no memory");
        block[0] = (char)i;
        block[size_of(i) - 1] = (char)i;
        atomic_store(&blocks[i], block);
    }
}

/* Whoever exchanges the pointer frees the block. */
static void free_one(unsigned i) {
    char *block = atomic_exchange(&blocks[i], NULL);
    if (block == NULL)
        return;
    fail_if(block[0] != (char)i || block[size_of(i) - 1] != (char)i, "a block changed");
    hkz_free(block);
    atomic_fetch_add(&freed, 1);
}

static void *free_share(void *first) {
    for (unsigned i = (unsigned)(uintptr_t)first; i < block_count; i += FREERS)
        free_one(i);
    return NULL;
}

static void *allocate_again_and_free(void *ret_active) {
    allocate_all();
    *(uint64_t *)ret_active = snapshot().active;
    for (unsigned i = 0; i < block_count; i++)
        free_one(i);
    return NULL;
}

/* --- Owners ----------------------------------------------------------------------------------- */

static void *owner_ends_before(void *arg) {
    allocate_all();
    return arg;
}

static void *owner_ends_before_with_runs_in_part(void *arg) {
    allocate_all();
    for (unsigned i = 0; i < block_count; i += 3)
        free_one(i);
    return arg;
}

/* Goes on freeing and allocating a little while the others free, and ends in the middle of it. */
static void *owner_ends_while(void *arg) {
    allocate_all();
    sem_post(&allocated);
    while (atomic_load(&freed) < block_count / 3)
        hkz_free(hkz_malloc(100));
    for (unsigned i = 0; i < block_count / 10; i++)
        free_one(block_count - 1 - i);
    return arg;
}

static void *owner_ends_after(void *arg) {
    allocate_all();
    sem_post(&allocated);
    wait_for(&frees_done);
    return arg;
}

static void *owner_sleeps(void *arg) {
    allocate_all();
    sem_post(&allocated);
    wait_for(&may_end);
    return arg;
}

/* --- Rounds ----------------------------------------------------------------------------------- */

static const struct scenario {
    const char *name;
    void *(*owner)(void *);
    bool is_alive;   /* the owner lives when the frees begin, */
    bool sleeps_on;  /* until all was allocated again, */
    bool is_sleeper; /* until the last round is over; then what was freed is collected by a trim */
} scenarios[] = {
    {"the owner ended before", owner_ends_before, false, false, false},
    {"the owner ended before, runs partly used", owner_ends_before_with_runs_in_part, false, false, false},
    {"the owner ends meanwhile", owner_ends_while, true, false, false},
    {"the owner ends afterwards", owner_ends_after, true, false, false},
    {"the owner sleeps through the round", owner_sleeps, true, true, false},
    {"the owner sleeps for ever", owner_sleeps, true, true, true},
};

static void free_by_others(void) {
    pthread_t freers[FREERS];
    for (uintptr_t i = 0; i < FREERS; i++)
        freers[i] = start(free_share, (void *)i);
    for (unsigned i = 0; i < FREERS; i++)
        pthread_join(freers[i], NULL);
}

/* Returns the owner's thread, if it lives on. The bytes active when all was allocated, and when as much was
 * allocated again. */
static pthread_t run_round(const struct scenario *scenario, uint64_t *ret_first, uint64_t *ret_again) {
    atomic_store(&freed, 0);
    pthread_t owner = start(scenario->owner, NULL);
    if (scenario->is_alive)
        wait_for(&allocated);
    else
        pthread_join(owner, NULL);
    *ret_first = snapshot().active;
    free_by_others();
    if (scenario->is_alive && !scenario->sleeps_on) {
        sem_post(&frees_done);
        pthread_join(owner, NULL);
        while (sem_trywait(&frees_done) == 0)
            continue;
    }
    for (unsigned i = 0; i < block_count; i++)
        fail_if(atomic_load(&blocks[i]) != NULL, "a block was forgotten");
    if (scenario->is_sleeper)
        hkz_trim();
    pthread_join(start(allocate_again_and_free, ret_again), NULL);
    if (scenario->sleeps_on && !scenario->is_sleeper) {
        sem_post(&may_end);
        pthread_join(owner, NULL);
    }
    return owner;
}

static bool is_within(const char *what, unsigned round, uint64_t value, uint64_t limit) {
    if (value <= limit)
        return true;
    tap_diag("round %u: %s %llu KiB, more than %llu", round, what, (unsigned long long)value >> 10,
             (unsigned long long)limit >> 10);
    return false;
}

/* A thread that lives may keep what the refills of each class brought. */
static uint64_t kept_by(unsigned thread_count) { return (uint64_t)thread_count * CLASSES * refill_bytes; }

static void *measure_refill(void *arg) {
    uint64_t before = snapshot().active;
    void *block = hkz_malloc(16);
    refill_bytes = snapshot().active - before;
    hkz_free(block);
    return arg;
}

/* After a trim nothing else is held but what was there before. */
static bool is_trimmed(const struct hkz_stats *before, size_t resident_before, unsigned sleeper_count) {
    hkz_trim();
    struct hkz_stats after = snapshot();
    uint64_t limit = before->active + ((uint64_t)1 << 20) + kept_by(sleeper_count);
    bool holds = is_within("active after the trim", round_count, after.active, limit);
    if (!is_brief)
        holds &=
            is_within("resident after the trim", round_count, rss_exact_bytes(), resident_before + 2 * SLACK_BYTES);
    return holds;
}

static void run_scenario(const struct scenario *scenario) {
    pthread_t sleepers[MOST_ROUNDS];
    hkz_trim();
    struct hkz_stats before = snapshot();
    size_t resident_before = rss_exact_bytes();
    uint64_t first = 0, ignored, again;
    bool holds = true;
    for (unsigned round = 0; round < round_count; round++) {
        sleepers[round] = run_round(scenario, round == 0 ? &first : &ignored, &again);
        uint64_t amount = first - before.active;
        holds &= is_within("allocated", round, snapshot().allocated, before.allocated);
        holds &= is_within("active again", round, again,
                           first + amount / 2 + SLACK_BYTES + kept_by(1 + (scenario->is_sleeper ? round : 0)));
    }
    unsigned sleeper_count = scenario->is_sleeper ? round_count : 0;
    holds &= is_trimmed(&before, resident_before, sleeper_count);
    for (unsigned i = 0; i < sleeper_count; i++)
        sem_post(&may_end);
    for (unsigned i = 0; i < sleeper_count; i++)
        pthread_join(sleepers[i], NULL);
    holds &= is_trimmed(&before, resident_before, 0);
    tap_ok(holds, "%s: %u rounds of %u blocks, %llu KiB", scenario->name, round_count, block_count,
           (unsigned long long)(first - before.active) >> 10);
}

int main(int argc, char **argv) {
    watchdog_start(WATCHDOG_SECONDS);
    is_brief = argc == 3;
    if (is_brief) {
        block_count = (unsigned)strtoul(argv[1], NULL, 10);
        round_count = (unsigned)strtoul(argv[2], NULL, 10);
    }
    if ((argc != 1 && argc != 3) || block_count > MOST_BLOCKS || round_count > MOST_ROUNDS)
        tap_bail("usage: death [BLOCKS ROUNDS]");
    pthread_join(start(measure_refill, NULL), NULL);
    sem_init(&allocated, 0, 0);
    sem_init(&frees_done, 0, 0);
    sem_init(&may_end, 0, 0);
    tap_plan(sizeof scenarios / sizeof *scenarios);
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
        run_scenario(&scenarios[i]);
    return tap_done();
}
