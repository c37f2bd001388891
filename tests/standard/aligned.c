/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * aligned.c -- aligned_alloc, posix_memalign, memalign, valloc and pvalloc. */
#include "clauses.h"
#include "libc.h"
#include "standard.h"

#define a_aligned_alloc(alignment, size) launder(aligned_alloc(opaque(alignment), opaque(size)))
#define a_memalign(alignment, size) launder(memalign(opaque(alignment), opaque(size)))

static const size_t no_powers[] = {0, 3, 24, 48, 100, 4095, 4097, 65537, SIZE_MAX, SIZE_MAX - 1};

static size_t page_bytes(void) { return (size_t)sysconf(_SC_PAGESIZE); }

/* --- aligned_alloc ----------------------------------------------------------------------------- */

static void aligned_alloc_aligns(void) {
    bool is_right = true, is_disjoint = true;
    char *before = a_aligned_alloc(16, 100);
    fill(before, 100);
    for (size_t alignment = 1; alignment <= 16 * MIB; alignment *= 2)
        for (size_t i = 0; i < FEW_SIZES; i += 2) {
            char *block = a_aligned_alloc(alignment, some_sizes[i]);
            is_right =
                is_right && block != NULL && is_aligned(block, alignment) && malloc_usable_size(block) >= some_sizes[i];
            fill(block, some_sizes[i]);
            is_disjoint = is_disjoint && has_contents(before, 100, 100);
            free(block);
        }
    free(before);
    clause(is_right, "aligned_alloc: every power of two is an alignment", "C23 7.24.3.1p2");
    clause(is_disjoint, "aligned_alloc: blocks that live at once do not overlap", "C23 7.24.3p1");
    char *odd = a_aligned_alloc(64, 100);
    clause(odd != NULL && is_aligned(odd, 64), "aligned_alloc: the size need be no multiple of the alignment",
           "C23 7.24.3.1p2, without the constraint of C11");
    free(odd);
    void *first = a_aligned_alloc(256, 0), *second = a_aligned_alloc(256, 0);
    clause(first != NULL && second != NULL && first != second && is_aligned(first, 256),
           "aligned_alloc: no bytes give a pointer of their own, aligned", "C23 7.24.3p1, malloc(3)");
    free(first);
    free(second);
}

static void aligned_alloc_fails(void) {
    bool is_einval = true, is_enomem = true;
    for (size_t i = 0; i < COUNT_OF(no_powers); i++) {
        errno = 0;
        void *block = a_aligned_alloc(no_powers[i], 64);
        is_einval = is_einval && is_refused(block, EINVAL);
    }
    clause(is_einval, "aligned_alloc: what is no power of two is NULL and EINVAL",
           "C23 7.24.3.1p2, POSIX aligned_alloc ERRORS");
    for (size_t alignment = 1; alignment != 0; alignment *= 4)
        for (size_t i = 0; i < COUNT_OF(impossible_sizes); i++) {
            errno = 0;
            void *block = a_aligned_alloc(alignment, impossible_sizes[i]);
            is_enomem = is_enomem && is_refused(block, ENOMEM);
        }
    clause(is_enomem, "aligned_alloc: sizes that cannot be are NULL and ENOMEM at each alignment",
           "POSIX aligned_alloc ERRORS");
    errno = 0;
    void *block = a_aligned_alloc(SIZE_MAX / 2 + 1, 1);
    clause(is_refused(block, ENOMEM), "aligned_alloc: the largest power of two is ENOMEM",
           "POSIX aligned_alloc ERRORS");
    errno = SENTINEL;
    block = a_aligned_alloc(MIB, 100);
    free(block);
    clause(block != NULL && errno == SENTINEL, "aligned_alloc: success leaves errno alone",
           "our own: errno(3) would allow a change");
}

/* --- posix_memalign ---------------------------------------------------------------------------- */

static void posix_memalign_aligns(void) {
    bool is_right = true, keeps_errno = true;
    for (size_t alignment = sizeof(void *); alignment <= 4 * MIB; alignment *= 2)
        for (size_t i = 0; i < FEW_SIZES; i += 3) {
            void *block = NULL;
            errno = SENTINEL;
            is_right = is_right && posix_memalign(&block, opaque(alignment), opaque(some_sizes[i])) == 0;
            keeps_errno = keeps_errno && errno == SENTINEL;
            is_right = is_right && is_aligned(launder(block), alignment);
            fill(block, some_sizes[i]);
            free(block);
        }
    clause(is_right, "posix_memalign: returns 0 and stores a block of that size and alignment",
           "POSIX posix_memalign DESCRIPTION");
    clause(keeps_errno, "posix_memalign: errno is not touched", "posix_memalign(3) RETURN VALUE");
    void *first = NULL, *second = NULL;
    int results = posix_memalign(&first, 64, opaque(0)) | posix_memalign(&second, 64, opaque(0));
    clause(results == 0 && first != second, "posix_memalign: no bytes are NULL or a pointer of their own",
           "POSIX posix_memalign RETURN VALUE");
    free(first);
    free(second);
    clause(true, "posix_memalign: which free takes", "POSIX posix_memalign DESCRIPTION");
}

/* The result for a wrong request, or -1 if it touched errno or stored anything. */
static int refusal(size_t alignment, size_t size) {
    char mark;
    void *block = &mark;
    errno = SENTINEL;
    int error = posix_memalign(&block, opaque(alignment), opaque(size));
    return launder(block) == &mark && errno == SENTINEL ? error : -1;
}

static void posix_memalign_fails(void) {
    bool is_einval = true, is_enomem = true;
    for (size_t i = 0; i < COUNT_OF(no_powers); i++)
        is_einval = is_einval && refusal(no_powers[i], 64) == EINVAL;
    clause(is_einval, "posix_memalign: what is no power of two is EINVAL; errno and the pointer stay",
           "POSIX posix_memalign ERRORS, posix_memalign(3)");
    clause(refusal(1, 64) == EINVAL && refusal(2, 64) == EINVAL && refusal(sizeof(void *) / 2, 64) == EINVAL,
           "posix_memalign: a power of two below sizeof(void *) is EINVAL", "POSIX posix_memalign ERRORS");
    for (size_t i = 0; i < COUNT_OF(impossible_sizes); i++)
        is_enomem = is_enomem && refusal(64, impossible_sizes[i]) == ENOMEM;
    clause(is_enomem, "posix_memalign: sizes that cannot be are ENOMEM; errno and the pointer stay",
           "POSIX posix_memalign ERRORS, posix_memalign(3)");
    clause(refusal(SIZE_MAX / 2 + 1, 1) == ENOMEM, "posix_memalign: so is the largest power of two",
           "POSIX posix_memalign ERRORS");
}

/* --- memalign, valloc, pvalloc ----------------------------------------------------------------- */

static void memalign_aligns(void) {
    bool is_right = true;
    for (size_t alignment = 1; alignment <= MIB; alignment *= 2)
        for (size_t i = 0; i < FEW_SIZES; i += 4) {
            char *block = a_memalign(alignment, some_sizes[i]);
            is_right =
                is_right && block != NULL && is_aligned(block, alignment) && malloc_usable_size(block) >= some_sizes[i];
            free(fill(block, some_sizes[i]));
        }
    clause(is_right, "memalign: a multiple of the alignment, a power of two", "posix_memalign(3) DESCRIPTION");
    char *rounded = a_memalign(48, 100);
    clause(rounded != NULL && is_aligned(rounded, 64), "memalign: other alignments are rounded up",
           "The GNU C Library manual, Aligned Memory Blocks");
    free(rounded);
    bool is_enomem = true;
    for (size_t i = 0; i < COUNT_OF(impossible_sizes); i++) {
        errno = 0;
        void *block = a_memalign(64, impossible_sizes[i]);
        is_enomem = is_enomem && is_refused(block, ENOMEM);
    }
    clause(is_enomem, "memalign: sizes that cannot be are NULL and ENOMEM", "posix_memalign(3) ERRORS");
    errno = 0;
    void *block = a_memalign(SIZE_MAX, 8);
    clause(block == NULL && errno != 0, "memalign: an alignment that cannot be is NULL with errno",
           "posix_memalign(3) ERRORS");
}

static void valloc_and_pvalloc(void) {
    size_t page = page_bytes();
    bool is_paged = true, is_rounded = true, is_enomem = true;
    for (size_t i = 0; i < FEW_SIZES; i++) {
        char *block = launder(valloc(opaque(some_sizes[i])));
        char *rounded = launder(pvalloc(opaque(some_sizes[i])));
        is_paged = is_paged && is_aligned(block, page) && malloc_usable_size(block) >= some_sizes[i];
        is_rounded = is_rounded && is_aligned(rounded, page) &&
                     malloc_usable_size(rounded) >= (some_sizes[i] + page - 1) / page * page;
        free(fill(block, some_sizes[i]));
        free(fill(rounded, (some_sizes[i] + page - 1) / page * page));
    }
    clause(is_paged, "valloc: aligned to a page", "posix_memalign(3) DESCRIPTION");
    clause(is_rounded, "pvalloc: aligned to a page, and whole pages long", "posix_memalign(3) DESCRIPTION");
    for (size_t i = 0; i < COUNT_OF(impossible_sizes); i++) {
        errno = 0;
        void *block = launder(valloc(opaque(impossible_sizes[i])));
        is_enomem = is_enomem && is_refused(block, ENOMEM);
        errno = 0;
        block = launder(pvalloc(opaque(impossible_sizes[i])));
        is_enomem = is_enomem && is_refused(block, ENOMEM);
    }
    clause(is_enomem, "valloc, pvalloc: sizes that cannot be, also once rounded up, are NULL and ENOMEM",
           "posix_memalign(3) ERRORS");
    void *nothing = launder(valloc(opaque(0))), *no_pages = launder(pvalloc(opaque(0)));
    clause(is_aligned(nothing, page) && is_aligned(no_pages, page), "valloc, pvalloc: no bytes can be freed",
           "posix_memalign(3) DESCRIPTION");
    free(nothing);
    free(no_pages);
}

void clauses_aligned(void) {
    aligned_alloc_aligns();
    aligned_alloc_fails();
    posix_memalign_aligns();
    posix_memalign_fails();
    memalign_aligns();
    valloc_and_pvalloc();
}
