/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * rounds.h -- threads that do a few operations each, all at once, many times over, and the record of every
 * round: a history that is short enough to be searched. */
#pragma once
#include "rng.h"
#include "search.h"
#include <pthread.h>

enum { ROUNDS_THREADS = 3, ROUNDS_SECONDS = 200 };

struct rounds_thread {
    unsigned number; /* 0: the owner's, in tests that have one */
    struct rng rng;
    unsigned count;
    struct linear_op ops[LINEAR_MOST_OPS]; /* of this round, in its order */
    pthread_t thread;
};

struct rounds {
    const char *name;
    const struct linear_spec *spec;
    const void *start; /* the state in which each round begins */
    unsigned count;    /* of rounds */
    uint64_t seed;
    void (*act)(struct rounds_thread *thread); /* one thread's part of a round */
    bool (*end)(void); /* after each round, alone: adds its own operations to thread 0; may be NULL */
};

/* Runs the rounds and reports in one line whether every history was explained. */
void rounds_run(const struct rounds *rounds);

/* What main returns. */
int rounds_done(void);

/* Nanoseconds of a clock that all processors share. */
uint64_t rounds_now(void);

/* A new operation of the thread, begun now. */
struct linear_op *rounds_begin(struct rounds_thread *thread, unsigned kind, unsigned arg);
static inline void rounds_finish(struct linear_op *op) { op->ret = rounds_now(); }

/* Waits a random, short time. */
void rounds_dally(struct rounds_thread *thread);

/* Adds a second part, which follows the first and has its times. */
void rounds_split(struct rounds_thread *thread, const struct linear_op *first, unsigned kind);
