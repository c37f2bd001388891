/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * witness.c -- preloaded into a program beside the allocator: when the program dies by a fault, says on
 * standard error whether the allocator was at work. */
#include <dlfcn.h>
#include <execinfo.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

enum { FRAMES = 8, STACK_BYTES = 65536, NEAR_STACK = 4096 };

static void say(const char *text) { (void)!write(STDERR_FILENO, text, strlen(text)); }

static int is_allocator(void *address) {
    Dl_info info;
    return dladdr(address, &info) != 0 && info.dli_fname != NULL && strstr(info.dli_fname, "libhakozuna") != NULL;
}

/* Programs that allocate to say that they cannot call themselves until the stack ends, wherever that is. */
static int is_stack_overflow(const siginfo_t *info, const void *context) {
#ifdef __x86_64__
    uintptr_t top = (uintptr_t)((const ucontext_t *)context)->uc_mcontext.gregs[REG_RSP];
    return (uintptr_t)info->si_addr - (top - NEAR_STACK) < 2 * NEAR_STACK;
#else
    (void)info;
    (void)context;
    return 0;
#endif
}

/* The handler and the kernel's trampoline come first, then the place of the fault and its callers: the fault
 * itself may lie in a function of libc that the allocator called. */
static void on_fault(int number, siginfo_t *info, void *context) {
    void *frames[FRAMES];
    int count = backtrace(frames, FRAMES);
    int inside = 0;
    if (is_stack_overflow(info, context))
        count = 0;
    for (int i = 2; i < count && i < 5; i++)
        inside |= is_allocator(frames[i]);
    say(inside ? "witness: a fault inside the allocator\n" : "witness: a fault outside the allocator\n");
    raise(number); /* the default action is back */
}

__attribute__((constructor)) static void begin(void) {
    static char memory[STACK_BYTES];
    static const int numbers[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE};
    stack_t stack = {.ss_sp = memory, .ss_size = sizeof memory};
    struct sigaction action;
    void *frame;
    (void)backtrace(&frame, 1); /* loads what it needs while there is memory */
    sigaltstack(&stack, NULL);
    memset(&action, 0, sizeof action);
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | (int)SA_RESETHAND | SA_NODEFER;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaction(numbers[i], &action, NULL);
}
