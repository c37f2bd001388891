/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_segv.c -- see hz_segv.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "hz_segv.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <ucontext.h>

static hz_segv_handler *handle; /* const after init */
static struct sigaction former; /* const after init */
static int is_former_spent;     /* atomic; it wanted to be called once */

static enum hz_access access_of(const ucontext_t *context) {
#if defined(__x86_64__)
    enum { PAGE_FAULT_WRITE = 2 }; /* bit 1 of the page fault's error code */
    return (context->uc_mcontext.gregs[REG_ERR] & PAGE_FAULT_WRITE) != 0 ? HZ_ACCESS_WRITE : HZ_ACCESS_READ;
#else
    (void)context;
    return HZ_ACCESS_UNKNOWN;
#endif
}

/* With the default in place, a real fault happens again at once and ends the process as it should; a signal
 * that somebody sent must be sent again. */
static void do_default(int number, const siginfo_t *info) {
    struct sigaction action = {.sa_handler = SIG_DFL};
    (void)sigaction(number, &action, NULL);
    if (info->si_code <= 0)
        (void)raise(number);
}

static void call_former(int number, siginfo_t *info, void *context) {
    sigset_t blocked = former.sa_mask;
    sigset_t before;
    if ((former.sa_flags & SA_NODEFER) == 0)
        (void)sigaddset(&blocked, number);
    (void)sigprocmask(SIG_BLOCK, &blocked, &before);
    if ((former.sa_flags & SA_SIGINFO) != 0)
        former.sa_sigaction(number, info, context);
    else
        former.sa_handler(number);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
}

static void pass_on(int number, siginfo_t *info, void *context) {
    bool is_sent = info->si_code <= 0;
    bool is_plain = (former.sa_flags & SA_SIGINFO) == 0;
    bool is_once = (former.sa_flags & (int)SA_RESETHAND) != 0;
    if (is_plain && former.sa_handler == SIG_IGN && is_sent)
        return;
    bool is_default = is_plain && (former.sa_handler == SIG_DFL || former.sa_handler == SIG_IGN);
    if (is_default || (is_once && __atomic_exchange_n(&is_former_spent, 1, __ATOMIC_RELAXED) != 0))
        do_default(number, info);
    else
        call_former(number, info, context);
}

static void on_signal(int number, siginfo_t *info, void *context) {
    int saved = errno;
    bool is_fault = info->si_code == SEGV_ACCERR || info->si_code == SEGV_MAPERR;
    bool is_done = is_fault && handle(info->si_addr, access_of(context), context);
    errno = saved;
    if (!is_done)
        pass_on(number, info, context);
}

bool hz_segv_catch(hz_segv_handler *handler) {
    int saved = errno;
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    (void)sigemptyset(&action.sa_mask);
    handle = handler;
    bool done = sigaction(SIGSEGV, NULL, &former) == 0 && sigaction(SIGSEGV, &action, NULL) == 0;
    errno = saved;
    return done;
}
