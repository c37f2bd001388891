/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_conf.h -- the form of the configuration file: lines "name = value", comments from a '#' that begins a line or
 * follows a blank, and headers "[exe:NAME]", after which lines hold for programs of that base name only.
 * Does not: know any option, allocate, or decide whether a file is obeyed. */
#pragma once
#include "hz_os.h"
#include "hz_text.h"

/* The longest file that is read. */
enum { HZ_CONF_MAX_BYTES = 16384 };

extern const char hz_conf_path[] HZ_HIDDEN;

struct hz_conf_pair {
    const char *name;
    size_t name_length;
    const char *value;
    size_t length;
    uint32_t line; /* from 1 */
    bool is_in_section;
};

/* Who is called while a text is read. */
struct hz_conf_visitor {
    void (*pair)(void *arg, const struct hz_conf_pair *pair);
    void (*fault)(void *arg, uint32_t line, const char *text, size_t length); /* a line of no known form */
    void *arg;
};

/* Reads the file into buffer, of HZ_CONF_MAX_BYTES. */
HZ_HIDDEN enum hz_os_file hz_conf_load(char *buffer, size_t *ret_bytes);

/* What is wrong with a file that was not read, such as "cannot be read"; NULL if nothing is. */
HZ_HIDDEN const char *hz_conf_complaint(enum hz_os_file result);

/* Visits the lines that hold for the program: first those outside of sections, then those of its sections, so that
 * the latter win. program NULL is the one that runs. */
HZ_HIDDEN void hz_conf_read(const char *text, size_t bytes, const char *program, const struct hz_conf_visitor *visitor);

/* Visits all lines, of all sections. */
HZ_HIDDEN void hz_conf_read_all(const char *text, size_t bytes, const struct hz_conf_visitor *visitor);
