/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_option.h -- what hz_options.c, which reads options, and hz_options_print.c, which shows them, share: the table,
 * and one reading of all places where options are set. */
#pragma once
#include "hz_conf.h"
#include "hz_options.h"

enum hz_option_kind { HZ_OPTION_CHOICE, HZ_OPTION_NUMBER, HZ_OPTION_BYTES, HZ_OPTION_ACTIONS, HZ_OPTION_FAULTS };

struct hz_option {
    const char *name;
    size_t at; /* its word in struct hz_options */
    enum hz_option_kind kind;
    const char *choices; /* separated by '|'; the first is value 0 */
    const char *meaning; /* in one line */
};

enum { HZ_OPTION_COUNT = 18 };
extern const struct hz_option hz_option_table[HZ_OPTION_COUNT] HZ_HIDDEN;

/* From the weakest to the strongest. */
enum hz_source { HZ_SOURCE_DEFAULT, HZ_SOURCE_FILE, HZ_SOURCE_SECTION, HZ_SOURCE_CONF, HZ_SOURCE_VARIABLE };

/* Whether a line of the file says so. */
HZ_INLINE bool hz_source_is_file(enum hz_source source) {
    return source == HZ_SOURCE_FILE || source == HZ_SOURCE_SECTION;
}

struct hz_option_origin {
    enum hz_source source; /* of the value in force */
    uint32_t line;         /* of the file, if that is the source */
    bool is_refused;       /* some source named a value that is not valid */
};

/* One reading: the process's own at start, or one that changes nothing. */
struct hz_reading {
    struct hz_options *to;
    struct hz_option_origin *origins; /* one of each option */
    void (*complain)(void *arg, uint32_t line, const struct hz_text *text);
    void *arg;
    /* where the reader is */
    enum hz_source source;
    uint32_t line;
    unsigned file_complaints;
    enum hz_os_file file; /* how reading the file ended */
    struct hz_conf_visitor visitor;
};

/* What the policy says. */
HZ_HIDDEN void hz_options_default(struct hz_options *options);

/* Reads the file, by way of buffer of HZ_CONF_MAX_BYTES, and the environment, for the program (NULL: this one). */
HZ_HIDDEN void hz_options_read(struct hz_reading *reading, const char *program, char *buffer);

/* Reads a text as if it were the file, with all its sections. */
HZ_HIDDEN void hz_options_read_text(struct hz_reading *reading, const char *text, size_t bytes);

/* The origins of the process's own options. */
HZ_HIDDEN const struct hz_option_origin *hz_option_origins(void);

/* Whether an action without a class is also for this one; those that are more than a misuse are named or left alone. */
HZ_INLINE bool hz_option_is_plain(unsigned error) {
    return error != HZ_ERROR_FOREIGN_FREE && error != HZ_ERROR_OUT_OF_MEMORY;
}

/* What values the option may have, in words. */
HZ_HIDDEN const char *hz_option_valid(const struct hz_option *option);

/* The next word of a list and its length, NULL after the last; and where the list goes on. */
HZ_HIDDEN const char *hz_option_next_word(const char *list, char separator, size_t *ret_length);
HZ_HIDDEN const char *hz_option_after_word(const char *word, size_t length);

/* "/etc/hakozuna.conf:3: ", or without a number where the line is 0. */
HZ_HIDDEN void hz_option_add_place(struct hz_text *text, uint32_t line);

/* A line on standard error for each option. */
HZ_HIDDEN void hz_options_print_all(void);
