/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * start.c [ROUNDS] -- several threads make the first call at once, each round in a process of its own. They meet at a
 * flag that orders nothing, so that what one of them prepares reaches the others only by the orders of the library:
 * ThreadSanitizer tells when it does not. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hakozuna.h"
#include "tap.h"
#include "watchdog.h"

enum { THREADS = 4 };

static _Atomic(int) waiting;

static void *first_calls(void *argument) {
    size_t size = 24 + 4096 * (size_t)(uintptr_t)argument;
    atomic_fetch_add_explicit(&waiting, 1, memory_order_relaxed);
    while (atomic_load_explicit(&waiting, memory_order_relaxed) < THREADS)
        ;
    for (int delay = (int)(uintptr_t)argument * 200; delay > 0; delay--)
        __asm__ volatile("");
    char *block = hkz_malloc(size);
    if (block == NULL || hkz_usable_size(block) < size)
        _exit(2);
    memset(block, 1, size);
    hkz_free(block);
    return NULL;
}

static void one_round(void) {
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, first_calls, (void *)i) != 0)
            _exit(3);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

int main(int argc, char **argv) {
    int rounds = argc > 1 ? atoi(argv[1]) : 50;
    int wrong = 0;
    watchdog_start(100);
    for (int i = 0; i < rounds; i++) {
        pid_t child = fork();
        if (child == 0) {
            one_round();
            exit(0); /* not _exit: ThreadSanitizer's verdict is its status */
        }
        int status = -1;
        waitpid(child, &status, 0);
        wrong += status != 0;
    }
    tap_ok(wrong == 0, "first calls of %d threads at once: %d of %d rounds went wrong", THREADS, wrong, rounds);
    return tap_done();
}
