/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * victim.c -- a short life with every kind of block, for a supervisor that refuses memory calls: blocks of all
 * sizes, growth, alignment, a second thread, trimming. A refusal must show as NULL with ENOMEM or not at all;
 * contents stay; free keeps errno; when it is over everything can be allocated again.
 * Exit status 0, or the number of what went wrong. */
#include "pattern.h"
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum wrong { WRONG_ERRNO = 10, WRONG_CONTENTS, WRONG_OVERLAP, WRONG_ZERO, WRONG_ALIGNMENT, WRONG_AFTER, WRONG_FREE };
enum { BLOCKS = 24, MARK_BEGIN = 4242, MARK_END = 4243 };

struct block {
    char *start;
    size_t size;
    uint64_t id;
};

static struct block blocks[BLOCKS];
static _Atomic(unsigned) refusals;

/* A sign for the supervisor; a call that no kernel accepts. */
static void sign(int advice) { (void)madvise((void *)4096, 0, advice); }

static void fail(enum wrong wrong) { _exit((int)wrong); }

static void *granted(void *block) {
    if (block == NULL && errno != ENOMEM)
        fail(WRONG_ERRNO);
    refusals += block == NULL;
    return block;
}

static void check(const struct block *block) {
    if (block->start != NULL && pattern_check(block->start, block->size, block->size, block->id) != PATTERN_INTACT)
        fail(WRONG_CONTENTS);
}

static void fill(struct block *block, void *start, size_t size, uint64_t id) {
    *block = (struct block){start, size, id};
    if (start != NULL)
        pattern_fill(start, size, id);
}

static void release(struct block *block) {
    check(block);
    errno = 77;
    free(block->start);
    if (errno != 77)
        fail(WRONG_FREE);
    block->start = NULL;
}

static void take(unsigned i, size_t size) {
    void *start;
    errno = 0;
    if (i % 3 == 0) {
        start = granted(malloc(size));
    } else if (i % 3 == 1) {
        start = granted(calloc(1, size));
        if (start != NULL && !pattern_is_zero(start, size))
            fail(WRONG_ZERO);
    } else {
        start = granted(aligned_alloc(4096, size));
        if (((uintptr_t)start & 4095) != 0)
            fail(WRONG_ALIGNMENT);
    }
    fill(&blocks[i], start, size, i);
}

/* A refused realloc leaves the block as it was. */
static void grow(struct block *block, size_t size) {
    size_t kept = block->size < size ? block->size : size;
    errno = 0;
    char *moved = granted(realloc(block->start, size));
    if (moved == NULL) {
        check(block);
        return;
    }
    if (block->start != NULL && pattern_check(moved, block->size, kept, block->id) != PATTERN_INTACT)
        fail(WRONG_CONTENTS);
    fill(block, moved, size, block->id);
}

static void check_all(void) {
    for (unsigned i = 0; i < BLOCKS; i++)
        check(&blocks[i]);
    for (unsigned i = 0; i < BLOCKS; i++)
        for (unsigned k = 0; k < BLOCKS; k++)
            if (i != k && blocks[i].start != NULL && blocks[k].start != NULL &&
                (uintptr_t)(blocks[k].start - blocks[i].start) < blocks[i].size)
                fail(WRONG_OVERLAP);
}

static const size_t sizes[] = {16, 200, 1500, 5000, 30000, 120000, 200000, 3000000};

/* Another thread's first malloc, frees of blocks that are not its own, and its end. */
static void *in_thread(void *arg) {
    for (unsigned i = 0; i < BLOCKS; i += 2)
        release(&blocks[i]);
    for (unsigned i = 0; i < BLOCKS; i += 2)
        take(i, sizes[i % 8]);
    return arg;
}

static void live(void) {
    pthread_t thread;
    for (unsigned i = 0; i < BLOCKS; i++)
        take(i, sizes[i % 8]);
    check_all();
    if (pthread_create(&thread, NULL, in_thread, NULL) == 0)
        pthread_join(thread, NULL);
    check_all();
    for (unsigned i = 0; i < BLOCKS; i++)
        grow(&blocks[i], sizes[i % 8] * (i % 2 != 0 ? 5 : 1) / (i % 4 == 2 ? 4 : 1) + 1);
    check_all();
    for (unsigned i = 0; i < BLOCKS; i += 3)
        release(&blocks[i]);
    (void)malloc_trim(0);
    for (unsigned i = 0; i < BLOCKS; i += 3)
        take(i, sizes[(i + 3) % 8]);
    check_all();
    for (unsigned i = 0; i < BLOCKS; i++)
        release(&blocks[i]);
    (void)malloc_trim(0);
}

int main(void) {
    sign(MARK_BEGIN);
    live();
    sign(MARK_END);
    refusals = 0;
    live();
    if (refusals != 0)
        fail(WRONG_AFTER);
    return 0;
}
