/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * plugin.c -- a library that allocates when it is loaded, when it is asked to, and when it is
 * unloaded. */
#include <stdlib.h>
#include <string.h>

char *plugin_allocate(size_t size);

static char *own;

__attribute__((constructor)) static void load(void) {
    own = malloc(5000);
    if (own == NULL)
        abort();
    memset(own, 1, 5000);
}

__attribute__((destructor)) static void unload(void) {
    char *last = malloc(100);
    free(own);
    free(last);
}

/* A block for the caller to free, after the library is gone. */
char *plugin_allocate(size_t size) {
    char *block = malloc(size);
    if (block != NULL)
        memset(block, 7, size);
    return block;
}
