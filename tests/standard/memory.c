/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * memory.c -- malloc, calloc, realloc, reallocarray and the ways to free. */
#include "clauses.h"
#include "late.h"
#include "libc.h"
#include "standard.h"
#include <pthread.h>
#include <stdalign.h>

/* Of C23; older C libraries have neither these nor their declarations. */
static void (*c23_free_sized)(void *block, size_t size);
static void (*c23_free_aligned_sized)(void *block, size_t alignment, size_t size);

#define a_malloc(size) launder(malloc(opaque(size)))
#define a_calloc(count, size) launder(calloc(opaque(count), opaque(size)))
#define a_realloc(block, size) launder(realloc(launder(block), opaque(size)))
#define a_reallocarray(block, count, size) launder(reallocarray(launder(block), opaque(count), opaque(size)))

/* --- malloc ------------------------------------------------------------------------------------ */

static void malloc_gives_objects(void) {
    bool is_aligned_well = true, is_disjoint = true, keeps_errno = true;
    char *blocks[SOME_SIZES];
    for (size_t i = 0; i < SOME_SIZES; i++) {
        errno = SENTINEL;
        blocks[i] = fill(a_malloc(some_sizes[i]), some_sizes[i]);
        keeps_errno = keeps_errno && errno == SENTINEL;
        size_t needed = some_sizes[i] < alignof(max_align_t) ? 1 : alignof(max_align_t);
        is_aligned_well = is_aligned_well && is_aligned(blocks[i], needed);
    }
    for (size_t i = 0; i < SOME_SIZES; i++) {
        is_disjoint = is_disjoint && has_contents(blocks[i], some_sizes[i], some_sizes[i]);
        free(blocks[i]);
    }
    clause(is_aligned_well, "malloc: a block is aligned for every object that fits in it", "C23 7.24.3p1");
    clause(is_disjoint, "malloc: blocks that live at once do not overlap", "C23 7.24.3p1");
    clause(keeps_errno, "malloc: success leaves errno alone", "our own: errno(3) would allow a change");
}

static void malloc_of_nothing(void) {
    enum { MANY = 1000 };
    void *blocks[MANY];
    bool is_unique = true;
    for (size_t i = 0; i < MANY; i++) {
        blocks[i] = a_malloc(0);
        is_unique = is_unique && blocks[i] != NULL && (i == 0 || blocks[i] != blocks[i - 1]);
    }
    clause(is_unique, "malloc: no bytes give a pointer of their own", "malloc(3) DESCRIPTION, POSIX malloc");
    for (size_t i = 0; i < MANY; i++)
        free(blocks[i]);
    clause(true, "malloc: such pointers can be freed", "malloc(3) DESCRIPTION");
}

static void malloc_fails(void) {
    bool is_enomem = true;
    for (size_t i = 0; i < COUNT_OF(impossible_sizes); i++) {
        errno = 0;
        void *block = a_malloc(impossible_sizes[i]);
        is_enomem = is_enomem && is_refused(block, ENOMEM);
    }
    clause(is_enomem, "malloc: more than PTRDIFF_MAX bytes, or near the wrap, are NULL and ENOMEM",
           "malloc(3) RETURN VALUE, POSIX malloc ERRORS");
    void *block = a_malloc(100);
    clause(block != NULL, "malloc: works after it failed", "C23 7.24.3.6p3");
    free(block);
}

/* --- calloc ------------------------------------------------------------------------------------ */

/* Whether calloc's bytes are zero where blocks that were written to had been. */
static bool recycles_clean(size_t size) {
    enum { BLOCKS = 4 };
    char *blocks[BLOCKS];
    bool is_zero = true;
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = a_malloc(size);
        memset(blocks[i], 0xa5, malloc_usable_size(blocks[i]));
    }
    for (size_t i = 0; i < BLOCKS; i++)
        free(blocks[i]);
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = a_calloc(1, size);
        is_zero = is_zero && blocks[i] != NULL && pattern_is_zero(blocks[i], size);
    }
    for (size_t i = 0; i < BLOCKS; i++)
        free(blocks[i]);
    return is_zero;
}

static void calloc_zeroes(void) {
    bool is_zero = true, fits = true, is_usable = true;
    for (size_t i = 0; i < FEW_SIZES; i++)
        is_zero = is_zero && recycles_clean(some_sizes[i]);
    for (size_t count = 1; count < 2000; count = count * 3 + 1) {
        char *block = a_calloc(count, 24);
        fits = fits && block != NULL && malloc_usable_size(block) >= count * 24 && pattern_is_zero(block, count * 24);
        free(block);
    }
    for (size_t i = 0; i < FEW_SIZES; i++) {
        char *block = a_calloc(some_sizes[i], 1), *next = a_calloc(some_sizes[i], 1);
        memset(block, 1, malloc_usable_size(block));
        is_usable = is_usable && pattern_is_zero(next, some_sizes[i]);
        free(block);
        free(next);
    }
    clause(is_zero, "calloc: every byte is zero, also of memory that had been written to", "C23 7.24.3.2p2");
    clause(fits, "calloc: there is room for count objects of size bytes", "C23 7.24.3.2p2");
    clause(is_usable, "calloc: writing all usable bytes of one block leaves the next zero",
           "malloc_usable_size(3) RETURN VALUE");
}

static void calloc_of_nothing(void) {
    void *first = a_calloc(0, 8), *second = a_calloc(8, 0), *third = a_calloc(0, 0);
    void *fourth = a_calloc(0, SIZE_MAX), *fifth = a_calloc(SIZE_MAX, 0);
    clause(first != NULL && second != NULL && third != NULL && first != second && second != third,
           "calloc: no objects, or objects of no bytes, give a pointer of their own", "malloc(3) DESCRIPTION");
    clause(fourth != NULL && fifth != NULL, "calloc: nothing times SIZE_MAX is nothing, not an overflow",
           "C23 7.24.3.2p3");
    free(first);
    free(second);
    free(third);
    free(fourth);
    free(fifth);
}

static void calloc_fails(void) {
    bool is_enomem = true;
    for (size_t i = 0; i < COUNT_OF(impossible_products); i++) {
        errno = 0;
        void *block = a_calloc(impossible_products[i][0], impossible_products[i][1]);
        is_enomem = is_enomem && is_refused(block, ENOMEM);
    }
    clause(is_enomem, "calloc: a product that wraps is NULL and ENOMEM, not a small block",
           "C23 7.24.3.2p3, POSIX calloc ERRORS");
    errno = SENTINEL;
    void *block = a_calloc(10, 10);
    clause(block != NULL && errno == SENTINEL, "calloc: success leaves errno alone",
           "our own: errno(3) would allow a change");
    free(block);
}

/* --- realloc ----------------------------------------------------------------------------------- */

static void realloc_keeps_contents(void) {
    bool is_kept = true, is_wide = true, is_aligned_well = true;
    for (size_t from = 0; from < FEW_SIZES; from++)
        for (size_t to = 0; to < FEW_SIZES; to++) {
            char *block = fill(a_malloc(some_sizes[from]), some_sizes[from]);
            block = a_realloc(block, some_sizes[to]);
            is_kept = is_kept && block != NULL && has_contents(block, some_sizes[from], some_sizes[to]);
            is_wide = is_wide && malloc_usable_size(block) >= some_sizes[to];
            is_aligned_well = is_aligned_well && (some_sizes[to] < 16 || is_aligned(block, alignof(max_align_t)));
            fill(block, some_sizes[to]);
            free(block);
        }
    clause(is_kept, "realloc: contents stay up to the smaller of both sizes", "C23 7.24.3.7p2");
    clause(is_wide, "realloc: the new object has the size asked for", "C23 7.24.3.7p2");
    clause(is_aligned_well, "realloc: the new object is aligned for every object that fits", "C23 7.24.3p1");
}

static void realloc_of_null_and_to_nothing(void) {
    char *block = fill(a_realloc(NULL, 100), 100);
    clause(malloc_usable_size(block) >= 100, "realloc: of NULL it is malloc", "C23 7.24.3.7p3");
    errno = SENTINEL;
    void *nothing = a_realloc(block, 0);
    clause(nothing == NULL && errno == SENTINEL, "realloc: to no bytes it is free, and that is no error",
           "malloc(3) DESCRIPTION");
    nothing = a_realloc(NULL, 0);
    clause(nothing != NULL, "realloc: of NULL to no bytes it is malloc(0)", "malloc(3) DESCRIPTION");
    free(nothing);
    size_t before = libc_allocated();
    for (size_t i = 0; i < 100; i++) {
        void *large = a_malloc(MIB);
        nothing = a_realloc(large, 0);
    }
    clause(libc_allocated() < before + 50 * MIB, "realloc: to no bytes the memory is free again",
           "malloc(3) DESCRIPTION");
}

static void realloc_fails(void) {
    bool is_enomem = true, is_left = true;
    for (size_t i = 0; i < FEW_SIZES; i++) {
        char *block = fill(a_malloc(some_sizes[i]), some_sizes[i]);
        for (size_t k = 0; k < COUNT_OF(impossible_sizes); k++) {
            errno = 0;
            void *moved = a_realloc(block, impossible_sizes[k]);
            is_enomem = is_enomem && is_refused(moved, ENOMEM);
        }
        is_left =
            is_left && has_contents(block, some_sizes[i], some_sizes[i]) && malloc_usable_size(block) >= some_sizes[i];
        free(block);
    }
    clause(is_enomem, "realloc: what cannot be is NULL and ENOMEM", "POSIX realloc ERRORS");
    clause(is_left, "realloc: after a failure the old object is as it was", "C23 7.24.3.7p3");
    errno = SENTINEL;
    char *block = a_realloc(a_malloc(10), 100000);
    block = a_realloc(block, 10);
    clause(block != NULL && errno == SENTINEL, "realloc: success leaves errno alone",
           "our own: errno(3) would allow a change");
    free(block);
}

static void realloc_of_aligned_blocks(void) {
    bool is_kept = true;
    for (size_t alignment = 16; alignment <= MIB; alignment *= 4)
        for (size_t i = 0; i < FEW_SIZES; i += 3) {
            char *block = fill(launder(aligned_alloc(opaque(alignment), opaque(some_sizes[i]))), some_sizes[i]);
            char *larger = a_realloc(block, some_sizes[i] * 3);
            is_kept = is_kept && larger != NULL && has_contents(larger, some_sizes[i], some_sizes[i]);
            char *smaller = a_realloc(larger, some_sizes[i] / 2 + 1);
            is_kept = is_kept && smaller != NULL && has_contents(smaller, some_sizes[i], some_sizes[i] / 2 + 1);
            free(smaller);
        }
    clause(is_kept, "realloc: takes blocks of aligned_alloc, and keeps their contents", "C23 7.24.3.7p3");
    void *block = NULL;
    if (posix_memalign(&block, opaque(4096), opaque(500)) != 0)
        tap_bail("posix_memalign");
    fill(block, 500);
    block = a_realloc(block, 100000);
    clause(block != NULL && has_contents(block, 500, 500), "realloc: takes blocks of posix_memalign",
           "POSIX realloc DESCRIPTION");
    free(block);
}

static void reallocarray_multiplies(void) {
    char *block = fill(a_reallocarray(NULL, 10, 100), 1000);
    clause(malloc_usable_size(block) >= 1000, "reallocarray: of NULL it allocates count objects of size bytes",
           "POSIX reallocarray");
    block = a_reallocarray(block, 1000, 100);
    clause(block != NULL && has_contents(block, 1000, 1000) && malloc_usable_size(block) >= 100000,
           "reallocarray: it is realloc to the product", "POSIX reallocarray, malloc(3)");
    bool is_enomem = true;
    for (size_t i = 0; i < COUNT_OF(impossible_products); i++) {
        errno = 0;
        void *moved = a_reallocarray(block, impossible_products[i][0], impossible_products[i][1]);
        is_enomem = is_enomem && is_refused(moved, ENOMEM);
    }
    clause(is_enomem, "reallocarray: a product that wraps is NULL and ENOMEM", "POSIX reallocarray ERRORS");
    clause(has_contents(block, 1000, 1000), "reallocarray: after that the old object is as it was",
           "malloc(3) DESCRIPTION");
    errno = SENTINEL;
    void *nothing = a_reallocarray(block, 0, SIZE_MAX);
    clause(nothing == NULL && errno == SENTINEL, "reallocarray: no objects free the block", "malloc(3)");
}

/* --- free -------------------------------------------------------------------------------------- */

static void free_takes_null(void) {
    errno = SENTINEL;
    free(launder(NULL));
    clause(errno == SENTINEL, "free: NULL is no action", "C23 7.24.3.3p2");
    c23_free_sized(launder(NULL), opaque(100));
    clause(errno == SENTINEL, "free_sized: NULL is no action, whatever the size", "C23 7.24.3.4p2");
    c23_free_aligned_sized(launder(NULL), opaque(64), opaque(100));
    clause(errno == SENTINEL, "free_aligned_sized: NULL is no action", "C23 7.24.3.5p2");
}

static void free_keeps_errno(void) {
    enum { MANY = 3000 };
    static void *blocks[MANY];
    bool is_kept = true;
    for (size_t i = 0; i < SOME_SIZES; i++) {
        char *block = a_malloc(some_sizes[i]);
        memset(block, 1, some_sizes[i] < MIB ? some_sizes[i] : MIB);
        errno = SENTINEL;
        free(launder(block));
        is_kept = is_kept && errno == SENTINEL;
    }
    clause(is_kept, "free: errno is kept, also when memory goes back to the kernel",
           "POSIX free DESCRIPTION, malloc(3) ERRORS");
    for (size_t i = 0; i < MANY; i++)
        blocks[i] = a_malloc(i % 10 == 0 ? 30000 : 200);
    errno = SENTINEL;
    for (size_t i = 0; i < MANY; i++)
        free(launder(blocks[i]));
    clause(errno == SENTINEL, "free: errno is kept when many blocks go", "POSIX free DESCRIPTION");
}

/* Whether 200 blocks of size bytes, freed by give, leave nothing behind. */
static bool leaves_nothing(void (*give)(void *block, size_t size), size_t size) {
    size_t before = libc_allocated();
    for (size_t i = 0; i < 200; i++)
        give(a_malloc(size), size);
    return libc_allocated() <= before + size;
}

static void give_sized(void *block, size_t size) { c23_free_sized(launder(block), opaque(size)); }

static void give_aligned_sized(void *block, size_t size) {
    free(block);
    block = launder(aligned_alloc(opaque(128), opaque(size)));
    c23_free_aligned_sized(block, opaque(128), opaque(size));
}

static void sized_frees(void) {
    bool is_free = true, is_free_aligned = true, is_kept;
    for (size_t i = 0; i < SOME_SIZES - 2; i++) {
        is_free = is_free && leaves_nothing(give_sized, some_sizes[i]);
        is_free_aligned = is_free_aligned && leaves_nothing(give_aligned_sized, some_sizes[i]);
    }
    clause(is_free, "free_sized: with the size that was asked for it is free", "C23 7.24.3.4p2");
    clause(is_free_aligned, "free_aligned_sized: with alignment and size that were asked for it is free",
           "C23 7.24.3.5p2");
    c23_free_sized(a_malloc(0), opaque(0));
    c23_free_sized(a_calloc(10, 10), opaque(100));
    c23_free_sized(a_realloc(a_malloc(10), 3000), opaque(3000));
    c23_free_sized(a_realloc(a_malloc(300000), 200000), opaque(200000));
    clause(true, "free_sized: takes blocks of malloc, calloc and realloc", "C23 7.24.3.4p2");
    errno = SENTINEL;
    c23_free_sized(a_malloc(3 * MIB), opaque(3 * MIB));
    c23_free_aligned_sized(launder(aligned_alloc(opaque(MIB), opaque(3 * MIB))), opaque(MIB), opaque(3 * MIB));
    is_kept = errno == SENTINEL;
    clause(is_kept, "free_sized, free_aligned_sized: errno is kept", "POSIX free DESCRIPTION");
}

static void *free_it(void *block) {
    errno = SENTINEL;
    free(block);
    return errno == SENTINEL ? block : NULL;
}

static void free_in_another_thread(void) {
    bool is_kept = true;
    for (size_t i = 0; i < SOME_SIZES; i++) {
        pthread_t thread;
        void *result = NULL;
        if (pthread_create(&thread, NULL, free_it, a_malloc(some_sizes[i])) != 0)
            tap_bail("pthread_create");
        pthread_join(thread, &result);
        is_kept = is_kept && result != NULL;
    }
    clause(is_kept, "free: any thread may free what another allocated, and keeps its errno", "C23 7.24.3p2");
}

void clauses_memory(void) {
    LATE_FIND(RTLD_DEFAULT, c23_free_sized, "free_sized");
    LATE_FIND(RTLD_DEFAULT, c23_free_aligned_sized, "free_aligned_sized");
    if (c23_free_sized == NULL || c23_free_aligned_sized == NULL)
        tap_bail("no free_sized");
    malloc_gives_objects();
    malloc_of_nothing();
    malloc_fails();
    calloc_zeroes();
    calloc_of_nothing();
    calloc_fails();
    realloc_keeps_contents();
    realloc_of_null_and_to_nothing();
    realloc_fails();
    realloc_of_aligned_blocks();
    reallocarray_multiplies();
    free_takes_null();
    free_keeps_errno();
    sized_frees();
    free_in_another_thread();
}
