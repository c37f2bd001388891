/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * keys.c -- a thread's last steps: destructors of thread-specific data that allocate and free, of
 * keys made before and after the library made its own, up to the last round of destructors. */
#include "life.h"
#include <limits.h>

enum { EARLY_KEYS = 4, LATE_KEYS = 4, KEYS = EARLY_KEYS + LATE_KEYS, THREADS = 2000 };

static pthread_key_t keys[KEYS];
static atomic_size_t destroyed;

/* What a key holds: blocks to free, and how often the destructor still sets the key anew. */
struct value {
    size_t key;
    unsigned again;
    char *block;
    char *big;
};

static struct value *value_create(size_t key, unsigned again) {
    struct value *value = launder(malloc(sizeof *value));
    if (value == NULL)
        tap_bail("no memory in a destructor");
    value->key = key;
    value->again = again;
    value->block = launder(calloc(1, 100 + key * 700));
    value->big = launder(malloc(200 * KIB));
    if (value->block == NULL || value->big == NULL || !pattern_is_zero(value->block, 100 + key * 700))
        tap_bail("no memory in a destructor");
    memset(value->block, 0x33, 100 + key * 700);
    value->big[0] = 1;
    return value;
}

static void value_destroy(void *arg) {
    struct value *value = arg;
    size_t key = value->key;
    unsigned again = value->again;
    char *scratch = launder(malloc(5000));
    scratch[0] = 1;
    scratch = launder(realloc(scratch, 50));
    free(scratch);
    free(value->block);
    free(value->big);
    free(value);
    atomic_fetch_add(&destroyed, 1);
    if (again > 0)
        pthread_setspecific(keys[key], value_create(key, again - 1));
}

__attribute__((constructor(101))) static void make_early_keys(void) {
    for (size_t i = 0; i < EARLY_KEYS; i++)
        if (pthread_key_create(&keys[i], value_destroy) != 0)
            abort();
}

static void *life(void *arg) {
    for (size_t i = 0; i < KEYS; i++)
        pthread_setspecific(keys[i], value_create(i, PTHREAD_DESTRUCTOR_ITERATIONS - 1));
    return arg;
}

/* The thread allocates nothing itself: its first malloc happens inside a destructor. */
static void *silent_life(void *value) {
    pthread_setspecific(keys[0], value);
    return NULL;
}

static void test_silent_threads(void) {
    struct hkz_stats before = life_stats();
    size_t count = atomic_load(&destroyed);
    for (int i = 0; i < 200; i++)
        pthread_join(life_thread(silent_life, value_create(0, 2)), NULL);
    struct hkz_stats after = life_stats();
    tap_ok(atomic_load(&destroyed) - count == 600, "threads whose first malloc is in a destructor");
    tap_ok(after.allocated <= before.allocated + 64 * KIB, "allocated %llu, was %llu",
           (unsigned long long)after.allocated, (unsigned long long)before.allocated);
}

int main(void) {
    life_start();
    for (size_t i = EARLY_KEYS; i < KEYS; i++)
        if (pthread_key_create(&keys[i], value_destroy) != 0)
            tap_bail("no key");
    for (int i = 0; i < 20; i++)
        pthread_join(life_thread(life, NULL), NULL);
    size_t settled = rss_exact_bytes(), count = atomic_load(&destroyed);
    struct hkz_stats before = life_stats();
    for (int i = 0; i < THREADS; i++)
        pthread_join(life_thread(life, NULL), NULL);
    struct hkz_stats after = life_stats();
    size_t end = rss_exact_bytes();
    count = atomic_load(&destroyed) - count;
    tap_ok(count == (size_t)THREADS * KEYS * PTHREAD_DESTRUCTOR_ITERATIONS, "%zu destructors ran", count);
    tap_ok(after.allocated <= before.allocated + 64 * KIB, "allocated %llu, was %llu",
           (unsigned long long)after.allocated, (unsigned long long)before.allocated);
    tap_ok(end <= settled + 4 * MIB, "resident %zu KiB, was %zu", end >> 10, settled >> 10);
    test_silent_threads();
    return tap_done();
}
