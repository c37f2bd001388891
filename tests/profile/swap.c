/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * swap.c -- does the same things under every profile and prints what came of them, all that a program may
 * rely on: contents, alignment, errno, which results are NULL, that blocks do not overlap. The output must
 * not depend on the profile. usage: swap [SEED] */
#include "pattern.h"
#include "rng.h"
#include "watchdog.h"
#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { SLOTS = 400, STEPS = 60000, THREADS = 3, ROUNDS = 6, SWAP_SECONDS = 100 };

/* Everything observed goes in here, one word after another. */
struct sum {
    uint64_t value;
};

static void observe(struct sum *sum, uint64_t word) {
    sum->value = (sum->value ^ word) * 0x100000001b3u;
    sum->value ^= sum->value >> 29;
}

static void *launder(void *block) {
    __asm__ volatile("" : "+r"(block) : : "memory");
    return block;
}

struct slot {
    unsigned char *block;
    size_t size;
    uint64_t id;
};

static void observe_block(struct sum *sum, const struct slot *slot, size_t alignment) {
    observe(sum, slot->block != NULL);
    observe(sum, (uintptr_t)slot->block % alignment == 0);
    observe(sum, malloc_usable_size(slot->block) >= slot->size);
}

/* The words that the pattern writes, as read back. */
static void observe_contents(struct sum *sum, const struct slot *slot, size_t bytes) {
    observe(sum, pattern_check(slot->block, slot->size, bytes, slot->id) == PATTERN_INTACT);
    for (size_t offset = 0; offset + 8 <= bytes; offset = pattern_step(offset, slot->size)) {
        uint64_t word;
        memcpy(&word, slot->block + offset, sizeof word);
        observe(sum, word);
        if (offset > 256)
            break;
    }
}

static size_t any_size(struct rng *rng) {
    size_t chance = rng_below(rng, 1000);
    return rng_between(rng, 0, chance < 800 ? 1000 : chance < 985 ? 40000 : chance < 999 ? 500000 : 3000000);
}

static void fill(struct slot *slot, struct rng *rng) {
    slot->id = rng_next(rng);
    pattern_fill(slot->block, slot->size, slot->id);
}

static void allocate(struct sum *sum, struct slot *slot, struct rng *rng) {
    size_t alignment = 16;
    slot->size = any_size(rng);
    switch (rng_below(rng, 5)) {
    case 0:
        slot->block = launder(calloc(slot->size / 8 + 1, 8));
        observe(sum, pattern_is_zero(slot->block, slot->size) != 0);
        break;
    case 1:
        alignment = (size_t)16 << rng_below(rng, 13);
        slot->block = launder(aligned_alloc(alignment, slot->size));
        break;
    case 2: {
        void *block = NULL;
        alignment = sizeof(void *) << rng_below(rng, 8);
        observe(sum, (uint64_t)posix_memalign(&block, alignment, slot->size));
        slot->block = launder(block);
        break;
    }
    case 3: slot->block = launder(realloc(NULL, slot->size)); break;
    default: slot->block = launder(malloc(slot->size)); break;
    }
    observe_block(sum, slot, alignment);
    fill(slot, rng);
}

static void resize(struct sum *sum, struct slot *slot, struct rng *rng) {
    size_t size = any_size(rng) + 1;
    size_t kept = size < slot->size ? size : slot->size;
    unsigned char *block = launder(rng_below(rng, 2) ? realloc(slot->block, size) : reallocarray(slot->block, 1, size));
    observe(sum, block != NULL);
    slot->block = block;
    observe_contents(sum, slot, kept);
    slot->size = size;
    observe_block(sum, slot, 16);
    fill(slot, rng);
}

static void release(struct sum *sum, struct slot *slot) {
    observe_contents(sum, slot, slot->size);
    errno = 77;
    free(slot->block);
    observe(sum, (uint64_t)errno);
    *slot = (struct slot){NULL, 0, 0};
}

static void step(struct sum *sum, struct slot *slot, struct rng *rng) {
    if (slot->block == NULL)
        allocate(sum, slot, rng);
    else if (rng_below(rng, 3) == 0)
        resize(sum, slot, rng);
    else
        release(sum, slot);
}

static void release_all(struct sum *sum, struct slot *slots) {
    for (size_t i = 0; i < SLOTS; i++)
        if (slots[i].block != NULL)
            release(sum, &slots[i]);
}

/* --- One thread ------------------------------------------------------------------------------- */

static void observe_refusals(struct sum *sum) {
    const size_t impossible[] = {SIZE_MAX, (size_t)PTRDIFF_MAX + 1, SIZE_MAX - 4096};
    for (size_t i = 0; i < sizeof impossible / sizeof *impossible; i++) {
        errno = 0;
        observe(sum, launder(malloc(impossible[i])) == NULL);
        observe(sum, (uint64_t)errno);
        void *block = launder(malloc(100));
        errno = 0;
        observe(sum, launder(realloc(block, impossible[i])) == NULL);
        observe(sum, (uint64_t)errno);
        free(block);
        errno = 0;
        observe(sum, launder(calloc(impossible[i], 3)) == NULL);
        observe(sum, (uint64_t)errno);
    }
    void *untouched = sum;
    observe(sum, (uint64_t)posix_memalign(&untouched, 24, 8));
    observe(sum, (uint64_t)posix_memalign(&untouched, 4, 8));
    observe(sum, untouched == sum);
    errno = 0;
    observe(sum, launder(realloc(launder(malloc(10)), 0)) == NULL);
    free(NULL);
    observe(sum, malloc_usable_size(NULL));
    void *first = launder(malloc(0)), *second = launder(malloc(0));
    observe(sum, first != NULL && second != NULL && first != second);
    free(first);
    free(second);
}

static void observe_one_thread(struct sum *sum, uint64_t seed) {
    static struct slot slots[SLOTS];
    struct rng rng = rng_init(seed);
    for (size_t i = 0; i < STEPS; i++)
        step(sum, &slots[rng_below(&rng, SLOTS)], &rng);
    release_all(sum, slots);
}

/* --- Threads: each has its own table, which the next one goes on with in the next round --------- */

static struct {
    struct slot slots[SLOTS];
    struct rng rng;
    struct sum sum;
} tables[THREADS];

static void *work(void *table) {
    size_t at = (size_t)(uintptr_t)table;
    for (size_t i = 0; i < STEPS / ROUNDS / 2; i++)
        step(&tables[at].sum, &tables[at].slots[rng_below(&tables[at].rng, SLOTS)], &tables[at].rng);
    return NULL;
}

static void *work_and_release(void *table) {
    size_t at = (size_t)(uintptr_t)table;
    work(table);
    release_all(&tables[at].sum, tables[at].slots);
    return NULL;
}

static void observe_threads(struct sum *sum, uint64_t seed) {
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        tables[i].rng = rng_init(seed + i + 1);
    for (size_t round = 0; round < ROUNDS; round++) {
        void *(*life)(void *) = round == ROUNDS - 1 ? work_and_release : work;
        for (size_t i = 0; i < THREADS; i++)
            if (pthread_create(&threads[i], NULL, life, (void *)((i + round) % THREADS)) != 0)
                abort();
        for (size_t i = 0; i < THREADS; i++)
            pthread_join(threads[i], NULL);
    }
    for (size_t i = 0; i < THREADS; i++)
        observe(sum, tables[i].sum.value);
}

int main(int argc, char **argv) {
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    struct sum refusals = {0}, one = {0}, many = {0};
    watchdog_start(SWAP_SECONDS);
    observe_refusals(&refusals);
    observe_one_thread(&one, seed);
    observe_threads(&many, seed);
    printf("seed %" PRIu64 "\nrefusals %016" PRIx64 "\none thread %016" PRIx64 "\nthreads %016" PRIx64 "\n", seed,
           refusals.value, one.value, many.value);
    return 0;
}
