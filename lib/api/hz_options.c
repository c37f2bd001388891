/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_options.c -- the table of options, and its reader. */
#include "hz_options.h"

#include <string.h>

#include "hz_fail.h"
#include "hz_os.h"
#include "hz_text.h"

struct hz_options hz_options;

enum kind { KIND_CHOICE, KIND_NUMBER, KIND_BYTES, KIND_ACTIONS, KIND_FAULTS };

struct option {
    const char *name;
    uint64_t *value;
    enum kind kind;
    const char *choices; /* separated by '|'; the first is value 0 */
    const char *source;
};

static const char SOURCE_DEFAULT[] = "default";
static const char SOURCE_CONF[] = "HAKOZUNA_CONF";
static const char SOURCE_VARIABLE[] = "environment";

static struct option options[] = {
    {"verbose", &hz_options.verbose, KIND_CHOICE, "0|1", SOURCE_DEFAULT},
    {"stats", &hz_options.stats, KIND_CHOICE, "off|exit", SOURCE_DEFAULT},
    {"stats_format", &hz_options.stats_format, KIND_CHOICE, "text|json", SOURCE_DEFAULT},
    {"decay_ms", &hz_options.decay_ms, KIND_NUMBER, NULL, SOURCE_DEFAULT},
    {"thp", &hz_options.thp, KIND_CHOICE, "default|never|always", SOURCE_DEFAULT},
    {"foreign_free", &hz_options.foreign_free, KIND_CHOICE, "forward|leak|abort", SOURCE_DEFAULT},
    {"on_error", hz_options.on_error, KIND_ACTIONS, "abort|report|ignore", SOURCE_DEFAULT},
    {"arena_bytes", &hz_options.arena_bytes, KIND_BYTES, NULL, SOURCE_DEFAULT},
    {"huge_bytes", &hz_options.huge_bytes, KIND_BYTES, NULL, SOURCE_DEFAULT},
    {"signal_safe", &hz_options.signal_safe, KIND_CHOICE, "0|1", SOURCE_DEFAULT},
    {"strict", &hz_options.strict, KIND_CHOICE, "0|1", SOURCE_DEFAULT},
    {"random", &hz_options.random, KIND_CHOICE, "off|arena|all", SOURCE_DEFAULT},
    {"quarantine", &hz_options.quarantine, KIND_BYTES, NULL, SOURCE_DEFAULT},
    {"free_fill", &hz_options.free_fill, KIND_CHOICE, "off|zero|junk", SOURCE_DEFAULT},
    {"check_reuse", &hz_options.check_reuse, KIND_CHOICE, "0|1", SOURCE_DEFAULT},
    {"fail", &hz_options.fail, KIND_FAULTS, "off|on", SOURCE_DEFAULT},
    {"guard_sample", &hz_options.guard_sample, KIND_NUMBER, NULL, SOURCE_DEFAULT},
    {"guard_slots", &hz_options.guard_slots, KIND_NUMBER, NULL, SOURCE_DEFAULT},
};

enum {
    OPTION_COUNT = sizeof options / sizeof options[0],
    NAME_MAX_BYTES = 32,
    QUOTED_MAX_BYTES = 80,
    GUARD_SLOTS = 256,
};

static const char PREFIX[] = "HAKOZUNA_";

static const char *const valid_values[] = {
    [KIND_CHOICE] = NULL, /* its choices */
    [KIND_NUMBER] = "a number from 0 to 1000000000",
    [KIND_BYTES] = "a size such as 65536, 64K, 16M or 1G",
    [KIND_ACTIONS] = "abort, report or ignore, or a list such as report,double-free=abort",
    [KIND_FAULTS] = HZ_FAIL_USAGE,
};

/* --- Words ------------------------------------------------------------------------------------ */

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

bool hz_options_equal(const char *text, size_t length, const char *word, size_t word_length) {
    if (length != word_length)
        return false;
    for (size_t i = 0; i < length; i++)
        if (lower(text[i]) != lower(word[i]))
            return false;
    return true;
}

/* Edits (insert, delete, replace) that turn one word into the other; words longer than the buffer count
 * as far away. */
static unsigned distance(const char *a, size_t a_length, const char *b, size_t b_length) {
    unsigned row[NAME_MAX_BYTES + 1];
    if (b_length > NAME_MAX_BYTES)
        return UINT32_MAX;
    for (unsigned j = 0; j <= b_length; j++)
        row[j] = j;
    for (unsigned i = 1; i <= a_length; i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (unsigned j = 1; j <= b_length; j++) {
            unsigned replaced = diagonal + (lower(a[i - 1]) != lower(b[j - 1]));
            unsigned edited = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = replaced < edited ? replaced : edited;
        }
    }
    return row[b_length];
}

/* The next word of a list and its length; NULL after the last. */
static const char *next_word(const char *list, char separator, size_t *ret_length) {
    if (list == NULL || *list == '\0')
        return NULL;
    const char *end = strchr(list, separator);
    *ret_length = end == NULL ? strlen(list) : (size_t)(end - list);
    return list;
}

static const char *after_word(const char *word, size_t length) {
    return word[length] == '\0' ? word + length : word + length + 1;
}

/* --- Complaints ------------------------------------------------------------------------------- */

static const char *nearest_option(const char *name, size_t length) {
    const char *nearest = options[0].name;
    unsigned least = UINT32_MAX;
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        unsigned edits = distance(name, length, options[i].name, strlen(options[i].name));
        if (edits < least) {
            least = edits;
            nearest = options[i].name;
        }
    }
    return nearest;
}

/* The user's words, cut to fit, on one line whatever they hold. */
static void add_quoted(struct hz_text *text, const char *words, size_t length) {
    for (size_t i = 0; i < length && i < QUOTED_MAX_BYTES; i++) {
        bool is_control = (unsigned char)words[i] < ' ' || words[i] == 0x7f;
        hz_text_add_bytes(text, is_control ? "?" : words + i, 1);
    }
}

static void complain_name(const char *name, size_t length) {
    struct hz_text text;
    hz_text_init(&text);
    hz_text_add(&text, "unknown option \"");
    add_quoted(&text, name, length);
    hz_text_add(&text, "\" is ignored; the nearest is \"");
    hz_text_add(&text, nearest_option(name, length));
    hz_text_add(&text, "\"");
    hz_message("warning", text.bytes);
}

static void complain_value(const struct option *option, const char *value, size_t length) {
    struct hz_text text;
    hz_text_init(&text);
    hz_text_add(&text, "option \"");
    hz_text_add(&text, option->name);
    hz_text_add(&text, "\": value \"");
    add_quoted(&text, value, length);
    hz_text_add(&text, "\" is ignored; valid is ");
    const char *valid = valid_values[option->kind];
    hz_text_add(&text, valid != NULL ? valid : option->choices);
    hz_message("warning", text.bytes);
}

/* --- Reading ---------------------------------------------------------------------------------- */

static bool read_choice(const char *choices, const char *value, size_t length, uint64_t *ret_value) {
    size_t word_length;
    uint64_t index = 0;
    for (const char *word = next_word(choices, '|', &word_length); word != NULL;
         word = next_word(after_word(word, word_length), '|', &word_length), index++)
        if (hz_options_equal(value, length, word, word_length)) {
            *ret_value = index;
            return true;
        }
    return false;
}

static uint64_t unit_of(char letter) {
    switch (lower(letter)) {
    case 'k': return (uint64_t)1 << 10;
    case 'm': return (uint64_t)1 << 20;
    case 'g': return (uint64_t)1 << 30;
    case 't': return (uint64_t)1 << 40;
    default: return 0;
    }
}

bool hz_options_number(const char *value, size_t length, bool has_unit, uint64_t *ret_value) {
    uint64_t number = 0;
    uint64_t unit = 1;
    if (has_unit && length > 1 && (unit = unit_of(value[length - 1])) != 0)
        length--;
    else
        unit = 1;
    if (length == 0)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (value[i] < '0' || value[i] > '9' || number > INT64_MAX / 10)
            return false;
        number = number * 10 + (uint64_t)(value[i] - '0');
    }
    if ((!has_unit && number > 1000000000u) || number > INT64_MAX / unit)
        return false;
    *ret_value = number * unit;
    return true;
}

/* An action without a class is for every misuse; classes that are more than that are named or left alone. */
static bool is_plain_misuse(unsigned error) {
    return error != HZ_ERROR_FOREIGN_FREE && error != HZ_ERROR_OUT_OF_MEMORY;
}

/* "report" or "double-free=report". */
static bool read_action(const char *choices, const char *word, size_t length, uint64_t *actions) {
    const char *equals = memchr(word, '=', length);
    const char *value = equals == NULL ? word : equals + 1;
    uint64_t action;
    if (!read_choice(choices, value, length - (size_t)(value - word), &action))
        return false;
    bool is_known = equals == NULL;
    for (unsigned i = 0; i < HZ_ERROR_COUNT; i++) {
        const char *name = hz_error_name((enum hz_error)i);
        bool is_named = equals != NULL && hz_options_equal(word, (size_t)(equals - word), name, strlen(name));
        if (is_named || (equals == NULL && is_plain_misuse(i)))
            actions[i] = action;
        is_known = is_known || is_named;
    }
    return is_known;
}

/* All of a list, or nothing. */
static bool read_actions(const char *choices, const char *value, size_t length, uint64_t *ret_actions) {
    uint64_t actions[HZ_ERROR_COUNT];
    memcpy(actions, ret_actions, sizeof actions);
    for (size_t at = 0; at <= length;) {
        const char *comma = memchr(value + at, ',', length - at);
        size_t end = comma == NULL ? length : (size_t)(comma - value);
        if (!read_action(choices, value + at, end - at, actions))
            return false;
        at = end + 1;
    }
    memcpy(ret_actions, actions, sizeof actions);
    return true;
}

static bool read_faults(const char *value, size_t length, uint64_t *ret_value) {
    if (!hz_fail_read(value, length, &hz_options.fail_plan))
        return false;
    *ret_value = 1;
    return true;
}

static bool read_value(const struct option *option, const char *value, size_t length) {
    switch (option->kind) {
    case KIND_CHOICE: return read_choice(option->choices, value, length, option->value);
    case KIND_ACTIONS: return read_actions(option->choices, value, length, option->value);
    case KIND_FAULTS: return read_faults(value, length, option->value);
    default: return hz_options_number(value, length, option->kind == KIND_BYTES, option->value);
    }
}

static void set(struct option *option, const char *value, size_t length, const char *source) {
    if (read_value(option, value, length))
        option->source = source;
    else
        complain_value(option, value, length);
}

static void set_named(const char *name, size_t name_length, const char *value, size_t length,
                      const char *source) {
    for (unsigned i = 0; i < OPTION_COUNT; i++)
        if (hz_options_equal(name, name_length, options[i].name, strlen(options[i].name))) {
            set(&options[i], value, length, source);
            return;
        }
    complain_name(name, name_length);
}

static void read_conf(const char *conf) {
    size_t length;
    for (const char *pair = next_word(conf, ':', &length); pair != NULL;
         pair = next_word(after_word(pair, length), ':', &length)) {
        const char *equals = memchr(pair, '=', length);
        size_t name_length = equals == NULL ? length : (size_t)(equals - pair);
        if (equals != NULL)
            set_named(pair, name_length, equals + 1, length - name_length - 1, SOURCE_CONF);
        else if (length != 0)
            complain_name(pair, length);
    }
}

static void read_variable(void *unused, const char *entry) {
    (void)unused;
    const char *name = entry + sizeof PREFIX - 1;
    const char *equals = strchr(name, '=');
    if (equals == NULL || hz_options_equal(name, (size_t)(equals - name), "conf", 4))
        return;
    set_named(name, (size_t)(equals - name), equals + 1, strlen(equals + 1), SOURCE_VARIABLE);
}

static void print_choice(struct hz_text *text, const struct option *option, uint64_t value) {
    size_t length = 0;
    const char *word = next_word(option->choices, '|', &length);
    for (uint64_t i = 0; i < value && word != NULL; i++)
        word = next_word(after_word(word, length), '|', &length);
    if (word != NULL)
        hz_text_add_bytes(text, word, length);
}

/* In the form in which it can be set: the first class's for all, then those that differ from it. */
static void print_actions(struct hz_text *text, const struct option *option) {
    print_choice(text, option, option->value[0]);
    for (unsigned i = 1; i < HZ_ERROR_COUNT; i++) {
        if (option->value[i] == option->value[0] && is_plain_misuse(i))
            continue;
        hz_text_add(text, ",");
        hz_text_add(text, hz_error_name((enum hz_error)i));
        hz_text_add(text, "=");
        print_choice(text, option, option->value[i]);
    }
}

static void print_value(struct hz_text *text, const struct option *option) {
    switch (option->kind) {
    case KIND_CHOICE:
    case KIND_FAULTS: print_choice(text, option, *option->value); break;
    case KIND_ACTIONS: print_actions(text, option); break;
    default: hz_text_add_number(text, *option->value); break;
    }
}

static void print_all(void) {
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        struct hz_text text;
        hz_text_init(&text);
        hz_text_add(&text, "option ");
        hz_text_add(&text, options[i].name);
        hz_text_add(&text, "=");
        print_value(&text, &options[i]);
        hz_text_add(&text, " (");
        hz_text_add(&text, options[i].source);
        hz_text_add(&text, ")");
        hz_message("info", text.bytes);
    }
}

void hz_options_init(void) {
    hz_options.decay_ms = hz_policy.decay_ms;
    hz_options.thp = hz_policy.thp;
    hz_options.huge_bytes = hz_policy.huge_bytes;
    hz_options.strict = hz_policy.is_strict;
    for (unsigned i = 0; i < HZ_ERROR_COUNT; i++)
        hz_options.on_error[i] = hz_fatal_action((enum hz_error)i);
    hz_options.on_error[HZ_ERROR_FOREIGN_FREE] = HZ_ON_ERROR_REPORT;
    hz_options.random = hz_policy.random;
    hz_options.guard_slots = GUARD_SLOTS;
    if (hz_os_is_secure())
        return;
    read_conf(hz_os_environment("HAKOZUNA_CONF"));
    hz_os_environment_each(PREFIX, read_variable, NULL);
    if (hz_options.verbose != 0)
        print_all();
}
