/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_fatal.h -- reports on standard error, in one line that a tool can match, and the end of the process.
 * The classes and their codes are stable; docs/errors explains each under its code. */
#pragma once
#include "hz_base.h"

/* In the order of their codes: the first is HKZ-E001. */
enum hz_error {
    HZ_ERROR_DOUBLE_FREE,
    HZ_ERROR_INTERIOR_FREE,
    HZ_ERROR_INVALID_FREE,
    HZ_ERROR_FOREIGN_FREE,
    HZ_ERROR_SIZE_MISMATCH,
    HZ_ERROR_ALIGNMENT_MISMATCH,
    HZ_ERROR_KIND_MISMATCH,
    HZ_ERROR_USE_AFTER_FREE,
    HZ_ERROR_OVERFLOW,
    HZ_ERROR_CORRUPT_METADATA,
    HZ_ERROR_OUT_OF_MEMORY,
    HZ_ERROR_COUNT
};

enum hz_on_error { HZ_ON_ERROR_ABORT, HZ_ON_ERROR_REPORT, HZ_ON_ERROR_IGNORE };

/* The class's name: "double-free". */
HZ_HIDDEN const char *hz_error_name(enum hz_error error);

/* What a report of the class is followed by; set once, from the option on_error. */
HZ_HIDDEN void hz_fatal_set_action(enum hz_error error, enum hz_on_error action);
HZ_HIDDEN enum hz_on_error hz_fatal_action(enum hz_error error);

/* Prints what more is known of the pointer, as lines of hz_message("detail", ...); called between a report
 * and the abort, with no lock of the allocator held. Set once. */
typedef void hz_fatal_details(const void *pointer);
HZ_HIDDEN void hz_fatal_set_details(hz_fatal_details *print);

/* Reports that verb ("free", "realloc", ...) met pointer (NULL: none) in a state that details names, and aborts unless
 * the class's action is softer; then the caller leaves the pointer alone. No lock of the allocator is held. */
HZ_HIDDEN HZ_COLD void hz_report(enum hz_error error, const char *verb, const void *pointer, const char *details);

/* The same for what the process cannot survive. */
HZ_HIDDEN HZ_COLD HZ_NORETURN void hz_fatal(enum hz_error error, const char *verb, const void *pointer,
                                            const char *details);

/* One line of the form "hakozuna: <profile>: <kind>: <message>". */
HZ_HIDDEN HZ_COLD void hz_message(const char *kind, const char *message);

/* Checked always, on slow paths, where a wrong value would spread. */
#define HZ_MUST(condition, pointer, details)                                    \
    do {                                                                        \
        if (HZ_UNLIKELY(!(condition)))                                          \
            hz_fatal(HZ_ERROR_CORRUPT_METADATA, "check", (pointer), (details)); \
    } while (0)
