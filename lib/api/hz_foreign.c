/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_foreign.c -- see hz_foreign.h. The next allocator is looked up only when a foreign pointer shows that
 * there is one; no lock of ours is held then. */
#include "hz_foreign.h"

#include "hz_atomic.h"
#include "hz_fatal.h"
#include "hz_heap.h"
#include "hz_huge.h"
#include "hz_memcheck.h"
#include "hz_options.h"
#include "hz_os.h"
#include "hz_verdict.h"

static hz_counter foreign;

uint64_t hz_foreign_count(void) { return hz_load_relaxed(&foreign); }

enum { STACK_BYTES = 8 << 20 };

/* Whether another allocator can own the address: allocators align to two words, and own neither the objects of a
 * program or library nor what lies a little above our caller's stack pointer. They keep a header before the
 * block: where that cannot be read there is none, and they would crash. */
static bool can_be_block(const void *address) {
    uintptr_t above = (uintptr_t)address - (uintptr_t)__builtin_frame_address(0);
    return (uintptr_t)address % (2 * sizeof(void *)) == 0 && above >= STACK_BYTES && !hz_os_is_in_object(address) &&
           hz_os_is_readable((const char *)address - 2 * sizeof(void *));
}

/* The address of name in the library after ours, or NULL when there is none, the option forbids it, or no
 * allocator can own the block. */
static void *next(const char *name, const void *block) {
    if (hz_options.foreign_free != HZ_FOREIGN_FORWARD || !can_be_block(block))
        return NULL;
    return hz_os_next_function(name);
}

static void note(const char *verb, const void *block) {
    bool is_first = hz_add_relaxed(&foreign, 1u) == 0;
    enum hz_on_error action = hz_fatal_action(HZ_ERROR_FOREIGN_FREE);
    if (action == HZ_ON_ERROR_ABORT)
        hz_report(HZ_ERROR_FOREIGN_FREE, verb, block, "not from this allocator");
    if (is_first && action == HZ_ON_ERROR_REPORT)
        hz_message("warning", hz_options.foreign_free == HZ_FOREIGN_FORWARD
                                  ? "foreign-free: a pointer that is not ours is passed on to the next "
                                    "allocator; further ones silently [HKZ-E004]"
                                  : "foreign-free: a pointer that is not ours is left alone; "
                                    "further ones silently [HKZ-E004]");
}

/* A wrong pointer to or into a block of ours that had a mapping of its own is not foreign. */
static bool report_huge(const char *verb, const void *block) {
    struct hz_route route = {.verdict = hz_huge_judge(block)};
    if (route.verdict != HZ_ROUTE_MISS)
        hz_verdict_report(&route, verb, block);
    return route.verdict != HZ_ROUTE_MISS;
}

void hz_foreign_free(void *block) {
    if (report_huge("free", block) || (hz_memcheck_is_on() && hz_memcheck_reports(block)))
        return;
    note("free", block);
    void *address = next("free", block);
    if (address != NULL)
        ((void (*)(void *))address)(block);
}

void *hz_foreign_realloc(void *block, size_t size) {
    if (report_huge("realloc", block))
        return hz_heap_out_of_memory(size);
    note("realloc", block);
    void *address = next("realloc", block);
    if (address == NULL && hz_memcheck_is_on())
        (void)hz_memcheck_reports(block);
    if (address == NULL)
        return hz_heap_out_of_memory(size);
    return ((void *(*)(void *, size_t))address)(block, size);
}

size_t hz_foreign_usable(const void *block, const char *verb) {
    if (report_huge(verb, block))
        return 0;
    note(verb, block);
    void *address = next("malloc_usable_size", block);
    return address == NULL ? 0 : ((size_t(*)(const void *))address)(block);
}
