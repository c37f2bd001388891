/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * stdatomic.h -- stands in for the system's in proofs: see model.h. Operations without a line here are not
 * used by what is proved; a use of one does not parse. */
#pragma once
#define atomic_load_explicit(word, order) (*(word))
#define atomic_store_explicit(word, value, order) ((void)(*(word) = (value)))
#define atomic_fetch_xor_explicit(word, value, order) (*(word) ^= (value))
#define atomic_compare_exchange_weak_explicit(word, expected, value, success, failure) \
    (*(word) == *(expected) ? (*(word) = (value), 1) : (*(expected) = *(word), 0))
#define atomic_compare_exchange_strong_explicit(word, expected, value, success, failure) \
    atomic_compare_exchange_weak_explicit(word, expected, value, success, failure)
