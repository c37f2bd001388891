/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_fatal.c -- see hz_fatal.h. */
#include "hz_fatal.h"

#include "hz_os.h"
#include "hz_policy.h"
#include "hz_text.h"

static const char *const names[HZ_ERROR_COUNT] = {
    [HZ_ERROR_DOUBLE_FREE] = "double-free",     [HZ_ERROR_INTERIOR_FREE] = "interior-free",
    [HZ_ERROR_INVALID_FREE] = "invalid-free",   [HZ_ERROR_FOREIGN_FREE] = "foreign-free",
    [HZ_ERROR_SIZE_MISMATCH] = "size-mismatch", [HZ_ERROR_ALIGNMENT_MISMATCH] = "alignment-mismatch",
    [HZ_ERROR_KIND_MISMATCH] = "kind-mismatch", [HZ_ERROR_USE_AFTER_FREE] = "use-after-free",
    [HZ_ERROR_OVERFLOW] = "overflow",           [HZ_ERROR_CORRUPT_METADATA] = "corrupt-metadata",
    [HZ_ERROR_OUT_OF_MEMORY] = "out-of-memory",
};

/* const after init; before it the defaults count: the rest abort */
static enum hz_on_error actions[HZ_ERROR_COUNT] = {
    [HZ_ERROR_OUT_OF_MEMORY] = HZ_ON_ERROR_IGNORE,
};
static hz_fatal_details *print_details; /* const after init */

const char *hz_error_name(enum hz_error error) { return names[error]; }

void hz_fatal_set_action(enum hz_error error, enum hz_on_error action) { actions[error] = action; }
enum hz_on_error hz_fatal_action(enum hz_error error) { return actions[error]; }
void hz_fatal_set_details(hz_fatal_details *print) { print_details = print; }

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
    hz_text_add(&line, names[error]);
    hz_text_add(&line, ": ");
    hz_text_add(&line, verb);
    if (pointer != NULL) {
        hz_text_add(&line, " of ");
        hz_text_add_hex(&line, (uintptr_t)pointer);
    }
    hz_text_add(&line, " (");
    hz_text_add(&line, details);
    hz_text_add(&line, ") [HKZ-E0");
    hz_text_add(&line, error < 9 ? "0" : "");
    hz_text_add_number(&line, (uint64_t)error + 1);
    hz_text_add(&line, "]");
    end_line(&line);
}

/* A debugger's or a core file's backtrace shows the function that aborted; its name says why. Each has a
 * body of its own, lest the linker fold them. */
#define ABORT_BY(function, error)                        \
    static HZ_NOINLINE HZ_NORETURN void function(void) { \
        __asm__ volatile("" ::"i"(error));               \
        hz_os_abort();                                   \
    }
ABORT_BY(hz_abort_double_free, HZ_ERROR_DOUBLE_FREE)
ABORT_BY(hz_abort_interior_free, HZ_ERROR_INTERIOR_FREE)
ABORT_BY(hz_abort_invalid_free, HZ_ERROR_INVALID_FREE)
ABORT_BY(hz_abort_foreign_free, HZ_ERROR_FOREIGN_FREE)
ABORT_BY(hz_abort_size_mismatch, HZ_ERROR_SIZE_MISMATCH)
ABORT_BY(hz_abort_alignment_mismatch, HZ_ERROR_ALIGNMENT_MISMATCH)
ABORT_BY(hz_abort_kind_mismatch, HZ_ERROR_KIND_MISMATCH)
ABORT_BY(hz_abort_use_after_free, HZ_ERROR_USE_AFTER_FREE)
ABORT_BY(hz_abort_overflow, HZ_ERROR_OVERFLOW)
ABORT_BY(hz_abort_corrupt_metadata, HZ_ERROR_CORRUPT_METADATA)
ABORT_BY(hz_abort_out_of_memory, HZ_ERROR_OUT_OF_MEMORY)

static void (*const aborts[HZ_ERROR_COUNT])(void) = {
    hz_abort_double_free,   hz_abort_interior_free,      hz_abort_invalid_free,  hz_abort_foreign_free,
    hz_abort_size_mismatch, hz_abort_alignment_mismatch, hz_abort_kind_mismatch, hz_abort_use_after_free,
    hz_abort_overflow,      hz_abort_corrupt_metadata,   hz_abort_out_of_memory,
};

static HZ_NORETURN void die(enum hz_error error) {
    aborts[error]();
    hz_os_abort();
}

void hz_report(enum hz_error error, const char *verb, const void *pointer, const char *details) {
    if (actions[error] == HZ_ON_ERROR_IGNORE)
        return;
    report(error, verb, pointer, details);
    if (print_details != NULL)
        print_details(pointer);
    if (actions[error] == HZ_ON_ERROR_ABORT)
        die(error);
}

void hz_fatal(enum hz_error error, const char *verb, const void *pointer, const char *details) {
    report(error, verb, pointer, details);
    die(error);
}
