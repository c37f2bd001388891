/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * pipe -- producers allocate and write messages, consumers check and free them.
 *
 * Models: network or parser threads that feed worker threads through bounded queues.
 * Stresses: every block is freed by a thread that did not allocate it, and consumers never
 * allocate: blocks must find their way back, or memory piles up on the consumers' side. Of the
 * threads, `producers` produce (0: half, rounded up; at most all but one), the others consume:
 * 1 is a fan-out, a large number a fan-in. There is a ring from each producer to each consumer, so
 * the queues cost little. With one thread, it sends to itself.
 * Sizes: 85 % up to 256 bytes, 12 % up to 2 KiB, 3 % up to 32 KiB. Every byte is written and
 * checked. A good result: the speed of two threads is near twice that of one, and the peak is near
 * what the rings can hold. */
#include "bench.h"
#include "bench_ring.h"

#include <sched.h>
#include <stdlib.h>

enum { THREADS, ITERATIONS, RING, PRODUCERS, ARG_COUNT };

static struct bench_arg args[ARG_COUNT] = {
    [THREADS] = {"threads", 2, 1, 1024},
    [ITERATIONS] = {"iterations", 300000, 1, UINT64_MAX}, /* messages of each producer */
    [RING] = {"ring", 1024, 1, 1U << 24},
    [PRODUCERS] = {"producers", 0, 0, 1024},
};

/* The front of each block; the rest is filled with a byte made from tag. */
struct message {
    uint64_t tag;
    uint32_t size;
    uint32_t producer;
};

static unsigned producers;
static unsigned consumers;
static struct bench_ring *rings; /* [producer * consumers + consumer] */

static void receive(struct bench_worker *worker, struct message *message) {
    size_t rest = message->size - sizeof *message;
    worker->counts.errors += !bench_holds(message + 1, rest, message->tag + message->producer);
    worker->counts.frees++;
    free(message);
}

/* Takes from all rings; true if any had something. */
static bool drain(struct bench_worker *worker, unsigned consumer) {
    bool found = false;
    for (unsigned i = 0; i < producers; i++) {
        struct bench_ring *ring = &rings[i * consumers + consumer];
        for (struct message *message; (message = bench_ring_take(ring)) != NULL; found = true)
            receive(worker, message);
    }
    return found;
}

static void consume(struct bench_worker *worker, unsigned consumer) {
    bool open = true;
    while (open) {
        open = false;
        for (unsigned i = 0; i < producers; i++)
            open |= !bench_ring_is_closed(&rings[i * consumers + consumer]);
        if (!drain(worker, consumer) && open)
            sched_yield();
    }
}

static struct message *make_message(struct bench_worker *worker, uint64_t tag) {
    size_t size = bench_skewed_size(&worker->rng) + sizeof(struct message) - 16;
    struct message *message = malloc(size);
    if (message == NULL) {
        worker->counts.failures++;
        return NULL;
    }
    worker->counts.allocations++;
    *message = (struct message){.tag = tag, .size = (uint32_t)size, .producer = worker->index};
    bench_fill(message + 1, size - sizeof *message, tag + worker->index);
    return message;
}

static void send(struct bench_worker *worker, struct bench_ring *ring, struct message *message) {
    while (!bench_ring_put(ring, message)) {
        if (producers + consumers > worker->team->thread_count)
            drain(worker, 0); /* alone: nobody else would */
        else
            sched_yield();
    }
    worker->counts.remote_sends++;
}

static void produce(struct bench_worker *worker) {
    struct bench_ring *own = &rings[worker->index * consumers];
    for (uint64_t i = 0; i < args[ITERATIONS].value; i++) {
        struct message *message = make_message(worker, i);
        if (message != NULL)
            send(worker, &own[i % consumers], message);
    }
    for (unsigned i = 0; i < consumers; i++)
        bench_ring_close(&own[i]);
}

static void body(struct bench_worker *worker) {
    bool alone = worker->team->thread_count == 1;
    bench_start(worker);
    if (worker->index < producers)
        produce(worker);
    if (worker->index >= producers || alone)
        consume(worker, alone ? 0 : worker->index - producers);
    bench_stop(worker);
    bench_sample_fresh(worker, 16, 32768);
}

static void share_out(unsigned threads) {
    unsigned wanted = (unsigned)args[PRODUCERS].value;
    unsigned most = threads == 1 ? 1 : threads - 1;
    producers = wanted == 0 ? (threads + 1) / 2 : wanted;
    producers = producers < most ? producers : most;
    consumers = threads == 1 ? 1 : threads - producers;
    rings = bench_map(producers * consumers * sizeof *rings);
    for (unsigned i = 0; i < producers * consumers; i++)
        bench_ring_init(&rings[i], args[RING].value);
}

int main(int argc, char **argv) {
    bench_args_parse(argc, argv, args, ARG_COUNT);
    unsigned threads = (unsigned)args[THREADS].value;
    share_out(threads);
    struct bench_team team = {.name = "pipe", .body = body};
    bench_team_run(&team, threads);
    return bench_report(&team, args, ARG_COUNT, NULL, 0);
}
