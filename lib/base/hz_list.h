/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_list.h -- a circular doubly linked list whose links lie inside the members.
 * Does not: lock; whoever owns the list does. */
#pragma once
#include "hz_base.h"

struct hz_list {
    struct hz_list *next;
    struct hz_list *prev;
};

#define HZ_CONTAINER(link, type, field) ((type *)(void *)((char *)(link)-offsetof(type, field)))

HZ_INLINE void hz_list_init(struct hz_list *list) { list->next = list->prev = list; }

HZ_INLINE bool hz_list_is_empty(const struct hz_list *list) { return list->next == list; }

/* Puts link right after position; push_front with the list head, insert_after with a member. */
HZ_INLINE void hz_list_push_front(struct hz_list *position, struct hz_list *link) {
    link->next = position->next;
    link->prev = position;
    position->next->prev = link;
    position->next = link;
}

HZ_INLINE void hz_list_push_back(struct hz_list *list, struct hz_list *link) { hz_list_push_front(list->prev, link); }

/* Whether both neighbours know the link. False: something wrote where it must not. */
HZ_INLINE bool hz_list_is_linked(const struct hz_list *link) {
    return link->next->prev == link && link->prev->next == link;
}

HZ_INLINE void hz_list_remove(struct hz_list *link) {
    link->prev->next = link->next;
    link->next->prev = link->prev;
}
