/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * builtins.c -- the compiler's builtins keep the contracts that the proofs give them (model.h), on every word of one or
 * two bits or of one span of bits, and on random ones. */
#include <stdbool.h>
#include <stdint.h>

#include "rng.h"
#include "tap.h"

/* The contracts' words, bit by bit. */
static int lowest(uint64_t word) {
    int at = 0;
    while ((word >> at & 1) == 0)
        at++;
    return at;
}

static int highest(uint64_t word) {
    int at = 63;
    while ((word >> at & 1) == 0)
        at--;
    return at;
}

static int count(uint64_t word) {
    int sum = 0;
    for (int at = 0; at < 64; at++)
        sum += (int)(word >> at & 1);
    return sum;
}

static bool are_right(uint64_t word) {
    if (__builtin_popcountll(word) != count(word))
        return false;
    return word == 0 || (__builtin_ctzll(word) == lowest(word) && __builtin_ctzl(word) == lowest(word) &&
                         __builtin_clzll(word) == 63 - highest(word));
}

static bool is_product_right(uint64_t a, uint64_t b) {
    size_t product;
    bool overflows = __builtin_mul_overflow((size_t)a, (size_t)b, &product);
    unsigned __int128 exact = (unsigned __int128)a * b;
    return product == (size_t)exact && overflows == (exact > SIZE_MAX);
}

int main(void) {
    struct rng rng = rng_init(1);
    unsigned wrong = 0;
    for (int low = 0; low < 64; low++)
        for (int high = low; high < 64; high++) {
            uint64_t two = (uint64_t)1 << low | (uint64_t)1 << high;
            uint64_t span = UINT64_MAX >> (63 - high) & UINT64_MAX << low;
            wrong += (unsigned)!are_right(two) + (unsigned)!are_right(span) + (unsigned)!are_right(~two) +
                     (unsigned)!are_right(~span);
        }
    tap_ok(wrong == 0, "words of two bits and of one span: %u wrong", wrong);
    wrong = 0;
    for (int i = 0; i < 200000; i++) {
        uint64_t word = rng_next(&rng) >> (rng_next(&rng) & 63);
        wrong += (unsigned)!are_right(word);
    }
    tap_ok(wrong == 0, "random words: %u wrong", wrong);
    wrong = 0;
    for (int i = 0; i < 200000; i++) {
        uint64_t a = rng_next(&rng) >> (rng_next(&rng) & 63), b = rng_next(&rng) >> (rng_next(&rng) & 63);
        wrong += (unsigned)!is_product_right(a, b) + (unsigned)(a > 1 && !is_product_right(a, UINT64_MAX / a)) +
                 (unsigned)(a > 1 && !is_product_right(a, UINT64_MAX / a + 1));
    }
    tap_ok(wrong == 0, "products, also next to the border: %u wrong", wrong);
    return tap_done();
}
