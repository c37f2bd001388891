/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * bench_ring.h -- a bounded queue of pointers from one thread to one other.
 * Does not: wait, or look at what the pointers point to.
 *
 * inv. 1: only the producer writes tail, only the consumer writes head; both are in 0..capacity.
 * inv. 2: one of the capacity + 1 places is always free, so head == tail means empty.
 * Each side keeps the other's position as it last saw it and looks again only when it must, so that
 * an empty or full ring is the only reason for a cache line to travel. */
#pragma once
#include "bench.h"

struct bench_ring {
    /* Producer's line. */
    alignas(2 * BENCH_LINE) _Atomic size_t tail;
    size_t head_seen;
    _Atomic bool closed; /* nothing will be put any more */
    /* Consumer's line. */
    alignas(2 * BENCH_LINE) _Atomic size_t head;
    size_t tail_seen;
    /* const after init */
    alignas(2 * BENCH_LINE) void **places;
    size_t capacity;
};

static inline void bench_ring_init(struct bench_ring *ring, size_t capacity) {
    ring->places = bench_map((capacity + 1) * sizeof *ring->places);
    ring->capacity = capacity;
}

static inline size_t bench_ring_after(const struct bench_ring *ring, size_t place) {
    return place == ring->capacity ? 0 : place + 1;
}

/* False if the ring is full. Producer only. */
static inline bool bench_ring_put(struct bench_ring *ring, void *pointer) {
    size_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed); /* own word */
    size_t next = bench_ring_after(ring, tail);
    if (next == ring->head_seen) {
        /* Pairs with the release in take: the place was read before it is written again. */
        ring->head_seen = atomic_load_explicit(&ring->head, memory_order_acquire);
        if (next == ring->head_seen)
            return false;
    }
    ring->places[tail] = pointer;
    /* Pairs with the acquire in take: the pointer and the contents of its block travel. */
    atomic_store_explicit(&ring->tail, next, memory_order_release);
    return true;
}

/* NULL if the ring is empty. Consumer only. */
static inline void *bench_ring_take(struct bench_ring *ring) {
    size_t head = atomic_load_explicit(&ring->head, memory_order_relaxed); /* own word */
    if (head == ring->tail_seen) {
        ring->tail_seen = atomic_load_explicit(&ring->tail, memory_order_acquire); /* see put */
        if (head == ring->tail_seen)
            return NULL;
    }
    void *pointer = ring->places[head];
    atomic_store_explicit(&ring->head, bench_ring_after(ring, head), memory_order_release); /* see put */
    return pointer;
}

/* Producer only; a consumer that sees it closed and then finds it empty is done. */
static inline void bench_ring_close(struct bench_ring *ring) {
    atomic_store_explicit(&ring->closed, true, memory_order_release); /* pairs with is_closed */
}

static inline bool bench_ring_is_closed(struct bench_ring *ring) {
    return atomic_load_explicit(&ring->closed, memory_order_acquire); /* every put came before */
}
