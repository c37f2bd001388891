/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_fatal.c -- see hz_fatal.h. */
#include "hz_fatal.h"

#include "hz_os.h"
#include "hz_policy.h"
#include "hz_text.h"

static const struct {
    const char *class;
    const char *code;
} errors[HZ_ERROR_COUNT] = {
    [HZ_ERROR_DOUBLE_FREE] = {"double-free", "HKZ-E001"},
    [HZ_ERROR_INTERIOR_FREE] = {"interior-free", "HKZ-E002"},
    [HZ_ERROR_INVALID_FREE] = {"invalid-free", "HKZ-E003"},
    [HZ_ERROR_FOREIGN_FREE] = {"foreign-free", "HKZ-E004"},
    [HZ_ERROR_CORRUPT_METADATA] = {"corrupt-metadata", "HKZ-E010"},
};

static enum hz_on_error on_error; /* const after init */

void hz_fatal_set_action(enum hz_on_error action) { on_error = action; }

static void begin_line(struct hz_text *line, const char *kind) {
    hz_text_init(line);
    hz_text_add(line, "hakozuna: ");
    hz_text_add(line, hz_policy.name);
    hz_text_add(line, ": ");
    hz_text_add(line, kind);
    hz_text_add(line, ": ");
}

static void end_line(struct hz_text *line) {
    hz_text_add(line, "\n");
    hz_os_write_error(line->bytes, line->length);
}

void hz_message(const char *kind, const char *message) {
    struct hz_text line;
    begin_line(&line, kind);
    hz_text_add(&line, message);
    end_line(&line);
}

static void report(enum hz_error error, const char *verb, const void *pointer, const char *details) {
    struct hz_text line;
    begin_line(&line, "error");
    hz_text_add(&line, errors[error].class);
    hz_text_add(&line, ": ");
    hz_text_add(&line, verb);
    hz_text_add(&line, " of ");
    hz_text_add_hex(&line, (uintptr_t)pointer);
    hz_text_add(&line, " (");
    hz_text_add(&line, details);
    hz_text_add(&line, ") [");
    hz_text_add(&line, errors[error].code);
    hz_text_add(&line, "]");
    end_line(&line);
}

void hz_report(enum hz_error error, const char *verb, const void *pointer, const char *details) {
    if (on_error == HZ_ON_ERROR_IGNORE)
        return;
    report(error, verb, pointer, details);
    if (on_error == HZ_ON_ERROR_ABORT)
        hz_os_abort();
}

void hz_fatal(enum hz_error error, const char *verb, const void *pointer, const char *details) {
    report(error, verb, pointer, details);
    hz_os_abort();
}
