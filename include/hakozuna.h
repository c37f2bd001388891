/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hakozuna.h -- the direct interface of the Hakozuna allocators (C11 and C++11).
 *
 * Every profile library exports these functions under the version node HAKOZUNA_0, beside the standard
 * names (malloc, free, operator new, ...). Blocks from either set of names may be given to the other.
 *
 * Unless a comment says otherwise a function is thread-safe, may be called before main and after exit
 * handlers ran, follows the argument order of its libc namesake, and on failure returns NULL with errno
 * ENOMEM and changes nothing. All byte counts are in bytes; a "block" is what one allocation returned.
 * Blocks are aligned to at least 16 bytes; blocks whose size is a power of two, up to 64 KiB, are aligned
 * to their size. Since version 0.1.0 unless noted.
 */
#ifndef HAKOZUNA_H
#define HAKOZUNA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HKZ_VERSION_MAJOR 0
#define HKZ_VERSION_MINOR 1
#define HKZ_VERSION_PATCH 0
/* MAJOR * 10000 + MINOR * 100 + PATCH, of the header; hkz_version_number() tells the library's. */
#define HKZ_VERSION (HKZ_VERSION_MAJOR * 10000 + HKZ_VERSION_MINOR * 100 + HKZ_VERSION_PATCH)

#if defined(_WIN32) && defined(HKZ_BUILD)
#define HKZ_API __declspec(dllexport)
#elif defined(__GNUC__) && !defined(_WIN32)
#define HKZ_API __attribute__((visibility("default")))
#else
#define HKZ_API
#endif
#if defined(__GNUC__)
#define HKZ_ATTR(...) __attribute__((__VA_ARGS__))
#else
#define HKZ_ATTR(...)
#endif

#ifdef __cplusplus
#define HKZ_NOEXCEPT noexcept
extern "C" {
#else
#define HKZ_NOEXCEPT
#endif

/* --- Allocation ------------------------------------------------------------------------------- */

/* A block of at least size bytes, contents indeterminate. size 0 gives a unique block of the smallest
 * class. Sizes above PTRDIFF_MAX fail with ENOMEM. (C11 7.22.3.4) */
HKZ_API void *hkz_malloc(size_t size) HKZ_NOEXCEPT HKZ_ATTR(malloc, alloc_size(1), warn_unused_result);

/* A block of count * size zero bytes; an overflowing product fails with ENOMEM. (C11 7.22.3.2) */
HKZ_API void *hkz_calloc(size_t count, size_t size) HKZ_NOEXCEPT HKZ_ATTR(malloc, alloc_size(1, 2), warn_unused_result);

/* A block of size zero bytes. */
HKZ_API void *hkz_zalloc(size_t size) HKZ_NOEXCEPT HKZ_ATTR(malloc, alloc_size(1), warn_unused_result);

/* Resizes block to size bytes, moving it if it must; contents are kept up to the smaller size.
 * block NULL is hkz_malloc(size). size 0 frees block and returns NULL, as glibc does. On failure
 * block stays valid. (C11 7.22.3.5, realloc(3)) */
HKZ_API void *hkz_realloc(void *block, size_t size) HKZ_NOEXCEPT HKZ_ATTR(alloc_size(2), warn_unused_result);

/* hkz_realloc(block, count * size), with ENOMEM when the product overflows. (POSIX.1-2024 reallocarray) */
HKZ_API void *hkz_reallocarray(void *block, size_t count, size_t size) HKZ_NOEXCEPT
    HKZ_ATTR(alloc_size(2, 3), warn_unused_result);

/* A block aligned to alignment, any power of two; otherwise NULL with errno EINVAL. size need not be a
 * multiple of alignment. No header is hidden before the block. (C17 7.22.3.1, DR 460) */
HKZ_API void *hkz_aligned_alloc(size_t alignment, size_t size) HKZ_NOEXCEPT
    HKZ_ATTR(malloc, alloc_align(1), alloc_size(2), warn_unused_result);

/* Stores such a block in *ret_block. Returns 0, EINVAL (alignment is no power of two or smaller than
 * sizeof(void *)) or ENOMEM; errno and, on failure, *ret_block are left alone. (POSIX posix_memalign) */
HKZ_API int hkz_posix_memalign(void **ret_block, size_t alignment, size_t size) HKZ_NOEXCEPT
    HKZ_ATTR(warn_unused_result);

/* Frees block, which came from any allocation function of this library in any thread; NULL is ignored.
 * Keeps errno. A pointer that is not such a block is reported on stderr and, unless the option on_error
 * says otherwise, the process aborts. */
HKZ_API void hkz_free(void *block) HKZ_NOEXCEPT;

/* Frees a block whose requested size (and alignment) the caller knows, as C23 free_sized and
 * free_aligned_sized. */
HKZ_API void hkz_free_sized(void *block, size_t size) HKZ_NOEXCEPT;
HKZ_API void hkz_free_aligned_sized(void *block, size_t alignment, size_t size) HKZ_NOEXCEPT;

/* Fills blocks[0..count) with blocks of size bytes. Returns how many it could allocate: count, or fewer
 * with errno ENOMEM; the rest of the array is untouched. Each is freed like any other block. */
HKZ_API size_t hkz_batch_malloc(size_t size, void **blocks, size_t count) HKZ_NOEXCEPT HKZ_ATTR(warn_unused_result);

/* Frees blocks[0..count); NULL entries are ignored. */
HKZ_API void hkz_batch_free(void *const *blocks, size_t count) HKZ_NOEXCEPT;

/* --- Asking about blocks ---------------------------------------------------------------------- */

/* How many bytes the caller may use at block (at least what was asked for); 0 for NULL. */
HKZ_API size_t hkz_usable_size(const void *block) HKZ_NOEXCEPT;

/* What hkz_usable_size would say of a block of size bytes; 0 if no such block can exist. */
HKZ_API size_t hkz_good_size(size_t size) HKZ_NOEXCEPT HKZ_ATTR(const);

/* Makes at least size bytes usable at block without moving it. Returns block, or NULL (errno untouched)
 * when that cannot be done; block is then as it was. Never shrinks. */
HKZ_API void *hkz_expand(void *block, size_t size) HKZ_NOEXCEPT HKZ_ATTR(warn_unused_result);

/* Whether address lies in memory that this library manages. Reads nothing at address. */
HKZ_API bool hkz_owns(const void *address) HKZ_NOEXCEPT;

/* --- The heap as a whole ---------------------------------------------------------------------- */

/* Flushes the calling thread's cache, takes in the blocks that other threads freed, and returns every
 * free page to the kernel. Returns the bytes given back. */
HKZ_API size_t hkz_trim(void) HKZ_NOEXCEPT;

/* "0.1.0", and the same as a number formed like HKZ_VERSION, of the library. */
HKZ_API const char *hkz_version(void) HKZ_NOEXCEPT HKZ_ATTR(const);
HKZ_API unsigned hkz_version_number(void) HKZ_NOEXCEPT HKZ_ATTR(const);

/* The profile's name, such as "hz3-scale". */
HKZ_API const char *hkz_profile(void) HKZ_NOEXCEPT HKZ_ATTR(const);

/* A snapshot of the heap, in bytes and counts. Derived by walking the heap, so it costs microseconds to
 * milliseconds; while other threads run it is consistent but not an instant. The identities hold exactly:
 *   mapped = active + dirty + clean        active = allocated + cached + unused        */
struct hkz_stats {
    uint32_t size;    /* sizeof(struct hkz_stats); the caller sets it before the call */
    uint32_t version; /* 1; set by the library */

    uint64_t allocated; /* in blocks that the program holds, class rounding included */
    uint64_t cached;    /* in free blocks that wait in thread caches and hand-back queues */
    uint64_t unused;    /* in free blocks of runs, and run tails too short for a block */
    uint64_t active;    /* in runs and large blocks */
    uint64_t dirty;     /* free pages kept for reuse that may be resident */
    uint64_t clean;     /* free pages that were returned to the kernel or never touched */
    uint64_t mapped;    /* committed address space: active + dirty + clean */
    uint64_t reserved;  /* address space reserved, committed or not */
    uint64_t metadata;  /* descriptors, page map, thread caches: committed, an upper bound of resident */

    uint64_t threads;    /* thread caches alive */
    uint64_t runs;       /* runs of size classes */
    uint64_t large;      /* large blocks inside arenas */
    uint64_t huge;       /* blocks with a mapping of their own (their bytes count in active) */
    uint64_t huge_bytes; /* bytes in those */

    /* Since start, counted at slow points only; monotone. */
    uint64_t refills;        /* times a thread cache was filled */
    uint64_t flushes;        /* times a thread cache was partly emptied */
    uint64_t remote_batches; /* batches of blocks handed back to the thread that owns them */
    uint64_t remote_blocks;  /* blocks in those */
    uint64_t runs_created;   /* runs taken from the source */
    uint64_t runs_released;  /* runs given back to it */
    uint64_t purges;         /* page ranges returned to the kernel */
    uint64_t purged_bytes;   /* bytes in those */
    uint64_t foreign_frees;  /* pointers given to free that another allocator owns */
    uint64_t out_of_memory;  /* requests that failed */
};

/* Fills *stats as far as stats->size reaches. Returns 0, or EINVAL when stats->size is smaller than the
 * first two fields, or EBUSY in a signal handler that interrupted the allocator. */
HKZ_API int hkz_stats_get(struct hkz_stats *stats) HKZ_NOEXCEPT;

enum hkz_format { HKZ_FORMAT_TEXT = 0, HKZ_FORMAT_JSON = 1 };

/* Hands the same figures, rendered, to write(arg, text, bytes), piece by piece; write NULL means standard
 * error. Does not allocate. Returns 0, or EINVAL for an unknown format. */
HKZ_API int hkz_stats_print(enum hkz_format format, void (*write)(void *arg, const char *text, size_t bytes),
                            void *arg) HKZ_NOEXCEPT;

/* Hands every option to write as above: name, value, default, source, valid values, meaning. program NULL means
 * this process, as it read them at its start. Otherwise program is the base name of an executable, and the options
 * are those that it would find if it began now with this environment and the configuration file as it is; what is
 * wrong there comes first. Does not allocate; needs 16 KiB of stack. Returns 0, EINVAL for an unknown format, or
 * ENOMEM. */
HKZ_API int hkz_options_print(enum hkz_format format, const char *program,
                              void (*write)(void *arg, const char *text, size_t bytes), void *arg) HKZ_NOEXCEPT;

/* Reads text as if it were the configuration file, with the sections of all programs, and changes nothing. Hands
 * "LINE: what is wrong" and a newline to write for each fault, piece by piece; write NULL means standard error.
 * Returns how many faults there are. Does not allocate; needs 8 KiB of stack. */
HKZ_API unsigned hkz_options_check(const char *text, size_t bytes,
                                   void (*write)(void *arg, const char *text, size_t bytes), void *arg) HKZ_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif
