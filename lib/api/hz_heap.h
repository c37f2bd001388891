/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_heap.h -- every allocation function's common ground: what the hot paths leave over, and what has no
 * hot path. The C and C++ names are thin layers over these. */
#pragma once
#include "hz_base.h"

/* malloc when the hot path found no block; also for size 0 and for sizes above the classes. */
HZ_HIDDEN HZ_NOINLINE void *hz_heap_malloc(size_t size);

/* The same with contents zero. */
HZ_HIDDEN HZ_NOINLINE void *hz_heap_zalloc(size_t size);

/* NULL with errno EINVAL unless alignment is a power of two. */
HZ_HIDDEN void *hz_heap_aligned(size_t alignment, size_t size);

/* free of anything: also NULL and wrong pointers. Keeps errno. */
HZ_HIDDEN HZ_NOINLINE void hz_heap_free(void *block);

/* The same for the hot path, after HZ_FREE_NOT_YET. */
HZ_HIDDEN HZ_NOINLINE void hz_heap_free_own(void *block);

/* free of a block of which the caller knows the alignment, and the size as well: reported, and not freed,
 * when that cannot be. verb names the caller. */
HZ_HIDDEN HZ_NOINLINE void hz_heap_free_aligned(void *block, size_t alignment, const char *verb);
HZ_HIDDEN HZ_NOINLINE void hz_heap_free_sized(void *block, size_t size, size_t alignment, const char *verb);

/* realloc keeps a block of bytes that is at most twice as long as wanted. */
HZ_INLINE bool hz_heap_is_snug(size_t bytes, size_t size) { return size <= bytes && size >= bytes / 2; }

/* realloc of anything but NULL. */
HZ_HIDDEN HZ_NOINLINE void *hz_heap_realloc(void *block, size_t size);
HZ_HIDDEN void *hz_heap_expand(void *block, size_t size);

/* As much as can be to the kernel; returns its bytes. After hz_init(). */
HZ_HIDDEN size_t hz_heap_trim(void);

/* verb names the caller in a report about a wrong pointer. */
HZ_HIDDEN HZ_NOINLINE size_t hz_heap_usable(const void *block, const char *verb);

/* NULL, with errno ENOMEM, counted, and reported if the option on_error wants it. size: of the request. */
HZ_HIDDEN HZ_COLD void *hz_heap_out_of_memory(size_t size);

/* The same without a report. */
HZ_HIDDEN HZ_COLD void *hz_heap_refuse(void);
HZ_HIDDEN uint64_t hz_heap_out_of_memory_count(void);
