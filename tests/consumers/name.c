/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * name.c -- a program that names one function of the malloc family, or none (libc alone names it): compiled with
 * -DNAME_x. In a static link each must bring in the whole family, and libc's none of it. */
#define _GNU_SOURCE
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined NAME_malloc
static void *make(void) { return malloc(40); }
#elif defined NAME_calloc
static void *make(void) { return calloc(4, 10); }
#elif defined NAME_realloc
static void *make(void) { return realloc(NULL, 40); }
#elif defined NAME_memalign
static void *make(void) { return memalign(64, 40); }
#elif defined NAME_mallinfo
static void *make(void) { return mallinfo2().uordblks == 1 ? NULL : strdup("x"); }
#elif defined NAME_usable
static void *make(void) { return malloc_usable_size(NULL) == 0 ? strdup("x") : NULL; }
#else
static void *make(void) { return strdup("x"); }
#endif

int main(void) { return make() == NULL; }
