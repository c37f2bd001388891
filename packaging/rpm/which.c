/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * which.c -- for test-selection: prints the profile and version that own what malloc returns, or "libc". Asks by
 * name at run time, so that the same program serves linked and not linked. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    bool (*owns)(const void *);
    const char *(*profile)(void);
    const char *(*version)(void);
    *(void **)&owns = dlsym(RTLD_DEFAULT, "hkz_owns");
    *(void **)&profile = dlsym(RTLD_DEFAULT, "hkz_profile");
    *(void **)&version = dlsym(RTLD_DEFAULT, "hkz_version");
    void *block = malloc(100);
    if (!owns || !profile || !version || !owns(block)) {
        puts("libc");
    } else {
        printf("%s %s\n", profile(), version());
    }
    free(block);
}
