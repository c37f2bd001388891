/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * clauses.h -- the parts of the C program. */
#pragma once

void clauses_memory(void);
void clauses_aligned(void);
void clauses_account(void);
