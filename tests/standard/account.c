/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * account.c -- what programs ask and tell the allocator: malloc_usable_size, malloc_trim, mallopt, mallinfo,
 * mallinfo2, malloc_info, malloc_stats; and cfree. */
#include "child.h"
#include "clauses.h"
#include "late.h"
#include "libc.h"
#include "markup.h"
#include "standard.h"

static void usable_size(void) {
    bool is_enough = true, is_stable = true, is_apart = true;
    for (size_t i = 0; i < FEW_SIZES; i++) {
        char *block = launder(malloc(opaque(some_sizes[i]))), *next = launder(malloc(opaque(some_sizes[i])));
        size_t usable = malloc_usable_size(block);
        is_enough = is_enough && usable >= some_sizes[i];
        fill(next, malloc_usable_size(next));
        memset(block, 7, usable);
        is_apart = is_apart && has_contents(next, malloc_usable_size(next), SIZE_MAX);
        is_stable = is_stable && malloc_usable_size(block) == usable;
        free(block);
        free(next);
    }
    clause(malloc_usable_size(launder(NULL)) == 0, "malloc_usable_size: of NULL it is 0",
           "malloc_usable_size(3) RETURN VALUE");
    clause(is_enough, "malloc_usable_size: at least what was asked for", "malloc_usable_size(3)");
    clause(is_apart, "malloc_usable_size: all of it can be written and no other block changes",
           "malloc_usable_size(3) NOTES");
    clause(is_stable, "malloc_usable_size: of one block it is always the same", "malloc_usable_size(3)");
    void *nothing = launder(malloc(opaque(0)));
    memset(nothing, 1, malloc_usable_size(nothing));
    clause(true, "malloc_usable_size: holds for a block of no bytes, too", "malloc_usable_size(3)");
    free(nothing);
}

static void trim(void) {
    char *kept = fill(launder(malloc(opaque(MIB))), MIB);
    char *block = launder(malloc(opaque(30 * MIB)));
    memset(block, 1, 30 * MIB);
    free(launder(block));
    errno = SENTINEL;
    int first = malloc_trim(0);
    clause(first == 0 || first == 1, "malloc_trim: 1 when memory went back to the kernel, else 0",
           "malloc_trim(3) RETURN VALUE");
    malloc_trim(0);
    malloc_trim(0);
    clause(malloc_trim(0) == 0, "malloc_trim: 0 when nothing is left to give back", "malloc_trim(3) RETURN VALUE");
    int padded = malloc_trim(opaque(MIB));
    clause(padded == 0 || padded == 1, "malloc_trim: a pad is accepted", "malloc_trim(3) DESCRIPTION");
    clause(errno == SENTINEL, "malloc_trim: no errors are defined, and errno stays", "malloc_trim(3) ERRORS");
    clause(has_contents(kept, MIB, MIB), "malloc_trim: blocks in use keep their contents", "malloc_trim(3)");
    free(kept);
}

static void options(void) {
    static const int known[] = {M_MXFAST,  M_TRIM_THRESHOLD, M_TOP_PAD,   M_MMAP_THRESHOLD, M_MMAP_MAX,
                                M_PERTURB, M_ARENA_TEST,     M_ARENA_MAX, M_CHECK_ACTION};
    bool is_accepted = true;
    for (size_t i = 0; i < COUNT_OF(known); i++)
        is_accepted = is_accepted && mallopt(known[i], known[i] == M_ARENA_MAX ? 2 : 0) == 1;
    clause(is_accepted, "mallopt: 1 for every parameter of the page", "mallopt(3) RETURN VALUE");
    errno = SENTINEL;
    clause(mallopt(9999, 1) == 0 && mallopt(-12345, 1) == 0, "mallopt: 0 for parameters that do not exist",
           "mallopt(3) RETURN VALUE");
    clause(errno == SENTINEL, "mallopt: errno is not set on error", "mallopt(3) ERRORS");
    void *block = launder(malloc(opaque(100)));
    clause(block != NULL, "mallopt: memory is to be had after it", "mallopt(3)");
    free(block);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
static void figures(void) {
    struct mallinfo2 before = mallinfo2();
    struct mallinfo narrow_before = mallinfo();
    void *block = launder(malloc(opaque(20 * MIB)));
    struct mallinfo2 held = mallinfo2();
    struct mallinfo narrow = mallinfo();
    size_t more = held.uordblks + held.hblkhd - before.uordblks - before.hblkhd;
    clause(more >= 20 * MIB && more < 44 * MIB, "mallinfo2: bytes in use rise with what is allocated",
           "mallinfo(3) DESCRIPTION, uordblks and hblkhd");
    int narrow_more = narrow.uordblks + narrow.hblkhd - narrow_before.uordblks - narrow_before.hblkhd;
    clause(narrow_more >= 20 << 20, "mallinfo: the same in int", "mallinfo(3) DESCRIPTION");
    clause(held.arena + held.hblkhd >= held.uordblks, "mallinfo2: what is in use is part of what was obtained",
           "mallinfo(3) DESCRIPTION, arena");
    clause(held.uordblks + held.fordblks <= held.arena + held.hblkhd,
           "mallinfo2: used and free bytes are not more than there is", "mallinfo(3) DESCRIPTION, fordblks");
    free(block);
    struct mallinfo2 after = mallinfo2();
    clause(after.uordblks + after.hblkhd < held.uordblks + held.hblkhd, "mallinfo2: and fall when it is freed",
           "mallinfo(3) DESCRIPTION");
    void *huge = launder(malloc(opaque((size_t)3 << 30)));
    narrow = mallinfo();
    clause(huge == NULL || (narrow.uordblks >= 0 && narrow.hblkhd >= 0 && narrow.arena >= 0),
           "mallinfo: figures beyond int do not turn negative", "mallinfo(3) BUGS");
    free(huge);
}
#pragma GCC diagnostic pop

static void info(void) {
    char *text = NULL;
    size_t bytes = 0;
    FILE *file = open_memstream(&text, &bytes);
    int result = malloc_info(0, file);
    fclose(file);
    clause(result == 0, "malloc_info: 0 on success", "malloc_info(3) RETURN VALUE");
    clause(markup_is_xml(text) && strncmp(text, "<malloc version=", 16) == 0,
           "malloc_info: an XML document whose root is malloc, with a version", "malloc_info(3) DESCRIPTION");
    free(text);
    errno = 0;
    result = malloc_info(1, stderr);
    clause(result == -1 && errno == EINVAL, "malloc_info: options that are not 0 are -1 and EINVAL",
           "malloc_info(3) RETURN VALUE, ERRORS");
    FILE *full = fopen("/dev/full", "w");
    setvbuf(full, NULL, _IONBF, 0);
    result = malloc_info(0, full);
    clause(result == -1, "malloc_info: a stream that fails is -1", "malloc_info(3) RETURN VALUE");
    fclose(full);
}

static void print_stats(void *arg) {
    (void)arg;
    malloc_stats();
}

static void stats(void) {
    static struct child child;
    bool done = child_run(&child, print_stats, NULL) && child_exited(&child, 0);
    clause(done && child.err[0] != '\0' && child.out[0] == '\0', "malloc_stats: prints on standard error only",
           "malloc_stats(3) DESCRIPTION");
}

static void cfree_frees(void) {
    void (*cfree_here)(void *block);
    LATE_FIND(RTLD_DEFAULT, cfree_here, "cfree");
    size_t before = libc_allocated();
    for (size_t i = 0; cfree_here != NULL && i < 100; i++)
        cfree_here(launder(calloc(opaque(1), opaque(MIB))));
    clause(cfree_here != NULL && libc_allocated() < before + 50 * MIB,
           "cfree: old programs still find it, and it is free", "cfree(3) DESCRIPTION");
}

void clauses_account(void) {
    usable_size();
    trim();
    options();
    figures();
    info();
    stats();
    cfree_frees();
}
