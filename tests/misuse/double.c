/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * double.c -- blocks freed twice: by which call, in which thread, and after what else. */
#include "late.h"
#include "misuse.h"
#include <malloc.h>
#include <semaphore.h>

static char *block;

static void *give_block(void *arg) {
    give(block);
    return arg;
}

static void *act_on_block(void *arg) {
    act(block);
    return arg;
}

static void *take_block(void *arg) {
    block = take();
    return arg;
}

/* --- In one thread ---------------------------------------------------------------------------- */

static void at_once(void) {
    block = take();
    if (is_wrong)
        give(block);
    act(block);
}

/* With other work in between that does not reuse the block: number blocks of another size. */
static void after_others(void) {
    enum { MOST = 10000 };
    static void *others[MOST];
    block = take();
    if (is_wrong)
        give(block);
    for (size_t i = 0; i < program->number; i++)
        need_stage((others[i] = malloc(program->size / 2)) != NULL);
    act(block);
    for (size_t i = 0; i < program->number; i++)
        free(others[i]);
}

/* a, b, a: the last free was of another block. */
static void with_another_between(void) {
    block = take();
    char *other = take();
    if (is_wrong)
        give(block);
    give(other);
    act(block);
}

/* The first of number blocks that were all freed since. */
static void first_of_many(void) {
    enum { MOST = 3000 };
    static char *blocks[MOST];
    for (size_t i = 0; i < program->number; i++)
        blocks[i] = take();
    for (size_t i = !is_wrong; i < program->number; i++)
        give(blocks[i]);
    act(blocks[0]);
}

static void after_trim(void) {
    block = take();
    char *neighbour = take();
    if (is_wrong)
        give(block);
    malloc_trim(0);
    act(block);
    give(neighbour);
}

static void after_its_run_is_returned(void) {
    block = take();
    if (is_wrong)
        give(block);
    malloc_trim(0);
    malloc_trim(0);
    act(block);
}

/* Two owners of one pointer: a structure was copied, and both copies are cleaned up. */
static void shallow_copy(void) {
    struct message {
        char *text;
        int length;
    } first, second;
    first.text = take();
    first.length = 3;
    second = first;
    if (!is_wrong) {
        second.text = take();
        memcpy(second.text, first.text, 3);
    }
    give(first.text);
    act(second.text);
}

/* An error path that cleans up what the normal path cleaned up already. */
static void error_path(void) {
    char *buffer = take();
    bool has_failed = *(volatile bool *)&is_wrong;
    if (has_failed)
        give(buffer);
    act(buffer);
}

/* A list that was cut at the wrong place: one node is on two lists. */
static void node_of_two_lists(void) {
    struct node {
        struct node *next;
    } *first = (void *)take(), *second = (void *)take(), *shared = (void *)take();
    first->next = shared;
    second->next = is_wrong ? shared : NULL;
    shared->next = NULL;
    struct node *next = first->next;
    give(first);
    struct node *of_second = second->next;
    give(second);
    if (of_second != NULL)
        give(of_second);
    act(next);
}

/* --- After a call that frees ------------------------------------------------------------------- */

/* The old pointer of a block that realloc moved. */
static void after_it_moved(void) {
    block = take();
    char *wall = take();
    char *moved = realloc(block, program->size * 4);
    need_stage(moved != NULL && moved != block);
    act(is_wrong ? block : moved);
    if (is_wrong)
        free(moved);
    give(wall);
}

static void after_realloc_to_nothing(void) {
    block = take();
    if (is_wrong)
        need_stage(realloc(launder(block), (size_t)(uintptr_t)launder(NULL)) == NULL);
    act(block);
}

static void after_reallocarray_of_nothing(void) {
    block = take();
    if (is_wrong)
        need_stage(reallocarray(launder(block), (size_t)(uintptr_t)launder(NULL), 8) == NULL);
    act(block);
}

static void after_free_sized(void) {
    void (*free_sized_here)(void *pointer, size_t size);
    void *found = library_find("free_sized");
    memcpy(&free_sized_here, &found, sizeof found);
    block = take();
    if (is_wrong)
        free_sized_here(block, program->size);
    act(block);
}

static void after_hkz_batch_free(void) {
    void (*batch_free)(void *const *blocks, size_t count);
    void *found = library_find("hkz_batch_free");
    memcpy(&batch_free, &found, sizeof found);
    void *blocks[3] = {take(), take(), take()};
    batch_free(blocks, is_wrong ? 3 : 2);
    act(blocks[2]);
}

/* The same pointer stands in one batch twice. */
static void twice_in_a_batch(void) {
    void (*batch_free)(void *const *blocks, size_t count);
    void *found = library_find("hkz_batch_free");
    memcpy(&batch_free, &found, sizeof found);
    void *blocks[3] = {take(), take(), NULL};
    blocks[2] = is_wrong ? blocks[0] : take();
    if (is_wrong)
        note(blocks[2]);
    batch_free(blocks, 3);
}

/* --- Blocks by other calls --------------------------------------------------------------------- */

static void twice(void *pointer) {
    need_stage(pointer != NULL);
    if (is_wrong)
        free(launder(pointer));
    act(pointer);
}

static void by_calloc(void) { twice(calloc(program->number, program->size / program->number)); }
static void by_realloc_of_null(void) { twice(realloc(NULL, program->size)); }
static void by_malloc_of_nothing(void) { twice(malloc((size_t)(uintptr_t)launder(NULL))); }
static void by_aligned_alloc(void) { twice(aligned_alloc(program->number, program->size)); }
static void by_memalign(void) { twice(memalign(program->number, program->size)); }
static void by_valloc(void) { twice(valloc(program->size)); }
static void by_pvalloc(void) { twice(pvalloc(program->size)); }

static void by_posix_memalign(void) {
    void *made = NULL;
    need_stage(posix_memalign(&made, program->number, program->size) == 0);
    twice(made);
}

static void by_strdup(void) { twice(strdup(launder("a text that is copied"))); }

static void by_getline(void) {
    static char text[] = "one line\n";
    char *line = NULL;
    size_t room = 0;
    FILE *file = fmemopen(text, sizeof text - 1, "r");
    need_stage(file != NULL && getline(&line, &room, file) > 0);
    fclose(file);
    twice(line);
}

/* --- Threads ----------------------------------------------------------------------------------- */

static void owner_then_other(void) {
    block = take();
    if (is_wrong)
        give(block);
    in_thread(act_on_block, NULL);
}

static void other_then_owner(void) {
    block = take();
    if (is_wrong)
        in_thread(give_block, NULL);
    act(block);
}

static void two_others(void) {
    block = take();
    if (is_wrong)
        in_thread(give_block, NULL);
    in_thread(act_on_block, NULL);
}

static sem_t has_freed, may_end;

static void *give_block_and_stay(void *arg) {
    give(block);
    sem_post(&has_freed);
    while (sem_wait(&may_end) != 0)
        continue;
    return arg;
}

static void run_beside_a_thread_that_freed(void *(*work)(void *), bool elsewhere) {
    pthread_t stays;
    sem_init(&has_freed, 0, 0);
    sem_init(&may_end, 0, 0);
    need_stage(pthread_create(&stays, NULL, give_block_and_stay, NULL) == 0);
    while (sem_wait(&has_freed) != 0)
        continue;
    if (elsewhere)
        in_thread(work, NULL);
    else
        work(NULL);
    sem_post(&may_end);
    pthread_join(stays, NULL);
}

/* The first free waits in a thread that lives on, with whatever it collects for others. */
static void other_that_lives_then_owner(void) {
    block = take();
    if (is_wrong)
        run_beside_a_thread_that_freed(act_on_block, false);
    else
        act(block);
}

static void two_others_of_which_one_lives(void) {
    block = take();
    if (is_wrong)
        run_beside_a_thread_that_freed(act_on_block, true);
    else
        in_thread(act_on_block, NULL);
}

/* The thread that allocated it has ended before the first free. */
static void after_its_thread_ended(void) {
    in_thread(take_block, NULL);
    if (is_wrong)
        give(block);
    act(block);
}

static void *take_and_give(void *arg) {
    block = take();
    if (is_wrong)
        give(block);
    return arg;
}

/* The thread that allocated and freed it has ended. */
static void freed_by_its_thread_which_ended(void) {
    in_thread(take_and_give, NULL);
    act(block);
}

static void *take_two_give_one(void *ret_other) {
    block = take();
    *(char **)ret_other = take();
    if (is_wrong)
        give(block);
    return NULL;
}

/* The same, and its run lives on because of a neighbour. */
static void freed_by_its_thread_beside_a_neighbour(void) {
    char *neighbour;
    in_thread(take_two_give_one, &neighbour);
    act(block);
    give(neighbour);
}

static void *take_and_give_one(void *arg) {
    give(take());
    return arg;
}

/* Number threads came, freed blocks of their own, and went. */
static void after_many_threads(void) {
    block = take();
    if (is_wrong)
        give(block);
    for (size_t i = 0; i < program->number; i++)
        in_thread(take_and_give_one, NULL);
    act(block);
}

/* What a thread freed, its key's destructor frees again. */
static pthread_key_t key;

static void destroy(void *pointer) { act(pointer); }

static void *set_key(void *arg) {
    block = take();
    pthread_setspecific(key, block);
    if (is_wrong)
        give(block);
    return arg;
}

static void by_a_destructor_of_the_thread(void) {
    pthread_key_create(&key, destroy);
    in_thread(set_key, NULL);
    pthread_key_delete(key);
}

/* --- Processes --------------------------------------------------------------------------------- */

/* Ends as the forked child ended. */
static void end_as(pid_t pid) {
    int status = 0;
    need_stage(pid > 0);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (WIFSIGNALED(status))
        abort();
    _exit(WEXITSTATUS(status));
}

/* The rest of the program runs in a child of its own. */
static void go_on_in_child(void) {
    pid_t pid = fork();
    if (pid != 0)
        end_as(pid);
}

static void freed_before_fork(void) {
    block = take();
    if (is_wrong)
        give(block);
    go_on_in_child();
    act(block);
}

static void freed_twice_in_a_child(void) {
    block = take();
    go_on_in_child();
    if (is_wrong)
        give(block);
    act(block);
}

/* A child frees what it inherited, once; the parent its own copy, twice. */
static void freed_by_a_child_and_twice_by_its_parent(void) {
    block = take();
    pid_t pid = fork();
    if (pid == 0) {
        give(block);
        _exit(0);
    }
    need_stage(pid > 0 && waitpid(pid, NULL, 0) == pid);
    if (is_wrong)
        give(block);
    act(block);
}

static void freed_by_a_thread_then_in_a_child(void) {
    block = take();
    if (is_wrong)
        in_thread(give_block, NULL);
    go_on_in_child();
    act(block);
}

/* --- The list ---------------------------------------------------------------------------------- */

#define ROW(name, run, verb, size, number, plain) \
    { name, run, verb, size, number, DOUBLE_FREE, plain }

static const struct program list[] = {
    ROW("free of a freed block of 16 bytes", at_once, FREE, 16, 0, LATER),
    ROW("free of a freed small block", at_once, FREE, SMALL, 0, LATER),
    ROW("free of a freed block of 1000 bytes", at_once, FREE, 1000, 0, LATER),
    ROW("free of a freed block of a page", at_once, FREE, 4096, 0, LATER),
    ROW("free of a freed mid block", at_once, FREE, MID, 0, LATER),
    ROW("free of a freed block of the largest class", at_once, FREE, 128 * KIB, 0, LATER),
    ROW("free of a freed large block", at_once, FREE, LARGE, 0, AT_ONCE),
    ROW("free of a freed large block of 3 MiB", at_once, FREE, 3 * MIB, 0, AT_ONCE),
    ROW("cfree of a freed block", at_once, CFREE, SMALL, 0, LATER),
    ROW("free_sized of a freed block", at_once, FREE_SIZED, SMALL, 0, LATER),
    ROW("free_sized of a freed mid block", at_once, FREE_SIZED, MID, 0, LATER),
    ROW("free_sized of a freed large block", at_once, FREE_SIZED, LARGE, 0, AT_ONCE),
    ROW("free_aligned_sized of a freed block", at_once, FREE_ALIGNED_SIZED, 1000, 0, LATER),
    ROW("realloc of a freed block to a bigger one", at_once, REALLOC_MORE, SMALL, 0, LATER),
    ROW("realloc of a freed block to a smaller one", at_once, REALLOC_LESS, 1000, 0, LATER),
    ROW("realloc of a freed block to nothing", at_once, REALLOC_ZERO, SMALL, 0, LATER),
    ROW("realloc of a freed mid block", at_once, REALLOC_MORE, MID, 0, LATER),
    ROW("realloc of a freed large block", at_once, REALLOC_MORE, LARGE, 0, AT_ONCE),
    ROW("realloc of a freed large block to a small one", at_once, REALLOC_LESS, LARGE, 0, AT_ONCE),
    ROW("reallocarray of a freed block", at_once, REALLOCARRAY, SMALL, 0, LATER),
    ROW("reallocarray of a freed large block", at_once, REALLOCARRAY, LARGE, 0, AT_ONCE),
    ROW("malloc_usable_size of a freed block", at_once, USABLE_SIZE, SMALL, 0, LATER),
    ROW("malloc_usable_size of a freed mid block", at_once, USABLE_SIZE, MID, 0, LATER),
    ROW("malloc_usable_size of a freed large block", at_once, USABLE_SIZE, LARGE, 0, AT_ONCE),
    ROW("delete twice", at_once, DELETE, SMALL, 0, LATER),
    ROW("delete[] twice", at_once, DELETE_ARRAY, 1000, 0, LATER),
    ROW("delete with a size twice", at_once, DELETE_SIZED, SMALL, 0, LATER),
    ROW("delete[] with a size twice", at_once, DELETE_ARRAY_SIZED, MID, 0, LATER),
    ROW("delete with nothrow twice", at_once, DELETE_NOTHROW, SMALL, 0, LATER),
    ROW("delete of an aligned object twice", at_once, DELETE_ALIGNED, SMALL, 0, LATER),
    ROW("delete[] of aligned objects twice", at_once, DELETE_ARRAY_ALIGNED, 1000, 0, LATER),
    ROW("delete with size and alignment twice", at_once, DELETE_ALIGNED_SIZED, MID, 0, LATER),
    ROW("delete of a large object twice", at_once, DELETE, LARGE, 0, AT_ONCE),
    ROW("hkz_free twice", at_once, HKZ_FREE, SMALL, 0, LATER),
    ROW("hkz_free_sized twice", at_once, HKZ_FREE_SIZED, MID, 0, LATER),
    ROW("hkz_batch_free of a freed block", at_once, HKZ_BATCH_FREE, SMALL, 0, LATER),
    ROW("hkz_realloc of a freed block", at_once, HKZ_REALLOC, SMALL, 0, LATER),
    ROW("hkz_usable_size of a freed block", at_once, HKZ_USABLE_SIZE, SMALL, 0, LATER),
    ROW("hkz_expand of a freed block", at_once, HKZ_EXPAND, SMALL, 0, LATER),

    ROW("freed again after one other allocation", after_others, FREE, SMALL, 1, LATER),
    ROW("freed again after 100 others", after_others, FREE, SMALL, 100, LATER),
    ROW("freed again after 10000 others", after_others, FREE, SMALL, 10000, LATER),
    ROW("mid block freed again after 100 others", after_others, FREE, MID, 100, LATER),
    ROW("deleted again after 100 others", after_others, DELETE, SMALL, 100, LATER),
    ROW("resized after 100 others since its free", after_others, REALLOC_MORE, SMALL, 100, LATER),
    ROW("freed again after its neighbour", with_another_between, FREE, SMALL, 0, LATER),
    ROW("mid block freed again after its neighbour", with_another_between, FREE, MID, 0, LATER),
    ROW("large block freed again after its neighbour", with_another_between, FREE, LARGE, 0, AT_ONCE),
    ROW("first of 3000 freed ones freed again", first_of_many, FREE, SMALL, 3000, LATER),
    ROW("first of 200 freed mid ones freed again", first_of_many, FREE, MID, 200, LATER),
    ROW("first of 40 freed large ones freed again", first_of_many, FREE, LARGE, 40, AT_ONCE),
    ROW("freed again after malloc_trim", after_trim, FREE, SMALL, 0, LATER),
    ROW("mid block freed again after malloc_trim", after_trim, FREE, MID, 0, LATER),
    ROW("freed again when its run is returned", after_its_run_is_returned, FREE, 3000, 0, AT_ONCE),
    ROW("resized when its run is returned", after_its_run_is_returned, REALLOC_MORE, 3000, 0, AT_ONCE),
    ROW("large block freed again after malloc_trim", after_trim, FREE, LARGE, 0, AT_ONCE),
    ROW("both copies of a structure cleaned up", shallow_copy, FREE, SMALL, 0, LATER),
    ROW("an error path that frees again", error_path, FREE, 1000, 0, LATER),
    ROW("a node on two lists", node_of_two_lists, FREE, SMALL, 0, LATER),
    ROW("the same in C++", node_of_two_lists, DELETE_SIZED, SMALL, 0, LATER),

    ROW("the old pointer after realloc moved the block", after_it_moved, FREE, SMALL, 0, LATER),
    ROW("the same with a mid block", after_it_moved, FREE, 20000, 0, LATER),
    ROW("the old pointer resized", after_it_moved, REALLOC_MORE, SMALL, 0, LATER),
    ROW("freed after realloc to nothing", after_realloc_to_nothing, FREE, SMALL, 0, LATER),
    ROW("large block freed after realloc to nothing", after_realloc_to_nothing, FREE, LARGE, 0, AT_ONCE),
    ROW("freed after reallocarray of nothing", after_reallocarray_of_nothing, FREE, SMALL, 0, LATER),
    ROW("freed after free_sized", after_free_sized, FREE, MID, 0, LATER),
    ROW("freed after hkz_batch_free", after_hkz_batch_free, FREE, SMALL, 0, LATER),
    ROW("one block twice in a batch", twice_in_a_batch, HKZ_BATCH_FREE, SMALL, 0, LATER),

    ROW("calloc's block freed twice", by_calloc, FREE, 1000, 10, LATER),
    ROW("block of realloc of NULL freed twice", by_realloc_of_null, FREE, SMALL, 0, LATER),
    ROW("block of no bytes freed twice", by_malloc_of_nothing, FREE, 1, 0, LATER),
    ROW("aligned_alloc's block freed twice", by_aligned_alloc, FREE, 100, 256, LATER),
    ROW("block aligned to a page freed twice", by_aligned_alloc, FREE, 8192, 4096, LATER),
    ROW("block aligned to 1 MiB freed twice", by_aligned_alloc, FREE, 1000, MIB, AT_ONCE),
    ROW("posix_memalign's block freed twice", by_posix_memalign, FREE, 500, 128, LATER),
    ROW("memalign's block freed twice", by_memalign, FREE, 500, 64, LATER),
    ROW("valloc's block freed twice", by_valloc, FREE, SMALL, 0, LATER),
    ROW("pvalloc's block freed twice", by_pvalloc, FREE, SMALL, 0, LATER),
    ROW("strdup's block freed twice", by_strdup, FREE, 22, 0, LATER),
    ROW("getline's block freed twice", by_getline, FREE, 120, 0, LATER),

    ROW("freed by its thread, then by another", owner_then_other, FREE, SMALL, 0, LATER),
    ROW("mid block freed by its thread, then by another", owner_then_other, FREE, MID, 0, LATER),
    ROW("large block freed by its thread, then by another", owner_then_other, FREE, LARGE, 0, AT_ONCE),
    ROW("deleted by its thread, then by another", owner_then_other, DELETE, SMALL, 0, LATER),
    ROW("asked for by another thread after its free", owner_then_other, USABLE_SIZE, SMALL, 0, LATER),
    ROW("freed by another thread, then by its own", other_then_owner, FREE, SMALL, 0, LATER),
    ROW("mid block freed by another thread, then by its own", other_then_owner, FREE, MID, 0, LATER),
    ROW("largest class freed by another thread, then by its own", other_then_owner, FREE, 128 * KIB, 0, LATER),
    ROW("large block freed by another thread, then by its own", other_then_owner, FREE, LARGE, 0, AT_ONCE),
    ROW("resized after another thread freed it", other_then_owner, REALLOC_MORE, SMALL, 0, UNSEEN),
    ROW("freed by two other threads", two_others, FREE, SMALL, 0, LATER),
    ROW("mid block freed by two other threads", two_others, FREE, MID, 0, LATER),
    ROW("large block freed by two other threads", two_others, FREE, LARGE, 0, AT_ONCE),
    ROW("freed by a thread that lives on, then by its own", other_that_lives_then_owner, FREE, SMALL, 0, LATER),
    ROW("mid block freed by a thread that lives on, then by its own", other_that_lives_then_owner, FREE, MID, 0, LATER),
    ROW("freed by two others of which one lives on", two_others_of_which_one_lives, FREE, SMALL, 0, LATER),
    ROW("mid block freed by two others of which one lives on", two_others_of_which_one_lives, FREE, MID, 0, LATER),
    ROW("freed twice after its thread ended", after_its_thread_ended, FREE, SMALL, 0, LATER),
    ROW("mid block freed twice after its thread ended", after_its_thread_ended, FREE, MID, 0, LATER),
    ROW("freed by its thread, which ended", freed_by_its_thread_which_ended, FREE, SMALL, 0, LATER),
    ROW("the same beside a living neighbour", freed_by_its_thread_beside_a_neighbour, FREE, SMALL, 0, LATER),
    ROW("freed again after 20 threads came and went", after_many_threads, FREE, SMALL, 20, LATER),
    ROW("freed again by a destructor of its thread", by_a_destructor_of_the_thread, FREE, SMALL, 0, LATER),
    ROW("large block freed again by a destructor of its thread", by_a_destructor_of_the_thread, FREE, LARGE, 0,
        AT_ONCE),

    ROW("freed, then again in a forked child", freed_before_fork, FREE, SMALL, 0, LATER),
    ROW("mid block freed, then again in a forked child", freed_before_fork, FREE, MID, 0, LATER),
    ROW("large block freed, then again in a forked child", freed_before_fork, FREE, LARGE, 0, AT_ONCE),
    ROW("freed twice in a forked child", freed_twice_in_a_child, FREE, SMALL, 0, LATER),
    ROW("deleted twice in a forked child", freed_twice_in_a_child, DELETE, MID, 0, LATER),
    ROW("freed by a child, and twice by its parent", freed_by_a_child_and_twice_by_its_parent, FREE, SMALL, 0, LATER),
    ROW("freed by a thread, then in a forked child", freed_by_a_thread_then_in_a_child, FREE, SMALL, 0, LATER),
};

const struct programs double_free_programs = {list, sizeof list / sizeof *list};
