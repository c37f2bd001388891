/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * rss.h -- what the kernel says this process keeps in memory. Does not: allocate (read(2) into the
 * stack). */
#pragma once
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef O_CLOEXEC /* Windows, where there is nothing to open, either: all figures are 0 there */
#define O_CLOEXEC 0
#endif

/* The number of KiB after the first line that starts with key (such as "VmRSS:"), in bytes; 0 if
 * absent. */
static inline size_t rss_field(const char *path, const char *key) {
    char text[4096];
    size_t used = 0;
    ssize_t got;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    while (used < sizeof text - 1 && (got = read(fd, text + used, sizeof text - 1 - used)) > 0)
        used += (size_t)got;
    close(fd);
    text[used] = '\0';
    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, strlen(key)) == 0)
            return strtoul(line + strlen(key), NULL, 10) * 1024;
        if (*line == '\0')
            break;
    }
    return 0;
}

static inline size_t rss_bytes(void) { return rss_field("/proc/self/status", "VmRSS:"); }

static inline size_t rss_peak_bytes(void) { return rss_field("/proc/self/status", "VmHWM:"); }

/* From the page tables, not from counters that lag: slower, exact. */
static inline size_t rss_exact_bytes(void) { return rss_field("/proc/self/smaps_rollup", "Rss:"); }

static inline size_t rss_private_bytes(void) {
    return rss_field("/proc/self/smaps_rollup", "Private_Clean:") +
           rss_field("/proc/self/smaps_rollup", "Private_Dirty:");
}
