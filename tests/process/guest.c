/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * guest.c -- a library with thread-local memory, which threads of others use, and blocks that others free, or
 * that it frees when it is unloaded. */
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 64 };

char *guest_use(size_t slot, size_t size);

static char *slots[SLOTS];
static __thread char local[20000];

/* Keeps one block of this thread for the library's end, and returns another, which outlives it. */
char *guest_use(size_t slot, size_t size) {
    memset(local, 5, sizeof local);
    free(slots[slot % SLOTS]);
    slots[slot % SLOTS] = malloc(size);
    char *block = malloc(size);
    if (block != NULL)
        memset(block, local[slot], size);
    return block;
}

__attribute__((destructor)) static void unload(void) {
    for (size_t i = 0; i < SLOTS; i++)
        free(slots[i]);
}
