/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * consumer7.c -- a program that uses hz7-tiny beside libc's malloc. */
#include <hakozuna-hz7.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
    char *ours = hz7_malloc(100);
    char *libcs = malloc(100);
    int good = ours != NULL && libcs != NULL && ours != libcs;
    if (ours != NULL)
        memset(ours, 1, 100);
    free(libcs);
    hz7_free(ours);
    printf("consumer: hz7-tiny: %s\n", good ? "ok" : "FAILED");
    return !good;
}
