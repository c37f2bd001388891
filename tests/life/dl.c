/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * dl.c -- loads and unloads a library that allocates, many times, also in threads.
 * usage: dl plugin.so */
#include "life.h"

enum { LOADS = 200 };

static const char *plugin_path;

static void load_once(void) {
    char *(*allocate)(size_t size);
    void *plugin = dlopen(plugin_path, RTLD_NOW | RTLD_LOCAL);
    if (plugin == NULL)
        tap_bail("%s", dlerror());
    LATE_FIND(plugin, allocate, "plugin_allocate");
    char *small = allocate(40), *large = allocate(300 * KIB);
    if (dlclose(plugin) != 0 || small == NULL || large == NULL || small[39] != 7 || large[300 * KIB - 1] != 7)
        tap_bail("blocks of an unloaded library are broken");
    if (!hkz.owns(small) || !hkz.owns(large))
        tap_bail("the library's blocks came from elsewhere");
    free(small);
    free(large);
}

static void *load_in_thread(void *arg) {
    load_once();
    return arg;
}

int main(int argc, char **argv) {
    life_start();
    if (argc != 2)
        tap_bail("usage: dl plugin.so");
    plugin_path = argv[1];
    for (int i = 0; i < 10; i++)
        load_once();
    struct hkz_stats before = life_stats();
    for (int i = 0; i < LOADS; i++)
        load_once();
    for (int i = 0; i < LOADS / 4; i++)
        pthread_join(life_thread(load_in_thread, NULL), NULL);
    struct hkz_stats after = life_stats();
    tap_ok(after.allocated <= before.allocated + 64 * KIB, "%d loads: allocated %llu, was %llu", LOADS,
           (unsigned long long)after.allocated, (unsigned long long)before.allocated);
    return tap_done();
}
