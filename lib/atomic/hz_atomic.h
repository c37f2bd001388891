/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_atomic.h -- atomic operations whose names carry their memory order. Nothing else in the project
 * touches an _Atomic word. Each use of a word that threads share is argued in docs/memory-order.md. */
#pragma once
#include <stdatomic.h>

#include "hz_delay.h"

#define hz_load_relaxed(word) HZ_DELAYED(atomic_load_explicit((word), memory_order_relaxed))
#define hz_load_acquire(word) HZ_DELAYED(atomic_load_explicit((word), memory_order_acquire))
#define hz_load_seq_cst(word) HZ_DELAYED(atomic_load_explicit((word), memory_order_seq_cst))
#define hz_store_relaxed(word, value) HZ_DELAYED_STORE(atomic_store_explicit((word), (value), memory_order_relaxed))
#define hz_store_release(word, value) HZ_DELAYED_STORE(atomic_store_explicit((word), (value), memory_order_release))
#define hz_store_seq_cst(word, value) HZ_DELAYED_STORE(atomic_store_explicit((word), (value), memory_order_seq_cst))
#define hz_exchange_acquire(word, value) HZ_DELAYED(atomic_exchange_explicit((word), (value), memory_order_acquire))
#define hz_exchange_release(word, value) HZ_DELAYED(atomic_exchange_explicit((word), (value), memory_order_release))
#define hz_exchange_seq_cst(word, value) HZ_DELAYED(atomic_exchange_explicit((word), (value), memory_order_seq_cst))
#define hz_exchange_acq_rel(word, value) HZ_DELAYED(atomic_exchange_explicit((word), (value), memory_order_acq_rel))
#define hz_or_acq_rel(word, value) HZ_DELAYED(atomic_fetch_or_explicit((word), (value), memory_order_acq_rel))
#define hz_xor_relaxed(word, value) HZ_DELAYED(atomic_fetch_xor_explicit((word), (value), memory_order_relaxed))
#define hz_sub_relaxed(word, value) HZ_DELAYED(atomic_fetch_sub_explicit((word), (value), memory_order_relaxed))
#define hz_add_relaxed(word, value) HZ_DELAYED(atomic_fetch_add_explicit((word), (value), memory_order_relaxed))

/* On failure *expected receives the present value. */
#define hz_cas_acquire(word, expected, value)                                                             \
    HZ_DELAYED(atomic_compare_exchange_strong_explicit((word), (expected), (value), memory_order_acquire, \
                                                       memory_order_relaxed))
#define hz_cas_relaxed(word, expected, value)                                                             \
    HZ_DELAYED(atomic_compare_exchange_strong_explicit((word), (expected), (value), memory_order_relaxed, \
                                                       memory_order_relaxed))
#define hz_cas_acq_rel(word, expected, value)                                                             \
    HZ_DELAYED(atomic_compare_exchange_strong_explicit((word), (expected), (value), memory_order_acq_rel, \
                                                       memory_order_acquire))
#define hz_cas_weak_relaxed(word, expected, value)                                                      \
    HZ_DELAYED(atomic_compare_exchange_weak_explicit((word), (expected), (value), memory_order_relaxed, \
                                                     memory_order_relaxed))
#define hz_cas_weak_seq_cst(word, expected, value)                                                      \
    HZ_DELAYED(atomic_compare_exchange_weak_explicit((word), (expected), (value), memory_order_seq_cst, \
                                                     memory_order_relaxed))

/* Between what a thread writes before and after it, as its own signal handlers see it. No instruction. */
#define hz_signal_fence() atomic_signal_fence(memory_order_seq_cst)

/* Statistics that several threads count: monotone, ordered with nothing. */
typedef _Atomic(uint64_t) hz_counter;
#define hz_count(counter, amount) ((void)hz_add_relaxed((counter), (uint64_t)(amount)))
