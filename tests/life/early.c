/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * early.c -- before main and after it: constructors, destructors and exit handlers that allocate.
 * Run with the argument "child" it does so and reports at its very end; else it runs itself and
 * reads the report. */
#include "life.h"

static char *from_constructor, *from_main, *from_handler;

__attribute__((constructor(101))) static void first_constructor(void) {
    from_constructor = launder(malloc(3000));
    if (from_constructor == NULL)
        _exit(10);
    pattern_fill(from_constructor, 3000, 1);
    free(launder(calloc(100, 300)));
    free(launder(malloc(MIB)));
}

__attribute__((destructor(101))) static void last_destructor(void) {
    if (from_handler == NULL)
        return;
    char *block = launder(malloc(200 * KIB));
    if (block == NULL || pattern_check(from_handler, 500, 500, 3) != PATTERN_INTACT)
        _exit(11);
    free(block);
    free(from_handler);
    free(from_main);
    tap_write("late ok\n", 8);
}

static void at_exit(void) {
    if (pattern_check(from_constructor, 3000, 3000, 1) != PATTERN_INTACT)
        _exit(12);
    from_constructor = launder(realloc(from_constructor, 60000));
    if (from_constructor == NULL || pattern_check(from_constructor, 3000, 3000, 1) != PATTERN_INTACT)
        _exit(13);
    free(from_constructor);
    pattern_fill(from_handler = launder(malloc(500)), 500, 3);
}

static int child_main(void) {
    from_main = launder(malloc(123));
    return atexit(at_exit);
}

int main(int argc, char **argv) {
    static struct child child;
    char *const arguments[] = {argv[0], (char *)"child", NULL};
    if (argc > 1)
        return child_main();
    life_start();
    struct child_program program = {.argv = arguments};
    tap_ok(child_run_program(&child, &program) && child_exited(&child, 0), "ended with %#x", (unsigned)child.status);
    tap_ok(strcmp(child.out, "late ok\n") == 0, "the last destructor ran");
    tap_ok(child.err[0] == '\0', "and nothing was reported");
    life_free_all(&from_constructor, 1);
    return tap_done();
}
