/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_verdict.h -- what a pointer given to an allocation function turned out to be, when it is not the block
 * that it should be; and the report of it, with what is known of the place.
 * Does not: guess. A pointer that no verdict covers is left alone. */
#pragma once
#include "hz_route.h"

/* What follows a report, from the options. */
HZ_HIDDEN void hz_verdict_init(void);

/* The route of a pointer that should be a live block: HZ_ROUTE_BLOCK of one that is not live becomes HZ_ROUTE_FREED
 * or HZ_ROUTE_INVALID. */
HZ_HIDDEN struct hz_route hz_verdict_find(const void *block);

/* Reports a pointer whose route is neither a block, a large block nor a miss, or which is a block that was
 * not live. verb names the caller. No lock is held. */
HZ_HIDDEN HZ_COLD void hz_verdict_report(const struct hz_route *route, const char *verb, const void *pointer);

/* Whether block is aligned to alignment, a power of two; reports an alignment-mismatch when not. */
HZ_HIDDEN bool hz_verdict_is_aligned(const void *block, size_t alignment, const char *verb);

/* A block stays larger than realloc was asked to make it, since memory lacks for a smaller one: from here on a size
 * below what a block should have been asked for is no mismatch. */
HZ_HIDDEN HZ_COLD void hz_verdict_stays_large(void);

/* Whether usable bytes at block are what a request for size bytes, aligned to alignment, leads to, or what
 * realloc may have left after it; reports a size-mismatch when not. */
HZ_HIDDEN bool hz_verdict_is_sized(const void *block, size_t usable, size_t size, size_t alignment, const char *verb);
