/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * misuse.h -- what the wrong programs share. Each is a row of a table: a function that does the same twice
 * over, wrong (is_wrong) or corrected, with a verb at the place where it goes wrong. It frees all that it
 * holds, so that a heap on which a wrong call left no trace ends as it began. */
#pragma once
#include "child.h"
#include "hakozuna.h"
#include "libc.h"
#include "tap.h"
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)

/* Sizes of each kind; the runner sets HAKOZUNA_HUGE_BYTES to 4 MiB. */
#define SMALL ((size_t)100)
#define MID ((size_t)40000)
#define LARGE (200 * KIB)
#define HUGE_1 (5 * MIB)
#define HUGE_2 (300 * MIB)

/* Exit statuses of a program that did not end as it should. */
enum { UNREPORTED = 3, BAD_STAGE = 4, BAD_ANSWER = 5, BAD_HEAP = 6, BAD_ACCOUNT = 7 };

enum verb {
    FREE,
    CFREE,
    FREE_SIZED,
    FREE_ALIGNED_SIZED,
    REALLOC_MORE,
    REALLOC_LESS,
    REALLOC_ZERO,
    REALLOCARRAY,
    USABLE_SIZE,
    DELETE,
    DELETE_ARRAY,
    DELETE_SIZED,
    DELETE_ARRAY_SIZED,
    DELETE_NOTHROW,
    DELETE_ALIGNED,
    DELETE_ARRAY_ALIGNED,
    DELETE_ALIGNED_SIZED,
    HKZ_FREE,
    HKZ_FREE_SIZED,
    HKZ_REALLOC,
    HKZ_USABLE_SIZE,
    HKZ_EXPAND,
    HKZ_BATCH_FREE,
};

enum class {
    DOUBLE_FREE,
    INTERIOR_FREE,
    INVALID_FREE,
    FOREIGN_FREE,
    SIZE_MISMATCH,
    ALIGNMENT_MISMATCH,
};

/* What a profile that is not strict promises. Strict ones name the class in the wrong call itself. */
enum plain {
    AT_ONCE, /* the same */
    LATER,   /* the same class, at the latest when malloc_trim() returns */
    UNSEEN,  /* nothing: docs/errors, "What which profile sees" */
};

struct program {
    const char *name;
    void (*run)(void);
    enum verb verb;
    size_t size;   /* of the block that is misused */
    size_t number; /* an offset, a count or an alignment: the program says which */
    enum class class;
    enum plain plain;
};

struct programs {
    const struct program *first;
    size_t count;
};

extern const struct programs double_free_programs, inside_programs, foreign_programs, mismatch_programs;

/* One of foreign_programs: inside a block that lies outside of the arenas. */
void huge_inside(void);

/* Before the first of foreign_programs. */
void foreign_init(void);

/* The program at hand. */
extern const struct program *program;
extern bool is_wrong;
extern bool is_forwarding; /* pointers of others are passed on: HAKOZUNA_FOREIGN_FREE=forward */

/* --- Its tools -------------------------------------------------------------------------------- */

/* An address, of which the compiler knows nothing. */
static inline void *launder(const void *address) {
    void *block = (void *)(uintptr_t)address;
    __asm__ volatile("" : "+r"(block) : : "memory");
    return block;
}

static inline void need_stage(bool condition) {
    if (!condition)
        _exit(BAD_STAGE);
}

/* A block of program->size bytes by the partner of the verb: malloc, new, aligned_alloc, ... */
char *take(void);

/* Another block of the same kind. */
char *take_size(size_t size);

/* A live block of take() goes back, by the simplest call that fits it. */
void give(void *block);

/* The call in question. Wrong: the pointer goes to the runner first, and the call must answer as for a pointer
 * that it leaves alone. Right: block is a live one, and is free afterwards. */
void act(void *block);

/* For programs whose wrong call is written out: what the report must name, by which verb. */
void note(const void *pointer);

void in_thread(void *(*work)(void *), void *arg);

/* A name of the library under test. */
void *library_find(const char *name);

/* Alignment of blocks for the verbs that know one. */
enum { VERB_ALIGNMENT = 64 };

/* What such verbs, and those that know a size, are told; the truth, unless the program changes it. */
extern size_t told_size, told_alignment;
