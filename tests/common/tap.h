/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * tap.h -- results in the Test Anything Protocol, for tests that use no framework.
 * Does not: allocate. Lines are formatted on the stack and leave by write(2), so that a result can
 * be reported while the allocator under test is broken, in a constructor or in a forked child. */
#pragma once
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(_WIN32) && !defined(__clang__)
#define TAP_PRINTF gnu_printf /* as mingw-w64 prints with __USE_MINGW_ANSI_STDIO */
#else
#define TAP_PRINTF printf
#endif

/* inv.: run counts the lines "ok" and "not ok"; failed <= run.  One thread reports. */
static struct {
    int run;
    int failed;
    int planned; /* 0: the plan is printed by tap_done() */
} tap_state;

static inline void tap_write(const char *text, size_t bytes) {
    while (bytes > 0) {
        ssize_t done = write(STDOUT_FILENO, text, bytes);
        if (done <= 0)
            return;
        text += done;
        bytes -= (size_t)done;
    }
}

__attribute__((format(TAP_PRINTF, 2, 0))) static inline void tap_line(const char *head, const char *format,
                                                                      va_list args) {
    char line[512];
    int used = snprintf(line, sizeof line, "%s", head);
    int more = vsnprintf(line + used, sizeof line - (size_t)used - 1, format, args);
    size_t bytes = (size_t)used + (size_t)more;
    if (bytes > sizeof line - 2)
        bytes = sizeof line - 2;
    line[bytes] = '\n';
    tap_write(line, bytes + 1);
}

__attribute__((format(TAP_PRINTF, 1, 2))) static inline void tap_diag(const char *format, ...) {
    va_list args;
    va_start(args, format);
    tap_line("# ", format, args);
    va_end(args);
}

static inline void tap_plan(int count) {
    char line[32];
    tap_state.planned = count;
    tap_write(line, (size_t)snprintf(line, sizeof line, "1..%d\n", count));
}

/* Reports one result; returns condition. */
__attribute__((format(TAP_PRINTF, 2, 3))) static inline bool tap_ok(bool condition, const char *format, ...) {
    char head[40];
    va_list args;
    tap_state.run++;
    tap_state.failed += !condition;
    snprintf(head, sizeof head, "%s %d - ", condition ? "ok" : "not ok", tap_state.run);
    va_start(args, format);
    tap_line(head, format, args);
    va_end(args);
    return condition;
}

__attribute__((format(TAP_PRINTF, 1, 2))) static inline void tap_skip(const char *format, ...) {
    char head[40];
    va_list args;
    tap_state.run++;
    snprintf(head, sizeof head, "ok %d # SKIP ", tap_state.run);
    va_start(args, format);
    tap_line(head, format, args);
    va_end(args);
}

__attribute__((format(TAP_PRINTF, 1, 2), noreturn)) static inline void tap_bail(const char *format, ...) {
    va_list args;
    va_start(args, format);
    tap_line("Bail out! ", format, args);
    va_end(args);
    _exit(99);
}

/* Ends the report. Returns the exit status: 0 if the plan was met and nothing failed. */
static inline int tap_done(void) {
    char line[32];
    if (tap_state.planned == 0)
        tap_write(line, (size_t)snprintf(line, sizeof line, "1..%d\n", tap_state.run));
    else if (tap_state.planned != tap_state.run)
        tap_diag("planned %d, ran %d", tap_state.planned, tap_state.run);
    return tap_state.failed != 0 || (tap_state.planned != 0 && tap_state.planned != tap_state.run);
}
