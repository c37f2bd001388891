/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * process.h -- what the programs of this folder share: threads that pass each other blocks, and counts
 * that come as arguments, short in continuous integration and long by hand. */
#pragma once
#include "life.h"
#include <sys/syscall.h>

enum { EXCHANGE_SLOTS = 256, PASS_BLOCKS = 64 };

/* Blocks on their way from one thread to another. */
static char *_Atomic exchange[EXCHANGE_SLOTS];
static atomic_bool stop;
static atomic_size_t progress; /* steps that all passing threads made */

/* The first argument as a number; present if there is none. */
static inline size_t process_count(int argc, char **argv, size_t present) {
    return argc > 1 ? strtoul(argv[1], NULL, 10) : present;
}

/* Each time gives a block to whoever comes next, and frees what the slot held. */
static inline void pass_blocks(struct rng *rng, size_t times) {
    for (size_t i = 0; i < times; i++) {
        size_t size = life_size(rng);
        char *block = launder(malloc(size));
        if (block == NULL)
            tap_bail("no memory for %zu bytes", size);
        block[0] = block[size - 1] = 3;
        free(atomic_exchange(&exchange[rng_below(rng, EXCHANGE_SLOTS)], block));
    }
}

/* Blocks of its own and passed ones, until stop. */
static inline void *pass_until_stop(void *seed) {
    char *blocks[PASS_BLOCKS] = {NULL};
    struct rng rng = rng_init((uintptr_t)seed);
    while (!atomic_load(&stop)) {
        life_churn(&rng, blocks, PASS_BLOCKS, 50);
        pass_blocks(&rng, 50);
        atomic_fetch_add(&progress, 1);
        usleep(50); /* else threads starve the children on a small machine */
    }
    life_free_all(blocks, PASS_BLOCKS);
    return NULL;
}

static inline void exchange_empty(void) {
    for (size_t i = 0; i < EXCHANGE_SLOTS; i++)
        free(atomic_exchange(&exchange[i], NULL));
}

static inline pthread_t process_thread(size_t stack_bytes, void *(*work)(void *), void *arg) {
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    int error = pthread_attr_setstacksize(&attributes, stack_bytes);
    if (error == 0)
        error = pthread_create(&thread, &attributes, work, arg);
    if (error != 0)
        tap_bail("no thread: %s", strerror(error));
    pthread_attr_destroy(&attributes);
    return thread;
}

/* Whether a child ended with code 0, and whether it hung (its watchdog barked). */
static inline bool process_await(pid_t pid, bool *ret_hung) {
    int status = -1;
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    *ret_hung = pid > 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
    return pid > 0 && status == 0;
}
