/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_fail.h -- the option fail: a plan of refusals in words, such as "kinds=map+commit,nth=5".
 * docs/man/hakozuna.7 has the words. */
#pragma once
#include "hz_fault.h"

/* What a plan may say, for complaints. */
#define HZ_FAIL_USAGE "a list such as nth=5,every=100,from=1000,probability=0.01,seed=7,above=1M,kinds=map+commit"

/* Reads a plan of length characters. False, with *ret_plan as it was, if a word is wrong. */
HZ_HIDDEN bool hz_fail_read(const char *text, size_t length, struct hz_fault_plan *ret_plan);
