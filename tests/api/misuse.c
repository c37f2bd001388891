/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * misuse.c -- a few wrong calls: reported on one line, and fatal unless the block is not ours. */
#include "child.h"
#include "entry.h"
#include "limits.h"

static struct child child;

/* The child must have died of abort() after a line that starts as every report does. */
static void must_abort(void (*misuse)(void *arg), size_t size) {
    cr_assert(child_run(&child, misuse, &size));
    cr_assert(child_aborted(&child), "size %zu: status %#x, said: %s", size, (unsigned)child.status, child.err);
    cr_assert(strncmp(child.err, "hakozuna: ", 10) == 0, "%s", child.err);
    cr_assert(strstr(child.err, ": error: ") != NULL && strstr(child.err, "[HKZ-E") != NULL, "%s", child.err);
}

static void free_twice(void *size) {
    void *block = a_malloc(*(size_t *)size);
    a_free(block);
    a_free(block);
}

static void free_interior(void *size) { a_free((char *)a_malloc(*(size_t *)size) + 64); }

static void realloc_interior(void *size) {
    char *block = a_malloc(*(size_t *)size);
    void *moved = a_realloc(block + 64, *(size_t *)size * 3);
    (void)moved;
}

static void realloc_freed(void *size) {
    void *block = a_malloc(*(size_t *)size);
    a_free(block);
    void *moved = a_realloc(block, *(size_t *)size * 3);
    (void)moved;
}

Test(misuse, large_block_freed_twice) {
    must_abort(free_twice, 300 * KIB);
    must_abort(realloc_freed, 300 * KIB);
}

/* That free itself looks inside runs of classes is not promised by every profile; realloc always
 * does. */
Test(misuse, interior_of_mid_and_large_blocks) {
    must_abort(free_interior, 300 * KIB);
    must_abort(realloc_interior, 20000);
    must_abort(realloc_interior, 300 * KIB);
}

static void free_of_others(void *arg) {
    static char object[64];
    char on_stack[64];
    (void)arg;
    a_free(on_stack + 16);
    a_free(object + 32);
    void *block = a_malloc(100);
    a_free(block);
    _exit(block == NULL);
}

/* The default of foreign_free is forward; nothing can own these, so they are reported and left
 * alone. */
Test(misuse, foreign_pointer_is_reported_and_survived) {
    cr_assert(child_run(&child, free_of_others, NULL));
    cr_assert(child_exited(&child, 0), "status %#x, said: %s", (unsigned)child.status, child.err);
    cr_assert(strncmp(child.err, "hakozuna: ", 10) == 0, "%s", child.err);
}
