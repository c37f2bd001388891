/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * consumer.c -- a program as a user of the library writes it. consumer PROFILE [FILE]: exits with 0 if its malloc,
 * and libc's own use of malloc, is that of PROFILE, defined in a file whose name ends in FILE. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <hakozuna.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

static void check(int holds, const char *what, const char *seen) {
    if (!holds) {
        printf("consumer: wrong: %s (%s)\n", what, seen);
        failures++;
    }
}

static void *in_thread(void *profile) {
    char *block = malloc(100);
    check(block != NULL && hkz_owns(block), "malloc in a thread", profile);
    return block;
}

static int ends_in(const char *text, const char *end) {
    size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static void check_file(const char *file) {
    Dl_info info;
    void *(*function)(size_t) = malloc;
    void *address;
    memcpy(&address, &function, sizeof address);
    if (dladdr(address, &info) == 0)
        check(0, "malloc is in no file", file);
    else
        check(ends_in(info.dli_fname, file), "malloc is in another file", info.dli_fname);
}

int main(int argc, char **argv) {
    const char *profile = argc > 1 ? argv[1] : "hz3-scale";
    char *copy = strdup(profile);
    void *aligned = aligned_alloc(4096, 8192);
    void *block = NULL;
    pthread_t thread;
    check(strcmp(hkz_profile(), profile) == 0, "profile", hkz_profile());
    check(hkz_version_number() == HKZ_VERSION, "version", hkz_version());
    check(hkz_owns(copy), "strdup is not ours", profile);
    check(hkz_owns(aligned), "aligned_alloc is not ours", profile);
    check(!hkz_owns(&failures), "hkz_owns owns all", profile);
    if (argc > 2 && argv[2][0] != '\0')
        check_file(argv[2]);
    if (pthread_create(&thread, NULL, in_thread, copy) == 0)
        pthread_join(thread, &block);
    check(block != NULL, "thread", profile);
    free(block);
    free(aligned);
    printf("consumer: %s %s: %s\n", hkz_profile(), hkz_version(), failures == 0 ? "ok" : "FAILED");
    free(copy);
    return failures != 0;
}
