/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * victim.c -- a program with two mistakes, by the standard names. usage: victim overflow | freed */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

char *victim_allocates(void);
void victim_frees(char *block);
void victim_writes(char *address);

__attribute__((noinline)) char *victim_allocates(void) {
    char *block = malloc(64);
    __asm__ volatile("" : "+r"(block));
    return block;
}

__attribute__((noinline)) void victim_frees(char *block) {
    free(block);
    __asm__ volatile("" ::: "memory");
}

__attribute__((noinline)) void victim_writes(char *address) {
    *(volatile char *)address = 1;
    __asm__ volatile("" ::: "memory");
}

int main(int argc, char **argv) {
    char *block = victim_allocates();
    if (argc == 2 && strcmp(argv[1], "overflow") == 0)
        for (;; block = victim_allocates()) /* one behind a page's start is found when it is freed only */
            if ((uintptr_t)block % 4096 != 0)
                victim_writes(block + 64);
    victim_frees(block);
    victim_writes(block);
    return 0;
}
