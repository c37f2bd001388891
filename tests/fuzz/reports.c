/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * reports.c -- see reports.h. One thread at a time runs the library in these programs. */
#include "reports.h"
#include <string.h>

struct reports reports;

void reports_reset(void) { memset(&reports, 0, sizeof reports); }

static bool begins(const char *text, size_t bytes, const char *head) {
    size_t length = strlen(head);
    return bytes >= length && memcmp(text, head, length) == 0;
}

/* The number in "[HKZ-E0nn]" at the end of the line, or 0. */
static unsigned code_of(const char *line, size_t bytes) {
    static const char shape[] = "[HKZ-E000]";
    size_t length = sizeof shape - 1;
    if (bytes < length || !begins(line + bytes - length, length, "[HKZ-E0"))
        return 0;
    const char *digits = line + bytes - length + strlen("[HKZ-E0");
    unsigned code = (unsigned)((digits[0] - '0') * 10 + digits[1] - '0');
    return code < REPORT_CODES ? code : 0;
}

static void note_error(const char *line, size_t bytes) {
    size_t kept = bytes < sizeof reports.last - 1 ? bytes : sizeof reports.last - 1;
    reports.errors++;
    reports.codes[code_of(line, bytes)]++;
    memcpy(reports.last, line, kept);
    reports.last[kept] = '\0';
}

static void note_line(const char *line, size_t bytes) {
    static const char name[] = "hakozuna: ";
    if (!begins(line, bytes, name)) {
        reports.others++;
        return;
    }
    reports.lines++;
    const char *kind = memchr(line + strlen(name), ':', bytes - strlen(name));
    if (kind != NULL && begins(kind, bytes - (size_t)(kind - line), ": error: "))
        note_error(line, bytes);
}

void __wrap_hz_os_write_error(const char *text, size_t bytes) {
    while (bytes > 0) {
        const char *end = memchr(text, '\n', bytes);
        size_t length = end == NULL ? bytes : (size_t)(end - text);
        if (end == NULL)
            reports.others++;
        else
            note_line(text, length);
        text += length + (end != NULL);
        bytes -= length + (end != NULL);
    }
}
