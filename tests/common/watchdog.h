/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * watchdog.h -- ends a test that hangs, saying so. Forked children inherit no alarm: arm it again
 * there. */
#pragma once
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(_WIN32)
static inline void watchdog_start(unsigned seconds) { (void)seconds; } /* the runner's limit holds */
#else
static inline void watchdog_bark(int signal_number) {
    static const char text[] = "# watchdog: the test hangs\n";
    (void)signal_number;
    (void)!write(STDERR_FILENO, text, sizeof text - 1);
    abort();
}

static inline void watchdog_start(unsigned seconds) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = watchdog_bark;
    sigaction(SIGALRM, &action, NULL);
    alarm(seconds);
}
#endif
