/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * options.c -- harness: the reader of options against a second one, written from the manual. The input is an
 * environment: entries that end in a NUL byte, to each of which the prefix is added. Whatever stands there, every
 * option has the value that the second reader says, and each complaint is one line. The input is a configuration
 * file, too, of which every fault is one line. */
#include "fuzz.h"
#include "hakozuna.h"
#include "hz_options.h"
#include "reports.h"
#include <ctype.h>
#include <string.h>

enum { MOST_ENTRIES = 32, MOST_BYTES = 4096 };

static const char PREFIX[] = "HAKOZUNA_";
extern char **environ;

uint64_t fuzz_operations;

/* --- The second reader ------------------------------------------------------------------------ */

enum kind { CHOICE, NUMBER, BYTES };

static const struct known {
    const char *name;
    uint64_t *value;
    enum kind kind;
    const char *words[4];
} known[] = {
    {"verbose", &hz_options.verbose, CHOICE, {"0", "1"}},
    {"stats", &hz_options.stats, CHOICE, {"off", "exit"}},
    {"stats_format", &hz_options.stats_format, CHOICE, {"text", "json"}},
    {"decay_ms", &hz_options.decay_ms, NUMBER, {NULL}},
    {"thp", &hz_options.thp, CHOICE, {"default", "never", "always"}},
    {"foreign_free", &hz_options.foreign_free, CHOICE, {"forward", "leak", "abort"}},
    {"arena_bytes", &hz_options.arena_bytes, BYTES, {NULL}},
    {"huge_bytes", &hz_options.huge_bytes, BYTES, {NULL}},
    {"signal_safe", &hz_options.signal_safe, CHOICE, {"0", "1"}},
    {"strict", &hz_options.strict, CHOICE, {"0", "1"}},
    {"random", &hz_options.random, CHOICE, {"off", "arena", "all"}},
    {"quarantine", &hz_options.quarantine, BYTES, {NULL}},
    {"free_fill", &hz_options.free_fill, CHOICE, {"off", "zero", "junk"}},
    {"check_reuse", &hz_options.check_reuse, CHOICE, {"0", "1"}},
    {"guard_sample", &hz_options.guard_sample, NUMBER, {NULL}},
    {"guard_slots", &hz_options.guard_slots, NUMBER, {NULL}},
};

enum { KNOWN = sizeof known / sizeof *known };

static uint64_t wanted[KNOWN], wanted_actions[HZ_ERROR_COUNT];

static bool read_number(const char *text, enum kind kind, uint64_t *ret_value) {
    static const char units[] = "kmgt";
    unsigned __int128 value = 0, most = kind == BYTES ? (uint64_t)INT64_MAX : 1000000000;
    if (!isdigit((unsigned char)*text))
        return false;
    for (; isdigit((unsigned char)*text); text++)
        value = value > most ? most + 1 : value * 10 + (unsigned)(*text - '0');
    const char *unit = *text == '\0' ? NULL : strchr(units, tolower((unsigned char)*text));
    if (kind == BYTES && unit != NULL) {
        value <<= 10 * (unit - units + 1);
        text++;
    }
    *ret_value = (uint64_t)value;
    return *text == '\0' && value <= most;
}

static bool read_choice(const struct known *option, const char *text, uint64_t *ret_value) {
    for (unsigned i = 0; i < 4 && option->words[i] != NULL; i++)
        if (strcasecmp(option->words[i], text) == 0) {
            *ret_value = i;
            return true;
        }
    return false;
}

static const struct known action = {"", NULL, CHOICE, {"abort", "report", "ignore"}};

/* One word of the list: an action for all plain misuse, or for one class. */
static bool read_action(char *word, uint64_t *actions) {
    uint64_t value;
    char *equals = strchr(word, '=');
    if (!read_choice(&action, equals == NULL ? word : equals + 1, &value))
        return false;
    for (unsigned i = 0; i < HZ_ERROR_COUNT; i++) {
        const char *name = hz_error_name((enum hz_error)i);
        bool is_plain = strcmp(name, "foreign-free") != 0 && strcmp(name, "out-of-memory") != 0;
        if (equals != NULL && strncasecmp(name, word, (size_t)(equals - word)) == 0 &&
            strlen(name) == (size_t)(equals - word)) {
            actions[i] = value;
            return true;
        }
        if (equals == NULL && is_plain)
            actions[i] = value;
    }
    return equals == NULL;
}

static void read_actions(const char *text) {
    static char copy[MOST_BYTES];
    uint64_t actions[HZ_ERROR_COUNT];
    char *rest = strcpy(copy, text), *word;
    memcpy(actions, wanted_actions, sizeof actions);
    while ((word = strsep(&rest, ",")) != NULL)
        if (!read_action(word, actions))
            return;
    memcpy(wanted_actions, actions, sizeof actions);
}

/* What one pair, wherever it stands, makes of the values. */
static void read_pair(const char *name, const char *text) {
    if (strcasecmp(name, "on_error") == 0)
        read_actions(text);
    for (unsigned i = 0; i < KNOWN; i++) {
        if (strcasecmp(known[i].name, name) != 0)
            continue;
        if (known[i].kind == CHOICE)
            (void)read_choice(&known[i], text, &wanted[i]);
        else {
            uint64_t value;
            if (read_number(text, known[i].kind, &value))
                wanted[i] = value;
        }
    }
}

static void read_text(char *pair) {
    char *equals = strchr(pair, '=');
    if (equals == NULL)
        return;
    *equals = '\0';
    read_pair(pair, equals + 1);
    *equals = '=';
}

/* The first HAKOZUNA_CONF, then all others. */
static void read_all(char *const *entries) {
    static char conf[MOST_BYTES];
    for (unsigned i = 0; entries[i] != NULL; i++)
        if (strncmp(entries[i], "HAKOZUNA_CONF=", 14) == 0) {
            strcpy(conf, entries[i] + 14);
            for (char *pair = strtok(conf, ":"); pair != NULL; pair = strtok(NULL, ":"))
                read_text(pair);
            break;
        }
    for (unsigned i = 0; entries[i] != NULL; i++)
        read_text(entries[i] + sizeof PREFIX - 1);
}

/* --- The input -------------------------------------------------------------------------------- */

static void compare(void) {
    for (unsigned i = 0; i < KNOWN; i++)
        fuzz_require(*known[i].value == wanted[i], "%s is %llu, not %llu", known[i].name,
                     (unsigned long long)*known[i].value, (unsigned long long)wanted[i]);
    for (unsigned i = 0; i < HZ_ERROR_COUNT; i++)
        fuzz_require(hz_options.on_error[i] == wanted_actions[i], "on_error of %s is %llu, not %llu",
                     hz_error_name((enum hz_error)i), (unsigned long long)hz_options.on_error[i],
                     (unsigned long long)wanted_actions[i]);
    fuzz_require(reports.others == 0 && reports.errors == 0, "%u lines of another form, %u errors", reports.others,
                 reports.errors);
}

static void start_over(void) {
    memset(&hz_options, 0, sizeof hz_options);
    memset(wanted, 0, sizeof wanted);
    for (unsigned i = 0; i < KNOWN; i++) {
        if (known[i].value == &hz_options.decay_ms)
            wanted[i] = hz_policy.decay_ms;
        if (known[i].value == &hz_options.thp)
            wanted[i] = (uint64_t)hz_policy.thp;
        if (known[i].value == &hz_options.huge_bytes)
            wanted[i] = hz_policy.huge_bytes;
        if (known[i].value == &hz_options.strict)
            wanted[i] = hz_policy.is_strict;
        if (known[i].value == &hz_options.random)
            wanted[i] = (uint64_t)hz_policy.random;
        if (known[i].value == &hz_options.guard_slots)
            wanted[i] = 256; /* as the manual says */
    }
    for (unsigned i = 0; i < HZ_ERROR_COUNT; i++)
        wanted_actions[i] = (uint64_t)hz_fatal_action((enum hz_error)i);
    wanted_actions[HZ_ERROR_FOREIGN_FREE] = HZ_ON_ERROR_REPORT;
    reports_reset();
}

static void count_line(void *arg, const char *text, size_t bytes) {
    unsigned *lines = arg;
    for (size_t i = 0; i < bytes; i++)
        *lines += text[i] == '\n';
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    static char texts[MOST_BYTES + MOST_ENTRIES * sizeof PREFIX];
    static char *entries[MOST_ENTRIES + 1];
    char **saved = environ, *to = texts;
    size_t count = 0, at = 0;
    for (; at < bytes && at < MOST_BYTES - 1 && count < MOST_ENTRIES; count++) {
        size_t most = bytes < MOST_BYTES - 1 ? bytes - at : MOST_BYTES - 1 - at;
        size_t length = strnlen((const char *)data + at, most);
        entries[count] = to;
        to = (char *)memcpy(to, PREFIX, sizeof PREFIX - 1) + sizeof PREFIX - 1;
        to = (char *)memcpy(to, data + at, length) + length;
        *to++ = '\0';
        at += length + 1;
    }
    entries[count] = NULL;
    start_over();
    environ = entries;
    hz_options_init();
    environ = saved;
    read_all(entries);
    compare();
    unsigned lines = 0, faults = hkz_options_check((const char *)data, bytes, count_line, &lines);
    fuzz_require(lines == faults, "%u faults in %u lines", faults, lines);
    fuzz_operations += count;
    return 0;
}

/* --- Generating ------------------------------------------------------------------------------- */

/* clang-format off */
static const char *const pieces[] = {
    "CONF=",  "CONF=",  "conf=",    ":",      ":",       "=",      "=",      "on_error=", "abort",  "report",
    "ignore", "0",      "1",        "off",    "exit",    "text",   "json",   "default",   "never",  "always",
    "leak",   "k",      "M",        "g",      "T",       "9",      "1024",   "000",       "65536",  "1000000000",
    "1000000001", "9223372036854775807", "9223372036854775808", "8388607T", "8388608T",   "-1",     " ",
    "\n",     "\x1b[1m", "forward", "|",      ",",       "double-free=abort",             "verbos", "decay",
    "size-mismatch=", "Foreign-Free=", "out-of-memory=", "kind-mismatch=ignore,", "corrupt-metadata",
    "supercalifragilisticexpialidocious",
};
/* clang-format on */

static size_t add(uint8_t *data, size_t at, size_t most, const char *text) {
    size_t length = strlen(text);
    if (length > most - at)
        return at;
    memcpy(data + at, text, length);
    return at + length;
}

size_t fuzz_generate(struct rng *rng, uint8_t *data, size_t most_bytes) {
    size_t at = 0, entries = rng_between(rng, 1, 6), most = most_bytes < 600 ? most_bytes : 600;
    for (size_t i = 0; i < entries && at + 1 < most; i++) {
        for (size_t words = rng_between(rng, 1, 9); words > 0; words--) {
            size_t pick = rng_below(rng, 4);
            if (pick == 0)
                at = add(data, at, most - 1, known[rng_below(rng, KNOWN)].name);
            if (pick <= 1)
                at = add(data, at, most - 1, "=");
            at = add(data, at, most - 1, pieces[rng_below(rng, sizeof pieces / sizeof *pieces)]);
            if (rng_below(rng, 12) == 0 && at < most - 1)
                data[at++] = (uint8_t)rng_next(rng);
        }
        data[at++] = '\0';
    }
    return at;
}
