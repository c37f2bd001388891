/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * overflow.c -- a thread whose stack ends while it is in or near malloc: the process dies of SIGSEGV, or its
 * handler on another stack gets to the end of its work, allocating; it never hangs. */
#include "process.h"
#include <alloca.h>
#include <sys/resource.h>

enum { TURNS = 12, STACK_BYTES = 64 * 1024, HANDLED = 7 };

static bool has_handler;
static size_t offset;
static char alternate[64 * 1024];

static __attribute__((noinline)) size_t descend(size_t depth) {
    char *block = launder(malloc(depth % 3 == 0 ? 200 * KIB : 16 + depth % 3000));
    if (block == NULL)
        _exit(3);
    block[0] = 1;
    if (depth % 5 == 0)
        block = launder(realloc(block, 40000));
    size_t sum = descend(depth + 1) + (unsigned char)block[0];
    free(block);
    return sum;
}

static void on_fault(int signal_number) {
    (void)signal_number;
    char *block = launder(malloc(1000));
    if (block == NULL)
        _exit(4);
    memset(block, 1, 1000);
    free(launder(realloc(block, 100 * KIB)));
    _exit(HANDLED);
}

static void *fall(void *arg) {
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
    struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_ONSTACK};
    if (has_handler && (sigaltstack(&stack, NULL) != 0 || sigaction(SIGSEGV, &action, NULL) != 0))
        _exit(5);
    char *shift = alloca(offset);
    memset(shift, 0, offset);
    return (void *)(descend(1) + (size_t)(launder(shift) == arg));
}

static void fall_in_main(void *arg) {
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    fall(arg);
}

static void fall_in_thread(void *arg) { pthread_join(process_thread(STACK_BYTES, fall, arg), NULL); }

static void test_falls(const char *where, void (*fall_there)(void *arg)) {
    static struct child child;
    int died = 0, handled = 0;
    for (int i = 0; i < TURNS; i++) {
        has_handler = i % 2 == 1;
        offset = 16 * (size_t)(1 + i * 13);
        if (!child_run(&child, fall_there, NULL))
            tap_bail("no child");
        bool ok = has_handler ? child_exited(&child, HANDLED)
                              : WIFSIGNALED(child.status) && WTERMSIG(child.status) == SIGSEGV;
        if (!ok)
            tap_diag("turn %d: status %#x: %s", i, (unsigned)child.status, child.err);
        died += ok && !has_handler;
        handled += ok && has_handler;
    }
    tap_ok(died == TURNS / 2, "%s: %d of %d died of SIGSEGV", where, died, TURNS / 2);
    tap_ok(handled == TURNS / 2, "%s: %d of %d handlers did their work", where, handled, TURNS / 2);
}

int main(void) {
    struct rlimit stack = {MIB, MIB};
    life_start();
    setrlimit(RLIMIT_STACK, &stack);
    test_falls("a small stack", fall_in_thread);
    test_falls("the first stack", fall_in_main);
    return tap_done();
}
