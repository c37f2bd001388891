/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * mismatch.c -- blocks that are freed with a size or an alignment that they do not have. */
#include "misuse.h"

const struct programs mismatch_programs = {NULL, 0};
