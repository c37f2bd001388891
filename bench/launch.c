/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * launch -- runs a command, waits for it and for all that it started, and tells what they used.
 * Call: launch REPORT PRELOAD COMMAND [ARGUMENT...]; PRELOAD goes to LD_PRELOAD ("" unsets it).
 *
 * The figures are the kernel's (wait4), of the whole tree of processes. A small program does this
 * because a child's highest resident memory begins with what its parent has at the fork: a
 * launcher of 30 MiB would hide everything below. Orphans come to this process and are waited for,
 * too. REPORT gets one JSON object; peak_kib is the largest process's. */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void become(const char *preload, char **command) {
    if (preload[0] == '\0')
        unsetenv("LD_PRELOAD");
    else if (setenv("LD_PRELOAD", preload, 1) != 0)
        bench_die("setenv");
    execvp(command[0], command);
    bench_die(command[0]);
}

/* Waits until no process of the tree is left. Returns the wait status of child. */
static int wait_for_all(pid_t child) {
    int status = 0;
    for (;;) {
        int one;
        pid_t ended = waitpid(-1, &one, 0);
        if (ended == child)
            status = one;
        else if (ended < 0 && errno != EINTR)
            return status; /* ECHILD */
    }
}

static double seconds_of(struct timeval time) { return (double)time.tv_sec + (double)time.tv_usec * 1e-6; }

static void report(const char *path, double seconds, int status) {
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0)
        bench_die(path);
    dprintf(file,
            "{\"status\": %d, \"wall_seconds\": %.6f, \"user_seconds\": %.6f, "
            "\"system_seconds\": %.6f, \"peak_kib\": %ld, \"minor_faults\": %ld}\n",
            WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), seconds, seconds_of(usage.ru_utime),
            seconds_of(usage.ru_stime), usage.ru_maxrss, usage.ru_minflt);
    close(file);
}

int main(int argc, char **argv) {
    if (argc < 4) {
        dprintf(STDERR_FILENO, "usage: launch REPORT PRELOAD COMMAND [ARGUMENT...]\n");
        return 2;
    }
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    uint64_t began = bench_now_ns();
    pid_t child = fork();
    if (child < 0)
        bench_die("fork");
    if (child == 0)
        become(argv[2], argv + 3);
    int status = wait_for_all(child);
    report(argv[1], (double)(bench_now_ns() - began) * 1e-9, status);
    return 0;
}
