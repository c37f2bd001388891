/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * guard.h -- what the tests of guarded blocks share. Options are read at the first allocation, so each case
 * runs in a process of its own: the test program again, with the case's name as its argument. */
#pragma once
#include "child.h"
#include "hakozuna.h"
#include "pattern.h"
#include "rng.h"
#include "tap.h"
#include "watchdog.h"
#include <stdint.h>

enum { WRONG = 3, ENTRIES = 4, GUARD_SECONDS = 100 };

#define PAGE ((uintptr_t)sysconf(_SC_PAGESIZE))

struct guard_case {
    const char *name;
    void (*work)(void);
};

static struct child child;

/* Ends a case that went wrong, saying where. */
#define NEED(condition)                                                \
    do {                                                               \
        if (!(condition)) {                                            \
            dprintf(2, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            _exit(WRONG);                                              \
        }                                                              \
    } while (0)

/* An address, of which the compiler knows nothing. */
static inline char *launder(const void *address) {
    void *block = (void *)(uintptr_t)address;
    __asm__ volatile("" : "+r"(block) : : "memory");
    return block;
}

/* Guarded blocks are as long as they were asked for; no other is of an odd length. */
static inline bool is_guarded(const void *block) { return hkz_usable_size(block) % 2 == 1; }

/* Runs the case of this program in a child with up to ENTRIES more of environment. */
static inline void guard_run(const char *name, const char *const entries[ENTRIES]) {
    char *const argv[] = {(char *)"/proc/self/exe", (char *)name, NULL};
    const char *environment[ENTRIES + 6] = {"HAKOZUNA_GUARD_SAMPLE", "HAKOZUNA_GUARD_SLOTS", "HAKOZUNA_ON_ERROR",
                                            "HAKOZUNA_CONF"};
    size_t count = 4;
    for (size_t i = 0; i < ENTRIES && entries[i] != NULL; i++)
        environment[count++] = entries[i];
    struct child_program program = {argv, environment, NULL};
    if (!child_run_program(&child, &program))
        tap_bail("no child: %s", strerror(errno));
}

#define GUARD_RUN(name, ...) guard_run(name, (const char *const[ENTRIES]){__VA_ARGS__})

static inline void guard_show_text(const char *text) {
    for (const char *line = text; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        tap_diag("%.*s", (int)length, line);
        line += length + (line[length] == '\n');
    }
}

static inline void guard_show(void) {
    tap_diag("status %x, standard error:", (unsigned)child.status);
    guard_show_text(child.err);
    guard_show_text(child.details);
}

static inline void guard_ok(bool condition, const char *what) {
    if (!tap_ok(condition, "%s", what))
        guard_show();
}

static inline unsigned guard_count(const char *text, const char *word) {
    unsigned count = 0;
    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word))
        count++;
    return count;
}

/* Runs the case that the arguments name, if they name one; it does not return then. */
static inline void guard_main_case(int argc, char **argv, const struct guard_case *cases, size_t count) {
    if (argc < 2)
        return;
    watchdog_start(CHILD_SECONDS);
    for (size_t i = 0; i < count; i++)
        if (strcmp(argv[1], cases[i].name) == 0) {
            cases[i].work();
            fflush(stdout);
            _exit(0);
        }
    _exit(WRONG);
}
