/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * victim.c -- the program that options.c and limits.c start in prepared surroundings.
 * usage: victim hello | exhaust | exhaust-threads | foreign | twice */
#include "life.h"

static void *allocate_some(void *arg) {
    char *blocks[40] = {NULL};
    struct rng rng = rng_init(3);
    life_churn(&rng, blocks, 40, 200);
    life_free_all(blocks, 40);
    return arg;
}

static int hello(void) {
    allocate_some(NULL);
    pthread_join(life_thread(allocate_some, NULL), NULL);
    tap_write("hello\n", 6);
    return 0;
}

/* Blocks of `size` until there are no more, chained through their first words. */
static void *fill_up(size_t size, size_t *ret_count) {
    void *newest = NULL;
    *ret_count = 0;
    for (;;) {
        errno = 0;
        void **block = launder(malloc(size));
        if (block == NULL)
            break;
        *block = newest;
        newest = block;
        ++*ret_count;
    }
    if (errno != ENOMEM)
        tap_bail("malloc(%zu) failed with errno %d", size, errno);
    return newest;
}

static void free_chain(void *newest) {
    while (newest != NULL) {
        void *next = *(void **)newest;
        free(newest);
        newest = next;
    }
}

/* While memory is full: a refused realloc keeps the block, and frees make room again. */
static void check_full(void **chain, size_t size) {
    char *block = (char *)*chain;
    void *next = *(void **)block;
    errno = 0;
    void *moved = launder(realloc(block, 1024 * MIB));
    if (moved != NULL || errno != ENOMEM || *(void **)block != next)
        tap_bail("a refused realloc of %zu bytes changed the block", size);
    *chain = next;
    free(block);
    block = launder(malloc(size));
    if (block == NULL)
        tap_bail("%zu bytes freed could not be allocated again", size);
    *(void **)block = *chain;
    *chain = block;
}

static int exhaust(void) {
    static const size_t sizes[] = {1024 * KIB, 1000, 20000, 100000, 16, 1024 * KIB};
    size_t least = (size_t)-1, most = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t count;
        void *chain = fill_up(sizes[i], &count);
        tap_diag("%zu blocks of %zu bytes", count, sizes[i]);
        if (chain == NULL)
            tap_bail("no memory at all for %zu bytes", sizes[i]);
        check_full(&chain, sizes[i]);
        free_chain(chain);
        least = count * sizes[i] < least ? count * sizes[i] : least;
        most = count * sizes[i] > most ? count * sizes[i] : most;
    }
    if (least < most / 2)
        tap_bail("of %zu KiB only %zu could be used again", most >> 10, least >> 10);
    allocate_some(NULL); /* no new thread: its stack may find no room among the arenas */
    tap_write("hello\n", 6);
    return 0;
}

static void *exhaust_in_thread(void *arg) {
    size_t size = (size_t)500 << (uintptr_t)arg * 3, count;
    for (int i = 0; i < 3; i++)
        free_chain(fill_up(size, &count));
    return NULL;
}

static int exhaust_threads(void) {
    pthread_t threads[4];
    for (uintptr_t i = 0; i < 4; i++)
        threads[i] = life_thread(exhaust_in_thread, (void *)i);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    allocate_some(NULL);
    tap_write("hello\n", 6);
    return 0;
}

static int foreign(void) {
    char on_stack[64];
    free(launder(on_stack + 16));
    return hello();
}

static int twice(void) {
    void *block = launder(malloc(300 * KIB));
    free(launder(block));
    free(launder(block));
    return hello();
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        int (*run)(void);
    } modes[] = {{"hello", hello},
                 {"exhaust", exhaust},
                 {"exhaust-threads", exhaust_threads},
                 {"foreign", foreign},
                 {"twice", twice}};
    watchdog_start(LIFE_SECONDS);
    for (size_t i = 0; argc == 2 && i < sizeof modes / sizeof *modes; i++)
        if (strcmp(argv[1], modes[i].name) == 0)
            return modes[i].run();
    return 2;
}
