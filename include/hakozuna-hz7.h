/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hakozuna-hz7.h -- the interface of hz7-tiny, the allocator for embedding (C11 and C++11).
 *
 * The library exports these names and no others: it replaces neither malloc nor operator new, and lives
 * beside whatever does. Blocks of hz7_malloc are freed by hz7_free only, never by free, nor the other way.
 *
 * Unless a comment says otherwise a function is thread-safe (one lock guards the heap), may be called before
 * main and after exit handlers ran, and on failure returns NULL with errno ENOMEM and changes nothing. No
 * function but a failing one changes errno. None may be called from a signal handler. The child of fork()
 * may call all of them at once, whatever the parent's other threads were doing; the child of _Fork(),
 * vfork() or clone(), which run no fork handlers, may not.
 *
 * All sizes are in bytes; a "block" is what one allocation returned. Blocks are aligned to at least 16 bytes;
 * blocks whose size is a power of two, up to 64 KiB, are aligned to their size. Since version 0.1.0 unless
 * noted.
 *
 * Wrong pointers. Whether a pointer is a block is decided from tables apart from the blocks; nothing at or
 * near the pointer is read. Given one that is not, hz7_free, hz7_realloc and hz7_usable_size write one line
 * to standard error, naming the mistake exactly (docs/errors.md), and abort, unless hz7_set_on_error chose
 * a softer action; then the pointer is left alone and nothing is damaged:
 *   HKZ-E001 double-free: a block that is free already, as long as its memory serves no new purpose
 *   HKZ-E002 interior-free: inside a block, not at its start
 *   HKZ-E003 invalid-free: in the heap, where no block was handed out
 *   HKZ-E004 foreign-free: not in the heap
 */
#ifndef HAKOZUNA_HZ7_H
#define HAKOZUNA_HZ7_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32) && defined(HKZ_BUILD)
#define HZ7_API __declspec(dllexport)
#elif defined(__GNUC__) && !defined(_WIN32)
#define HZ7_API __attribute__((visibility("default")))
#else
#define HZ7_API
#endif
#if defined(__GNUC__)
#define HZ7_ATTR(...) __attribute__((__VA_ARGS__))
#else
#define HZ7_ATTR(...)
#endif

#ifdef __cplusplus
#define HZ7_NOEXCEPT noexcept
extern "C" {
#else
#define HZ7_NOEXCEPT
#endif

/* --- Allocation ------------------------------------------------------------------------------- */

/* A block of at least size bytes, contents indeterminate. size 0 gives a unique block of the smallest
 * class. Sizes above PTRDIFF_MAX fail with ENOMEM. (C11 7.22.3.4) */
HZ7_API void *hz7_malloc(size_t size) HZ7_NOEXCEPT HZ7_ATTR(malloc, alloc_size(1), warn_unused_result);

/* A block of count * size zero bytes; an overflowing product fails with ENOMEM. (C11 7.22.3.2) */
HZ7_API void *hz7_calloc(size_t count, size_t size) HZ7_NOEXCEPT HZ7_ATTR(malloc, alloc_size(1, 2), warn_unused_result);

/* Resizes block to size bytes, moving it if it must; contents are kept up to the smaller size. block NULL is
 * hz7_malloc(size). size 0 frees block and returns NULL, errno unchanged, as glibc does. Making a block
 * smaller never fails. On failure block stays valid. A wrong pointer, once reported, gives NULL with errno
 * EINVAL. (C11 7.22.3.5, realloc(3)) */
HZ7_API void *hz7_realloc(void *block, size_t size) HZ7_NOEXCEPT HZ7_ATTR(alloc_size(2), warn_unused_result);

/* Frees block, which any thread may have allocated; NULL is ignored. Keeps errno. (C11 7.22.3.3, and
 * POSIX.1-2024 for errno) */
HZ7_API void hz7_free(void *block) HZ7_NOEXCEPT;

/* A block aligned to alignment, any power of two; otherwise NULL with errno EINVAL. size need not be a
 * multiple of alignment. No header is hidden before the block. (C17 7.22.3.1, DR 460) */
HZ7_API void *hz7_aligned_alloc(size_t alignment, size_t size) HZ7_NOEXCEPT
    HZ7_ATTR(malloc, alloc_align(1), alloc_size(2), warn_unused_result);

/* How many bytes the caller may use at block, at least what was asked for; 0 for NULL and for a wrong
 * pointer, once reported. (malloc_usable_size(3)) */
HZ7_API size_t hz7_usable_size(const void *block) HZ7_NOEXCEPT;

/* --- The heap as a whole ---------------------------------------------------------------------- */

/* Returns every free page to the kernel, also those inside spans that are partly in use. Returns how many
 * bytes were given back: address space that may have been resident. (after malloc_trim(3)) */
HZ7_API size_t hz7_trim(void) HZ7_NOEXCEPT;

enum hz7_on_error {
    HZ7_ON_ERROR_ABORT = 0,  /* report and abort: the default */
    HZ7_ON_ERROR_REPORT = 1, /* report, leave the pointer alone, return */
    HZ7_ON_ERROR_IGNORE = 2  /* the same without the report */
};

/* What follows a wrong pointer, for the whole process. Not thread-safe: call it before threads start.
 * Returns 0, or EINVAL, with nothing changed, for another value. */
HZ7_API int hz7_set_on_error(enum hz7_on_error action) HZ7_NOEXCEPT;

/* A snapshot of the heap at one instant, in bytes and counts. Derived by walking the spans, so it holds the
 * heap's lock for microseconds per 64 MiB. The identities hold exactly:
 *   mapped = allocated + unused + free        dirty <= free        mapped <= reserved             */
struct hz7_stats {
    uint32_t size;    /* sizeof(struct hz7_stats); the caller sets it before the call */
    uint32_t version; /* 1; set by the library */

    uint64_t allocated; /* in blocks that the program holds, rounding to classes and spans included */
    uint64_t unused;    /* in free blocks of spans that hold a class, and tails too short for a block */
    uint64_t free;      /* in spans that serve nothing now */
    uint64_t dirty;     /* of these, kept for reuse: may be resident */
    uint64_t mapped;    /* committed: may be written, resident once touched */
    uint64_t reserved;  /* address space taken for blocks, committed or not */
    uint64_t metadata;  /* committed for descriptors and bitmaps, an upper bound of resident */

    uint64_t blocks;       /* that the program holds */
    uint64_t large_blocks; /* of these, made of whole spans */
    uint64_t regions;      /* of address space */
};

/* Fills *stats as far as stats->size reaches. Returns 0, or EINVAL when stats->size is smaller than the
 * first two fields. */
HZ7_API int hz7_stats_get(struct hz7_stats *stats) HZ7_NOEXCEPT;

/* The library's version, "0.1.0". */
HZ7_API const char *hz7_version(void) HZ7_NOEXCEPT HZ7_ATTR(const);

#ifdef __cplusplus
}
#endif

#endif
