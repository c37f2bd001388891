/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_base.h -- compiler attributes, sizes and checks that every floor uses.
 * Does not: call anything. */
#pragma once
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define HZ_HIDDEN
#define HZ_EXPORT __declspec(dllexport)
#else
#define HZ_HIDDEN __attribute__((visibility("hidden")))
#define HZ_EXPORT __attribute__((visibility("default")))
#endif
#define HZ_COLD __attribute__((noinline, cold))
#define HZ_NOINLINE __attribute__((noinline))
#define HZ_INLINE static inline __attribute__((always_inline))
#define HZ_NORETURN __attribute__((noreturn))
/* One more exported name for target, which is defined in the same file. */
#define HZ_QUOTE(text) #text
#define HZ_EXPAND_QUOTE(text) HZ_QUOTE(text)
#define HZ_LABEL(type, name, parameters, target) \
    HZ_EXPORT extern type name parameters __attribute__((alias(HZ_EXPAND_QUOTE(target))));

/* The name of a C++ function, with what stands for its parameter of type size_t between before and after. */
#if __SIZEOF_SIZE_T__ == 8
#define HZ_CXX_NAME(before, after) before##m##after
#else
#define HZ_CXX_NAME(before, after) before##j##after
#endif

#define HZ_LIKELY(x) __builtin_expect(!!(x), 1)
#define HZ_UNLIKELY(x) __builtin_expect(!!(x), 0)

/* What is written at start and never again lies on pages of its own, which turn read-only then: its type begins
 * with a member that is alignas(HZ_SEAL), so that it is whole pages. The kernel's may be larger; then they stay
 * writable. */
#define HZ_SEAL 4096

/* Words that different threads write lie at least this far apart. */
#define HZ_LINE 64

#define HZ_KIB ((size_t)1 << 10)
#define HZ_MIB ((size_t)1 << 20)

/* The unit of the page map: one tag and one descriptor per page. Not the kernel's page. */
#define HZ_PAGE_LOG2 16
#define HZ_PAGE ((size_t)1 << HZ_PAGE_LOG2)

#ifndef HZ_CHECKS
#define HZ_CHECKS 0
#endif
#ifndef HZ_DELAYS
#define HZ_DELAYS 0
#endif

/* Tells the processor that a loop waits for another thread. */
#if defined(__x86_64__) || defined(__i386__)
#define HZ_RELAX() __builtin_ia32_pause()
#elif defined(__aarch64__) || defined(__arm__)
#define HZ_RELAX() __asm__ volatile("yield" ::: "memory")
#else
#define HZ_RELAX() __asm__ volatile("" ::: "memory")
#endif

/* Makes the compiler have the value at hand here, and compute anew what follows from it. */
#define HZ_COMPUTE(value) __asm__("" : "+r"(value))

/* What cannot happen. Compiled in only by -Dchecks=true; never a hint to the optimiser. */
#define HZ_ASSERT(condition)           \
    do {                               \
        if (HZ_CHECKS && !(condition)) \
            __builtin_trap();          \
    } while (0)

/* What the compiler cannot see, but may rely on. */
#define HZ_ASSUME(condition)         \
    do {                             \
        HZ_ASSERT(condition);        \
        if (!(condition))            \
            __builtin_unreachable(); \
    } while (0)
