/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * limits.c -- little address space: the library starts, says ENOMEM instead of failing, and
 * recovers. usage: limits victim */
#include "life.h"
#include <sys/resource.h>

static size_t limit_bytes;

static void set_limit(void) {
    struct rlimit limit = {limit_bytes, limit_bytes};
    if (setrlimit(RLIMIT_AS, &limit) != 0)
        _exit(126);
}

static void run_limited(char *victim, const char *mode, size_t mib) {
    static struct child child;
    char *const arguments[] = {victim, (char *)mode, NULL};
    struct child_program program = {.argv = arguments, .prepare = set_limit};
    limit_bytes = mib * MIB;
    bool ran = child_run_program(&child, &program);
    if (!tap_ok(ran && child_exited(&child, 0) && strstr(child.out, "hello\n") != NULL,
                "%s within %zu MiB of address space", mode, mib))
        tap_diag("status %#x, out: %s, err: %s", (unsigned)child.status, child.out, child.err);
}

int main(int argc, char **argv) {
    life_start();
    if (argc != 2)
        tap_bail("usage: limits victim");
    run_limited(argv[1], "hello", 128);
    run_limited(argv[1], "hello", 64);
    run_limited(argv[1], "exhaust", 128);
    run_limited(argv[1], "exhaust", 300);
    run_limited(argv[1], "exhaust-threads", 300);
    return tap_done();
}
