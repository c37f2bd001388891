/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * unit.h -- what the tests of single floors share. Criterion gives each test a process of its own, so
 * every test starts with a core that nobody has initialised. */
#pragma once
#include "hz_base.h"
#include "rng.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* For loops: cr_assert() reports every success to the runner, which costs microseconds each time. */
#define need(condition, ...)             \
    do {                                 \
        if (!(condition))                \
            cr_assert_fail(__VA_ARGS__); \
    } while (0)

static inline bool unit_is_zero(const void *start, size_t bytes) {
    const uint64_t *words = start;
    for (size_t i = 0; i < bytes / sizeof *words; i++)
        if (words[i] != 0)
            return false;
    return true;
}
