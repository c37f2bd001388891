/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_stats.c -- see hz_stats.h. */
#include "hz_stats.h"

#include <errno.h>
#include <string.h>

#include "hz_aside.h"
#include "hz_bits.h"
#include "hz_foreign.h"
#include "hz_front.h"
#include "hz_guard.h"
#include "hz_heap.h"
#include "hz_huge.h"
#include "hz_init.h"
#include "hz_inside.h"
#include "hz_meta.h"
#include "hz_os.h"
#include "hz_policy.h"
#include "hz_source.h"
#include "hz_text.h"
#include "hz_thread.h"

/* --- Collecting ------------------------------------------------------------------------------- */

struct tally {
    struct hkz_stats *stats;
    uint64_t used;    /* bytes of blocks that are not free in their run */
    uint64_t inbox;   /* of these, bytes waiting in inboxes */
    uint64_t guarded; /* bytes of the pages of guarded blocks */
};

static void tally_list(struct tally *tally, const struct hz_list *list) {
    for (const struct hz_list *link = list->next; link != list; link = link->next) {
        const struct hz_desc *desc = HZ_CONTAINER(link, struct hz_desc, links);
        tally->used += (uint64_t)desc->used * hz_class_table[desc->class_index].block_bytes;
        tally->stats->runs++;
    }
}

static uint64_t block_bytes(const void *block) {
    unsigned class_index = hz_tag_class(hz_route_tag(block));
    return class_index < HZ_CLASS_COUNT ? hz_class_table[class_index].block_bytes : 0;
}

static uint64_t pending_bytes(const struct hz_desc *desc) {
    const struct hz_arena *arena = hz_desc_arena(desc);
    uint64_t bits = hz_load_relaxed(&hz_desc_queue_of(arena, desc)->pending);
    uint64_t blocks = 0;
    if (desc->block_count <= HZ_RUN_MASK_BLOCKS)
        blocks = hz_count_bits(bits);
    else
        for (; bits != 0; bits &= bits - 1)
            blocks += hz_count_bits(hz_load_relaxed(&hz_desc_pending_words(arena, desc)[hz_lowest_bit(bits)]));
    return blocks * block_bytes(hz_desc_start(arena, desc));
}

static uint64_t member_bytes(void *member) {
    uint64_t bytes = 0;
    if (hz_member_kind(member) == HZ_MEMBER_RUN)
        return pending_bytes(hz_member_run(member));
    const struct hz_batch *batch = hz_member_batch(member);
    for (uint32_t i = 0; i < batch->count; i++)
        bytes += block_bytes(batch->blocks[i]);
    return bytes;
}

static void tally_chain(struct tally *tally, void *member) {
    for (; member != NULL; member = hz_inbox_next(member))
        tally->inbox += member_bytes(member);
}

/* Members that arrived before the walk began; nobody takes them while we hold the owner's lock. */
static void tally_inbox(struct tally *tally, struct hz_owner *owner) {
    tally_chain(tally, hz_load_acquire(&owner->inbox));
    tally_chain(tally, hz_load_relaxed(&owner->waiting));
}

static void tally_owner(struct tally *tally, struct hz_owner *owner) {
    hz_lock_take(&owner->lock);
    tally_list(tally, &owner->full);
    for (unsigned i = 0; i < HZ_CLASS_COUNT; i++)
        tally_list(tally, &owner->partial[i]);
    tally_inbox(tally, owner);
    struct hkz_stats *stats = tally->stats;
    stats->refills += owner->counts.refills;
    stats->flushes += owner->counts.flushes;
    stats->remote_batches += owner->counts.remote_batches;
    stats->remote_blocks += owner->counts.remote_blocks;
    stats->runs_created += owner->counts.runs_created;
    stats->runs_released += owner->counts.runs_released;
    stats->purges += owner->counts.purges;
    stats->purged_bytes += owner->counts.purged_bytes;
    hz_lock_give(&owner->lock);
    if (owner->front != NULL) {
        stats->threads++;
        stats->cached += hz_front_cached_bytes(owner->front);
    }
}

static void collect_owners(struct tally *tally) {
    hz_owner_table_lock();
    uint32_t count = hz_owner_count();
    for (uint32_t id = 1; id <= count; id++)
        tally_owner(tally, hz_owner_get(id));
    hz_owner_table_unlock();
}

/* The parts were read one after another while other threads ran; the sums are made to fit. */
static void reconcile(struct tally *tally, const struct hz_source_counts *source) {
    struct hkz_stats *stats = tally->stats;
    uint64_t in_runs = tally->used;
    stats->cached += tally->inbox + hz_policy.remote_ops->waiting_bytes() + hz_thread_lost_bytes();
    if (stats->cached > in_runs)
        stats->cached = in_runs;
    uint64_t run_bytes = (uint64_t)source->active_pages << HZ_PAGE_LOG2;
    uint64_t large_bytes = (uint64_t)source->large_pages << HZ_PAGE_LOG2;
    stats->allocated = in_runs - stats->cached + large_bytes + stats->huge_bytes + tally->guarded;
    stats->active = run_bytes + stats->huge_bytes + tally->guarded;
    uint64_t known = stats->allocated + stats->cached;
    if (stats->active < known)
        stats->active = known;
    stats->unused = stats->active - known;
    stats->mapped = stats->active + stats->dirty + stats->clean;
}

static void collect(struct hkz_stats *stats) {
    struct tally tally = {.stats = stats};
    collect_owners(&tally);
    struct hz_source_counts source = hz_source_count();
    size_t huge_blocks, huge_bytes, aside_blocks, aside_bytes, live_bytes, freed_bytes;
    hz_huge_count(&huge_blocks, &huge_bytes);
    hz_aside_count(&aside_blocks, &aside_bytes);
    stats->huge = huge_blocks + aside_blocks;
    stats->huge_bytes = huge_bytes + aside_bytes;
    stats->large = source.large_blocks;
    hz_guard_count(&live_bytes, &freed_bytes);
    tally.guarded = live_bytes;
    stats->dirty = ((uint64_t)source.dirty_pages << HZ_PAGE_LOG2) + freed_bytes;
    stats->clean = (uint64_t)source.clean_pages << HZ_PAGE_LOG2;
    stats->purges += source.purges;
    stats->purged_bytes += source.purged_bytes;
    stats->reserved = hz_map_reserved_bytes() + stats->huge_bytes + hz_guard_range.bytes;
    stats->metadata = hz_map_metadata_bytes() + hz_meta_bytes() + hz_aside_metadata();
    stats->foreign_frees = hz_foreign_count();
    stats->out_of_memory = hz_heap_out_of_memory_count();
    reconcile(&tally, &source);
}

void hz_stats_collect(struct hkz_stats *stats) {
    memset(stats, 0, sizeof *stats);
    stats->size = sizeof *stats;
    stats->version = 1;
    if (hz_thread_is_inside())
        return;
    hz_thread_enter();
    if (hz_init())
        collect(stats);
    hz_inside_leave();
}

int hkz_stats_get(struct hkz_stats *stats) {
    struct hkz_stats full;
    uint32_t size = stats->size;
    if (size < offsetof(struct hkz_stats, allocated))
        return EINVAL;
    if (hz_thread_is_inside())
        return EBUSY;
    hz_stats_collect(&full);
    full.size = size < sizeof full ? size : (uint32_t)sizeof full;
    memcpy(stats, &full, full.size);
    return 0;
}

/* --- Rendering -------------------------------------------------------------------------------- */

struct field {
    const char *name;
    size_t offset;
    bool is_bytes;
    const char *meaning;
};

#define FIELD(name, is_bytes, meaning) \
    { #name, offsetof(struct hkz_stats, name), is_bytes, meaning }
static const struct field fields[] = {
    FIELD(allocated, true, "in blocks that the program holds"),
    FIELD(cached, true, "in free blocks of thread caches and queues"),
    FIELD(unused, true, "in free blocks of runs"),
    FIELD(active, true, "in runs and large blocks: allocated + cached + unused"),
    FIELD(dirty, true, "free pages that may be resident"),
    FIELD(clean, true, "free pages that are not"),
    FIELD(mapped, true, "committed: active + dirty + clean"),
    FIELD(reserved, true, "address space"),
    FIELD(metadata, true, "the allocator's own, committed"),
    FIELD(threads, false, "thread caches alive"),
    FIELD(runs, false, "runs of size classes"),
    FIELD(large, false, "large blocks"),
    FIELD(huge, false, "blocks with their own mapping"),
    FIELD(huge_bytes, true, "in those"),
    FIELD(refills, false, "times a thread cache was filled"),
    FIELD(flushes, false, "times a thread cache was emptied"),
    FIELD(remote_batches, false, "batches handed back between threads"),
    FIELD(remote_blocks, false, "blocks in those"),
    FIELD(runs_created, false, "runs taken from the source"),
    FIELD(runs_released, false, "runs given back to it"),
    FIELD(purges, false, "page ranges returned to the kernel"),
    FIELD(purged_bytes, true, "bytes in those"),
    FIELD(foreign_frees, false, "pointers of other allocators given to free"),
    FIELD(out_of_memory, false, "requests that failed"),
};
enum { FIELD_COUNT = sizeof fields / sizeof fields[0], NAME_WIDTH = 16, NUMBER_WIDTH = 15 };

static uint64_t value_of(const struct hkz_stats *stats, const struct field *field) {
    uint64_t value;
    memcpy(&value, (const char *)stats + field->offset, sizeof value);
    return value;
}

typedef void (*writer)(void *arg, const char *text, size_t bytes);

static void write_error(void *arg, const char *text, size_t bytes) {
    (void)arg;
    hz_os_write_error(text, bytes);
}

static void emit(writer write, void *arg, const struct hz_text *text) { write(arg, text->bytes, text->length); }

static void print_text(const struct hkz_stats *stats, writer write, void *arg) {
    struct hz_text line;
    hz_text_init(&line);
    hz_text_add(&line, "hakozuna: ");
    hz_text_add(&line, hz_policy.name);
    hz_text_add(&line, ": statistics\n");
    emit(write, arg, &line);
    for (unsigned i = 0; i < FIELD_COUNT; i++) {
        uint64_t value = value_of(stats, &fields[i]);
        hz_text_init(&line);
        hz_text_add(&line, "  ");
        hz_text_add(&line, fields[i].name);
        for (size_t width = strlen(fields[i].name); width < NAME_WIDTH; width++)
            hz_text_add(&line, " ");
        hz_text_add_padded(&line, value, NUMBER_WIDTH);
        hz_text_add(&line, fields[i].is_bytes ? " bytes  " : "        ");
        hz_text_add(&line, fields[i].meaning);
        hz_text_add(&line, "\n");
        emit(write, arg, &line);
    }
}

static void print_json(const struct hkz_stats *stats, writer write, void *arg) {
    struct hz_text line;
    hz_text_init(&line);
    hz_text_add(&line, "{\"hakozuna\": {\"schema\": 1, \"version\": \"");
    hz_text_add(&line, hkz_version());
    hz_text_add(&line, "\", \"profile\": \"");
    hz_text_add(&line, hz_policy.name);
    hz_text_add(&line, "\"");
    emit(write, arg, &line);
    for (unsigned i = 0; i < FIELD_COUNT; i++) {
        hz_text_init(&line);
        hz_text_add(&line, ", \"");
        hz_text_add(&line, fields[i].name);
        hz_text_add(&line, "\": ");
        hz_text_add_number(&line, value_of(stats, &fields[i]));
        emit(write, arg, &line);
    }
    write(arg, "}}\n", 3);
}

int hkz_stats_print(enum hkz_format format, void (*write)(void *arg, const char *text, size_t bytes), void *arg) {
    struct hkz_stats stats;
    if (format != HKZ_FORMAT_TEXT && format != HKZ_FORMAT_JSON)
        return EINVAL;
    if (write == NULL)
        write = write_error;
    hz_stats_collect(&stats);
    if (format == HKZ_FORMAT_TEXT)
        print_text(&stats, write, arg);
    else
        print_json(&stats, write, arg);
    return 0;
}
