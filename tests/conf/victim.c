/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * victim.c -- a program whose configuration file is hakozuna-test.conf in its working directory: prints the options
 * that it has as JSON, and with the argument "shaky" reads the file by single bytes between interrupted calls. The
 * first allocation keeps errno and leaves no file open. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hakozuna.h"

/* In the place of the library's own: its object is not linked then. */
extern const char hz_conf_path[];
const char hz_conf_path[] = "hakozuna-test.conf";

/* AddressSanitizer, where this is built with it, cannot look for leaks in programs with privileges. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "detect_leaks=0"; }

static bool is_shaky;
static unsigned interruptions, opens;

/* In the place of libc's. */
long syscall(long number, ...) {
    static long (*next)(long, ...);
    static unsigned turn;
    va_list list;
    long a[6];
    va_start(list, number);
    for (unsigned i = 0; i < 6; i++)
        a[i] = va_arg(list, long);
    va_end(list);
    if (next == NULL)
        *(void **)&next = dlsym(RTLD_NEXT, "syscall");
    opens += number == SYS_openat;
    if (is_shaky && (number == SYS_read || number == SYS_openat) && turn++ % 2 == 0) {
        interruptions++;
        errno = EINTR;
        return -1;
    }
    if (is_shaky && number == SYS_read && a[2] > 1)
        a[2] = 1;
    return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static unsigned open_files(void) {
    unsigned count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (folder != NULL && readdir(folder) != NULL)
        count++;
    if (folder != NULL)
        closedir(folder);
    return count;
}

static void print(void *arg, const char *text, size_t bytes) {
    (void)arg;
    if (fwrite(text, 1, bytes, stdout) != bytes)
        exit(5);
}

int main(int argc, char **argv) {
    is_shaky = argc > 1 && strcmp(argv[1], "shaky") == 0;
    unsigned before = open_files();
    errno = 4321;
    void *block = hkz_malloc(100);
    if (block == NULL || errno != 4321)
        return 2;
    hkz_free(block);
    if (open_files() != before)
        return 3;
    if (is_shaky && interruptions < 3)
        return 4;
    if (!is_shaky && opens > 1)
        return 6;
    const char *program = argc > 2 ? argv[2] : NULL;
    return hkz_options_print(HKZ_FORMAT_JSON, program, print, NULL) == 0 ? 0 : 7;
}
