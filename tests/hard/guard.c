/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * guard.c -- what a wild write must not reach: space round metadata and arenas, options after start; and what
 * it breaks is noticed: torn lists, runs whose figures cannot be. */
#include <inttypes.h>

#include "hard.h"
#include "hz_desc.h"
#include "hz_meta.h"
#include "hz_options.h"
#include "hz_owner.h"
#include "hz_policy.h"

enum { ARENA = 64 << 20 }; /* each array of the sidecar is whole pages of the kernel then */

/* --- Guards ----------------------------------------------------------------------------------- */

static void start(void) {
    take(1);
    must(hz_map_first.page_count == ARENA >> HZ_PAGE_LOG2, "the arena is as wished");
    must(hz_map_commit(&hz_map_first, hz_map_first.page_count), "all of it is committed");
}

/* A range that may be written, all of it and nothing around it. */
struct range {
    const char *name;
    char *start;
    size_t bytes;
};

enum { RANGE_COUNT = 8 };

static unsigned list_ranges(struct range *ranges) {
    const struct hz_arena *arena = &hz_map_first;
    size_t pages = arena->page_count;
    struct range all[RANGE_COUNT] = {
        {"pages", (char *)arena->base, ARENA},
        {"tags", (char *)(void *)arena->tags, pages * sizeof(hz_tag)},
        {"descriptors", arena->descs, pages * HZ_MAP_DESC_BYTES},
        {"bitmaps", arena->bits, pages * HZ_MAP_BITS_BYTES},
        {"queues", arena->queues, pages * HZ_MAP_QUEUE_BYTES},
        {"pending", arena->pending, pages * HZ_MAP_BITS_BYTES},
        {"marks", arena->fine_marks, pages * HZ_MAP_MARKS_BYTES},
        {"coarse marks", arena->coarse_marks, pages * HZ_MAP_COARSE_MARKS_BYTES},
    };
    memcpy(ranges, all, sizeof all);
    return RANGE_COUNT;
}

struct poke {
    unsigned range;
    int where; /* -1: before, 0: the first and last byte, 1: behind; 2: is there such a range? */
};

static void poke(void *arg) {
    const struct poke *poke = arg;
    struct range ranges[RANGE_COUNT];
    start();
    list_ranges(ranges);
    struct range range = ranges[poke->range];
    if (poke->where == 2)
        _exit(range.start != NULL ? 0 : SURVIVED);
    volatile char *first = range.start;
    volatile char *behind = range.start + range.bytes;
    if (poke->where < 0)
        first[-1] = 1;
    else if (poke->where > 0)
        *behind = 1;
    else {
        first[0] = first[0];
        behind[-1] = behind[-1];
    }
}

static void test_sidecar(void) {
    static const char *const names[RANGE_COUNT] = {"pages",  "tags",    "descriptors", "bitmaps",
                                                   "queues", "pending", "marks",       "coarse marks"};
    char what[80];
    with("arena_bytes=64M");
    for (unsigned i = 0; i < RANGE_COUNT; i++) {
        must(child_run(&child, poke, &(struct poke){i, 2}), "fork");
        if (child_exited(&child, SURVIVED))
            continue; /* not in this profile */
        snprintf(what, sizeof what, "%s: first and last byte are writable", names[i]);
        runs_well(what, poke, &(struct poke){i, 0});
        snprintf(what, sizeof what, "%s: what lies before is not", names[i]);
        is_fault(what, poke, &(struct poke){i, -1});
        snprintf(what, sizeof what, "%s: what lies behind is not", names[i]);
        is_fault(what, poke, &(struct poke){i, 1});
    }
}

struct mapping {
    uintptr_t start, end;
    char rights[5];
};

/* The mapping around address, and how many there are in all. */
static unsigned find_mapping(const void *address, struct mapping *ret_mapping) {
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    unsigned count = 0;
    memset(ret_mapping, 0, sizeof *ret_mapping);
    while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
        struct mapping mapping;
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &mapping.start, &mapping.end, mapping.rights) != 3)
            continue;
        count++;
        if ((uintptr_t)address - mapping.start < mapping.end - mapping.start)
            *ret_mapping = mapping;
    }
    if (maps != NULL)
        fclose(maps);
    return count;
}

/* Structures of all sizes lie in mappings with guards of a page of ours at least on either side. */
static void check_structures(void *arg) {
    struct mapping mapping, before, behind;
    (void)arg;
    take(1);
    for (size_t bytes = 64; bytes <= 64 << 20; bytes *= 4) {
        char *piece = hz_meta_alloc(bytes);
        must(piece != NULL, "a piece");
        memset(piece, 1, bytes);
        find_mapping(piece, &mapping);
        must(strncmp(mapping.rights, "rw", 2) == 0, "writable");
        find_mapping((void *)(mapping.start - HZ_PAGE), &before);
        find_mapping((void *)(mapping.end + HZ_PAGE - 1), &behind);
        must(strncmp(before.rights, "---", 3) == 0 && before.end == mapping.start, "a guard before");
        must(strncmp(behind.rights, "---", 3) == 0 && behind.start == mapping.end, "a guard behind");
    }
}

static void poke_structures(void *where) {
    struct mapping mapping;
    take(1);
    find_mapping(hz_owner_commons(), &mapping);
    *(volatile char *)(where != NULL ? mapping.end : mapping.start - 1) = 1;
}

static void *take_some(void *arg) {
    (void)arg;
    for (size_t size = 16; size <= 1 << 20; size *= 2)
        hkz_free(take(size));
    return NULL;
}

static void count_mappings(void *arg) {
    enum { THREADS = 200 };
    pthread_t threads[THREADS];
    struct mapping mapping;
    (void)arg;
    take(1);
    in_thread(take_some, NULL);
    unsigned before = find_mapping(NULL, &mapping);
    for (unsigned i = 0; i < 20; i++) {
        for (unsigned j = 0; j < THREADS / 20; j++)
            must(pthread_create(&threads[j], NULL, take_some, NULL) == 0, "a thread");
        for (unsigned j = 0; j < THREADS / 20; j++)
            pthread_join(threads[j], NULL);
        for (unsigned j = 0; j < 100; j++)
            (void)hz_meta_alloc(10000);
    }
    /* What glibc keeps of stacks: two mappings for each of ten threads. */
    unsigned after = find_mapping(NULL, &mapping);
    must(after <= before + 2 * THREADS / 20 + 8, "mappings are few");
}

static void test_structures(void) {
    with("");
    runs_well("structures lie between guards", check_structures, NULL);
    is_fault("what lies before them cannot be written", poke_structures, NULL);
    is_fault("nor what lies behind them", poke_structures, "");
    runs_well("the number of mappings is bounded", count_mappings, NULL);
}

/* --- Sealed ----------------------------------------------------------------------------------- */

static void change_early(void *arg) {
    (void)arg;
    hz_options.decay_ms++;
    hz_class_table[0].block_bytes++;
}

static void change_option(void *arg) {
    (void)arg;
    take(1);
    ((volatile struct hz_options *)&hz_options)->huge_bytes++;
}

static void change_class(void *arg) {
    (void)arg;
    take(1);
    ((volatile struct hz_class *)hz_class_table)[3].block_bytes++;
}

static void change_index(void *arg) {
    (void)arg;
    take(1);
    ((volatile uint8_t *)hz_class_index)[5]++;
}

static void test_sealed(void) {
    with("");
    runs_well("before start everything can be written", change_early, NULL);
    is_fault("options cannot be changed after start", change_option, NULL);
    is_fault("nor classes", change_class, NULL);
    is_fault("nor their index", change_index, NULL);
}

/* --- Broken metadata -------------------------------------------------------------------------- */

static struct hz_desc *run_of(const void *block) {
    return hz_desc_first(&hz_map_first, hz_map_page(&hz_map_first, block));
}

/* Some blocks of a run, and then the rest of it; without damage all is well. */
static void exhaust(const void *block) {
    unsigned count = run_of(block)->block_count;
    for (unsigned i = 0; i < 2 * count; i++)
        take(2048);
}

enum damage { NO_DAMAGE, NEXT, PREVIOUS, CLASS, USED, CARVED };

static void damage_run(void *arg) {
    static struct hz_list wrong = {&wrong, &wrong};
    char *block = take(2048);
    struct hz_desc *desc = run_of(block);
    switch (*(const enum damage *)arg) {
    case NEXT: desc->links.next = &wrong; break;
    case PREVIOUS: desc->links.prev = &wrong; break;
    case CLASS: desc->class_index++; break;
    case USED: desc->used = (uint16_t)(desc->block_count + 1); break;
    case CARVED: desc->carved = UINT16_MAX; break;
    default: break;
    }
    exhaust(block);
}

/* Of two neighbours, the first of which is free, the other becomes free, too: they merge. */
static void damage_free_run(void *arg) {
    static struct hz_list wrong = {&wrong, &wrong};
    char *blocks[3];
    for (unsigned i = 0; i < 3; i++)
        blocks[i] = take(200 << 10);
    hkz_free(blocks[0]);
    struct hz_desc *desc = hz_desc_at(&hz_map_first, hz_map_page(&hz_map_first, blocks[0]));
    must(desc->kind == HZ_DESC_FREE, "a free run");
    if (*(const enum damage *)arg == NEXT)
        desc->links.next = &wrong;
    if (*(const enum damage *)arg == PREVIOUS)
        desc->links.prev = &wrong;
    hkz_free(blocks[1]);
}

static void test_damage(void) {
    static const char *const names[] = {"no damage", "next", "previous", "class", "used", "carved"};
    static const char *const details[] = {NULL, "torn", "torn", "differ", "cannot be", "cannot be"};
    char what[80];
    with("");
    for (enum damage damage = NO_DAMAGE; damage <= CARVED; damage++) {
        snprintf(what, sizeof what, "a run: %s", names[damage]);
        if (damage == NO_DAMAGE)
            runs_well(what, damage_run, &damage);
        else
            is_reported(what, damage_run, &damage, "corrupt-metadata: check of 0x", details[damage]);
        tap_ok(damage == NO_DAMAGE || strstr(child.err, "[HKZ-E010]") != NULL, "with its code");
    }
    for (enum damage damage = NO_DAMAGE; damage <= PREVIOUS; damage++) {
        snprintf(what, sizeof what, "a free run: %s", names[damage]);
        if (damage == NO_DAMAGE)
            runs_well(what, damage_free_run, &damage);
        else
            is_reported(what, damage_free_run, &damage, "corrupt-metadata: check of 0x", details[damage]);
    }
    with("on_error=ignore");
    enum damage damage = NEXT;
    is_reported("whatever on_error says", damage_run, &damage, "corrupt-metadata", "torn");
}

int main(void) {
    watchdog_start(HARD_SECONDS);
    test_sidecar();
    test_structures();
    test_sealed();
    test_damage();
    return tap_done();
}
