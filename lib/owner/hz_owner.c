/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_owner.c -- the table of owners and their lists of runs. */
#include "hz_owner.h"

#include "hz_meta.h"
#include "hz_os.h"
#include "hz_random.h"

enum { CHUNK_LOG2 = 6, CHUNK_OWNERS = 1 << CHUNK_LOG2, CHUNK_COUNT = 1 << (24 - CHUNK_LOG2) };

static struct hz_lock lock = HZ_LOCK_INIT(HZ_RANK_OWNER_TABLE);
static struct hz_owner *_Atomic chunks[CHUNK_COUNT]; /* lock writes; all read */
static _Atomic(uint32_t) count;                      /* lock writes; all read */
static uint32_t first_vacant;                        /* lock; 0: none */

void hz_owner_table_lock(void) { hz_lock_take(&lock); }
void hz_owner_table_unlock(void) { hz_lock_give(&lock); }
void hz_owner_table_reset_lock(void) { hz_lock_reset(&lock); }

uint32_t hz_owner_count(void) { return hz_load_acquire(&count); }

struct hz_owner *hz_owner_get(uint32_t id) {
    /* Acquire pairs with the release in add_owner: the chunk's contents travel. */
    struct hz_owner *chunk = hz_load_acquire(&chunks[(id - 1) >> CHUNK_LOG2]);
    return chunk + ((id - 1) & (CHUNK_OWNERS - 1));
}

struct hz_owner *hz_owner_commons(void) {
    return hz_owner_get(HZ_OWNER_COMMONS_ID);
}

void hz_owner_reseed(struct hz_owner *owner) {
    if (hz_random_level >= HZ_RANDOM_ALL)
        owner->random = hz_os_entropy();
}

static void init_owner(struct hz_owner *owner, uint32_t id) {
    owner->id = id;
    hz_owner_reseed(owner);
    owner->lock.rank = id == HZ_OWNER_COMMONS_ID ? HZ_RANK_COMMONS : HZ_RANK_OWNER;
    hz_list_init(&owner->full);
    for (unsigned i = 0; i < HZ_CLASS_COUNT; i++)
        hz_list_init(&owner->partial[i]);
}

/* A new number. lock: owner table. */
static struct hz_owner *add_owner(void) {
    uint32_t index = hz_load_relaxed(&count);
    if ((index + 1) >> 24 != 0) /* a tag has 24 bits for the number */
        return NULL;
    struct hz_owner *chunk = hz_load_relaxed(&chunks[index >> CHUNK_LOG2]);
    if (chunk == NULL) {
        chunk = hz_meta_alloc(CHUNK_OWNERS * sizeof *chunk);
        if (chunk == NULL)
            return NULL;
        hz_store_release(&chunks[index >> CHUNK_LOG2], chunk);
    }
    struct hz_owner *owner = &chunk[index & (CHUNK_OWNERS - 1)];
    init_owner(owner, index + 1);
    /* Release pairs with the acquire in hz_owner_count: numbers below it are initialised. */
    hz_store_release(&count, index + 1);
    return owner;
}

bool hz_owner_init(void) {
    hz_lock_take(&lock);
    struct hz_owner *commons = add_owner();
    hz_lock_give(&lock);
    if (commons != NULL)
        hz_store_relaxed(&commons->state, HZ_OWNER_ALIVE);
    return commons != NULL;
}

struct hz_owner *hz_owner_create(void *front) {
    hz_lock_take(&lock);
    struct hz_owner *owner;
    if (first_vacant != 0) {
        owner = hz_owner_get(first_vacant);
        first_vacant = owner->next_vacant;
    } else {
        owner = add_owner();
    }
    if (owner != NULL) {
        owner->front = front;
        hz_store_seq_cst(&owner->state, HZ_OWNER_ALIVE);
    }
    hz_lock_give(&lock);
    return owner;
}

void hz_owner_recycle(struct hz_owner *owner) {
    HZ_ASSERT(owner->run_count == 0);
    for (unsigned i = 0; i < HZ_CLASS_COUNT; i++)
        HZ_ASSERT(owner->classes[i].runs == 0 && owner->classes[i].full == 0);
    hz_lock_take(&lock);
    owner->front = NULL;
    owner->next_vacant = first_vacant;
    first_vacant = owner->id;
    hz_lock_give(&lock);
}

void hz_owner_adopt(struct hz_owner *owner, struct hz_arena *arena, struct hz_desc *desc) {
    desc->run.owner = owner;
    desc->is_listed = hz_desc_available(desc) != 0;
    hz_list_push_back(desc->is_listed ? &owner->partial[desc->class_index] : &owner->full, &desc->links);
    owner->run_count++;
    owner->classes[desc->class_index].runs++;
    owner->classes[desc->class_index].full += !desc->is_listed;
    hz_map_set_tags(arena, hz_desc_page(arena, desc), desc->page_count, hz_tag_make(owner->id, desc->class_index));
}

void hz_owner_detach(struct hz_owner *owner, struct hz_desc *desc) {
    HZ_ASSERT(desc->run.owner == owner);
    hz_owner_unlink(desc);
    owner->run_count--;
    owner->classes[desc->class_index].runs--;
    owner->classes[desc->class_index].full -= !desc->is_listed;
}
