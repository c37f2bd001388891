/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * search.h -- is a recorded history linearisable? The search of Wing and Gong (1993): an order of the operations
 * that keeps the order of those that did not overlap, and in which each did what a specification of one thread
 * says. Failed positions are remembered, as Lowe (2017) proposes.
 * Does not: know what the operations are. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINEAR_MOST_OPS = 48, LINEAR_MOST_ITEMS = 24, LINEAR_STATE_BYTES = 128 };

/* One operation as its thread saw it, or a part of one that is not atomic: parts have the times of the whole. */
struct linear_op {
    uint64_t invoke, ret; /* times; equal ones overlap */
    uint8_t kind;
    uint8_t arg;
    uint8_t after; /* 1 + the index of a part that comes first; 0: none */
    uint8_t count; /* of items */
    uint8_t items[LINEAR_MOST_ITEMS];
};

struct linear_spec {
    size_t state_bytes; /* at most LINEAR_STATE_BYTES */
    /* Changes the state, without padding, as the operation does; false if it could not have done so. */
    bool (*step)(void *state, const struct linear_op *op);
};

/* Whether some order, from the start state on, explains the history. */
bool linear_search(const struct linear_spec *spec, const void *start, const struct linear_op *ops, unsigned count);
