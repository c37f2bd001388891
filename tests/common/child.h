/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * child.h -- runs a function or a program in a child process and collects its exit status and
 * standard error (and, of a program, standard output). The texts are cut to fit. */
#pragma once
#include "watchdog.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILD_TEXT = 16384, CHILD_SECONDS = 60 };

struct child {
    int status; /* as waitpid() gives it */
    char out[CHILD_TEXT];
    char err[CHILD_TEXT];     /* without the detail lines of reports */
    char details[CHILD_TEXT]; /* those */
};

static inline bool child_exited(const struct child *child, int code) {
    return WIFEXITED(child->status) && WEXITSTATUS(child->status) == code;
}

static inline bool child_aborted(const struct child *child) {
    return WIFSIGNALED(child->status) && WTERMSIG(child->status) == SIGABRT;
}

/* An unlinked file: unlike a pipe it never fills, so nothing has to be read while the child runs.
 */
static inline int child_file(void) {
    char path[] = "/tmp/hakozuna-test-XXXXXX";
    int fd = mkstemp(path);
    if (fd >= 0)
        unlink(path);
    return fd;
}

static inline void child_slurp(int fd, char *text) {
    ssize_t got = pread(fd, text, CHILD_TEXT - 1, 0);
    text[got > 0 ? got : 0] = '\0';
    close(fd);
}

/* Moves the lines of text that say more about a report to details. */
static inline void child_split(char *text, char *details) {
    char *kept = text;
    for (char *line = text; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        length += line[length] == '\n';
        char *mark = memmem(line, length, ": detail: ", 10);
        char **to = mark != NULL ? &details : &kept;
        bool is_emulator = strncmp(line, "qemu: ", 6) == 0; /* its words on the signal that ended the program */
        if (!is_emulator) {
            memmove(*to, line, length);
            *to += length;
        }
        line += length;
    }
    *kept = *details = '\0';
}

/* Forks; the child calls work(arg) and exits with 0, or is replaced by a program there. */
static inline bool child_run(struct child *child, void (*work)(void *arg), void *arg) {
    int out = child_file(), err = child_file();
    if (out < 0 || err < 0)
        return false;
    pid_t pid = fork();
    if (pid < 0)
        return false;
    if (pid == 0) {
        dup2(out, STDOUT_FILENO);
        dup2(err, STDERR_FILENO);
        watchdog_start(CHILD_SECONDS);
        work(arg);
        _exit(0);
    }
    while (waitpid(pid, &child->status, 0) < 0)
        if (errno != EINTR)
            return false;
    child_slurp(out, child->out);
    child_slurp(err, child->err);
    child_split(child->err, child->details);
    return true;
}

struct child_program {
    char *const *argv;              /* argv[0] is the path */
    const char *const *environment; /* NULL-terminated "NAME=value"; "NAME" alone removes; may be NULL */
    void (*prepare)(void);          /* called in the child before exec; may be NULL */
};

static inline void child_exec(void *arg) {
    const struct child_program *program = arg;
    for (const char *const *entry = program->environment; entry != NULL && *entry != NULL; entry++) {
        if (strchr(*entry, '=') != NULL)
            putenv((char *)*entry);
        else
            unsetenv(*entry);
    }
    if (program->prepare != NULL)
        program->prepare();
    execv(program->argv[0], program->argv);
    _exit(127);
}

static inline bool child_run_program(struct child *child, const struct child_program *program) {
    return child_run(child, child_exec, (void *)program);
}
