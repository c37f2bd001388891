/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * start -- what it costs to start and end /bin/true with an allocator preloaded.
 * Call: start RUNS [LIBRARY]. Run it without a preload of its own.
 *
 * Models: shell scripts and build systems, which start thousands of short processes.
 * Stresses: the library's constructors, the size of its tables, its dynamic relocations.
 * Prints the median and least microseconds from spawn to exit, and what one process had resident
 * when it ended: all pages (rss_kib, library text included) and those of its own (private_kib). A
 * good result: within 200 us and 300 KiB of a start without a preload. */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static char program[] = "/bin/true";
static char *const argument_list[] = {program, NULL};
static char preload[4096];
static char *environment[] = {NULL, NULL};

static uint64_t spawn_once_ns(void) {
    pid_t child;
    int status;
    uint64_t began = bench_now_ns();
    errno = posix_spawn(&child, program, NULL, NULL, argument_list, environment);
    if (errno != 0)
        bench_die(program);
    if (waitpid(child, &status, 0) != child || status != 0)
        bench_die("the started program failed");
    return bench_now_ns() - began;
}

static int compare(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* The number after key, in KiB, or 0. */
static uint64_t field_kib(const char *text, const char *key) {
    const char *found = strstr(text, key);
    return found == NULL ? 0 : strtoull(found + strlen(key), NULL, 10);
}

static void read_rollup(pid_t child, uint64_t *ret_rss_kib, uint64_t *ret_private_kib) {
    char path[64];
    char text[4096];
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)child);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? 0 : read(file, text, sizeof text - 1);
    if (file >= 0)
        close(file);
    text[length > 0 ? length : 0] = '\0';
    *ret_rss_kib = field_kib(text, "\nRss:");
    *ret_private_kib = field_kib(text, "\nPrivate_Clean:") + field_kib(text, "\nPrivate_Dirty:");
}

/* Stops the child at its exit, when its memory is still there, and looks. 0 and 0 if tracing is not
 * allowed here. */
static void look_at_exit(uint64_t *ret_rss_kib, uint64_t *ret_private_kib) {
    int status;
    pid_t child = fork();
    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0)
            execve(program, argument_list, environment);
        _exit(127);
    }
    *ret_rss_kib = *ret_private_kib = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
        return;
    ptrace(PTRACE_SETOPTIONS, child, NULL, (void *)PTRACE_O_TRACEEXIT);
    ptrace(PTRACE_CONT, child, NULL, NULL);
    if (waitpid(child, &status, 0) == child && WIFSTOPPED(status))
        read_rollup(child, ret_rss_kib, ret_private_kib);
    ptrace(PTRACE_DETACH, child, NULL, NULL);
    waitpid(child, &status, 0);
}

int main(int argc, char **argv) {
    uint64_t runs = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
    if (runs < 1 || runs > 100000 || argc > 3) {
        dprintf(STDERR_FILENO, "usage: start RUNS [LIBRARY]\n");
        return 2;
    }
    if (argc == 3 && argv[2][0] != '\0') {
        snprintf(preload, sizeof preload, "LD_PRELOAD=%s", argv[2]);
        environment[0] = preload;
    }
    uint64_t *taken_ns = bench_map(runs * sizeof *taken_ns);
    spawn_once_ns(); /* warm: the files are in the page cache from here on */
    for (uint64_t i = 0; i < runs; i++)
        taken_ns[i] = spawn_once_ns();
    qsort(taken_ns, runs, sizeof *taken_ns, compare);
    uint64_t rss_kib, private_kib;
    look_at_exit(&rss_kib, &private_kib);
    printf("{\"program\": \"start\", \"runs\": %llu, \"median_us\": %.1f, \"min_us\": %.1f, "
           "\"rss_kib\": %llu, \"private_kib\": %llu}\n",
           (unsigned long long)runs, (double)taken_ns[runs / 2] * 1e-3, (double)taken_ns[0] * 1e-3,
           (unsigned long long)rss_kib, (unsigned long long)private_kib);
    return 0;
}
