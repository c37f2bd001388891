/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * options.c -- the environment: every option with its source, complaints about bad ones, statistics
 * at exit. usage: options victim */
#include "life.h"
#include "markup.h"

static char *victim;
static struct child child;

/* Runs the victim with the given variables (NULL-terminated) and no other option set. */
static void run_victim(const char *mode, const char *const *variables) {
    char *const arguments[] = {victim, (char *)mode, NULL};
    struct child_program program = {.argv = arguments, .environment = variables};
    memset(&child, 0, sizeof child);
    if (!child_run_program(&child, &program))
        tap_bail("cannot run the victim");
}

static bool says_hello(void) { return child_exited(&child, 0) && strcmp(child.out, "hello\n") == 0; }

static size_t count_lines(const char *text) {
    size_t lines = 0;
    for (; *text != '\0'; text++)
        lines += *text == '\n';
    return lines;
}

/* The line of child.err that names the option, cut out; "" if there is none. */
static const char *line_of(const char *option) {
    static char line[512];
    size_t length = strlen(option);
    for (const char *at = child.err; (at = strstr(at, option)) != NULL; at += length) {
        char before = at == child.err ? ' ' : at[-1], after = at[length];
        if (before == '_' || after == '_' || (before >= 'a' && before <= 'z') || (after >= 'a' && after <= 'z'))
            continue;
        const char *start = at;
        while (start > child.err && start[-1] != '\n')
            start--;
        snprintf(line, sizeof line, "%.*s", (int)strcspn(start, "\n"), start);
        return line;
    }
    return "";
}

static void test_silence(void) {
    run_victim("hello", (const char *const[]){NULL});
    tap_ok(says_hello() && child.err[0] == '\0', "without options nothing is said: %s", child.err);
}

static void test_verbose(void) {
    static const char *const names[] = {"verbose", "stats",        "stats_format", "decay_ms",
                                        "thp",     "foreign_free", "on_error",     "arena_bytes"};
    run_victim("hello", (const char *const[]){"HAKOZUNA_VERBOSE=1", "HAKOZUNA_DECAY_MS=77",
                                              "HAKOZUNA_CONF=foreign_free=leak:on_error=report", NULL});
    tap_ok(says_hello(), "verbose: the program runs");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        tap_ok(line_of(names[i])[0] != '\0', "verbose names %s: %s", names[i], line_of(names[i]));
    tap_ok(strstr(line_of("decay_ms"), "77") && strstr(line_of("decay_ms"), "environment"),
           "decay_ms comes from the environment: %s", line_of("decay_ms"));
    tap_ok(strstr(line_of("foreign_free"), "leak") && strstr(line_of("foreign_free"), "HAKOZUNA_CONF"),
           "foreign_free comes from HAKOZUNA_CONF: %s", line_of("foreign_free"));
    tap_ok(strstr(line_of("thp"), "default") != NULL, "thp has its default: %s", line_of("thp"));
    tap_ok(strstr(line_of("thp"), "environment") == NULL, "and not from the environment");
}

/* One line, with both words, and the program goes on. */
static void must_complain(const char *variable, const char *about, const char *nearest) {
    run_victim("hello", (const char *const[]){variable, NULL});
    for (char *c = child.err; *c != '\0'; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
    tap_ok(says_hello() && count_lines(child.err) == 1 && strncmp(child.err, "hakozuna: ", 10) == 0 &&
               strstr(child.err, about) != NULL && strstr(child.err, nearest) != NULL,
           "%s: %.200s", variable, child.err);
}

static void test_complaints(void) {
    must_complain("HAKOZUNA_DEKAY_MS=5", "dekay_ms", "decay_ms");
    must_complain("HAKOZUNA_THP=alwayss", "alwayss", "always");
    must_complain("HAKOZUNA_DECAY_MS=soon", "soon", "number");
    must_complain("HAKOZUNA_CONF=stat=exit", "\"stat\"", "stats");
    must_complain("HAKOZUNA_CONF=on_error=repart:decay_ms=10", "repart", "report");
    must_complain("HAKOZUNA_ARENA_BYTES=lots", "lots", "size");
    run_victim("hello", (const char *const[]){"HAKOZUNA_CONF=dekay_ms=5:verbose=1:thp=never", NULL});
    tap_ok(says_hello() && strstr(line_of("thp"), "never") != NULL, "what follows a bad name is obeyed: %s",
           line_of("thp"));
    run_victim("hello", (const char *const[]){"HAKOZUNA_CONF=", "HAKOZUNA_STATS=off", NULL});
    tap_ok(says_hello() && child.err[0] == '\0', "an empty list is no mistake: %s", child.err);
    run_victim("hello", (const char *const[]){"HAKOZUNA_CONF=:::==:", NULL});
    tap_ok(says_hello(), "rubbish is survived");
}

static void test_statistics(void) {
    run_victim("hello", (const char *const[]){"HAKOZUNA_STATS=exit", NULL});
    tap_ok(says_hello() && strstr(child.err, "allocated") != NULL && strstr(child.err, "active") != NULL &&
               !markup_is_json(child.err),
           "statistics at exit, as text");
    run_victim("hello", (const char *const[]){"HAKOZUNA_STATS=exit", "HAKOZUNA_STATS_FORMAT=json", NULL});
    tap_ok(says_hello() && markup_is_json(child.err) && strstr(child.err, "\"allocated\"") != NULL,
           "statistics at exit, as JSON: %.100s", child.err);
}

static void test_policies(void) {
    run_victim("foreign", (const char *const[]){NULL});
    tap_ok(says_hello() && count_lines(child.err) == 1, "foreign_free by default: %s", child.err);
    run_victim("foreign", (const char *const[]){"HAKOZUNA_FOREIGN_FREE=leak", NULL});
    tap_ok(says_hello(), "foreign_free=leak goes on");
    run_victim("foreign", (const char *const[]){"HAKOZUNA_FOREIGN_FREE=abort", NULL});
    tap_ok(child_aborted(&child) && strstr(child.err, "foreign") != NULL, "foreign_free=abort: %s", child.err);
    run_victim("twice", (const char *const[]){NULL});
    tap_ok(child_aborted(&child) && child.err[0] != '\0', "on_error by default: %s", child.err);
    run_victim("twice", (const char *const[]){"HAKOZUNA_ON_ERROR=report", NULL});
    tap_ok(says_hello() && child.err[0] != '\0', "on_error=report goes on: %s", child.err);
    run_victim("twice", (const char *const[]){"HAKOZUNA_ON_ERROR=ignore", NULL});
    tap_ok(says_hello() && child.err[0] == '\0', "on_error=ignore is silent: %s", child.err);
}

int main(int argc, char **argv) {
    life_start();
    if (argc != 2)
        tap_bail("usage: options victim");
    victim = argv[1];
    test_silence();
    test_verbose();
    test_complaints();
    test_statistics();
    test_policies();
    return tap_done();
}
