/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_free_runs.c -- see hz_free_runs.h. */
#include "hz_free_runs.h"

#include "hz_fatal.h"

enum { WALK_MAX = 16 };

/* The list for runs of page_count pages: every run on it is at least as long as the list's first length. */
static unsigned list_of(size_t page_count) {
    if (page_count <= HZ_FREE_EXACT)
        return (unsigned)page_count - 1;
    unsigned bit = hz_highest_bit(page_count);
    unsigned step = (unsigned)(page_count >> (bit - 2)) & 3;
    unsigned list = HZ_FREE_EXACT + (bit - 5) * 4 + step;
    return list < HZ_FREE_LISTS ? list : HZ_FREE_LISTS - 1;
}

void hz_free_runs_init(struct hz_free_runs *runs) {
    for (unsigned i = 0; i < HZ_FREE_LISTS; i++)
        hz_list_init(&runs->lists[i]);
}

void hz_free_runs_insert(struct hz_free_runs *runs, struct hz_desc *desc) {
    unsigned list = list_of(desc->page_count);
    hz_list_push_front(&runs->lists[list], &desc->links);
    runs->occupied[list / 64] |= (uint64_t)1 << (list % 64);
    runs->page_count += desc->page_count;
}

void hz_free_runs_remove(struct hz_free_runs *runs, struct hz_desc *desc) {
    unsigned list = list_of(desc->page_count);
    HZ_MUST(hz_list_is_linked(&desc->links), desc, "a list of free runs is torn");
    hz_list_remove(&desc->links);
    if (hz_list_is_empty(&runs->lists[list]))
        runs->occupied[list / 64] &= ~((uint64_t)1 << (list % 64));
    runs->page_count -= desc->page_count;
}

/* The first list at or after list that holds something, or HZ_FREE_LISTS. */
static unsigned next_occupied(const struct hz_free_runs *runs, unsigned list) {
    for (unsigned word = list / 64; word < sizeof runs->occupied / sizeof runs->occupied[0]; word++) {
        uint64_t bits = runs->occupied[word];
        if (word == list / 64)
            bits &= ~(uint64_t)0 << (list % 64);
        if (bits != 0)
            return word * 64 + hz_lowest_bit(bits);
    }
    return HZ_FREE_LISTS;
}

static struct hz_desc *first_fit(const struct hz_list *list, size_t page_count, unsigned walk_max) {
    for (struct hz_list *link = list->next; link != list && walk_max-- > 0; link = link->next) {
        struct hz_desc *desc = HZ_CONTAINER(link, struct hz_desc, links);
        if (desc->page_count >= page_count)
            return desc;
    }
    return NULL;
}

struct hz_desc *hz_free_runs_find(struct hz_free_runs *runs, size_t page_count) {
    unsigned own = list_of(page_count);
    unsigned list = own;
    struct hz_desc *desc = first_fit(&runs->lists[list], page_count, WALK_MAX);
    while (desc == NULL && (list = next_occupied(runs, list + 1)) < HZ_FREE_LISTS)
        desc = first_fit(&runs->lists[list], page_count, WALK_MAX);
    return desc != NULL ? desc : first_fit(&runs->lists[own], page_count, UINT32_MAX);
}
