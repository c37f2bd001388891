/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * standard.c -- the standard names that have no direct twin, and that every name is really taken
 * over. */
#include "child.h"
#include "entry.h"
#include "late.h"
#include "limits.h"
#include "markup.h"

static struct late late;

static void find_library(void) {
    cr_assert(late_find(&late, RTLD_DEFAULT), "no hkz_* in the process: is the library preloaded?");
}

Test(standard, every_name_is_taken_over, .init = find_library) {
    static const char *const names[] = {
        "malloc",
        "free",
        "calloc",
        "realloc",
        "memalign",
        "aligned_alloc",
        "posix_memalign",
        "valloc",
        "pvalloc",
        "cfree",
        "malloc_usable_size",
        "malloc_stats",
        "malloc_info",
        "malloc_trim",
        "mallinfo",
        "mallinfo2",
        "mallopt",
        "reallocarray",
        "free_sized",
        "free_aligned_sized",
        "_Znwm",
        "_Znam",
        "_ZnwmRKSt9nothrow_t",
        "_ZnamRKSt9nothrow_t",
        "_ZnwmSt11align_val_t",
        "_ZnamSt11align_val_t",
        "_ZnwmSt11align_val_tRKSt9nothrow_t",
        "_ZnamSt11align_val_tRKSt9nothrow_t",
        "_ZdlPv",
        "_ZdaPv",
        "_ZdlPvm",
        "_ZdaPvm",
        "_ZdlPvSt11align_val_t",
        "_ZdaPvSt11align_val_t",
        "_ZdlPvmSt11align_val_t",
        "_ZdaPvmSt11align_val_t",
        "_ZdlPvRKSt9nothrow_t",
        "_ZdaPvRKSt9nothrow_t",
        "_ZdlPvSt11align_val_tRKSt9nothrow_t",
        "_ZdaPvSt11align_val_tRKSt9nothrow_t",
    };
    Dl_info ours, found;
    cr_assert(dladdr(dlsym(RTLD_DEFAULT, "hkz_malloc"), &ours) != 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        void *address = dlsym(RTLD_DEFAULT, names[i]);
        need(address != NULL, "%s does not exist", names[i]);
        need(dladdr(address, &found) != 0 && found.dli_fbase == ours.dli_fbase, "%s comes from %s",
             names[i], found.dli_fname);
    }
}

Test(standard, both_sets_of_names_share_one_heap, .init = find_library) {
    void *block = a_malloc(100);
    cr_assert(late.owns(block) && late.usable_size(block) == a_usable_size(block));
    late.free(block);
    block = launder(late.malloc(100000));
    cr_assert_geq(a_usable_size(block), 100000);
    a_free(block);
}

/* libc's own callers reach the library too. */
Test(standard, libc_allocates_here, .init = find_library) {
    char *copy = strdup("text"), *line = NULL;
    size_t room = 0;
    FILE *file = tmpfile();
    cr_assert(late.owns(launder(copy)));
    fputs("a line that has to be stored somewhere\n", file);
    rewind(file);
    cr_assert_gt(getline(&line, &room, file), 0);
    cr_assert(late.owns(launder(line)) && malloc_usable_size(line) >= room);
    fclose(file);
    a_free(copy);
    a_free(line);
}

Test(standard, cfree_frees, .init = find_library) {
    void (*cfree_here)(void *block);
    void (*free_sized_here)(void *block, size_t size);
    struct hkz_stats before = {.size = sizeof before}, after = {.size = sizeof after};
    LATE_FIND(RTLD_DEFAULT, cfree_here, "cfree");
    LATE_FIND(RTLD_DEFAULT, free_sized_here, "free_sized");
    cr_assert(cfree_here != NULL && free_sized_here != NULL);
    late.stats_get(&before);
    void *first = a_malloc(300 * KIB), *second = a_malloc(300 * KIB);
    cfree_here(first);
    free_sized_here(second, 300 * KIB);
    late.stats_get(&after);
    cr_assert_eq(after.allocated, before.allocated);
}

Test(standard, memalign_valloc_pvalloc) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    static const size_t sizes[] = {0, 1, 100, 4095, 4096, 4097, 70000, 1 * MIB + 1};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        void *paged = launder(valloc(opaque(sizes[i]))),
             *rounded = launder(pvalloc(opaque(sizes[i])));
        void *aligned = launder(memalign(opaque(512), opaque(sizes[i])));
        need(paged && rounded && aligned, "refused %zu", sizes[i]);
        need((uintptr_t)paged % page == 0 && (uintptr_t)rounded % page == 0, "%p, %p", paged,
             rounded);
        need((uintptr_t)aligned % 512 == 0, "%p", aligned);
        need(a_usable_size(paged) >= sizes[i], "valloc(%zu): %zu", sizes[i], a_usable_size(paged));
        need(a_usable_size(rounded) >= (sizes[i] + page - 1) / page * page, "pvalloc(%zu): %zu",
             sizes[i], a_usable_size(rounded));
        a_free(paged);
        a_free(rounded);
        a_free(aligned);
    }
    for (size_t i = 0; i < LIMIT_IMPOSSIBLE_SIZES; i++) {
        errno = 0;
        need(launder(valloc(opaque(limit_impossible_sizes[i]))) == NULL && errno == ENOMEM,
             "valloc");
        errno = 0;
        need(launder(pvalloc(opaque(limit_impossible_sizes[i]))) == NULL && errno == ENOMEM,
             "pvalloc");
        errno = 0;
        need(launder(memalign(512, opaque(limit_impossible_sizes[i]))) == NULL && errno == ENOMEM,
             "memalign");
    }
}

/* glibc: 1 means handled, 0 an error. */
Test(standard, mallopt_says_what_it_handled) {
    cr_assert_eq(mallopt(M_ARENA_MAX, 2), 1);
    cr_assert_eq(mallopt(M_TRIM_THRESHOLD, 128 * 1024), 1);
    cr_assert_eq(mallopt(M_MMAP_THRESHOLD, 128 * 1024), 1);
    cr_assert_eq(mallopt(M_PERTURB, 0), 1);
    cr_assert_eq(mallopt(-12345, 1), 0);
    cr_assert_eq(mallopt(9999, 1), 0);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
Test(standard, mallinfo_follows_the_program) {
    struct mallinfo2 before = mallinfo2();
    struct mallinfo narrow_before = mallinfo();
    void *block = a_malloc(20 * MIB);
    struct mallinfo2 held = mallinfo2();
    struct mallinfo narrow = mallinfo();
    size_t before_bytes = before.uordblks + before.hblkhd, bytes = held.uordblks + held.hblkhd;
    int narrow_bytes =
        narrow.uordblks + narrow.hblkhd - narrow_before.uordblks - narrow_before.hblkhd;
    cr_assert_geq(bytes - before_bytes, 20 * MIB);
    cr_assert_leq(bytes - before_bytes, 2 * 22 * MIB);
    cr_assert_geq(narrow_bytes, 20 << 20);
    a_free(block);
}
#pragma GCC diagnostic pop

Test(standard, malloc_info_is_xml) {
    char *text = NULL;
    size_t bytes = 0;
    FILE *file = open_memstream(&text, &bytes);
    cr_assert_eq(malloc_info(0, file), 0);
    fclose(file);
    cr_assert(markup_is_xml(text), "%s", text);
    cr_assert_eq(strncmp(text, "<malloc", 7), 0, "%s", text);
    a_free(text);
    cr_assert_neq(malloc_info(1, stderr), 0);
}

static void print_stats(void *arg) {
    (void)arg;
    malloc_stats();
}

Test(standard, malloc_stats_prints_on_standard_error) {
    static struct child child;
    cr_assert(child_run(&child, print_stats, NULL));
    cr_assert(child_exited(&child, 0));
    cr_assert(child.err[0] != '\0' && child.out[0] == '\0');
}

Test(standard, malloc_trim_says_whether_it_released) {
    void *block = a_malloc(30 * MIB);
    memset(block, 1, 30 * MIB);
    a_free(block);
    int released = malloc_trim(0);
    cr_assert(released == 0 || released == 1);
    for (int i = 0; i < 3; i++)
        malloc_trim(0);
    cr_assert_eq(malloc_trim(0), 0, "nothing is left to release");
}
