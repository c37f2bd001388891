/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * dlself.c -- the library itself loaded by dlopen, in a program whose malloc is libc's: the direct
 * names work beside it, and each heap knows its own blocks. usage: dlself libhakozuna-PROFILE.so
 * profile */
#include "life.h"

static void *thread_life(void *arg) {
    char *block = hkz.malloc(2000);
    if (block == NULL)
        return NULL;
    memset(block, 5, 2000);
    hkz.free(arg);
    return block;
}

int main(int argc, char **argv) {
    watchdog_start(LIFE_SECONDS);
    if (argc != 3)
        tap_bail("usage: dlself library profile");
    char *from_libc = launder(malloc(1000));
    void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        tap_bail("%s", dlerror());
    tap_ok(late_find(&hkz, library), "every name is found");
    tap_ok(strcmp(hkz.profile(), argv[2]) == 0, "profile %s", hkz.profile());
    char *block = launder(hkz.malloc(50000));
    memset(block, 1, 50000);
    tap_ok(hkz.owns(block) && !hkz.owns(from_libc), "each heap knows its own");
    void *other = NULL;
    pthread_join(life_thread(thread_life, block), &other);
    tap_ok(other != NULL && hkz.usable_size(other) >= 2000, "a thread allocates and frees");
    hkz.free(other);
    tap_ok(life_stats().allocated == 0, "nothing is left: %llu", (unsigned long long)life_stats().allocated);
    hkz.trim();
    dlclose(library);
    from_libc = launder(realloc(from_libc, 100000));
    tap_ok(from_libc != NULL, "libc goes on");
    free(from_libc);
    return tap_done();
}
