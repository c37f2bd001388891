/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * foreign.c -- pointers that the library never handed out and that lie in none of its memory; and, after
 * them, huge blocks, which have a mapping of their own. */
#include "late.h"
#include "misuse.h"
#include <alloca.h>
#include <sys/auxv.h>
#include <sys/mman.h>

/* The twin does to a block what the wrong program does to other memory. */
static void act_on(const void *foreign) {
    char *block = take();
    act(is_wrong ? launder(foreign) : block);
    if (is_wrong)
        give(block);
}

static void a_variable(void) {
    char variable[128];
    memset(variable, 1, sizeof variable);
    act_on(variable);
    need_stage(variable[0] == 1 && variable[127] == 1);
}

static void of_alloca(void) {
    char *room = alloca(program->size);
    memset(room, 2, program->size);
    act_on(room);
    need_stage(room[0] == 2 && room[program->size - 1] == 2);
}

static void static_data(void) {
    static char data[256] = {1};
    act_on(data + 16);
    need_stage(data[0] == 1);
}

static void zero_data(void) {
    static char data[64 * 1024];
    act_on(data + 4096);
}

static void a_literal(void) { act_on("a text of the program"); }
static void a_function(void) { act_on((const void *)(uintptr_t)&a_literal); }
static void a_function_of_libc(void) { act_on(dlsym(RTLD_DEFAULT, "printf")); }
static void a_stream(void) { act_on(stderr); }

static void thread_local_data(void) {
    static _Thread_local char data[64];
    act_on(data);
}

extern char **environ;

static void the_environment(void) {
    need_stage(environ != NULL && environ[0] != NULL);
    act_on(environ[0]);
}

static void the_vdso(void) { act_on((void *)getauxval(AT_SYSINFO_EHDR)); }

static void *other_stack;

static void *show_stack(void *arg) {
    char variable[64] = {0};
    other_stack = launder(variable);
    act_on(other_stack);
    return arg;
}

static void a_variable_of_a_thread(void) { in_thread(show_stack, NULL); }

static void a_mapping(void) {
    char *pages = mmap(NULL, 64 * KIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    need_stage(pages != MAP_FAILED);
    memset(pages, 3, 64 * KIB);
    act_on(pages + program->number);
    need_stage(pages[0] == 3 && pages[64 * KIB - 1] == 3);
    munmap(pages, 64 * KIB);
}

static void a_mapping_without_access(void) {
    char *pages = mmap(NULL, 64 * KIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    need_stage(pages != MAP_FAILED);
    act_on(pages);
    munmap(pages, 64 * KIB);
}

static void a_mapping_that_is_gone(void) {
    char *pages = mmap(NULL, 64 * KIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    need_stage(pages != MAP_FAILED);
    munmap(pages, 64 * KIB);
    act_on(pages);
}

/* The C library's own allocator, which lies unused behind ours. */
static void *(*other_malloc)(size_t size);
static void (*other_free)(void *block);

void foreign_init(void) {
    void *library = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
    if (library == NULL)
        tap_bail("no libc.so.6");
    LATE_FIND(library, other_malloc, "malloc");
    LATE_FIND(library, other_free, "free");
}

static void of_another_allocator(void) {
    char *theirs = launder(other_malloc(program->size));
    need_stage(theirs != NULL);
    memset(theirs, 4, program->size);
    act_on(theirs);
    if (is_forwarding && is_wrong)
        return; /* it has reached its own allocator */
    need_stage(theirs[0] == 4 && theirs[program->size - 1] == 4);
    other_free(theirs);
}

static void a_number(void) { act_on((void *)program->number); }

/* --- Huge -------------------------------------------------------------------------------------- */

static void huge_twice(void) {
    char *block = take();
    if (is_wrong)
        give(block);
    act(block);
}

void huge_inside(void) {
    char *block = take();
    block[0] = 5;
    act(is_wrong ? block + program->number : block);
    if (is_wrong) {
        need_stage(block[0] == 5);
        give(block);
    }
}

static void huge_after_it_moved(void) {
    char *block = take();
    void *wall =
        mmap(block + program->size, 64 * KIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    char *moved = realloc(block, program->size * 2);
    need_stage(moved != NULL && moved != block);
    act(is_wrong ? block : moved);
    if (is_wrong)
        free(moved);
    if (wall != MAP_FAILED)
        munmap(wall, 64 * KIB);
}

/* --- The list ---------------------------------------------------------------------------------- */

#define ROW(name, run, verb, size, number) \
    { name, run, verb, size, number, FOREIGN_FREE, AT_ONCE }

#define AGAIN(name, run, verb, size, number) \
    { name, run, verb, size, number, DOUBLE_FREE, AT_ONCE }
#define INSIDE(name, run, verb, size, number) \
    { name, run, verb, size, number, INTERIOR_FREE, AT_ONCE }

static const struct program list[] = {
    ROW("free of a variable", a_variable, FREE, SMALL, 0),
    ROW("realloc of a variable", a_variable, REALLOC_MORE, SMALL, 0),
    ROW("malloc_usable_size of a variable", a_variable, USABLE_SIZE, SMALL, 0),
    ROW("free_sized of a variable", a_variable, FREE_SIZED, SMALL, 0),
    ROW("delete of a variable", a_variable, DELETE, SMALL, 0),
    ROW("delete with a size of a variable", a_variable, DELETE_SIZED, SMALL, 0),
    ROW("free of what alloca gave", of_alloca, FREE, 2000, 0),
    ROW("free of static data", static_data, FREE, SMALL, 0),
    ROW("realloc of static data", static_data, REALLOC_LESS, SMALL, 0),
    ROW("free of zero data", zero_data, FREE, SMALL, 0),
    ROW("free of a literal", a_literal, FREE, SMALL, 0),
    ROW("realloc of a literal", a_literal, REALLOC_MORE, SMALL, 0),
    ROW("free of a function", a_function, FREE, SMALL, 0),
    ROW("free of a function of libc", a_function_of_libc, FREE, SMALL, 0),
    ROW("free of a stream", a_stream, FREE, SMALL, 0),
    ROW("free of thread-local data", thread_local_data, FREE, SMALL, 0),
    ROW("free of the environment", the_environment, FREE, SMALL, 0),
    ROW("free of the kernel's pages", the_vdso, FREE, SMALL, 0),
    ROW("free of a thread's variable", a_variable_of_a_thread, FREE, SMALL, 0),
    ROW("free of a mapping", a_mapping, FREE, SMALL, 0),
    ROW("free of the middle of a mapping", a_mapping, FREE, SMALL, 4096 + 16),
    ROW("free of an odd address of a mapping", a_mapping, FREE, SMALL, 17),
    ROW("realloc of a mapping", a_mapping, REALLOC_MORE, SMALL, 0),
    ROW("delete of a mapping", a_mapping, DELETE_ARRAY, SMALL, 0),
    ROW("free of a mapping without access", a_mapping_without_access, FREE, SMALL, 0),
    ROW("free of a mapping that is gone", a_mapping_that_is_gone, FREE, SMALL, 0),
    ROW("realloc of a mapping that is gone", a_mapping_that_is_gone, REALLOC_MORE, SMALL, 0),
    ROW("free of another allocator's block", of_another_allocator, FREE, SMALL, 0),
    ROW("free of another allocator's large block", of_another_allocator, FREE, MIB, 0),
    ROW("realloc of another allocator's block", of_another_allocator, REALLOC_MORE, SMALL, 0),
    ROW("delete of another allocator's block", of_another_allocator, DELETE, SMALL, 0),
    ROW("free of 8", a_number, FREE, SMALL, 8),
    ROW("free of 4096", a_number, FREE, SMALL, 4096),
    ROW("free of -1", a_number, FREE, SMALL, SIZE_MAX),
    ROW("free of -16", a_number, FREE, SMALL, SIZE_MAX - 15),
    ROW("realloc of -16", a_number, REALLOC_MORE, SMALL, SIZE_MAX - 15),
    ROW("free of an address that no process has", a_number, FREE, SMALL, SIZE_MAX / 2 + 1),
    ROW("malloc_usable_size of the same", a_number, USABLE_SIZE, SMALL, SIZE_MAX / 2 + 1),
    ROW("delete of an address that is not canonical", a_number, DELETE, SMALL, SIZE_MAX / 0xffff * 0xdead),

    AGAIN("huge block freed twice", huge_twice, FREE, HUGE_1, 0),
    AGAIN("huge block of 300 MiB freed twice", huge_twice, FREE, HUGE_2, 0),
    AGAIN("huge block resized after its free", huge_twice, REALLOC_MORE, HUGE_1, 0),
    AGAIN("huge object deleted twice", huge_twice, DELETE, HUGE_1, 0),
    AGAIN("the old pointer of a huge block that moved", huge_after_it_moved, FREE, HUGE_1, 0),
    INSIDE("16 bytes into a huge block", huge_inside, FREE, HUGE_1, 16),
    INSIDE("one byte into a huge block", huge_inside, FREE, HUGE_1, 1),
    INSIDE("64 KiB into a huge block", huge_inside, FREE, HUGE_1, 64 * KIB),
    INSIDE("200 MiB into a huge block", huge_inside, FREE, HUGE_2, 200 * MIB),
    INSIDE("the last byte of a huge block", huge_inside, FREE, HUGE_1, HUGE_1 - 1),
    INSIDE("realloc inside a huge block", huge_inside, REALLOC_MORE, HUGE_1, 4096),
    INSIDE("malloc_usable_size inside a huge block", huge_inside, USABLE_SIZE, HUGE_1, 4096),
    INSIDE("hkz_expand inside a huge block", huge_inside, HKZ_EXPAND, HUGE_1, 4096),
    INSIDE("free_sized inside a huge block", huge_inside, FREE_SIZED, HUGE_1, 64),
    INSIDE("delete inside a huge object", huge_inside, DELETE, HUGE_1, 4096),
};

const struct programs foreign_programs = {list, sizeof list / sizeof *list};
