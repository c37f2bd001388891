/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * specs.c -- see specs.h. */
#include "specs.h"
#include <string.h>

_Static_assert(sizeof(struct inbox_state) <= LINEAR_STATE_BYTES &&
                   sizeof(struct transfer_state) <= LINEAR_STATE_BYTES &&
                   sizeof(struct run_state) <= LINEAR_STATE_BYTES,
               "states fit the search");

/* Whether the operation's items are those, from the last to the first. */
static bool are_reversed(const struct linear_op *op, const uint8_t *items, unsigned count) {
    if (op->count != count)
        return false;
    for (unsigned i = 0; i < count; i++)
        if (op->items[i] != items[count - 1 - i])
            return false;
    return true;
}

/* --- The inbox -------------------------------------------------------------------------------- */

static bool inbox_take(struct inbox_state *inbox, const struct linear_op *op) {
    if (inbox->waiting_count == 0) {
        bool is_all = are_reversed(op, inbox->chain, inbox->count);
        memset(inbox, 0, sizeof *inbox);
        inbox->waiting_count = 0;
        return is_all;
    }
    bool is_rest = op->count == inbox->waiting_count && memcmp(op->items, inbox->waiting, op->count) == 0;
    inbox->waiting_count = 0;
    memset(inbox->waiting, 0, sizeof inbox->waiting);
    return is_rest;
}

static bool inbox_step(void *state, const struct linear_op *op) {
    struct inbox_state *inbox = state;
    switch ((enum inbox_kind)op->kind) {
    case INBOX_PUSH: inbox->chain[inbox->count++] = op->arg; return true;
    case INBOX_TAKE: return inbox_take(inbox, op);
    case INBOX_PUT_BACK: break;
    }
    bool is_free = inbox->waiting_count == 0;
    inbox->waiting_count = op->count;
    memcpy(inbox->waiting, op->items, op->count);
    return is_free;
}

const struct linear_spec inbox_spec = {sizeof(struct inbox_state), inbox_step};

/* --- The transfer cache ----------------------------------------------------------------------- */

static unsigned waiting(const struct transfer_state *cache) {
    unsigned count = 0;
    for (unsigned i = 0; i < cache->batch_count; i++)
        count += cache->counts[i];
    return count;
}

static void transfer_send(struct transfer_state *cache, const struct linear_op *op) {
    if (waiting(cache) + op->count > cache->limit)
        return;
    memcpy(cache->blocks[cache->batch_count], op->items, op->count);
    cache->counts[cache->batch_count++] = op->count;
}

static bool transfer_take(struct transfer_state *cache, const struct linear_op *op) {
    if (cache->batch_count == 0)
        return op->count == 0;
    uint8_t *count = &cache->counts[cache->batch_count - 1];
    uint8_t *blocks = cache->blocks[cache->batch_count - 1];
    unsigned taken = op->arg < *count ? op->arg : *count;
    if (!are_reversed(op, blocks + *count - taken, taken))
        return false;
    memset(blocks + *count - taken, 0, taken);
    *count = (uint8_t)(*count - taken);
    if (*count == 0)
        cache->batch_count--;
    return true;
}

static bool transfer_step(void *state, const struct linear_op *op) {
    struct transfer_state *cache = state;
    uint8_t limit = cache->limit;
    switch ((enum transfer_kind)op->kind) {
    case TRANSFER_SEND: transfer_send(cache, op); return true;
    case TRANSFER_TAKE: return transfer_take(cache, op);
    case TRANSFER_SETTLE:
        memset(cache, 0, sizeof *cache);
        cache->limit = limit;
        return true;
    case TRANSFER_COUNT: break;
    }
    return waiting(cache) == op->arg;
}

const struct linear_spec transfer_spec = {sizeof(struct transfer_state), transfer_step};

/* --- Runs ------------------------------------------------------------------------------------- */

static bool are_pending(const struct linear_op *op, unsigned run, uint8_t bits) {
    unsigned seen = 0;
    for (unsigned i = 0; i < op->count; i++) {
        if (op->items[i] / RUN_BLOCKS != run)
            return false;
        seen |= 1u << op->items[i] % RUN_BLOCKS;
    }
    return seen == bits;
}

static bool run_mark(struct run_state *runs, unsigned block) {
    uint8_t *pending = &runs->pending[block / RUN_BLOCKS];
    unsigned bit = 1u << block % RUN_BLOCKS;
    bool is_new = (*pending & bit) == 0;
    runs->is_first[block] = *pending == 0;
    *pending = (uint8_t)(*pending | bit);
    return is_new;
}

/* A queued run is in the chain once, and pending. */
static bool run_queue(struct run_state *runs, unsigned block) {
    uint8_t run = (uint8_t)(block / RUN_BLOCKS);
    if (!runs->is_first[block])
        return true;
    runs->is_first[block] = 0;
    for (unsigned i = 0; i < runs->chain_count; i++)
        if (runs->chain[i] == run)
            return false;
    if (runs->pending[run] == 0)
        return false;
    runs->chain[runs->chain_count++] = run;
    return true;
}

static bool run_take(struct run_state *runs, const struct linear_op *op) {
    if (!are_reversed(op, runs->chain, runs->chain_count))
        return false;
    for (unsigned i = 0; i < op->count; i++) {
        if (runs->is_draining[op->items[i]])
            return false;
        runs->is_draining[op->items[i]] = 1;
    }
    runs->chain_count = 0;
    memset(runs->chain, 0, sizeof runs->chain);
    return true;
}

static bool run_collect(struct run_state *runs, const struct linear_op *op) {
    unsigned run = op->arg;
    bool is_all = runs->is_draining[run] && are_pending(op, run, runs->pending[run]);
    runs->is_draining[run] = 0;
    runs->pending[run] = 0;
    return is_all;
}

static bool run_step(void *state, const struct linear_op *op) {
    struct run_state *runs = state;
    switch ((enum run_kind)op->kind) {
    case RUN_MARK: return run_mark(runs, op->arg);
    case RUN_QUEUE: return run_queue(runs, op->arg);
    case RUN_TAKE: return run_take(runs, op);
    case RUN_COLLECT: return run_collect(runs, op);
    case RUN_LOOK: break;
    }
    return are_pending(op, op->arg, runs->pending[op->arg]);
}

const struct linear_spec run_spec = {sizeof(struct run_state), run_step};
