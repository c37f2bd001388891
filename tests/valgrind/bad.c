/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * bad.c CASE -- one deliberate mistake, or none, with blocks of the allocator that it was compiled for: the standard
 * names, or those with the prefix HZ_PREFIX. Without an argument: the names of all cases. What a tool that watches
 * finds is the test; the program itself succeeds. */
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef HZ_PREFIX_HZ7
#include "hakozuna-hz7.h"
#define take hz7_malloc
#define take_zeroed hz7_calloc
#define resize hz7_realloc
#define take_aligned hz7_aligned_alloc
#define give hz7_free
#define usable hz7_usable_size
#elif defined HZ_PREFIX_HKZ
#include "hakozuna.h"
#define take hkz_malloc
#define take_zeroed hkz_calloc
#define resize hkz_realloc
#define take_aligned hkz_aligned_alloc
#define give hkz_free
#define usable hkz_usable_size
#else
#define take malloc
#define take_zeroed calloc
#define resize realloc
#define take_aligned aligned_alloc
#define give free
#define usable malloc_usable_size
#endif

static volatile int sink;
static volatile size_t length = 40; /* unknown to the compiler */
static size_t volatile large = 300000;

static void touch(size_t bytes, long at, bool is_write) {
    volatile char *block = take(bytes);
    memset((void *)(uintptr_t)block, 1, bytes);
    if (is_write)
        block[at] = 1;
    else
        sink = block[at];
    give((void *)(uintptr_t)block);
}

static void overflow_read(void) { touch(length, (long)length, false); }
static void overflow_write(void) { touch(length, (long)length, true); }
static void overflow_odd(void) { touch(length + 1, (long)length + 1, true); }
static void overflow_full_class(void) { touch(64, (long)length + 24, true); }
static void overflow_large(void) { touch(large, (long)large, true); }
static void overflow_far(void) { touch(length, (long)length + 15, true); }
static void underflow_read(void) { touch(length, -1, false); }
static void underflow_write(void) { touch(length, -1, true); }
static void underflow_large(void) { touch(large, -1, true); }
static void of_nothing(void) { touch(length - 40, 0, true); }

static void use_freed(size_t bytes, bool is_write) {
    volatile char *block = take(bytes);
    block[5] = 3;
    give((void *)(uintptr_t)block);
    void *other = take(bytes);
    if (is_write)
        block[5] = 4;
    else
        sink = block[5];
    give(other);
}

static void freed_read(void) { use_freed(length, false); }
static void freed_write(void) { use_freed(length, true); }
static void freed_large(void) { use_freed(large, true); }

static void freed_long_ago(void) {
    volatile char *block = take(length);
    give((void *)(uintptr_t)block);
    for (unsigned i = 0; i < 200; i++)
        give(take(length));
    sink = block[0];
}

static void double_free(void) {
    void *volatile block = take(length);
    give(block);
    give(block);
}

static void double_free_large(void) {
    void *volatile block = take(large);
    give(block);
    give(block);
}

static void double_free_apart(void) {
    void *volatile block = take(length);
    give(block);
    void *other = take(length);
    give(block);
    give(other);
}

static void free_inside(void) {
    char *volatile block = take(length);
    give(block + 16);
    give(block);
}

static void free_inside_large(void) {
    char *volatile block = take(large);
    give(block + 65536);
    give(block);
}

static void free_local(void) {
    _Alignas(16) char local[32];
    void *volatile block = local;
    give(block);
}

static void free_static(void) {
    static _Alignas(16) char fixed[32];
    void *volatile block = fixed;
    give(block);
}

static void uninitialised_branch(void) {
    volatile int *block = take(length);
    if (block[1] > 7)
        sink = 1;
    give((void *)(uintptr_t)block);
}

static void uninitialised_reused(void) {
    for (unsigned i = 0; i < 3; i++) {
        volatile int *block = take(length);
        if (i != 0 && block[2] > 7)
            sink = 1;
        block[2] = 9;
        give((void *)(uintptr_t)block);
    }
}

static void uninitialised_growth(void) {
    volatile char *block = take(length);
    memset((void *)(uintptr_t)block, 2, length);
    block = resize((void *)(uintptr_t)block, length + 8);
    if (block[length - 1] != 2 || block[length + 4] > 7)
        sink = 1;
    give((void *)(uintptr_t)block);
}

static void realloc_freed(void) {
    void *volatile block = take(length);
    give(block);
    block = resize(block, 2 * length);
    sink = block != NULL;
}

static void realloc_inside(void) {
    char *volatile block = take(length);
    sink = resize(block + 16, 2 * length) != NULL;
    give(block);
}

static void realloc_stale(void) {
    char *volatile block = take(length);
    block[0] = 1;
    char *volatile grown = resize(block, length + 4);
    block[0] = 2;
    give(grown);
}

static void shrunk_write(void) {
    volatile char *block = take(length);
    block = resize((void *)(uintptr_t)block, length - 10);
    block[length - 10] = 1;
    give((void *)(uintptr_t)block);
}

static void shrunk_large_write(void) {
    volatile char *block = take(large);
    block = resize((void *)(uintptr_t)block, large - 10);
    block[large - 10] = 1;
    give((void *)(uintptr_t)block);
}

static void aligned_overflow(void) {
    volatile char *block = take_aligned(256, 512);
    block[length + 512 - 40] = 1;
    give((void *)(uintptr_t)block);
}

static void calloc_overflow(void) {
    volatile char *block = take_zeroed(length, 1);
    block[length] = 1;
    give((void *)(uintptr_t)block);
}

static void leak_sizes(void) {
    static const size_t sizes[] = {1, 17, 777, 5000, 40000, 300000};
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++)
        memset(take(sizes[i] + length - 40), 1, sizes[i]);
}

/* A leak after much has passed through all caches: nothing of ours may still point to it. */
static void leak_after_use(void) {
    void *blocks[300];
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 300; i++)
            blocks[i] = take(length + i);
        for (unsigned i = 0; i < 300; i++)
            give(blocks[i]);
    }
    for (unsigned i = 0; i < 300; i++)
        blocks[i] = take(length + i);
    for (unsigned i = 0; i < 300; i++)
        blocks[i] = NULL;
    __asm__ volatile("" ::"r"(blocks) : "memory");
}

static void *volatile kept;
static void leak_reachable(void) { kept = take(length); }

/* --- Threads ---------------------------------------------------------------------------------- */

static void *free_it(void *block) {
    give(block);
    return NULL;
}

static void *take_one(void *unused) {
    (void)unused;
    return take(length);
}

static void *run(void *(*function)(void *), void *argument) {
    pthread_t thread;
    void *result;
    if (pthread_create(&thread, NULL, function, argument) != 0 || pthread_join(thread, &result) != 0)
        abort();
    return result;
}

static void crossed_read(void) {
    volatile char *block = take(length);
    (void)run(free_it, (void *)(uintptr_t)block);
    sink = block[0];
}

static void crossed_double_free(void) {
    void *volatile block = run(take_one, NULL);
    (void)run(free_it, block);
    give(block);
}

static void crossed_overflow(void) {
    volatile char *block = run(take_one, NULL);
    block[length] = 1;
    give((void *)(uintptr_t)block);
}

static void *take_and_free(void *blocks) {
    for (unsigned i = 0; i < 500; i++) {
        give(((void **)blocks)[i]);
        ((void **)blocks)[i] = take(length + i);
    }
    return NULL;
}

static void crossed_leak(void) {
    void *blocks[500];
    for (unsigned i = 0; i < 500; i++)
        blocks[i] = take(length + i);
    (void)run(take_and_free, blocks);
    (void)run(take_and_free, blocks);
    for (unsigned i = 1; i < 500; i++)
        give(blocks[i]);
    blocks[0] = NULL;
    __asm__ volatile("" ::"r"(blocks) : "memory");
}

/* --- No mistakes ------------------------------------------------------------------------------ */

static void use_all(void *block, size_t bytes) {
    memset(block, 5, bytes);
    if (usable(block) >= bytes)
        memset(block, 6, usable(block));
}

static void good_sizes(void) {
    for (size_t bytes = 0; bytes < 400000; bytes += 1 + bytes / 3) {
        char *block = take(bytes);
        use_all(block, bytes);
        block = resize(block, 2 * bytes + 1);
        for (size_t i = 0; i < bytes; i++)
            if (block[i] != 6)
                sink = 1;
        use_all(block, 2 * bytes + 1);
        block = resize(block, bytes / 2 + 1);
        use_all(block, bytes / 2 + 1);
        give(block);
    }
    give(NULL);
}

static void good_calloc(void) {
    for (unsigned round = 0; round < 2; round++)
        for (size_t bytes = 1; bytes < 400000; bytes += 1 + bytes / 3) {
            char *block = take_zeroed(bytes, 1);
            for (size_t i = 0; i < bytes; i++)
                if (block[i] != 0)
                    abort();
            use_all(block, bytes);
            give(block);
        }
}

static void good_aligned(void) {
    for (size_t alignment = 16; alignment <= 1u << 17; alignment *= 2)
        for (size_t bytes = alignment; bytes < 4 * alignment; bytes += alignment) {
            char *block = take_aligned(alignment, bytes);
            if (((uintptr_t)block & (alignment - 1)) != 0)
                abort();
            use_all(block, bytes);
            give(block);
        }
}

static void good_threads(void) {
    void *blocks[500];
    for (unsigned i = 0; i < 500; i++)
        blocks[i] = take(length + i);
    for (unsigned round = 0; round < 3; round++)
        (void)run(take_and_free, blocks);
    for (unsigned i = 0; i < 500; i++) {
        use_all(blocks[i], length + i);
        give(blocks[i]);
    }
}

static void good_fork(void) {
    char *block = take(length);
    memset(block, 1, length);
    pid_t child = fork();
    if (child == 0) {
        char *other = take(length);
        use_all(other, length);
        give(other);
    }
    use_all(block, length);
    give(block);
    if (child == 0)
        _exit(0);
    int status;
    if (waitpid(child, &status, 0) != child || status != 0)
        abort();
}

#define CASE(name) \
    { #name, name }
/* clang-format off */
static const struct {
    const char *name;
    void (*run)(void);
} cases[] = {
    CASE(overflow_read), CASE(overflow_write), CASE(overflow_odd), CASE(overflow_full_class), CASE(overflow_large),
    CASE(overflow_far), CASE(underflow_read), CASE(underflow_write), CASE(underflow_large), CASE(of_nothing),
    CASE(freed_read), CASE(freed_write), CASE(freed_large), CASE(freed_long_ago), CASE(double_free),
    CASE(double_free_large), CASE(double_free_apart), CASE(free_inside), CASE(free_inside_large), CASE(free_local),
    CASE(free_static), CASE(uninitialised_branch), CASE(uninitialised_reused), CASE(uninitialised_growth),
    CASE(realloc_freed), CASE(realloc_inside), CASE(realloc_stale), CASE(shrunk_write), CASE(shrunk_large_write),
    CASE(aligned_overflow), CASE(calloc_overflow), CASE(leak_sizes), CASE(leak_after_use), CASE(leak_reachable),
    CASE(crossed_read), CASE(crossed_double_free), CASE(crossed_overflow), CASE(crossed_leak), CASE(good_sizes),
    CASE(good_calloc), CASE(good_aligned), CASE(good_threads), CASE(good_fork),
};
/* clang-format on */
enum { CASE_COUNT = sizeof cases / sizeof *cases };

/* Deep below the caller's frame: what the case leaves in registers and on the stack is overwritten. */
static __attribute__((noinline)) void wipe(void) {
    volatile char room[32768];
    memset((void *)(uintptr_t)room, 0, sizeof room);
}

static __attribute__((noinline)) void run_case(unsigned i) { cases[i].run(); }

int main(int argc, char **argv) {
    for (unsigned i = 0; i < CASE_COUNT; i++) {
        if (argc < 2)
            puts(cases[i].name);
        else if (strcmp(argv[1], cases[i].name) == 0)
            run_case(i);
    }
    wipe();
    return 0;
}
