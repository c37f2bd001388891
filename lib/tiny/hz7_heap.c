/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz7_heap.c -- malloc and free, and the way of runs between their classes and the source. */
#include "hz7_heap.h"

#include <errno.h>
#include <string.h>

#include "hakozuna-hz7.h"
#include "hz_fatal.h"
#include "hz_os.h"
#include "hz_policy.h"

/* All that hz_fatal.c asks of it. */
const struct hz_policy hz_policy = {.name = "hz7-tiny"};

struct hz7_heap hz7_heap = {.lock = HZ_LOCK_INIT(HZ_RANK_SOURCE)};

HZ_NOINLINE bool hz7_enter(void) { return hz7_enter_fast(); }
HZ_NOINLINE void hz7_leave(bool locked) { hz7_leave_fast(locked); }
HZ_NOINLINE struct hz7_route hz7_route_find(const void *address) { return hz7_route_find_fast(address); }

/* --- Start and fork ----------------------------------------------------------------------------- */

/* Fork holds the lock, so that the child finds the heap whole. Several threads may have registered the
 * handlers, hence the depth; handlers of others that run in between may allocate (see hz_lock.h). */
static void before_fork(void) {
    if (!hz_lock_is_forking()) {
        hz_lock_take(&hz7_heap.lock);
        hz_lock_fork_begin();
    }
    hz7_heap.fork_depth++;
}

static void after_fork_in_parent(void) {
    if (--hz7_heap.fork_depth != 0)
        return;
    hz_lock_fork_end();
    hz_lock_give(&hz7_heap.lock);
}

/* Threads that were purging runs are gone: their runs become free. */
static void after_fork_in_child(void) {
    if (--hz7_heap.fork_depth != 0)
        return;
    while (hz7_heap.leaving != NULL) {
        struct hz7_span *span = hz7_heap.leaving;
        hz7_span_unlink(span);
        hz7_source_give(span, true);
    }
    hz_lock_fork_end();
    hz_lock_reset(&hz7_heap.lock);
    if (HZ_CHECKS)
        hz_lock_check_reset();
}

/* The handlers are registered without our lock: libc holds its own while it runs handlers that may allocate.
 * A thread that comes before that is done does not wait, it registers them too. */
bool hz7_start(void) {
    /* Acquire pairs with the release below: who sees true may skip both steps. */
    if (hz_load_acquire(&hz7_heap.is_started))
        return true;
    if (!hz_os_at_fork(before_fork, after_fork_in_parent, after_fork_in_child)) {
        errno = ENOMEM;
        return false;
    }
    bool locked = hz7_enter();
    if (!hz7_heap.has_classes)
        hz_class_init(HZ7_CLASS_MAX_BYTES);
    if (HZ_MEMCHECK)
        hz_memcheck_init();
    hz7_heap.has_classes = true;
    hz7_leave(locked);
    hz_store_release(&hz7_heap.is_started, true);
    return true;
}

/* Not needed, but early: so no thread is between fork handlers when the first call comes. */
__attribute__((constructor)) static void start_early(void) {
    int saved = errno;
    (void)hz7_start();
    errno = saved;
}

/* --- Runs --------------------------------------------------------------------------------------- */

bool hz7_sweep(void) {
    bool found = false;
    for (unsigned i = 0; i < HZ7_CLASS_COUNT; i++) {
        struct hz7_span *next, *span = hz7_heap.partial[i];
        for (; span != NULL; span = next) {
            next = span->next;
            if (span->used != 0)
                continue;
            hz7_span_unlink(span);
            hz7_source.hot -= span->span_count;
            hz7_source_give(span, true);
            found = true;
        }
    }
    return found;
}

static struct hz7_span *take_run(size_t span_count, size_t align_spans, bool *ret_dirty) {
    struct hz7_span *span = hz7_source_take(span_count, align_spans, ret_dirty);
    if (span != NULL)
        return span;
    (void)hz7_sweep();
    (void)hz7_source_purge();
    return hz7_source_take(span_count, align_spans, ret_dirty); /* a refusal may pass */
}

void hz7_retire(struct hz7_span *span, bool locked) {
    if (hz7_source.hot + span->span_count <= HZ7_HOT_SPANS) {
        hz7_source_give(span, true);
        hz7_leave(locked);
        return;
    }
    hz7_span_link(&hz7_heap.leaving, span);
    hz7_leave(locked);
    bool purged = hz_os_purge(hz7_span_start(span), hz7_span_bytes(span));
    locked = hz7_enter();
    hz7_span_unlink(span);
    hz7_source_give(span, !purged);
    hz7_leave(locked);
}

void *hz7_large_alloc(size_t size, size_t alignment, bool *ret_dirty) {
    struct hz7_span *span = NULL;
    if (size <= PTRDIFF_MAX - HZ_PAGE && alignment <= PTRDIFF_MAX - HZ_PAGE - size && hz7_start()) {
        size_t align_spans = hz_max(alignment >> HZ_PAGE_LOG2, 1);
        bool locked = hz7_enter();
        span = take_run((size + HZ_PAGE - 1) >> HZ_PAGE_LOG2, align_spans, ret_dirty);
        if (span != NULL)
            span->kind = HZ7_LARGE;
        hz7_leave(locked);
    }
    if (span == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    return hz7_span_start(span);
}

/* --- Classes ------------------------------------------------------------------------------------ */

/* A new run for the class, in its list. */
static struct hz7_span *add_run(unsigned class_index) {
    const struct hz_class *class = &hz_class_table[class_index];
    bool was_dirty;
    struct hz7_span *span = take_run(class->run_pages, 1, &was_dirty);
    if (span == NULL)
        return NULL;
    span->was_dirty = was_dirty;
    span->summary = 0;
    span->own_word = 0;
    span->words = &span->own_word;
    span->block_count = class->block_count;
    span->carved = 0;
    span->used = 0;
    span->class_index = (uint8_t)class_index;
    span->kind = HZ7_CLASS;
    if (class->block_count > HZ_RUN_MASK_BLOCKS) {
        span->words = hz7_source_words(span);
        memset(span->words, 0, (class->block_count + 63u) / 64 * sizeof(uint64_t));
    }
    hz7_source.hot += span->span_count; /* until its first block is taken */
    hz7_span_link(&hz7_heap.partial[class_index], span);
    return span;
}

static inline void *take_block(struct hz7_span *span, unsigned class_index) {
    if (HZ_UNLIKELY(span->used == 0))
        hz7_source.hot -= span->span_count;
    void *block = hz7_span_take(span, hz_class_table[class_index].block_bytes);
    if (HZ_UNLIKELY(span->used == span->block_count))
        hz7_span_unlink(span);
    return block;
}

void *hz7_class_alloc(unsigned class_index, bool locked) {
    void *block = NULL;
    struct hz7_span *span = hz7_heap.partial[class_index];
    if (span == NULL)
        span = add_run(class_index);
    if (span != NULL)
        block = take_block(span, class_index);
    hz7_leave(locked);
    if (block == NULL)
        errno = ENOMEM;
    return block;
}

static HZ_COLD void *malloc_slow(size_t size) {
    bool was_dirty;
    if (size > HZ7_CLASS_MAX_BYTES)
        return hz7_large_alloc(size, 1, &was_dirty);
    if (!hz7_start())
        return NULL;
    bool locked = hz7_enter();
    return hz7_class_alloc(hz_class_look_up(size), locked);
}

/* Before the start the class tables say 0, whose list is empty. */
HZ_EXPORT void *hz7_malloc(size_t size) {
    if (HZ_MEMCHECK && hz7_is_watched())
        return hz7_watch_alloc(1, size, false);
    if (HZ_UNLIKELY(size > HZ7_CLASS_MAX_BYTES))
        return malloc_slow(size);
    bool locked = hz7_enter_fast();
    unsigned class_index = hz_class_look_up(size);
    struct hz7_span *span = hz7_heap.partial[class_index];
    if (HZ_UNLIKELY(span == NULL)) {
        hz7_leave(locked);
        return malloc_slow(size);
    }
    void *block = take_block(span, class_index);
    hz7_leave_fast(locked);
    return block;
}

/* --- Free --------------------------------------------------------------------------------------- */

static const struct {
    uint8_t error;
    const char *details;
} reports[] = {
    [HZ7_ROUTE_FREED] = {HZ_ERROR_DOUBLE_FREE, "it is free already"},
    [HZ7_ROUTE_INTERIOR] = {HZ_ERROR_INTERIOR_FREE, "inside a block, not at its start"},
    [HZ7_ROUTE_INVALID] = {HZ_ERROR_INVALID_FREE, "in our memory, where no block is"},
    [HZ7_ROUTE_MISS] = {HZ_ERROR_FOREIGN_FREE, "not in our memory"},
};

void hz7_report(enum hz7_verdict verdict, const char *verb, const void *address) {
    hz_report(reports[verdict].error, verb, address, reports[verdict].details);
}

/* The last block of a class run came back. The run stays if its class has no other and there is room. */
static inline bool keep_empty(struct hz7_span *span) {
    if (hz7_heap.partial[span->class_index] != span || span->next != NULL ||
        hz7_source.hot + span->span_count > HZ7_HOT_SPANS)
        return false;
    hz7_source.hot += span->span_count;
    return true;
}

static HZ_COLD void free_slow(struct hz7_route route, void *block, bool locked) {
    if (route.verdict == HZ7_ROUTE_LARGE) {
        route.span->kind = HZ7_FREED;
        hz7_retire(route.span, locked);
        return;
    }
    hz7_leave(locked);
    hz7_report(route.verdict, "free", block);
}

HZ_EXPORT void hz7_free(void *block) {
    if (HZ_MEMCHECK && block != NULL && hz7_is_watched())
        block = hz7_watch_free(block);
    if (HZ_UNLIKELY(block == NULL))
        return;
    bool locked = hz7_enter_fast();
    struct hz7_route route = hz7_route_find_fast(block);
    if (HZ_UNLIKELY(route.verdict != HZ7_ROUTE_BLOCK)) {
        free_slow(route, block, locked);
        return;
    }
    struct hz7_span *span = route.span;
    if (HZ_UNLIKELY(span->used == span->block_count))
        hz7_span_link(&hz7_heap.partial[span->class_index], span);
    hz7_span_put(span, route.index);
    if (HZ_UNLIKELY(span->used == 0) && !keep_empty(span)) {
        hz7_span_unlink(span);
        hz7_retire(span, locked);
        return;
    }
    hz7_leave_fast(locked);
}
