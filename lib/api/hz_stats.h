/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_stats.h -- the figures behind hkz_stats_get, malloc_stats and their relatives. Derived by walking the
 * heap; nothing on a hot path counts. */
#pragma once
#include "hakozuna.h"
#include "hz_base.h"

/* A full snapshot. */
HZ_HIDDEN void hz_stats_collect(struct hkz_stats *stats);
