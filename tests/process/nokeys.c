/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * nokeys.c -- the library loaded when every key of thread-specific data is taken: no thread can have a cache,
 * and what threads use goes back all the same. usage: nokeys libhakozuna-PROFILE.so */
#include "process.h"
#include <limits.h>

enum { THREADS = 300, AT_ONCE = 4, BLOCKS = 40 };

static void *live(void *seed) {
    char *blocks[BLOCKS];
    struct rng rng = rng_init((uintptr_t)seed);
    for (size_t i = 0; i < BLOCKS; i++) {
        size_t size = life_size(&rng);
        blocks[i] = hkz.malloc(size);
        if (blocks[i] == NULL)
            tap_bail("no memory");
        blocks[i][0] = blocks[i][size - 1] = 1;
    }
    for (size_t i = 0; i < BLOCKS; i++)
        hkz.free(blocks[i]);
    return NULL;
}

int main(int argc, char **argv) {
    pthread_key_t key;
    size_t taken = 0;
    watchdog_start(LIFE_SECONDS);
    if (argc != 2)
        tap_bail("usage: nokeys library");
    while (pthread_key_create(&key, NULL) == 0)
        taken++;
    tap_ok(taken > PTHREAD_KEYS_MAX / 2, "%zu keys taken", taken);
    void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (library == NULL || !late_find(&hkz, library))
        tap_bail("%s", dlerror());
    for (uintptr_t i = 0; i < THREADS; i += AT_ONCE) {
        pthread_t threads[AT_ONCE];
        for (uintptr_t j = 0; j < AT_ONCE; j++)
            threads[j] = life_thread(live, (void *)(i + j));
        for (size_t j = 0; j < AT_ONCE; j++)
            pthread_join(threads[j], NULL);
    }
    struct hkz_stats stats = life_stats();
    tap_ok(stats.threads == 0, "%llu thread caches", (unsigned long long)stats.threads);
    tap_ok(stats.allocated == 0, "%llu bytes allocated at the end", (unsigned long long)stats.allocated);
    return tap_done();
}
