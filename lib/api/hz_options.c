/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_options.c -- the table of options, and its reader. */
#include "hz_option.h"

#include <string.h>

#include "hz_conf.h"
#include "hz_fail.h"
#include "hz_os.h"

struct hz_options hz_options;

#define AT(field) offsetof(struct hz_options, field) / sizeof(uint64_t)

const struct hz_option hz_option_table[HZ_OPTION_COUNT] = {
    {"verbose", AT(verbose), HZ_OPTION_CHOICE, "0|1", "1 prints every option with its source at start"},
    {"stats", AT(stats), HZ_OPTION_CHOICE, "off|exit", "exit prints statistics when the process exits"},
    {"stats_format", AT(stats_format), HZ_OPTION_CHOICE, "text|json", "the form of those statistics"},
    {"decay_ms", AT(decay_ms), HZ_OPTION_NUMBER, NULL, "free pages older than this go back to the kernel"},
    {"thp", AT(thp), HZ_OPTION_CHOICE, "default|never|always", "transparent huge pages in the arenas"},
    {"foreign_free", AT(foreign_free), HZ_OPTION_CHOICE, "forward|leak|abort",
     "what happens to a pointer of another allocator"},
    {"on_error", AT(on_error), HZ_OPTION_ACTIONS, "abort|report|ignore", "what follows a wrong pointer"},
    {"arena_bytes", AT(arena_bytes), HZ_OPTION_BYTES, NULL, "address space of the first arena; 0: as much as there is"},
    {"huge_bytes", AT(huge_bytes), HZ_OPTION_BYTES, NULL, "blocks from this size on get a mapping of their own"},
    {"signal_safe", AT(signal_safe), HZ_OPTION_CHOICE, "0|1",
     "1: signal handlers may allocate and free wherever they interrupt"},
    {"strict", AT(strict), HZ_OPTION_CHOICE, "0|1", "1: what other threads free is judged at once"},
    {"random", AT(random), HZ_OPTION_CHOICE, "off|arena|all", "what lies where by chance"},
    {"quarantine", AT(quarantine), HZ_OPTION_BYTES, NULL, "freed blocks that each thread holds back from reuse"},
    {"free_fill", AT(free_fill), HZ_OPTION_CHOICE, "off|zero|junk", "what freed blocks are overwritten with"},
    {"check_reuse", AT(check_reuse), HZ_OPTION_CHOICE, "0|1", "1: blocks must be found as they were filled"},
    {"fail", AT(fail), HZ_OPTION_FAULTS, "off|on", "requests that fail on demand, to test a program"},
    {"guard_sample", AT(guard_sample), HZ_OPTION_NUMBER, NULL, "one allocation in so many is guarded; 0: none"},
    {"guard_slots", AT(guard_slots), HZ_OPTION_NUMBER, NULL, "guarded blocks that there may be at once"},
};

enum {
    NAME_MAX_BYTES = 32,
    QUOTED_MAX_BYTES = 80,
    GUARD_SLOTS = 256,
    FILE_COMPLAINTS = 10, /* of one file, which is every program's */
};

static const char PREFIX[] = "HAKOZUNA_";

static struct hz_option_origin origins[HZ_OPTION_COUNT];

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

const char *hz_option_next_word(const char *list, char separator, size_t *ret_length) {
    if (list == NULL || *list == '\0')
        return NULL;
    const char *end = strchr(list, separator);
    *ret_length = end == NULL ? strlen(list) : (size_t)(end - list);
    return list;
}

const char *hz_option_after_word(const char *word, size_t length) {
    return word[length] == '\0' ? word + length : word + length + 1;
}

/* --- Complaints ------------------------------------------------------------------------------- */

static const char *nearest_option(const char *name, size_t length) {
    const char *nearest = hz_option_table[0].name;
    unsigned least = UINT32_MAX;
    for (unsigned i = 0; i < HZ_OPTION_COUNT; i++) {
        unsigned edits = distance(name, length, hz_option_table[i].name, strlen(hz_option_table[i].name));
        if (edits < least) {
            least = edits;
            nearest = hz_option_table[i].name;
        }
    }
    return nearest;
}

/* The user's words, cut to fit, on one line whatever they hold. */
static void add_quoted(struct hz_text *text, const char *words, size_t length) {
    hz_text_add(text, "\"");
    for (size_t i = 0; i < length && i < QUOTED_MAX_BYTES; i++) {
        bool is_control = (unsigned char)words[i] < ' ' || words[i] == 0x7f;
        hz_text_add_bytes(text, is_control ? "?" : words + i, 1);
    }
    hz_text_add(text, "\"");
}

static void complain_name(const struct hz_reading *reading, const char *name, size_t length) {
    struct hz_text text;
    hz_text_init(&text);
    hz_text_add(&text, "unknown option ");
    add_quoted(&text, name, length);
    hz_text_add(&text, " is ignored; the nearest is \"");
    hz_text_add(&text, nearest_option(name, length));
    hz_text_add(&text, "\"");
    reading->complain(reading->arg, reading->line, &text);
}

const char *hz_option_valid(const struct hz_option *option) {
    static const char *const valid[] = {
        [HZ_OPTION_CHOICE] = NULL, /* its choices */
        [HZ_OPTION_NUMBER] = "a number from 0 to 1000000000",
        [HZ_OPTION_BYTES] = "a size such as 65536, 64K, 16M or 1G",
        [HZ_OPTION_ACTIONS] = "abort, report or ignore, or a list such as report,double-free=abort",
        [HZ_OPTION_FAULTS] = HZ_FAIL_USAGE,
    };
    return valid[option->kind] != NULL ? valid[option->kind] : option->choices;
}

static void complain_value(const struct hz_reading *reading, const struct hz_option *option, const char *value,
                           size_t length) {
    struct hz_text text;
    hz_text_init(&text);
    hz_text_add(&text, "option \"");
    hz_text_add(&text, option->name);
    hz_text_add(&text, "\": value ");
    add_quoted(&text, value, length);
    hz_text_add(&text, " is ignored; valid is ");
    hz_text_add(&text, hz_option_valid(option));
    reading->complain(reading->arg, reading->line, &text);
}

static void complain_line(void *arg, uint32_t line, const char *words, size_t length) {
    struct hz_reading *reading = arg;
    struct hz_text text;
    hz_text_init(&text);
    add_quoted(&text, words, length);
    hz_text_add(&text, " is ignored; valid is name = value, [exe:NAME] or # comment");
    reading->complain(reading->arg, line, &text);
}

/* --- Reading ---------------------------------------------------------------------------------- */

static bool read_choice(const char *choices, const char *value, size_t length, uint64_t *ret_value) {
    size_t word_length;
    uint64_t index = 0;
    for (const char *word = hz_option_next_word(choices, '|', &word_length); word != NULL;
         word = hz_option_next_word(hz_option_after_word(word, word_length), '|', &word_length), index++)
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
        if (is_named || (equals == NULL && hz_option_is_plain(i)))
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

static bool read_faults(const char *value, size_t length, struct hz_options *options) {
    if (!hz_fail_read(value, length, &options->fail_plan))
        return false;
    options->fail = 1;
    return true;
}

static bool read_value(struct hz_options *options, const struct hz_option *option, const char *value, size_t length) {
    uint64_t *to = (uint64_t *)options + option->at;
    switch (option->kind) {
    case HZ_OPTION_CHOICE: return read_choice(option->choices, value, length, to);
    case HZ_OPTION_ACTIONS: return read_actions(option->choices, value, length, to);
    case HZ_OPTION_FAULTS: return read_faults(value, length, options);
    default: return hz_options_number(value, length, option->kind == HZ_OPTION_BYTES, to);
    }
}

static void set(struct hz_reading *reading, unsigned index, const char *value, size_t length) {
    const struct hz_option *option = &hz_option_table[index];
    struct hz_option_origin *origin = &reading->origins[index];
    if (read_value(reading->to, option, value, length)) {
        origin->source = reading->source;
        origin->line = reading->line;
    } else {
        origin->is_refused = true;
        complain_value(reading, option, value, length);
    }
}

static void set_named(struct hz_reading *reading, const char *name, size_t name_length, const char *value,
                      size_t length) {
    for (unsigned i = 0; i < HZ_OPTION_COUNT; i++)
        if (hz_options_equal(name, name_length, hz_option_table[i].name, strlen(hz_option_table[i].name))) {
            set(reading, i, value, length);
            return;
        }
    complain_name(reading, name, name_length);
}

static void read_conf(struct hz_reading *reading, const char *conf) {
    size_t length;
    for (const char *pair = hz_option_next_word(conf, ':', &length); pair != NULL;
         pair = hz_option_next_word(hz_option_after_word(pair, length), ':', &length)) {
        const char *equals = memchr(pair, '=', length);
        size_t name_length = equals == NULL ? length : (size_t)(equals - pair);
        if (equals != NULL)
            set_named(reading, pair, name_length, equals + 1, length - name_length - 1);
        else if (length != 0)
            complain_name(reading, pair, length);
    }
}

static void read_variable(void *arg, const char *entry) {
    const char *name = entry + sizeof PREFIX - 1;
    const char *equals = strchr(name, '=');
    if (equals == NULL || hz_options_equal(name, (size_t)(equals - name), "conf", 4))
        return;
    set_named(arg, name, (size_t)(equals - name), equals + 1, strlen(equals + 1));
}

static void read_pair(void *arg, const struct hz_conf_pair *pair) {
    struct hz_reading *reading = arg;
    reading->source = pair->is_in_section ? HZ_SOURCE_SECTION : HZ_SOURCE_FILE;
    reading->line = pair->line;
    set_named(reading, pair->name, pair->name_length, pair->value, pair->length);
}

static const struct hz_conf_visitor *visitor_of(struct hz_reading *reading) {
    reading->visitor = (struct hz_conf_visitor){.pair = read_pair, .fault = complain_line, .arg = reading};
    return &reading->visitor;
}

void hz_options_read_text(struct hz_reading *reading, const char *text, size_t bytes) {
    hz_conf_read_all(text, bytes, visitor_of(reading));
}

static void read_file(struct hz_reading *reading, const char *program, char *buffer) {
    size_t bytes = 0;
    reading->source = HZ_SOURCE_FILE;
    reading->file = hz_conf_load(buffer, &bytes);
    if (reading->file == HZ_OS_FILE_READ)
        hz_conf_read(buffer, bytes, program, visitor_of(reading));
    const char *complaint = hz_conf_complaint(reading->file);
    if (complaint == NULL)
        return;
    struct hz_text text;
    hz_text_init(&text);
    hz_text_add(&text, complaint);
    reading->line = 0;
    reading->complain(reading->arg, 0, &text);
}

void hz_options_read(struct hz_reading *reading, const char *program, char *buffer) {
    read_file(reading, program, buffer);
    reading->line = 0;
    reading->source = HZ_SOURCE_CONF;
    read_conf(reading, hz_os_environment("HAKOZUNA_CONF"));
    reading->source = HZ_SOURCE_VARIABLE;
    hz_os_environment_each(PREFIX, read_variable, reading);
}

void hz_options_default(struct hz_options *options) {
    options->decay_ms = hz_policy.decay_ms;
    options->thp = hz_policy.thp;
    options->huge_bytes = hz_policy.huge_bytes;
    options->strict = hz_policy.is_strict;
    for (unsigned i = 0; i < HZ_ERROR_COUNT; i++)
        options->on_error[i] = i == HZ_ERROR_OUT_OF_MEMORY ? HZ_ON_ERROR_IGNORE : HZ_ON_ERROR_ABORT;
    options->on_error[HZ_ERROR_FOREIGN_FREE] = HZ_ON_ERROR_REPORT;
    options->random = hz_policy.random;
    options->guard_slots = GUARD_SLOTS;
}

/* What is wrong with the process's own options. */
static void warn(void *arg, uint32_t line, const struct hz_text *complaint) {
    struct hz_reading *reading = arg;
    bool is_of_file = hz_source_is_file(reading->source);
    if (is_of_file && ++reading->file_complaints > FILE_COMPLAINTS)
        return;
    struct hz_text text;
    hz_text_init(&text);
    if (is_of_file)
        hz_option_add_place(&text, line);
    hz_text_add_bytes(&text, complaint->bytes, complaint->length);
    hz_message("warning", text.bytes);
}

const struct hz_option_origin *hz_option_origins(void) { return origins; }

void hz_options_init(void) {
    static char buffer[HZ_CONF_MAX_BYTES]; /* the caller's lock */
    struct hz_reading reading = {.to = &hz_options, .origins = origins, .complain = warn};
    reading.arg = &reading;
    hz_options_default(&hz_options);
    if (hz_os_is_secure())
        return;
    hz_options_read(&reading, NULL, buffer);
    if (hz_options.verbose != 0)
        hz_options_print_all();
}
