/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_os_file.c -- the part of the contract of hz_os.h that is about files, on Linux. System calls are made by number,
 * since libc's open, read and close are points where a thread may be cancelled, and the caller holds locks. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hz_os.h"

/* Not blocking, lest a pipe in the file's place stops every program. */
static int open_file(const char *path) {
    long file;
    do
        file = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);
    while (file < 0 && errno == EINTR);
    return (int)file;
}

/* Reads until the buffer is full or the file ends; -1 on errors. */
static ssize_t read_some(int file, char *buffer, size_t room) {
    size_t bytes = 0;
    while (bytes < room) {
        long got = syscall(SYS_read, file, buffer + bytes, room - bytes);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        bytes += (size_t)got;
    }
    return (ssize_t)bytes;
}

static enum hz_os_file read_open_file(int file, char *buffer, size_t room, size_t *ret_bytes) {
    struct stat state;
    char more;
    if (fstat(file, &state) != 0 || !S_ISREG(state.st_mode))
        return HZ_OS_FILE_UNREADABLE;
    if (state.st_uid != 0 || (state.st_mode & S_IWOTH) != 0)
        return HZ_OS_FILE_UNTRUSTED;
    ssize_t bytes = read_some(file, buffer, room);
    if (bytes < 0)
        return HZ_OS_FILE_UNREADABLE;
    if ((size_t)bytes == room && read_some(file, &more, 1) != 0)
        return HZ_OS_FILE_TOO_LONG;
    *ret_bytes = (size_t)bytes;
    return HZ_OS_FILE_READ;
}

enum hz_os_file hz_os_read_trusted(const char *path, char *buffer, size_t room, size_t *ret_bytes) {
    int saved = errno;
    enum hz_os_file result;
    int file = open_file(path);
    if (file >= 0) {
        result = read_open_file(file, buffer, room, ret_bytes);
        (void)syscall(SYS_close, file);
    } else {
        result = errno == ENOENT || errno == ENOTDIR ? HZ_OS_FILE_MISSING : HZ_OS_FILE_UNREADABLE;
    }
    errno = saved;
    return result;
}

/* What the kernel adds to the name of a file that is gone, as after an upgrade. */
static const char DELETED[] = " (deleted)";

const char *hz_os_program(char *buffer, size_t room, size_t *ret_length) {
    int saved = errno;
    ssize_t length = readlink("/proc/self/exe", buffer, room);
    errno = saved;
    if (length <= 0 || (size_t)length >= room)
        return NULL;
    size_t end = (size_t)length, suffix = sizeof DELETED - 1;
    if (end > suffix && memcmp(buffer + end - suffix, DELETED, suffix) == 0)
        end -= suffix;
    const char *slash = memrchr(buffer, '/', end);
    const char *name = slash == NULL ? buffer : slash + 1;
    *ret_length = end - (size_t)(name - buffer);
    return name;
}
