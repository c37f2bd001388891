/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * search.c -- see search.h. */
#include "search.h"
#include <stdalign.h>
#include <string.h>

enum { FAILED = 1 << 14 };

struct search {
    const struct linear_spec *spec;
    const struct linear_op *ops;
    unsigned count;
};

static uint64_t failed[FAILED]; /* hashes of positions without a way on; newer ones overwrite older ones */
static uint64_t searches;       /* part of each hash, so that nothing need be cleared */

static uint64_t hash_of(const struct search *search, uint64_t done, const unsigned char *state) {
    uint64_t hash = (searches * 0x9e3779b97f4a7c15u) ^ done;
    for (size_t i = 0; i < search->spec->state_bytes; i++)
        hash = (hash ^ state[i]) * 0x100000001b3u;
    return hash ^ hash >> 29;
}

/* Nothing that is left returned before the operation began, and what must come first is done. */
static bool may_be_next(const struct search *search, uint64_t done, unsigned i) {
    const struct linear_op *op = &search->ops[i];
    if ((done >> i & 1) != 0 || (op->after != 0 && (done >> (op->after - 1) & 1) == 0))
        return false;
    for (unsigned j = 0; j < search->count; j++)
        if ((done >> j & 1) == 0 && search->ops[j].ret < op->invoke)
            return false;
    return true;
}

static bool explain(const struct search *search, uint64_t done, const unsigned char *state) {
    alignas(8) unsigned char next[LINEAR_STATE_BYTES];
    if (done == ((uint64_t)1 << search->count) - 1)
        return true;
    uint64_t hash = hash_of(search, done, state);
    if (failed[hash % FAILED] == hash)
        return false;
    for (unsigned i = 0; i < search->count; i++) {
        if (!may_be_next(search, done, i))
            continue;
        memcpy(next, state, search->spec->state_bytes);
        if (search->spec->step(next, &search->ops[i]) && explain(search, done | (uint64_t)1 << i, next))
            return true;
    }
    failed[hash % FAILED] = hash;
    return false;
}

bool linear_search(const struct linear_spec *spec, const void *start, const struct linear_op *ops, unsigned count) {
    struct search search = {spec, ops, count};
    alignas(8) unsigned char state[LINEAR_STATE_BYTES];
    memcpy(state, start, spec->state_bytes);
    searches++;
    return explain(&search, 0, state);
}
