/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * standard.c -- that every standard name is really taken over; what each owes its caller is in the
 * suite standard, clause by clause. */
#include "entry.h"
#include "late.h"

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
        need(dladdr(address, &found) != 0 && found.dli_fbase == ours.dli_fbase, "%s comes from %s", names[i],
             found.dli_fname);
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
