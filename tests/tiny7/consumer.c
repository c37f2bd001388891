/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * consumer.c -- a program that links nothing but the static archive. */
#include "hakozuna-hz7.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A name that the archive has inside, hidden: it must not clash. */
int hz_report(void);
int hz_report(void) { return 7; }

int main(void) {
    char *ours = hz7_malloc(100), *libc = malloc(100);
    if (ours == NULL || libc == NULL || hz_report() != 7)
        return 1;
    strcpy(ours, "hello");
    ours = hz7_realloc(ours, 100000);
    int wrong = ours == NULL || strcmp(ours, "hello") != 0;
    hz7_free(ours);
    free(libc);
    printf("%s 1 - the archive alone, version %s\n1..1\n", wrong ? "not ok" : "ok", hz7_version());
    return wrong;
}
