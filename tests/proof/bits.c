/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * bits.c -- the functions of lib/base/hz_bits.h keep the contracts of bits.h.
 * proves: hz_is_power_of_two hz_align_up hz_align_down hz_lowest_bit hz_count_bits hz_highest_bit hz_min
 * proves: hz_max hz_multiply */
#include "bits.h"
