/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * rounds.c -- see rounds.h. */
#include "rounds.h"
#include "hz_base.h"
#include "tap.h"
#include <inttypes.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

enum { AWAKE = 3000 };

static struct rounds_thread threads[ROUNDS_THREADS];
static const struct rounds *plan;
static atomic_uint arrived[2]; /* at the two doors of a round: totals, rising */
static bool failed;
static unsigned overlapping; /* rounds in which operations of two threads did */

uint64_t rounds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

struct linear_op *rounds_begin(struct rounds_thread *thread, unsigned kind, unsigned arg) {
    struct linear_op *op = &thread->ops[thread->count++];
    memset(op, 0, sizeof *op);
    op->kind = (uint8_t)kind;
    op->arg = (uint8_t)arg;
    op->invoke = rounds_now();
    return op;
}

void rounds_split(struct rounds_thread *thread, const struct linear_op *first, unsigned kind) {
    struct linear_op *op = &thread->ops[thread->count++];
    *op = *first;
    op->kind = (uint8_t)kind;
    op->after = (uint8_t)(first - thread->ops + 1);
}

void rounds_dally(struct rounds_thread *thread) {
    size_t chance = rng_below(&thread->rng, 64);
    if (chance == 0)
        sched_yield();
    for (size_t spin = rng_below(&thread->rng, chance < 32 ? 8 : 200); spin > 0; spin--)
        __asm__ volatile("" ::: "memory");
}

/* Waits until as many have arrived; at first awake, so that threads that have a processor each go on at once. */
static void wait_for(unsigned door, unsigned count) {
    for (unsigned spin = 0; atomic_load(&arrived[door]) < count; spin++)
        if (spin > AWAKE)
            sched_yield();
}

static void pass(unsigned door, unsigned round) {
    atomic_fetch_add(&arrived[door], 1);
    wait_for(door, (round + 1) * ROUNDS_THREADS);
}

/* The threads' records become one; parts keep their firsts. */
static unsigned merge(struct linear_op *ops) {
    unsigned count = 0;
    for (unsigned t = 0; t < ROUNDS_THREADS; t++) {
        unsigned base = count;
        for (unsigned i = 0; i < threads[t].count; i++) {
            ops[count] = threads[t].ops[i];
            if (ops[count].after != 0)
                ops[count].after = (uint8_t)(ops[count].after + base);
            count++;
        }
    }
    return count;
}

static void show(const struct linear_op *ops, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        char text[128];
        int used = snprintf(text, sizeof text, "kind %u arg %u after %u:", ops[i].kind, ops[i].arg, ops[i].after);
        for (unsigned j = 0; j < ops[i].count; j++)
            used += snprintf(text + used, sizeof text - (size_t)used, " %u", ops[i].items[j]);
        tap_diag("  %8" PRIu64 " %8" PRIu64 "  %s", ops[i].invoke - ops[0].invoke, ops[i].ret - ops[0].invoke, text);
    }
}

static bool do_overlap(void) {
    const struct rounds_thread *a = &threads[0];
    for (unsigned t = 1; t < ROUNDS_THREADS && a->count > 0; t++)
        for (unsigned i = 0; i < threads[t].count; i++)
            for (unsigned j = 0; j < a->count; j++)
                if (threads[t].ops[i].invoke < a->ops[j].ret && a->ops[j].invoke < threads[t].ops[i].ret)
                    return true;
    return false;
}

/* After a round, by thread 0, while the others wait at its second door. */
static void judge(unsigned round) {
    static struct linear_op ops[LINEAR_MOST_OPS];
    overlapping += do_overlap();
    bool is_right = plan->end == NULL || plan->end();
    unsigned count = merge(ops);
    if (is_right && linear_search(plan->spec, plan->start, ops, count))
        return;
    tap_diag("%s: round %u of seed %" PRIu64 " is not explained", plan->name, round, plan->seed);
    show(ops, count);
    failed = true;
}

static void *work(void *arg) {
    struct rounds_thread *thread = arg;
    for (unsigned round = 0; round < plan->count && !failed; round++) {
        thread->count = 0;
        pass(0, round);
        plan->act(thread);
        if (thread->number == 0) {
            wait_for(1, (round + 1) * ROUNDS_THREADS - 1);
            judge(round);
        }
        pass(1, round);
    }
    return NULL;
}

void rounds_run(const struct rounds *rounds) {
    plan = rounds;
    failed = false;
    overlapping = 0;
    atomic_store(&arrived[0], 0);
    atomic_store(&arrived[1], 0);
    for (unsigned i = 0; i < ROUNDS_THREADS; i++) {
        threads[i] = (struct rounds_thread){.number = i, .rng = rng_init(rounds->seed * 31 + i)};
        if (pthread_create(&threads[i].thread, NULL, work, &threads[i]) != 0)
            tap_bail("no thread");
    }
    for (unsigned i = 0; i < ROUNDS_THREADS; i++)
        pthread_join(threads[i].thread, NULL);
    tap_ok(!failed, "%s: %u histories, %u with overlap, seed %" PRIu64, rounds->name, rounds->count, overlapping,
           rounds->seed);
    /* Without delays a busy machine may run one thread at a time. */
    tap_ok(!HZ_DELAYS || overlapping > rounds->count / 500, "%s: enough operations overlapped", rounds->name);
}

int rounds_done(void) { return tap_done(); }
