/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * generate.c -- inputs for heap.c, mostly of what programs do, with a little of everything else: what costs a
 * system call is rare, so that the count of operations is high. Phases grow and shrink the heap. */
#include "stream.h"

/* Out of 4096. */
/* clang-format off */
static const unsigned chance[2][OP_COUNT] = {
    {[OP_MALLOC] = 1900, [OP_CALLOC] = 190, [OP_REALLOC] = 330, [OP_ALIGNED] = 150, [OP_FREE] = 900,
     [OP_SIZED] = 200, [OP_CHECK] = 140, [OP_EXPAND] = 100, [OP_BATCH] = 60, [OP_SWEEP] = 4,
     [OP_SWITCH] = 40, [OP_END] = 1, [OP_TRIM] = 1, [OP_FIGURES] = 4, [OP_MISUSE] = 75, [OP_FAULTS] = 1},
    {[OP_MALLOC] = 900, [OP_CALLOC] = 100, [OP_REALLOC] = 250, [OP_ALIGNED] = 80, [OP_FREE] = 1900,
     [OP_SIZED] = 500, [OP_CHECK] = 140, [OP_EXPAND] = 60, [OP_BATCH] = 20, [OP_SWEEP] = 24,
     [OP_SWITCH] = 40, [OP_END] = 1, [OP_TRIM] = 1, [OP_FIGURES] = 4, [OP_MISUSE] = 75, [OP_FAULTS] = 1},
};
/* clang-format on */

/* Bands of sizes, out of 256: see stream_size(). */
static const unsigned band_chance[8] = {60, 60, 60, 56, 12, 5, 2, 1};

static unsigned draw(struct rng *rng, const unsigned *weights, unsigned count, unsigned sum) {
    size_t at = rng_below(rng, sum);
    unsigned i = 0;
    while (i + 1 < count && at >= weights[i])
        at -= weights[i++];
    return i;
}

size_t fuzz_generate(struct rng *rng, uint8_t *data, size_t most_bytes) {
    size_t bytes = 0, phase = 0, phase_end = 0;
    for (; bytes + RECORD <= most_bytes; bytes += RECORD) {
        if (bytes >= phase_end) {
            phase = rng_below(rng, 2);
            phase_end = bytes + RECORD * rng_between(rng, 50, 3000);
        }
        unsigned op = draw(rng, chance[phase], OP_COUNT, 4096);
        unsigned how = draw(rng, band_chance, 8, 256) | (unsigned)rng_below(rng, 2) << 3;
        uint64_t random = rng_next(rng) >> 16;
        if (op == OP_MISUSE || op == OP_ALIGNED || op == OP_SWITCH)
            how = (unsigned)(random >> 24) & 15;
        data[bytes] = (uint8_t)(op | how << 4);
        data[bytes + 1] = (uint8_t)random;
        data[bytes + 2] = (uint8_t)(random >> 8);
        data[bytes + 3] = (uint8_t)(random >> 16);
    }
    return bytes;
}
