/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * turns.c -- see turns.h. */
#include "turns.h"
#include "stream.h"
#include <pthread.h>
#include <semaphore.h>

/* A thread other than the first. */
struct worker {
    pthread_t thread;
    sem_t go; /* it is the thread's turn, or the end */
    bool is_started;
};

/* Written by whoever has the turn; the semaphores hand it on. */
static struct {
    const uint8_t *at, *end;
    unsigned turn;
    bool is_ending; /* the present thread, or, when the input is over, all */
    struct worker workers[THREADS];
    sem_t back; /* the first thread is to go on */
} run;

static void wait_for(sem_t *semaphore) {
    while (sem_wait(semaphore) != 0)
        continue;
}

void turns_switch(unsigned thread) { run.turn = thread; }

void turns_end(void) {
    if (run.turn != 0)
        run.is_ending = true;
}

static void step_while(unsigned self) {
    while (run.turn == self && !run.is_ending && run.at < run.end) {
        const uint8_t *data = run.at;
        run.at += RECORD;
        turns_step(data);
    }
}

static void *work(void *arg) {
    struct worker *worker = arg;
    bool is_ending = false;
    while (!is_ending) {
        wait_for(&worker->go);
        step_while((unsigned)(worker - run.workers));
        is_ending = run.is_ending;
        sem_post(&run.back);
    }
    return NULL;
}

/* Lets another thread run until its turn ends. */
static void lend(struct worker *worker) {
    if (!worker->is_started) {
        sem_init(&worker->go, 0, 0);
        fuzz_require(pthread_create(&worker->thread, NULL, work, worker) == 0, "no thread");
        worker->is_started = true;
    }
    sem_post(&worker->go);
    wait_for(&run.back);
    if (!run.is_ending)
        return;
    pthread_join(worker->thread, NULL);
    sem_destroy(&worker->go);
    worker->is_started = false;
    run.is_ending = false;
    run.turn = 0;
}

void turns_run(const uint8_t *data, size_t bytes) {
    sem_init(&run.back, 0, 0);
    run.at = data;
    run.end = data + bytes;
    run.turn = 0;
    while (run.at < run.end) {
        if (run.turn == 0)
            step_while(0);
        else
            lend(&run.workers[run.turn]);
    }
    for (unsigned i = 1; i < THREADS; i++) {
        run.is_ending = true;
        if (run.workers[i].is_started)
            lend(&run.workers[i]);
    }
    run.is_ending = false;
    sem_destroy(&run.back);
}
