/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_foreign.h -- pointers that another allocator made: what to do with them is the user's choice, the
 * option foreign_free. The first is reported; all are counted. */
#pragma once
#include "hz_base.h"

HZ_HIDDEN HZ_COLD void hz_foreign_free(void *block);
HZ_HIDDEN HZ_COLD void *hz_foreign_realloc(void *block, size_t size);
HZ_HIDDEN HZ_COLD size_t hz_foreign_usable(const void *block, const char *verb);
HZ_HIDDEN uint64_t hz_foreign_count(void);
