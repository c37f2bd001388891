/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * reports.h -- what the library writes to standard error, collected: the linker sends its hz_os_write_error
 * here (-Wl,--wrap). */
#pragma once
#include <stdbool.h>
#include <stddef.h>

enum { REPORT_CODES = 16 };

struct reports {
    unsigned lines;               /* begun by "hakozuna: " and ended by one new-line */
    unsigned others;              /* of any other form */
    unsigned errors;              /* lines of the kind "error" */
    unsigned codes[REPORT_CODES]; /* of these, by n in [HKZ-E0n] */
    char last[1024];              /* the last error, for messages of the harness */
};

extern struct reports reports;

void reports_reset(void);
void __wrap_hz_os_write_error(const char *text, size_t bytes);
