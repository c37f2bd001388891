/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * stdatomic.h -- stands in for the system's in proofs: see model.h. Operations without a line here are not
 * used by what is proved; a use of one does not parse. */
#pragma once
#define atomic_load_explicit(word, order) (*(word))
#define atomic_store_explicit(word, value, order) ((void)(*(word) = (value)))
