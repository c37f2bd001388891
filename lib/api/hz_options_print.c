/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_options_print.c -- options shown: those of the process, those that another program would have, and what is
 * wrong with a text. */
#include <errno.h>
#include <string.h>

#include "hakozuna.h"
#include "hz_init.h"
#include "hz_inside.h"
#include "hz_option.h"
#include "hz_os.h"
#include "hz_thread.h"

typedef void (*writer)(void *arg, const char *text, size_t bytes);

/* Where the text goes, and what of it has gone there. */
struct output {
    writer write;
    void *arg;
    enum hkz_format format;
    uint32_t problems;
};

/* --- Words ------------------------------------------------------------------------------------ */

static void add_choice(struct hz_text *text, const struct hz_option *option, uint64_t value) {
    size_t length = 0;
    const char *word = hz_option_next_word(option->choices, '|', &length);
    for (uint64_t i = 0; i < value && word != NULL; i++)
        word = hz_option_next_word(hz_option_after_word(word, length), '|', &length);
    if (word != NULL)
        hz_text_add_bytes(text, word, length);
}

/* In the form in which it can be set: the first class's for all, then those that differ from it. The two that a word
 * without a class does not set are always named. */
static void add_actions(struct hz_text *text, const struct hz_option *option, const uint64_t *actions) {
    add_choice(text, option, actions[0]);
    for (unsigned i = 1; i < HZ_ERROR_COUNT; i++) {
        if (actions[i] == actions[0] && hz_option_is_plain(i))
            continue;
        hz_text_add(text, ",");
        hz_text_add(text, hz_error_name((enum hz_error)i));
        hz_text_add(text, "=");
        add_choice(text, option, actions[i]);
    }
}

static void add_value(struct hz_text *text, const struct hz_option *option, const struct hz_options *options) {
    const uint64_t *value = (const uint64_t *)options + option->at;
    switch (option->kind) {
    case HZ_OPTION_CHOICE:
    case HZ_OPTION_FAULTS: add_choice(text, option, *value); break;
    case HZ_OPTION_ACTIONS: add_actions(text, option, value); break;
    default: hz_text_add_number(text, *value); break;
    }
}

static const char *source_name(enum hz_source source) {
    static const char *const names[] = {
        [HZ_SOURCE_DEFAULT] = "default",      [HZ_SOURCE_FILE] = "file",
        [HZ_SOURCE_SECTION] = "section",      [HZ_SOURCE_CONF] = "HAKOZUNA_CONF",
        [HZ_SOURCE_VARIABLE] = "environment",
    };
    return names[source];
}

void hz_option_add_place(struct hz_text *text, uint32_t line) {
    hz_text_add(text, hz_conf_path);
    if (line != 0) {
        hz_text_add(text, ":");
        hz_text_add_number(text, line);
    }
    hz_text_add(text, ": ");
}

static void add_source(struct hz_text *text, const struct hz_option_origin *origin) {
    if (hz_source_is_file(origin->source)) {
        hz_option_add_place(text, origin->line);
        text->length -= 1;
        text->bytes[text->length - 1] = ' ';
    }
    hz_text_add(text, source_name(origin->source));
}

void hz_options_print_all(void) {
    for (unsigned i = 0; i < HZ_OPTION_COUNT; i++) {
        struct hz_text text;
        hz_text_init(&text);
        hz_text_add(&text, "option ");
        hz_text_add(&text, hz_option_table[i].name);
        hz_text_add(&text, "=");
        add_value(&text, &hz_option_table[i], &hz_options);
        hz_text_add(&text, " (");
        add_source(&text, &hz_option_origins()[i]);
        hz_text_add(&text, ")");
        hz_message("info", text.bytes);
    }
}

/* --- Pieces of output ------------------------------------------------------------------------- */

static void emit(const struct output *output, const char *text) { output->write(output->arg, text, strlen(text)); }

static void emit_text(const struct output *output, const struct hz_text *text) {
    output->write(output->arg, text->bytes, text->length);
}

static void emit_number(const struct output *output, uint64_t number) {
    struct hz_text text;
    hz_text_init(&text);
    hz_text_add_number(&text, number);
    emit_text(output, &text);
}

/* As a JSON string. Bytes beyond ASCII, which need not be UTF-8, become question marks. */
static void emit_string(const struct output *output, const char *string) {
    emit(output, "\"");
    for (const char *at = string; *at != '\0'; at++) {
        bool is_plain = *at >= ' ' && *at <= '~';
        if (*at == '"' || *at == '\\')
            emit(output, "\\");
        output->write(output->arg, is_plain ? at : "?", 1);
    }
    emit(output, "\"");
}

static void emit_member(const struct output *output, const char *name, const char *string) {
    emit_string(output, name);
    emit(output, ": ");
    emit_string(output, string);
}

/* --- One option ------------------------------------------------------------------------------- */

/* Not inlined, as it needs a page of stack. */
static HZ_NOINLINE void add_default(struct hz_text *text, const struct hz_option *option) {
    struct hz_options defaults;
    memset(&defaults, 0, sizeof defaults);
    hz_options_default(&defaults);
    add_value(text, option, &defaults);
}

static void print_json_option(const struct output *output, const struct hz_option *option,
                              const struct hz_options *options, const struct hz_option_origin *origin) {
    struct hz_text value, normal;
    hz_text_init(&value);
    add_value(&value, option, options);
    hz_text_init(&normal);
    add_default(&normal, option);
    emit(output, "{");
    emit_member(output, "name", option->name);
    emit(output, ", ");
    emit_member(output, "value", value.bytes);
    emit(output, ", ");
    emit_member(output, "default", normal.bytes);
    emit(output, ", ");
    emit_member(output, "source", source_name(origin->source));
    if (origin->line != 0) {
        emit(output, ", \"line\": ");
        emit_number(output, origin->line);
    }
    emit(output, origin->is_refused ? ", \"valid\": false, " : ", \"valid\": true, ");
    emit_member(output, "values", hz_option_valid(option));
    emit(output, ", ");
    emit_member(output, "meaning", option->meaning);
    emit(output, "}");
}

static void print_text_option(const struct output *output, const struct hz_option *option,
                              const struct hz_options *options, const struct hz_option_origin *origin) {
    struct hz_text line;
    hz_text_init(&line);
    hz_text_add(&line, option->name);
    hz_text_add(&line, " = ");
    add_value(&line, option, options);
    hz_text_add(&line, "  (");
    add_source(&line, origin);
    hz_text_add(&line, origin->is_refused ? "; a wrong value was ignored)\n" : ")\n");
    emit_text(output, &line);
    hz_text_init(&line);
    hz_text_add(&line, "    ");
    hz_text_add(&line, option->meaning);
    hz_text_add(&line, "\n    default: ");
    add_default(&line, option);
    hz_text_add(&line, "; valid: ");
    hz_text_add(&line, hz_option_valid(option));
    hz_text_add(&line, "\n");
    emit_text(output, &line);
}

/* --- All of them ------------------------------------------------------------------------------ */

static void begin(const struct output *output) {
    if (output->format == HKZ_FORMAT_TEXT) {
        emit(output, "hakozuna: ");
        emit(output, hz_policy.name);
        emit(output, ": options\n");
        return;
    }
    emit(output, "{\"hakozuna\": {\"schema\": 1, ");
    emit_member(output, "version", hkz_version());
    emit(output, ", ");
    emit_member(output, "profile", hz_policy.name);
    emit(output, ", ");
    emit_member(output, "file", hz_conf_path);
    emit(output, ", \"problems\": [");
}

static void print_options(const struct output *output, const struct hz_options *options,
                          const struct hz_option_origin *origins) {
    bool is_json = output->format == HKZ_FORMAT_JSON;
    emit(output, is_json ? "], \"options\": [" : "");
    for (unsigned i = 0; i < HZ_OPTION_COUNT; i++) {
        if (is_json) {
            emit(output, i == 0 ? "" : ", ");
            print_json_option(output, &hz_option_table[i], options, &origins[i]);
        } else {
            print_text_option(output, &hz_option_table[i], options, &origins[i]);
        }
    }
    emit(output, is_json ? "]}}\n" : "");
}

struct look {
    struct hz_reading reading;
    struct output *output;
};

static void print_problem(void *arg, uint32_t line, const struct hz_text *text) {
    struct look *look = arg;
    struct output *output = look->output;
    enum hz_source source = look->reading.source;
    output->problems++;
    if (output->format == HKZ_FORMAT_TEXT) {
        struct hz_text place;
        hz_text_init(&place);
        hz_text_add(&place, "problem: ");
        if (hz_source_is_file(source))
            hz_option_add_place(&place, line);
        emit_text(output, &place);
        emit_text(output, text);
        emit(output, "\n");
        return;
    }
    emit(output, output->problems == 1 ? "{" : ", {");
    emit_member(output, "source", source_name(source));
    if (line != 0) {
        emit(output, ", \"line\": ");
        emit_number(output, line);
    }
    emit(output, ", ");
    emit_member(output, "message", text->bytes);
    emit(output, "}");
}

/* Not with the buffer of the start, which is another thread's perhaps. */
static int print_for(struct output *output, const char *program) {
    struct hz_options options;
    struct hz_option_origin origins[HZ_OPTION_COUNT] = {0};
    struct look look = {.reading = {.to = &options, .origins = origins, .complain = print_problem}, .output = output};
    look.reading.arg = &look;
    char *buffer = hz_os_map(HZ_CONF_MAX_BYTES, hz_os_page_bytes());
    if (buffer == NULL)
        return ENOMEM;
    memset(&options, 0, sizeof options);
    hz_options_default(&options);
    begin(output);
    if (!hz_os_is_secure())
        hz_options_read(&look.reading, program, buffer);
    print_options(output, &options, origins);
    (void)hz_os_release(buffer, HZ_CONF_MAX_BYTES);
    return 0;
}

static void write_error(void *arg, const char *text, size_t bytes) {
    (void)arg;
    hz_os_write_error(text, bytes);
}

int hkz_options_print(enum hkz_format format, const char *program,
                      void (*write)(void *arg, const char *text, size_t bytes), void *arg) {
    struct output output = {.write = write == NULL ? write_error : write, .arg = arg, .format = format};
    if (format != HKZ_FORMAT_TEXT && format != HKZ_FORMAT_JSON)
        return EINVAL;
    if (program != NULL)
        return print_for(&output, program);
    if (!hz_thread_is_inside()) {
        hz_thread_enter();
        (void)hz_init();
        hz_inside_leave();
    }
    begin(&output);
    print_options(&output, &hz_options, hz_option_origins());
    return 0;
}

/* --- A text that is to be a file -------------------------------------------------------------- */

static void print_fault(void *arg, uint32_t line, const struct hz_text *text) {
    struct output *output = arg;
    output->problems++;
    emit_number(output, line);
    emit(output, ": ");
    emit_text(output, text);
    emit(output, "\n");
}

unsigned hkz_options_check(const char *text, size_t bytes, void (*write)(void *arg, const char *text, size_t bytes),
                           void *arg) {
    struct hz_options options;
    struct hz_option_origin origins[HZ_OPTION_COUNT] = {0};
    struct output output = {.write = write == NULL ? write_error : write, .arg = arg};
    struct hz_reading reading = {.to = &options, .origins = origins, .complain = print_fault, .arg = &output};
    memset(&options, 0, sizeof options);
    hz_options_default(&options);
    if (bytes > HZ_CONF_MAX_BYTES) {
        struct hz_text complaint;
        hz_text_init(&complaint);
        hz_text_add(&complaint, "the file ");
        hz_text_add(&complaint, hz_conf_complaint(HZ_OS_FILE_TOO_LONG));
        print_fault(&output, 1, &complaint);
    }
    hz_options_read_text(&reading, text, bytes);
    return output.problems;
}
