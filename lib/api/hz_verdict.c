/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_verdict.c -- see hz_verdict.h. */
#include "hz_verdict.h"

#include "hz_aside.h"
#include "hz_central.h"
#include "hz_fatal.h"
#include "hz_front.h"
#include "hz_guard.h"
#include "hz_heap.h"
#include "hz_huge.h"
#include "hz_large.h"
#include "hz_memcheck.h"
#include "hz_options.h"
#include "hz_policy.h"
#include "hz_text.h"
#include "hz_thread.h"
#include "hz_unwind.h"

struct hz_route hz_verdict_find(const void *block) {
    struct hz_route route = hz_route_find(block);
    if (route.verdict == HZ_ROUTE_BLOCK && !hz_front_is_live(block)) {
        struct hz_block_facts facts;
        bool is_there = hz_central_look(block, &facts);
        route.verdict = is_there && facts.verdict == HZ_PUT_INVALID ? HZ_ROUTE_INVALID : HZ_ROUTE_FREED;
    }
    return route;
}

/* --- The line --------------------------------------------------------------------------------- */

void hz_verdict_report(const struct hz_route *route, const char *verb, const void *pointer) {
    if (hz_memcheck_is_on() && hz_memcheck_reports(pointer))
        return;
    struct hz_block_facts facts;
    bool is_there = hz_tag_owner(route->tag) != 0 && hz_central_look(pointer, &facts);
    enum hz_put put = is_there ? facts.verdict : HZ_PUT_DONE;
    if (route->verdict == HZ_ROUTE_INVALID || put == HZ_PUT_INVALID) /* also inside what was never handed out */
        hz_report(HZ_ERROR_INVALID_FREE, verb, pointer, "in our memory, where no block is");
    else if (route->verdict == HZ_ROUTE_INTERIOR || put == HZ_PUT_INTERIOR)
        hz_report(HZ_ERROR_INTERIOR_FREE, verb, pointer, "inside a block, not at its start");
    else if (hz_tag_owner(route->tag) == 0)
        hz_report(HZ_ERROR_DOUBLE_FREE, verb, pointer, "freed already; its pages have been returned since");
    else
        hz_report(HZ_ERROR_DOUBLE_FREE, verb, pointer, "freed already");
}

static HZ_COLD void report_size(size_t usable, size_t size, const char *verb, const void *block) {
    struct hz_text text;
    hz_text_init(&text);
    hz_text_add(&text, "the block has ");
    hz_text_add_number(&text, usable);
    hz_text_add(&text, " bytes, the caller says ");
    hz_text_add_number(&text, size);
    hz_report(HZ_ERROR_SIZE_MISMATCH, verb, block, text.bytes);
}

static HZ_COLD void report_alignment(size_t alignment, const char *verb, const void *block) {
    struct hz_text text;
    hz_text_init(&text);
    hz_text_add(&text, "the caller says aligned to ");
    hz_text_add_number(&text, alignment);
    hz_text_add(&text, hz_is_power_of_two(alignment) ? ", the block is not" : ", which is no power of two");
    hz_report(HZ_ERROR_ALIGNMENT_MISMATCH, verb, block, text.bytes);
}

/* What hz_heap's allocation makes usable for the request; 0 if it cannot be. */
static size_t usable_for(size_t size, size_t alignment) {
    unsigned class_index = hz_class_of_aligned(hz_max(size, 1), alignment);
    return class_index < HZ_CLASS_COUNT ? hz_class_bytes(class_index) : hz_large_good_size(hz_max(size, 1));
}

bool hz_verdict_is_aligned(const void *block, size_t alignment, const char *verb) {
    if (hz_is_power_of_two(alignment) && ((uintptr_t)block & (alignment - 1)) == 0)
        return true;
    report_alignment(alignment, verb, block);
    return false;
}

static _Atomic(bool) has_stayed_large; /* relaxed: the program ordered the free after the realloc */

void hz_verdict_stays_large(void) { hz_store_relaxed(&has_stayed_large, true); }

bool hz_verdict_is_sized(const void *block, size_t usable, size_t size, size_t alignment, const char *verb) {
    bool is_kept = hz_heap_is_snug(usable, size);
    is_kept = is_kept || (size <= usable && (hz_load_relaxed(&has_stayed_large) || hz_aside_bytes(block) != 0));
    if (is_kept || usable_for(size, alignment) == usable)
        return true;
    report_size(usable, size, verb, block);
    return false;
}

/* --- The details ------------------------------------------------------------------------------ */

static void print_block(const struct hz_block_facts *facts, const void *pointer) {
    struct hz_text text;
    hz_text_init(&text);
    hz_text_add(&text, "block ");
    hz_text_add_hex(&text, (uintptr_t)facts->run + (size_t)facts->index * facts->block_bytes);
    hz_text_add(&text, " of ");
    hz_text_add_number(&text, facts->block_bytes);
    hz_text_add(&text, " bytes (class ");
    hz_text_add_number(&text, facts->class_index);
    hz_text_add(&text, "), the pointer is ");
    hz_text_add_number(&text, (size_t)((const char *)pointer - facts->run) - (size_t)facts->index * facts->block_bytes);
    hz_text_add(&text, " bytes behind its start");
    hz_message("detail", text.bytes);
}

static void print_run(const struct hz_block_facts *facts) {
    struct hz_text text;
    hz_text_init(&text);
    hz_text_add(&text, "run ");
    hz_text_add_hex(&text, (uintptr_t)facts->run);
    hz_text_add(&text, " of ");
    hz_text_add_number(&text, facts->block_count);
    hz_text_add(&text, " blocks, ");
    hz_text_add_number(&text, facts->used);
    hz_text_add(&text, " of them out, ");
    hz_text_add_number(&text, (uint64_t)facts->block_count - facts->carved);
    hz_text_add(&text, " never handed out; owner ");
    hz_text_add_number(&text, facts->owner_id);
    bool is_own = hz_kept->owner != NULL && hz_kept->owner->id == facts->owner_id;
    hz_text_add(&text, facts->owner_id == HZ_OWNER_COMMONS_ID ? " (threads that ended)"
                       : is_own                               ? " (this thread)"
                                                              : " (another thread)");
    hz_message("detail", text.bytes);
}

/* What the owner knows, and in strict profiles the marks. */
static const char *state_of(const struct hz_block_facts *facts) {
    if (facts->verdict == HZ_PUT_INVALID)
        return "state: no block was handed out there";
    if (facts->is_free)
        return "state: free, in its run";
    return hz_front_is_live(facts->run + (size_t)facts->index * facts->block_bytes)
               ? hz_central_is_strict ? "state: in use" : "state: in use, or on its way to its owner"
               : "state: free, in a cache or on its way to its owner";
}

static void print_pages(const void *pointer) {
    struct hz_route route = hz_route_find(pointer);
    struct hz_text text;
    hz_text_init(&text);
    if (hz_huge_contains(pointer))
        hz_text_add(&text, "state: in a huge block that is in use");
    else if (route.verdict == HZ_ROUTE_MISS)
        hz_text_add(&text, "state: outside our memory");
    else if (route.tag == HZ_TAG_LARGE || route.tag == HZ_TAG_INTERIOR)
        hz_text_add(&text, "state: in a large block that is in use");
    else if (route.tag == HZ_TAG_NONE)
        hz_text_add(&text, "state: in pages that never held a block");
    else
        hz_text_add(&text, "state: in pages that were given back");
    hz_message("detail", text.bytes);
}

static void print_place(const void *pointer) {
    struct hz_block_facts facts;
    if (hz_map_find(pointer) == NULL || !hz_central_look(pointer, &facts)) {
        print_pages(pointer);
        return;
    }
    print_block(&facts, pointer);
    print_run(&facts);
    hz_message("detail", state_of(&facts));
}

enum { FRAMES = 24 };

static void print_details(const void *pointer) {
    void *frames[FRAMES];
    if (hz_guard_contains(pointer)) { /* the stack of whoever is at fault is among what is known there */
        hz_guard_explain(pointer);
        return;
    }
    if (pointer != NULL)
        print_place(pointer);
    hz_unwind_load();
    unsigned count = hz_unwind(frames, FRAMES, NULL);
    hz_message("detail", "called from");
    hz_unwind_print(frames, count);
}

void hz_verdict_init(void) {
    for (unsigned i = 0; i < HZ_ERROR_COUNT; i++)
        hz_fatal_set_action((enum hz_error)i, (enum hz_on_error)hz_options.on_error[i]);
    if (hz_options.foreign_free == HZ_FOREIGN_ABORT)
        hz_fatal_set_action(HZ_ERROR_FOREIGN_FREE, HZ_ON_ERROR_ABORT);
    hz_fatal_set_details(print_details);
}
