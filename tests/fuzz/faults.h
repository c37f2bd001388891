/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * faults.h -- refusals of the kernel, and of the allocator's slow way, by plans that an input chooses. */
#pragma once
#include <stdbool.h>

/* A plan made of the three numbers begins; some numbers only end the present one. */
void faults_set(unsigned how, unsigned skip, unsigned count);
void faults_end(void);
bool faults_are_on(void);
