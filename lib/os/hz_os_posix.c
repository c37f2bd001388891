/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_os_posix.c -- the part of hz_os.h that systems of the POSIX kind have in common. */
#include "hz_os.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

static pthread_key_t exit_key; /* const after init */

const char *hz_os_environment(const char *name) {
    size_t length = strlen(name);
    for (char **entry = environ; entry != NULL && *entry != NULL; entry++)
        if (strncmp(*entry, name, length) == 0 && (*entry)[length] == '=')
            return *entry + length + 1;
    return NULL;
}

void hz_os_environment_each(const char *prefix, void (*visit)(void *arg, const char *entry), void *arg) {
    size_t length = strlen(prefix);
    for (char **entry = environ; entry != NULL && *entry != NULL; entry++)
        if (strncmp(*entry, prefix, length) == 0)
            visit(arg, *entry);
}

void hz_os_write_error(const char *text, size_t bytes) {
    int saved = errno;
    while (bytes > 0) {
        ssize_t written = write(STDERR_FILENO, text, bytes);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            break;
        text += written;
        bytes -= (size_t)written;
    }
    errno = saved;
}

void hz_os_abort(void) { abort(); }

bool hz_os_at_fork(void (*before)(void), void (*in_parent)(void), void (*in_child)(void)) {
    return pthread_atfork(before, in_parent, in_child) == 0;
}

bool hz_os_thread_exit_init(void (*hook)(void *value)) { return pthread_key_create(&exit_key, hook) == 0; }

bool hz_os_thread_exit_set(void *value) { return pthread_setspecific(exit_key, value) == 0; }
