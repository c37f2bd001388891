/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_aside.h -- what a signal handler needs that interrupted the allocator: blocks that come from nowhere
 * near the structures which may be half changed, and a place where pointers given to free wait.
 *
 * Each block is a mapping of its own. Both lists are tables that grow by chunks and are never unmapped;
 * every step is one atomic operation on one entry, so that nobody waits: neither the interrupted thread, nor
 * other threads, nor a handler that interrupts a handler.
 * Does not: look at what a waiting pointer points to. */
#pragma once
#include "hz_base.h"

/* Zero bytes at a multiple of alignment (a power of two); NULL when the kernel refuses. */
HZ_HIDDEN void *hz_aside_take(size_t bytes, size_t alignment);

/* Unmaps the block at address. False if there is none. */
HZ_HIDDEN bool hz_aside_give(const void *address);

/* The bytes of the block at address; 0 if there is none. */
HZ_HIDDEN size_t hz_aside_bytes(const void *address);

/* Whether address lies in one of the blocks. */
HZ_HIDDEN bool hz_aside_contains(const void *address);

HZ_HIDDEN void hz_aside_count(size_t *ret_blocks, size_t *ret_bytes);

/* Lets a pointer wait. False when the kernel refuses memory for that. */
HZ_HIDDEN bool hz_aside_defer(void *block);

/* One of the waiting pointers, which waits no more; NULL if there is none. */
HZ_HIDDEN void *hz_aside_resume(void);

/* Bytes of the tables that were mapped. */
HZ_HIDDEN size_t hz_aside_metadata(void);
