/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * static.c -- a program without a dynamic linker on a profile's archive: the standard names are the archive's, in
 * libc's own functions too, in threads and after fork. */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hakozuna.h"

static void must(int holds, const char *what) {
    printf("%s - %s\n", holds ? "ok" : "not ok", what);
    if (!holds)
        exit(1);
}

static void *work(void *arg) {
    uintptr_t bad = 0;
    for (uintptr_t i = 0; i < 20000; i++) {
        char *block = malloc(16 + (i + (uintptr_t)arg) * 37 % 40000);
        bad += block == NULL || !hkz_owns(block);
        memset(block, 1, 16);
        block = realloc(block, 100 + i % 3000);
        free(block);
    }
    return (void *)bad;
}

int main(void) {
    setvbuf(stdout, NULL, _IONBF, 0);
    char *copy = strdup("of libc's making");
    must(hkz_owns(copy), "strdup's memory is the library's");
    must(hkz_owns(aligned_alloc(4096, 4096)) && hkz_owns(calloc(3, 5)), "aligned_alloc and calloc");
    pthread_t threads[4];
    for (uintptr_t i = 0; i < 4; i++)
        must(pthread_create(&threads[i], NULL, work, (void *)i) == 0, "a thread begins");
    int status = -1;
    pid_t child = fork();
    if (child == 0)
        _exit(work(NULL) != NULL);
    must(waitpid(child, &status, 0) == child && status == 0, "a forked child allocates");
    for (int i = 0; i < 4; i++) {
        void *bad = NULL;
        pthread_join(threads[i], &bad);
        must(bad == NULL, "a thread's blocks are the library's");
    }
    void *volatile impossible = malloc((size_t)-1 / 2 + 1 + (size_t)copy[0] % 2);
    must(impossible == NULL && errno == ENOMEM, "what cannot be is ENOMEM");
    free(copy);
    return 0;
}
