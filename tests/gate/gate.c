/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * gate.c -- see gate.h. */
#include "gate.h"
#include <pthread.h>
#include <stdio.h>

__attribute__((noinline)) void gate_mark(void) { __asm__ volatile("" ::: "memory"); }

void gate_row(const char *name, uint64_t operations) { printf("%s %llu\n", name, (unsigned long long)operations); }

struct pair {
    void (*work)(void *arg, unsigned turn);
    void *arg;
    unsigned turns;
    sem_t may_go[2]; /* one for each thread */
};

static void take_part(struct pair *pair, unsigned which) {
    for (unsigned turn = which; turn < pair->turns; turn += 2) {
        while (sem_wait(&pair->may_go[which]) != 0)
            continue;
        pair->work(pair->arg, turn);
        sem_post(&pair->may_go[1 - which]);
    }
}

static void *second(void *arg) {
    take_part(arg, 1);
    return NULL;
}

void gate_take_turns(unsigned turns, void (*work)(void *arg, unsigned turn), void *arg) {
    struct pair pair = {.work = work, .arg = arg, .turns = turns};
    pthread_t thread;
    sem_init(&pair.may_go[0], 0, 0);
    sem_init(&pair.may_go[1], 0, 0);
    if (pthread_create(&thread, NULL, second, &pair) != 0)
        abort();
    sem_post(&pair.may_go[0]);
    take_part(&pair, 0);
    pthread_join(thread, NULL);
}
