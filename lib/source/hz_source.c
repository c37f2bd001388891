/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_source.c -- see hz_source.h.
 *
 * hz_source_take -> take_reused -> take_free (dirty, then clean) -> cut
 *                -> take_unused -> take_fresh -> hz_map_commit
 *                -> take_grown -> hz_map_grow, take_fresh
 * hz_source_give -> merge -> insert */
#include "hz_source.h"

#include "hz_bits.h"
#include "hz_fatal.h"
#include "hz_free_runs.h"
#include "hz_lock.h"
#include "hz_memcheck.h"
#include "hz_os.h"
#include "hz_policy.h"
#include "hz_random.h"

static struct hz_lock lock = HZ_LOCK_INIT(HZ_RANK_SOURCE);
static struct hz_free_runs dirty, clean; /* lock */
static struct hz_list by_age;            /* lock: dirty runs, oldest first */
static size_t active_pages;              /* lock */
static size_t large_pages, large_blocks; /* lock */
static uint64_t purges, purged_bytes;    /* lock */
static uint32_t decay_ms;                /* const after init */
static uint64_t random_state;            /* lock */
static int thp;                          /* const after init; enum hz_thp */

/* Pages on their way from dirty to clean, one entry for each thread that purges; further threads leave it to those. */
enum { PURGES_MAX = 16 };
struct purge {
    struct hz_arena *arena;
    size_t page;
    size_t count; /* 0: no purge */
};
static struct purge under_way[PURGES_MAX]; /* lock */

/* Chance leaves out fewer pages than this, and none in an arena that is small. */
enum { SKIP_PAGES_MAX = 4, SKIP_ARENA_PAGES = 4096 };

/* One decay step purges at most this much, so that the thread that does it is not held up for long. */
static const size_t DECAY_STEP_PAGES = 16 * HZ_MIB >> HZ_PAGE_LOG2;

void hz_source_lock(void) { hz_lock_take(&lock); }
void hz_source_unlock(void) { hz_lock_give(&lock); }
void hz_source_reset_lock(void) { hz_lock_reset(&lock); }

void hz_source_init(uint32_t wanted_decay_ms, int wanted_thp) {
    hz_free_runs_init(&dirty);
    hz_free_runs_init(&clean);
    hz_list_init(&by_age);
    decay_ms = wanted_decay_ms;
    thp = wanted_thp;
    hz_source_reseed();
}

void hz_source_reseed(void) {
    if (hz_random_level >= HZ_RANDOM_ALL)
        random_state = hz_os_entropy();
}

/* --- Free runs: all under the lock ------------------------------------------------------------ */

static struct hz_desc *last_page(const struct hz_arena *arena, struct hz_desc *desc) {
    return hz_desc_at(arena, hz_desc_page(arena, desc) + desc->page_count - 1);
}

/* Describes [page, page + count) as one free run. */
static struct hz_desc *describe_free(struct hz_arena *arena, size_t page, size_t count, bool is_dirty) {
    struct hz_desc *desc = hz_desc_at(arena, page);
    desc->kind = HZ_DESC_FREE;
    desc->page_count = (uint32_t)count;
    desc->is_dirty = is_dirty;
    desc->back = 0;
    struct hz_desc *last = last_page(arena, desc);
    if (last != desc) {
        last->kind = HZ_DESC_FREE;
        last->back = (uint32_t)count - 1;
        last->is_dirty = is_dirty;
    }
    return desc;
}

/* Inserts a described free run; a dirty one goes after age_position in the order of age. */
static void insert(struct hz_desc *desc, struct hz_list *age_position) {
    hz_free_runs_insert(desc->is_dirty ? &dirty : &clean, desc);
    if (desc->is_dirty)
        hz_list_push_front(age_position, &desc->age);
}

static void remove_free(struct hz_desc *desc) {
    hz_free_runs_remove(desc->is_dirty ? &dirty : &clean, desc);
    if (!desc->is_dirty)
        return;
    HZ_MUST(hz_list_is_linked(&desc->age), desc, "the list of free runs by age is torn");
    hz_list_remove(&desc->age);
}

/* The free run of the given kind that ends right before page, or NULL. */
static struct hz_desc *free_before(struct hz_arena *arena, size_t page, bool is_dirty) {
    if (page == 0)
        return NULL;
    struct hz_desc *last = hz_desc_at(arena, page - 1);
    if (last->kind != HZ_DESC_FREE || last->is_dirty != is_dirty)
        return NULL;
    return hz_desc_at(arena, page - 1 - last->back);
}

static struct hz_desc *free_at(struct hz_arena *arena, size_t page, bool is_dirty) {
    if (page >= arena->fresh_page)
        return NULL;
    struct hz_desc *desc = hz_desc_at(arena, page);
    return desc->kind == HZ_DESC_FREE && desc->is_dirty == is_dirty ? desc : NULL;
}

/* Makes [page, page + count) free, merged with its neighbours of the same kind. The merged run takes the
 * age of its longest part, so that steady small returns cannot keep a long run from decaying. */
static void merge(struct hz_arena *arena, size_t page, size_t count, bool is_dirty, uint32_t now_ms) {
    struct hz_desc *before = free_before(arena, page, is_dirty);
    struct hz_desc *after = free_at(arena, page + count, is_dirty);
    struct hz_list *age_position = by_age.prev;
    uint32_t since_ms = now_ms;
    size_t longest = count;
    size_t start = page;
    size_t total = count;
    struct hz_desc *neighbours[2] = {before, after};
    for (unsigned i = 0; i < 2; i++) {
        struct hz_desc *neighbour = neighbours[i];
        if (neighbour == NULL)
            continue;
        bool takes_age = is_dirty && neighbour->page_count > longest;
        struct hz_list *previous = is_dirty ? neighbour->age.prev : NULL;
        if (is_dirty && age_position == &neighbour->age)
            age_position = previous;
        remove_free(neighbour);
        total += neighbour->page_count;
        if (takes_age) {
            longest = neighbour->page_count;
            since_ms = neighbour->since_ms;
            age_position = previous;
        }
    }
    if (before != NULL)
        start = hz_desc_page(arena, before);
    struct hz_desc *merged = describe_free(arena, start, total, is_dirty);
    merged->since_ms = since_ms;
    insert(merged, age_position);
}

/* Cuts [start, start + count) out of a free run, which is removed; the ends stay free. */
static struct hz_desc *cut(struct hz_arena *arena, struct hz_desc *desc, size_t start, size_t count) {
    size_t page = hz_desc_page(arena, desc);
    size_t end = page + desc->page_count;
    bool is_dirty = desc->is_dirty;
    uint32_t since_ms = desc->since_ms;
    struct hz_list *age_position = is_dirty ? desc->age.prev : NULL;
    remove_free(desc);
    if (start > page) {
        struct hz_desc *head = describe_free(arena, page, start - page, is_dirty);
        head->since_ms = since_ms;
        insert(head, age_position);
    }
    if (start + count < end) {
        struct hz_desc *tail = describe_free(arena, start + count, end - start - count, is_dirty);
        tail->since_ms = since_ms;
        insert(tail, age_position);
    }
    struct hz_desc *taken = hz_desc_at(arena, start);
    taken->is_dirty = is_dirty;
    return taken;
}

/* --- Taking: under the lock ------------------------------------------------------------------- */

/* The first page at or after page whose address is a multiple of alignment. */
static size_t aligned_page(const struct hz_arena *arena, size_t page, size_t alignment) {
    uintptr_t address = (uintptr_t)hz_map_address(arena, page);
    return page + ((hz_align_up(address, alignment) - address) >> HZ_PAGE_LOG2);
}

static struct hz_desc *take_free(struct hz_free_runs *runs, size_t page_count, size_t alignment,
                                 struct hz_arena **ret_arena) {
    size_t slack = (hz_max(alignment, HZ_PAGE) >> HZ_PAGE_LOG2) - 1;
    struct hz_desc *desc = hz_free_runs_find(runs, page_count + slack);
    if (desc == NULL)
        return NULL;
    struct hz_arena *arena = hz_desc_arena(desc);
    *ret_arena = arena;
    return cut(arena, desc, aligned_page(arena, hz_desc_page(arena, desc), alignment), page_count);
}

static void advise(struct hz_arena *arena, size_t from, size_t to) {
    if (thp != HZ_THP_DEFAULT && to > from)
        hz_os_advise_huge(hz_map_address(arena, from), (to - from) << HZ_PAGE_LOG2, thp == HZ_THP_ALWAYS);
}

static bool commit(struct hz_arena *arena, size_t page_end) {
    size_t from = hz_load_relaxed(&arena->committed_pages);
    if (page_end > arena->page_count || !hz_map_commit(arena, page_end))
        return false;
    advise(arena, from, hz_load_relaxed(&arena->committed_pages));
    return true;
}

/* Pages to leave out before the next fresh run, so that nobody knows where it is from where the last one was.
 * They are free then, and serve before any further fresh ones. */
static size_t skip_pages(const struct hz_arena *arena) {
    bool is_wanted = hz_random_level >= HZ_RANDOM_ALL && arena->page_count >= SKIP_ARENA_PAGES;
    return is_wanted ? hz_random_below(&random_state, SKIP_PAGES_MAX) : 0;
}

/* Whether the never used end of the arena is long enough. */
static bool has_room(const struct hz_arena *arena, size_t page_count, size_t alignment) {
    size_t start = aligned_page(arena, arena->fresh_page, alignment);
    return start <= arena->page_count && page_count <= arena->page_count - start;
}

/* An arena's first page serves nobody: who looks for leaks would take the arena's own address for a reference to its
 * first block. */
static bool withhold_first(struct hz_arena *arena) {
    if (arena->fresh_page != 0)
        return true;
    if (!commit(arena, 1))
        return false;
    struct hz_desc *desc = hz_desc_at(arena, 0);
    desc->page_count = 1;
    desc->kind = HZ_DESC_TAKEN;
    arena->fresh_page = 1;
    return true;
}

/* From that end; there is room. */
static struct hz_desc *take_fresh(struct hz_arena *arena, size_t page_count, size_t alignment) {
    if (hz_memcheck_is_on() && !withhold_first(arena))
        return NULL;
    size_t start = aligned_page(arena, arena->fresh_page + skip_pages(arena), alignment);
    size_t end = start + page_count;
    if (!commit(arena, end))
        return NULL;
    size_t skipped_from = arena->fresh_page;
    arena->fresh_page = end;
    if (start > skipped_from)
        merge(arena, skipped_from, start - skipped_from, false, 0);
    struct hz_desc *desc = hz_desc_at(arena, start);
    desc->is_dirty = false;
    return desc;
}

static void describe_taken(struct hz_arena *arena, struct hz_desc *desc, size_t page_count) {
    desc->page_count = (uint32_t)page_count;
    desc->back = 0;
    desc->kind = HZ_DESC_TAKEN;
    active_pages += page_count;
    last_page(arena, desc)->kind = desc->kind; /* no stale sign of a free run */
}

/* From free runs, dirty ones first. */
static struct hz_desc *take_reused(size_t page_count, size_t alignment, struct hz_arena **ret_arena) {
    struct hz_desc *desc = take_free(&dirty, page_count, alignment, ret_arena);
    if (desc == NULL)
        desc = take_free(&clean, page_count, alignment, ret_arena);
    if (desc != NULL)
        describe_taken(*ret_arena, desc, page_count);
    return desc;
}

/* From the never used ends of the arenas that there are. *ret_refused: there was room, but not memory. */
static struct hz_desc *take_unused(size_t page_count, size_t alignment, struct hz_arena **ret_arena,
                                   bool *ret_refused) {
    struct hz_desc *desc = NULL;
    for (struct hz_arena *arena = &hz_map_first; desc == NULL && arena != NULL; arena = hz_load_relaxed(&arena->next)) {
        if (!has_room(arena, page_count, alignment))
            continue;
        *ret_arena = arena;
        desc = take_fresh(arena, page_count, alignment);
        *ret_refused |= desc == NULL;
    }
    if (desc != NULL)
        describe_taken(*ret_arena, desc, page_count);
    return desc;
}

/* From a new arena. */
static struct hz_desc *take_grown(size_t page_count, size_t alignment, struct hz_arena **ret_arena) {
    *ret_arena = hz_map_grow(page_count + (alignment >> HZ_PAGE_LOG2) + (hz_memcheck_is_on() ? 1 : 0));
    if (*ret_arena == NULL)
        return NULL;
    advise(*ret_arena, 0, hz_load_relaxed(&(*ret_arena)->committed_pages));
    struct hz_desc *desc = take_fresh(*ret_arena, page_count, alignment);
    if (desc != NULL)
        describe_taken(*ret_arena, desc, page_count);
    return desc;
}

static struct hz_desc *take(size_t page_count, size_t alignment, struct hz_arena **ret_arena) {
    bool is_refused = false;
    struct hz_desc *desc = take_reused(page_count, alignment, ret_arena);
    if (desc == NULL)
        desc = take_unused(page_count, alignment, ret_arena, &is_refused);
    /* Where the kernel gives no memory, more address space does not help. */
    return desc != NULL || is_refused ? desc : take_grown(page_count, alignment, ret_arena);
}

/* --- The interface ---------------------------------------------------------------------------- */

struct hz_desc *hz_source_take(size_t page_count, size_t alignment, struct hz_arena **ret_arena) {
    if (page_count >= UINT32_MAX || (alignment >> HZ_PAGE_LOG2) >= UINT32_MAX)
        return NULL;
    hz_lock_take(&lock);
    struct hz_desc *desc = take(page_count, alignment, ret_arena);
    hz_lock_give(&lock);
    if (desc != NULL || hz_source_purge_all() == 0)
        return desc;
    hz_lock_take(&lock);
    desc = take(page_count, alignment, ret_arena);
    hz_lock_give(&lock);
    return desc;
}

/* Makes a taken run of run_count * page_count pages that many runs. lock. */
static void divide(struct hz_arena *arena, struct hz_desc *desc, size_t page_count, unsigned run_count) {
    size_t page = hz_desc_page(arena, desc);
    for (unsigned i = 0; i < run_count; i++) {
        struct hz_desc *run = hz_desc_at(arena, page + i * page_count);
        run->page_count = (uint32_t)page_count;
        run->back = 0;
        run->kind = HZ_DESC_TAKEN;
        run->is_dirty = desc->is_dirty;
        last_page(arena, run)->kind = HZ_DESC_TAKEN;
    }
}

/* Reuse before supply: one run of used pages is better than several of new ones. Returns how many runs. lock. */
static unsigned take_several(size_t page_count, unsigned run_count, struct hz_arena **ret_arena,
                             struct hz_desc **ret_desc) {
    *ret_desc = take_reused(page_count * run_count, HZ_PAGE, ret_arena);
    if (*ret_desc != NULL)
        return run_count;
    *ret_desc = take_reused(page_count, HZ_PAGE, ret_arena);
    if (*ret_desc != NULL)
        return 1;
    bool is_refused = false;
    *ret_desc = take_unused(page_count * run_count, HZ_PAGE, ret_arena, &is_refused);
    return run_count;
}

struct hz_desc *hz_source_take_runs(size_t page_count, unsigned run_count, struct hz_arena **ret_arena,
                                    unsigned *ret_count) {
    struct hz_desc *desc = NULL;
    *ret_count = 1;
    hz_lock_take(&lock);
    if (run_count > 1)
        *ret_count = take_several(page_count, run_count, ret_arena, &desc);
    if (desc != NULL)
        divide(*ret_arena, desc, page_count, *ret_count);
    hz_lock_give(&lock);
    if (desc != NULL)
        return desc;
    *ret_count = 1;
    return hz_source_take(page_count, HZ_PAGE, ret_arena);
}

/* --- Purging ---------------------------------------------------------------------------------- */

enum { AHEAD_MS = 60000 };

/* Whether since_ms is as long ago. Another thread's clock may be a little ahead. */
static bool is_due(uint32_t since_ms, uint32_t now_ms, uint32_t age_ms) {
    uint32_t passed_ms = now_ms - since_ms;
    return passed_ms >= age_ms && passed_ms < UINT32_MAX - AHEAD_MS;
}

/* Takes the oldest dirty run, or one step's pages of it, off the lists if it is at least age_ms old: what is being
 * purged serves nobody, so it must not be much. Meanwhile the run's descriptors say that it is taken. NULL if there is
 * none. lock. */
static struct purge *begin_purge(uint32_t now_ms, uint32_t age_ms) {
    struct purge *purge = under_way;
    while (purge < under_way + PURGES_MAX && purge->count != 0)
        purge++;
    if (purge == under_way + PURGES_MAX || hz_list_is_empty(&by_age))
        return NULL;
    struct hz_desc *desc = HZ_CONTAINER(by_age.next, struct hz_desc, age);
    if (!is_due(desc->since_ms, now_ms, age_ms))
        return NULL;
    struct hz_arena *arena = hz_desc_arena(desc);
    size_t page = hz_desc_page(arena, desc);
    size_t count = hz_min(desc->page_count, DECAY_STEP_PAGES);
    desc = cut(arena, desc, page, count);
    desc->page_count = (uint32_t)count;
    desc->kind = HZ_DESC_TAKEN;
    last_page(arena, desc)->kind = HZ_DESC_TAKEN;
    *purge = (struct purge){arena, page, count};
    return purge;
}

/* lock. */
static void end_purge(struct purge *purge, bool done, uint32_t now_ms) {
    if (done) {
        purges++;
        purged_bytes += purge->count << HZ_PAGE_LOG2;
    }
    merge(purge->arena, purge->page, purge->count, !done, now_ms);
    purge->count = 0;
}

/* One purge. Returns its pages, also of one that the kernel refuses; of others, they are added to *purged. */
static size_t purge_oldest(uint32_t now_ms, uint32_t age_ms, size_t *purged) {
    hz_lock_take(&lock);
    struct purge *purge = begin_purge(now_ms, age_ms);
    hz_lock_give(&lock);
    if (purge == NULL)
        return 0;
    size_t count = purge->count;
    bool done = hz_os_purge(hz_map_address(purge->arena, purge->page), count << HZ_PAGE_LOG2);
    hz_lock_take(&lock);
    end_purge(purge, done, now_ms);
    hz_lock_give(&lock);
    *purged += done ? count : 0;
    return count;
}

bool hz_source_decay(uint32_t now_ms) {
    size_t purged = 0;
    size_t pages = 0;
    size_t step;
    do {
        step = purge_oldest(now_ms, decay_ms, &purged);
        pages += step;
    } while (step != 0 && pages < DECAY_STEP_PAGES);
    return step != 0;
}

/* What the kernel refuses is the youngest then, so that as many pages as there are now are all. */
size_t hz_source_purge_all(void) {
    uint32_t now_ms = hz_os_now_ms();
    hz_lock_take(&lock);
    size_t left = dirty.page_count;
    hz_lock_give(&lock);
    size_t purged = 0;
    while (left != 0) {
        size_t step = purge_oldest(now_ms, 0, &purged);
        left -= step != 0 ? hz_min(left, step) : left;
    }
    return purged << HZ_PAGE_LOG2;
}

/* Without a decay time nothing stays dirty. */
static void purge_at_once(void) {
    if (decay_ms == 0)
        (void)hz_source_purge_all();
}

/* lock. */
static size_t purging_pages(void) {
    size_t pages = 0;
    for (unsigned i = 0; i < PURGES_MAX; i++)
        pages += under_way[i].count;
    return pages;
}

void hz_source_recover(void) {
    hz_lock_take(&lock);
    for (unsigned i = 0; i < PURGES_MAX; i++)
        if (under_way[i].count != 0)
            end_purge(&under_way[i], false, hz_os_now_ms());
    hz_lock_give(&lock);
}

/* --- Taking and giving ------------------------------------------------------------------------ */

void hz_source_mark_large(struct hz_desc *desc) {
    hz_lock_take(&lock);
    desc->kind = HZ_DESC_LARGE;
    large_blocks++;
    large_pages += desc->page_count;
    hz_lock_give(&lock);
}

void hz_source_give(struct hz_arena *arena, struct hz_desc *desc) {
    uint32_t now_ms = hz_os_now_ms();
    size_t page = hz_desc_page(arena, desc);
    size_t count = desc->page_count;
    hz_lock_take(&lock);
    if (desc->kind == HZ_DESC_LARGE) {
        large_blocks--;
        large_pages -= count;
    }
    active_pages -= count;
    merge(arena, page, count, true, now_ms);
    hz_lock_give(&lock);
    purge_at_once();
}

/* Takes the wanted pages from end on, if they are free or were never used. */
static bool take_after(struct hz_arena *arena, size_t end, size_t wanted, bool *ret_dirty) {
    for (unsigned kind = 0; kind < 2; kind++) {
        struct hz_desc *next = free_at(arena, end, kind == 0);
        if (next != NULL && next->page_count >= wanted) {
            (void)cut(arena, next, end, wanted);
            *ret_dirty = kind == 0;
            return true;
        }
    }
    if (end != arena->fresh_page || end + wanted > arena->page_count || !commit(arena, end + wanted))
        return false;
    arena->fresh_page = end + wanted;
    *ret_dirty = false;
    return true;
}

bool hz_source_extend(struct hz_arena *arena, struct hz_desc *desc, size_t page_count) {
    if (page_count >= UINT32_MAX)
        return false;
    size_t end = hz_desc_page(arena, desc) + desc->page_count;
    size_t wanted = page_count - desc->page_count;
    bool is_dirty = false;
    hz_lock_take(&lock);
    bool done = take_after(arena, end, wanted, &is_dirty);
    if (done) {
        desc->page_count = (uint32_t)page_count;
        desc->is_dirty = desc->is_dirty || is_dirty;
        active_pages += wanted;
        large_pages += wanted;
        last_page(arena, desc)->kind = HZ_DESC_TAKEN;
    }
    hz_lock_give(&lock);
    if (done)
        hz_map_set_tags(arena, end, wanted, HZ_TAG_INTERIOR);
    return done;
}

void hz_source_shrink(struct hz_arena *arena, struct hz_desc *desc, size_t page_count) {
    uint32_t now_ms = hz_os_now_ms();
    size_t page = hz_desc_page(arena, desc) + page_count;
    size_t count = desc->page_count - page_count;
    hz_map_set_tags(arena, page, count, HZ_TAG_FORMER_INTERIOR);
    hz_lock_take(&lock);
    desc->page_count = (uint32_t)page_count;
    if (page_count > 1)
        last_page(arena, desc)->kind = HZ_DESC_TAKEN; /* before merge looks at what precedes page */
    active_pages -= count;
    large_pages -= count;
    merge(arena, page, count, true, now_ms);
    hz_lock_give(&lock);
    purge_at_once();
}

struct hz_source_counts hz_source_count(void) {
    hz_lock_take(&lock);
    struct hz_source_counts counts = {
        .active_pages = active_pages,
        .dirty_pages = dirty.page_count + purging_pages(),
        .clean_pages = clean.page_count,
        .purges = purges,
        .purged_bytes = purged_bytes,
        .large_pages = large_pages,
        .large_blocks = large_blocks,
    };
    for (struct hz_arena *arena = &hz_map_first; arena != NULL; arena = hz_load_relaxed(&arena->next))
        counts.clean_pages += hz_load_relaxed(&arena->committed_pages) - arena->fresh_page;
    hz_lock_give(&lock);
    return counts;
}

/* inv. 1 and 2 for one arena; returns its free pages. */
static size_t validate_arena(struct hz_arena *arena) {
    size_t free_pages = 0;
    const struct hz_desc *previous = NULL;
    for (size_t page = 0; page < arena->fresh_page;) {
        struct hz_desc *desc = hz_desc_at(arena, page);
        if (desc->page_count == 0 || desc->back != 0 || desc->kind == HZ_DESC_NONE)
            __builtin_trap();
        bool is_free = desc->kind == HZ_DESC_FREE;
        if (is_free && previous != NULL && previous->is_dirty == desc->is_dirty)
            __builtin_trap();
        if (is_free && last_page(arena, desc)->back != desc->page_count - 1)
            __builtin_trap();
        free_pages += is_free ? desc->page_count : 0;
        previous = is_free ? desc : NULL;
        page += desc->page_count;
    }
    return free_pages;
}

void hz_source_validate(void) {
    hz_lock_take(&lock);
    size_t free_pages = 0;
    for (struct hz_arena *arena = &hz_map_first; arena != NULL; arena = hz_load_relaxed(&arena->next))
        free_pages += validate_arena(arena);
    if (purging_pages() == 0 && free_pages != dirty.page_count + clean.page_count)
        __builtin_trap();
    hz_lock_give(&lock);
}
