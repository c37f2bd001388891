/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * dl.c -- libraries come and go while threads run that used them: their thread-local memory, blocks of ended
 * and of running threads that their destructors free, and blocks that outlive them. usage: dl guest.so */
#include "process.h"

enum { LOADS = 60, THREADS = 4 };

static char *(*use)(size_t slot, size_t size);
static char *outliving[2 * THREADS];
static pthread_barrier_t unloaded;

static void *visit(void *arg) {
    size_t slot = (uintptr_t)arg;
    outliving[slot] = use(slot, slot % 2 == 0 ? 3000 : 200 * KIB);
    return NULL;
}

/* This one still runs when the library goes, and with it its thread-local memory. */
static void *visit_and_stay(void *arg) {
    visit(arg);
    pthread_barrier_wait(&unloaded);
    pthread_barrier_wait(&unloaded);
    free(launder(malloc(100)));
    return NULL;
}

static void load_once(const char *path) {
    pthread_t stay[THREADS], ended[THREADS];
    void *guest = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (guest == NULL)
        tap_bail("%s", dlerror());
    LATE_FIND(guest, use, "guest_use");
    for (uintptr_t i = 0; i < THREADS; i++) {
        stay[i] = life_thread(visit_and_stay, (void *)i);
        ended[i] = life_thread(visit, (void *)(THREADS + i));
    }
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(ended[i], NULL);
    pthread_barrier_wait(&unloaded);
    if (dlclose(guest) != 0)
        tap_bail("%s", dlerror());
    pthread_barrier_wait(&unloaded);
    for (size_t i = 0; i < 2 * THREADS; i++) {
        if (outliving[i] == NULL || outliving[i][0] != 5 || outliving[i][2999] != 5)
            tap_bail("a block of an unloaded library is broken");
        free(outliving[i]);
    }
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(stay[i], NULL);
}

static void load_many(const char *path, int loads) {
    atomic_store(&stop, false);
    pthread_t busy = life_thread(pass_until_stop, (void *)1);
    for (int i = 0; i < loads; i++)
        load_once(path);
    atomic_store(&stop, true);
    pthread_join(busy, NULL);
    exchange_empty();
}

int main(int argc, char **argv) {
    life_start();
    if (argc != 2)
        tap_bail("usage: dl guest.so");
    pthread_barrier_init(&unloaded, NULL, THREADS + 1);
    load_many(argv[1], 5);
    struct hkz_stats before = life_stats();
    load_many(argv[1], LOADS);
    struct hkz_stats after = life_stats();
    tap_ok(after.allocated <= before.allocated + 64 * KIB, "%d loads: allocated %llu, was %llu", LOADS,
           (unsigned long long)after.allocated, (unsigned long long)before.allocated);
    return tap_done();
}
