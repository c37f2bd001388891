/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * fatal.h -- what the tests of misuse share. The test process itself never allocates from the library,
 * so that every case begins, in a child of its own, with an untouched heap. */
#pragma once
#include "child.h"
#include "hakozuna.h"
#include "tap.h"
#include "watchdog.h"
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <sys/mman.h>

#define KIB ((size_t)1024)
#define CLASS_MAX (128 * KIB) /* larger blocks are large ones */

enum { SURVIVED = 3, WRONG_STAGE = 4, FATAL_SECONDS = 100 };

/* An address, of which the compiler knows nothing. */
static inline void *launder(const void *address) {
    void *block = (void *)(uintptr_t)address;
    __asm__ volatile("" : "+r"(block) : : "memory");
    return block;
}

static inline char *fatal_allocate(size_t size) {
    char *block = launder(hkz_malloc(size));
    if (block == NULL)
        _exit(WRONG_STAGE);
    return block;
}

static inline struct hkz_stats fatal_stats(void) {
    struct hkz_stats stats = {.size = sizeof stats};
    if (hkz_stats_get(&stats) != 0)
        _exit(WRONG_STAGE);
    return stats;
}

static inline pthread_t fatal_thread(void *(*work)(void *), void *arg) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, work, arg) != 0)
        _exit(WRONG_STAGE);
    return thread;
}

static inline void in_thread(void *(*work)(void *), void *arg) { pthread_join(fatal_thread(work, arg), NULL); }

/* Whether text is exactly one line that begins and ends so. */
static inline bool is_one_line(const char *text, const char *head, const char *tail) {
    size_t length = strlen(text), head_length = strlen(head), tail_length = strlen(tail);
    return length > head_length + tail_length && strncmp(text, head, head_length) == 0 &&
           strcmp(text + length - tail_length, tail) == 0 && strchr(text, '\n') == text + length - 1;
}

/* Standard error of this process goes to a file; listen_lines() tells how many were added since the last
 * call, beside those that say more about a report. Only for a process that does not print there itself. */
static int listen_fd = -1;
static off_t listen_at;

static inline void listen_start(void) {
    listen_fd = child_file();
    if (listen_fd < 0 || dup2(listen_fd, STDERR_FILENO) < 0)
        _exit(WRONG_STAGE);
}

static inline unsigned listen_lines(void) {
    char text[4096 + 1];
    unsigned lines = 0;
    ssize_t got;
    while ((got = pread(listen_fd, text, sizeof text - 1, listen_at)) > 0) {
        text[got] = '\0';
        char *end;
        for (char *line = text; (end = strchr(line, '\n')) != NULL; line = end + 1) {
            *end = '\0';
            lines += strstr(line, ": detail: ") == NULL;
            listen_at += end + 1 - line;
        }
    }
    return lines;
}
