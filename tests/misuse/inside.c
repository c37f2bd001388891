/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * inside.c -- pointers into the library's memory that are no block's start: inside blocks, and where no
 * block is. */
#include "misuse.h"
#include <ctype.h>
#include <malloc.h>

static char *block;

/* --- Inside a block ---------------------------------------------------------------------------- */

/* number bytes behind the start. */
static void inside(void) {
    block = take();
    act(block + (is_wrong ? program->number : 0));
    if (is_wrong)
        give(block);
}

static void in_the_middle(void) {
    block = take();
    act(is_wrong ? block + program->size / 2 : block);
    if (is_wrong)
        give(block);
}

static void at_the_last_byte(void) {
    block = take();
    act(is_wrong ? block + program->size - 1 : block);
    if (is_wrong)
        give(block);
}

/* Behind what was asked for, before the block's end. */
static void behind_what_was_asked_for(void) {
    block = take();
    need_stage(malloc_usable_size(block) > program->size);
    act(is_wrong ? block + program->size : block);
    if (is_wrong)
        give(block);
}

static void *take_block(void *arg) {
    block = take();
    return arg;
}

static void *act_inside(void *arg) {
    act(block + (is_wrong ? program->number : 0));
    return arg;
}

static void inside_of_a_thread_that_ended(void) {
    in_thread(take_block, NULL);
    act_inside(NULL);
    if (is_wrong)
        give(block);
}

static void inside_by_another_thread(void) {
    block = take();
    in_thread(act_inside, NULL);
    if (is_wrong)
        give(block);
}

static void inside_in_a_child(void) {
    block = take();
    pid_t pid = fork();
    if (pid != 0) {
        int status = 0;
        need_stage(pid > 0 && waitpid(pid, &status, 0) == pid);
        if (WIFSIGNALED(status))
            abort();
        _exit(WEXITSTATUS(status));
    }
    act_inside(NULL);
    if (is_wrong)
        give(block);
}

/* The block is freed, and then its middle. */
static void inside_a_freed_one(void) {
    block = take();
    char *neighbour = take();
    if (is_wrong)
        give(block);
    act(is_wrong ? block + program->number : block);
    give(neighbour);
}

/* A text from which leading space was skipped. */
static void skipped_space(void) {
    char *text = take();
    strcpy(text, "  words");
    char *word = text;
    while (isspace((unsigned char)*word))
        word++;
    act(is_wrong ? word : text);
    if (is_wrong)
        give(text);
}

/* strsep() moves the pointer that it is given. */
static void moved_by_strsep(void) {
    char *text = take(), *rest = text;
    strcpy(text, "name=value");
    strsep(&rest, "=");
    act(is_wrong ? rest : text);
    if (is_wrong)
        give(text);
}

struct record {
    uint64_t id;
    char name[24];
    uint64_t links[2];
};

/* A member instead of its structure. */
static void a_member(void) {
    struct record *record = (void *)take();
    act(is_wrong ? (void *)record->links : (void *)record);
    if (is_wrong)
        give(record);
}

/* An element of an array that is one block. */
static void an_element(void) {
    struct record *records = (void *)take();
    act(&records[is_wrong ? 3 : 0]);
    if (is_wrong)
        give(records);
}

/* Aligned by hand, and the original pointer lost. */
static void aligned_by_hand(void) {
    char *original = take();
    uintptr_t aligned = ((uintptr_t)original + program->number) & ~(uintptr_t)(program->number - 1);
    act(is_wrong ? (char *)aligned : original);
    if (is_wrong)
        give(original);
}

/* An allocator of the program's own keeps its header before what it hands out. */
static void behind_a_header(void) {
    size_t *header = (void *)take();
    *header = program->size;
    act(is_wrong ? header + 2 : header);
    if (is_wrong)
        give(header);
}

/* The array of objects with destructors begins behind its count. */
static void behind_the_cookie(void) {
    size_t *cookie = (void *)take();
    *cookie = 10;
    act(is_wrong ? cookie + 1 : cookie);
    if (is_wrong)
        give(cookie);
}

/* A pool that carves pieces out of one large block. */
static void a_piece_of_a_pool(void) {
    char *pool = take();
    char *piece = pool + 17 * program->number;
    act(is_wrong ? piece : pool);
    if (is_wrong)
        give(pool);
}

/* realloc() moved nothing, and the program had kept a pointer into the block. */
static void kept_across_a_resize(void) {
    block = take();
    char *kept = block + 32;
    block = realloc(block, program->size * 4);
    need_stage(block != NULL);
    act(is_wrong && kept != block ? block + (kept - block) % 64 + 48 : block);
    if (is_wrong)
        free(block);
}

/* Inside an aligned block, where a block of its class could start as well. */
static void inside_an_aligned_one(void) {
    char *aligned = aligned_alloc(program->number, program->size);
    need_stage(aligned != NULL);
    act(is_wrong ? aligned + program->number : aligned);
    if (is_wrong)
        free(aligned);
}

/* --- Where no block is ------------------------------------------------------------------------- */

/* In the run of the first block that a thread allocates, further away than it is given blocks at once. */
static void *take_act_behind(void *arg) {
    block = take();
    act(is_wrong ? block + 6 * malloc_usable_size(block) : block);
    if (is_wrong)
        give(block);
    return arg;
}

static void never_handed_out(void) { in_thread(take_act_behind, NULL); }

static void *take_act_inside_behind(void *arg) {
    block = take();
    act(is_wrong ? block + 6 * malloc_usable_size(block) + 16 : block);
    if (is_wrong)
        give(block);
    return arg;
}

static void inside_one_never_handed_out(void) { in_thread(take_act_inside_behind, NULL); }

/* The pages behind the last large block serve nothing. */
static void behind_a_large_one(void) {
    block = take();
    char *large = malloc(3 * MIB);
    need_stage(large != NULL);
    act(is_wrong ? large + malloc_usable_size(large) : block);
    if (is_wrong)
        give(block);
    free(large);
}

/* number bytes further, where the arena has not served yet. */
static void far_in_the_arena(void) {
    bool (*owns)(const void *address);
    void *found = library_find("hkz_owns");
    memcpy(&owns, &found, sizeof found);
    block = take();
    char *far = block + program->number;
    need_stage(owns(far));
    act(is_wrong ? far : block);
    if (is_wrong)
        give(block);
}

/* Pages of a large block that is gone. */
static void inside_a_freed_large_one(void) {
    block = take();
    if (is_wrong)
        give(block);
    act(is_wrong ? block + program->number : block);
}

/* What realloc cut off. */
static void in_what_realloc_cut_off(void) {
    block = take();
    char *end = block + program->size - 64 * KIB;
    char *cut = realloc(block, program->size / 4);
    need_stage(cut == block);
    act(is_wrong ? end : block);
    if (is_wrong)
        give(block);
}

/* --- The list ---------------------------------------------------------------------------------- */

#define INSIDE(name, run, verb, size, number, plain) \
    { name, run, verb, size, number, INTERIOR_FREE, plain }
#define NOWHERE(name, run, verb, size, number, plain) \
    { name, run, verb, size, number, INVALID_FREE, plain }

static const struct program list[] = {
    INSIDE("free one byte behind the start", inside, FREE, SMALL, 1, LATER),
    INSIDE("free 8 bytes behind the start", inside, FREE, SMALL, 8, LATER),
    INSIDE("free 16 bytes behind the start", inside, FREE, SMALL, 16, LATER),
    INSIDE("free 8 bytes into 16", inside, FREE, 16, 8, LATER),
    INSIDE("free 16 bytes into 1000", inside, FREE, 1000, 16, LATER),
    INSIDE("free 256 bytes into a page", inside, FREE, 4096, 256, LATER),
    INSIDE("free 16 bytes into a mid block", inside, FREE, MID, 16, LATER),
    INSIDE("free a page into a mid block", inside, FREE, MID, 4096, LATER),
    INSIDE("free half of the largest class", inside, FREE, 128 * KIB, 64 * KIB, LATER),
    INSIDE("free one byte into a large block", inside, FREE, LARGE, 1, AT_ONCE),
    INSIDE("free 16 bytes into a large block", inside, FREE, LARGE, 16, AT_ONCE),
    INSIDE("free a page into a large block", inside, FREE, LARGE, 4096, AT_ONCE),
    INSIDE("free 64 KiB into a large block", inside, FREE, LARGE, 64 * KIB, AT_ONCE),
    INSIDE("free 2 MiB into a large block", inside, FREE, 3 * MIB, 2 * MIB, AT_ONCE),
    INSIDE("free of the middle of a small block", in_the_middle, FREE, SMALL, 0, LATER),
    INSIDE("free of the middle of a mid block", in_the_middle, FREE, MID, 0, LATER),
    INSIDE("free of the middle of a large block", in_the_middle, FREE, LARGE, 0, AT_ONCE),
    INSIDE("free of the last byte of a small block", at_the_last_byte, FREE, SMALL, 0, LATER),
    INSIDE("free of the last byte of a mid block", at_the_last_byte, FREE, MID, 0, LATER),
    INSIDE("free of the last byte of a large block", at_the_last_byte, FREE, LARGE, 0, AT_ONCE),
    INSIDE("free of the end of what was asked for", behind_what_was_asked_for, FREE, SMALL, 0, LATER),
    INSIDE("the same of a large block", behind_what_was_asked_for, FREE, LARGE, 0, AT_ONCE),

    INSIDE("cfree inside a block", inside, CFREE, SMALL, 16, LATER),
    INSIDE("free_sized inside a block", inside, FREE_SIZED, SMALL, 16, LATER),
    INSIDE("free_aligned_sized inside a block", inside, FREE_ALIGNED_SIZED, 1000, 64, LATER),
    INSIDE("realloc inside a block", inside, REALLOC_MORE, SMALL, 16, AT_ONCE),
    INSIDE("realloc to less inside a block", inside, REALLOC_LESS, MID, 4096, AT_ONCE),
    INSIDE("realloc to nothing inside a block", inside, REALLOC_ZERO, SMALL, 16, LATER),
    INSIDE("realloc inside a large block", inside, REALLOC_MORE, LARGE, 64 * KIB, AT_ONCE),
    INSIDE("reallocarray inside a block", inside, REALLOCARRAY, SMALL, 16, AT_ONCE),
    INSIDE("malloc_usable_size inside a block", inside, USABLE_SIZE, SMALL, 16, AT_ONCE),
    INSIDE("malloc_usable_size inside a mid block", inside, USABLE_SIZE, MID, 1, AT_ONCE),
    INSIDE("malloc_usable_size inside a large block", inside, USABLE_SIZE, LARGE, 4096, AT_ONCE),
    INSIDE("delete inside an object", inside, DELETE, SMALL, 16, LATER),
    INSIDE("delete with a size inside an object", inside, DELETE_SIZED, 1000, 8, LATER),
    INSIDE("delete[] with a size inside an array", inside, DELETE_ARRAY_SIZED, MID, 40, LATER),
    INSIDE("delete of an aligned object's inside", inside, DELETE_ALIGNED, 1000, 64, LATER),
    INSIDE("delete with all it knows, inside", inside, DELETE_ALIGNED_SIZED, 1000, 64, LATER),
    INSIDE("hkz_free inside a block", inside, HKZ_FREE, SMALL, 16, LATER),
    INSIDE("hkz_expand inside a block", inside, HKZ_EXPAND, SMALL, 16, AT_ONCE),
    INSIDE("hkz_batch_free inside a block", inside, HKZ_BATCH_FREE, MID, 16, LATER),

    INSIDE("inside a block of a thread that ended", inside_of_a_thread_that_ended, FREE, SMALL, 16, LATER),
    INSIDE("inside a mid block of a thread that ended", inside_of_a_thread_that_ended, FREE, MID, 16, LATER),
    INSIDE("inside another thread's block", inside_by_another_thread, FREE, SMALL, 16, LATER),
    INSIDE("inside another thread's mid block", inside_by_another_thread, FREE, MID, 4096, LATER),
    INSIDE("inside another thread's large block", inside_by_another_thread, FREE, LARGE, 16, AT_ONCE),
    INSIDE("inside, in a forked child", inside_in_a_child, FREE, SMALL, 16, LATER),
    INSIDE("inside a freed small block", inside_a_freed_one, FREE, SMALL, 16, LATER),
    INSIDE("inside a freed mid block", inside_a_freed_one, FREE, MID, 4096, LATER),
    INSIDE("realloc inside a freed block", inside_a_freed_one, REALLOC_MORE, MID, 16, AT_ONCE),

    INSIDE("a text without its leading space", skipped_space, FREE, SMALL, 0, LATER),
    INSIDE("a text that strsep took apart", moved_by_strsep, FREE, SMALL, 0, LATER),
    INSIDE("a member of a structure", a_member, FREE, sizeof(struct record), 0, LATER),
    INSIDE("an element of an array", an_element, FREE, 20 * sizeof(struct record), 0, LATER),
    INSIDE("a pointer aligned by hand", aligned_by_hand, FREE, SMALL + 64, 64, LATER),
    INSIDE("a pointer aligned to a page by hand", aligned_by_hand, FREE, LARGE, 4096, AT_ONCE),
    INSIDE("what lies behind the program's own header", behind_a_header, FREE, SMALL, 0, LATER),
    INSIDE("an array without its cookie", behind_the_cookie, DELETE_ARRAY, SMALL, 0, LATER),
    INSIDE("a piece of a pool", a_piece_of_a_pool, FREE, 64 * KIB, 80, LATER),
    INSIDE("a piece of a large pool", a_piece_of_a_pool, FREE, LARGE, 4096, AT_ONCE),
    INSIDE("a pointer kept across realloc", kept_across_a_resize, FREE, SMALL, 0, LATER),
    INSIDE("inside a block aligned to 256", inside_an_aligned_one, FREE, 2000, 256, LATER),
    INSIDE("inside a block aligned to a page", inside_an_aligned_one, FREE, 30000, 4096, LATER),
    INSIDE("inside a block aligned to 128 KiB", inside_an_aligned_one, FREE, 300 * KIB, 128 * KIB, AT_ONCE),

    NOWHERE("a small block never handed out", never_handed_out, FREE, 48, 0, LATER),
    NOWHERE("a block of 1000 bytes never handed out", never_handed_out, FREE, 1000, 0, LATER),
    NOWHERE("realloc of a block never handed out", never_handed_out, REALLOC_MORE, 1000, 0, LATER),
    NOWHERE("usable size of a block never handed out", never_handed_out, USABLE_SIZE, 1000, 0, LATER),
    NOWHERE("an object never handed out", never_handed_out, DELETE, 1000, 0, LATER),
    NOWHERE("inside a block never handed out", inside_one_never_handed_out, FREE, 1000, 0, LATER),
    NOWHERE("the pages behind a large block", behind_a_large_one, FREE, SMALL, 0, AT_ONCE),
    NOWHERE("realloc of the pages behind a large block", behind_a_large_one, REALLOC_MORE, SMALL, 0, AT_ONCE),
    NOWHERE("1 GiB further", far_in_the_arena, FREE, SMALL, (size_t)1 << 30, AT_ONCE),
    NOWHERE("1 GiB further, resized", far_in_the_arena, REALLOC_MORE, SMALL, (size_t)1 << 30, AT_ONCE),
    NOWHERE("1 GiB further, asked for", far_in_the_arena, USABLE_SIZE, SMALL, (size_t)1 << 30, AT_ONCE),
    NOWHERE("1 GiB further, deleted", far_in_the_arena, DELETE_SIZED, SMALL, (size_t)1 << 30, AT_ONCE),
    NOWHERE("16 bytes into a freed large block", inside_a_freed_large_one, FREE, LARGE, 16, AT_ONCE),
    NOWHERE("64 KiB into a freed large block", inside_a_freed_large_one, FREE, LARGE, 64 * KIB, AT_ONCE),
    NOWHERE("1 MiB into a freed large block", inside_a_freed_large_one, FREE, 3 * MIB, MIB, AT_ONCE),
    NOWHERE("what realloc cut off a large block", in_what_realloc_cut_off, FREE, 3 * MIB, 0, AT_ONCE),
};

const struct programs inside_programs = {list, sizeof list / sizeof *list};
