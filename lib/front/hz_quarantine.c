/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_quarantine.c -- see hz_quarantine.h. */
#include "hz_quarantine.h"

#include "hz_bits.h"
#include "hz_memcheck.h"
#include "hz_meta.h"

static const size_t CHARGE_MIN = 64; /* bytes: so many blocks fit that the ring is an eighth of the limit */
static const size_t LIMIT_MAX = 1024 * HZ_MIB;

static size_t limit_bytes; /* const after init */
static size_t ring_slots;  /* const after init */

void hz_quarantine_init(size_t wanted_bytes) {
    limit_bytes = hz_min(wanted_bytes, LIMIT_MAX);
    ring_slots = limit_bytes / CHARGE_MIN + 1;
}

static size_t charge_of(unsigned class_index) { return hz_max(hz_class_bytes(class_index), CHARGE_MIN); }

static size_t ring_bytes(void) { return ring_slots * (sizeof(void *) + sizeof(uint8_t)); }

static size_t after(size_t slot, size_t count) {
    slot += count;
    return slot < ring_slots ? slot : slot - ring_slots;
}

/* Relaxed: one writer; statistics read it, ordered with nothing. */
static void charge(struct hz_quarantine *quarantine, size_t bytes) {
    hz_store_relaxed(&quarantine->bytes, hz_load_relaxed(&quarantine->bytes) + bytes);
}

/* The oldest block goes on its way. Its run may have changed hands since. */
static void let_go(struct hz_front *front) {
    struct hz_quarantine *quarantine = &front->quarantine;
    void *block = quarantine->blocks[quarantine->first];
    hz_memcheck_clear(&quarantine->blocks[quarantine->first], 1);
    charge(quarantine, 0 - charge_of(quarantine->classes[quarantine->first]));
    quarantine->first = after(quarantine->first, 1);
    quarantine->count--;
    hz_front_send(front, hz_route_tag(block), block);
}

static bool create(struct hz_quarantine *quarantine) {
    quarantine->blocks = hz_meta_alloc(ring_bytes());
    if (quarantine->blocks == NULL)
        return false;
    quarantine->classes = (uint8_t *)(quarantine->blocks + ring_slots);
    return true;
}

bool hz_quarantine_add(struct hz_front *front, unsigned class_index, void *block) {
    struct hz_quarantine *quarantine = &front->quarantine;
    size_t bytes = charge_of(class_index);
    if (bytes > limit_bytes || (quarantine->blocks == NULL && !create(quarantine)))
        return false;
    while (hz_load_relaxed(&quarantine->bytes) + bytes > limit_bytes)
        let_go(front);
    size_t slot = after(quarantine->first, quarantine->count);
    quarantine->blocks[slot] = block;
    quarantine->classes[slot] = (uint8_t)class_index;
    quarantine->count++;
    charge(quarantine, bytes);
    return true;
}

void hz_quarantine_empty(struct hz_front *front) {
    while (front->quarantine.count != 0)
        let_go(front);
}

void hz_quarantine_destroy(struct hz_front *front) {
    hz_quarantine_empty(front);
    if (front->quarantine.blocks != NULL)
        hz_meta_free(front->quarantine.blocks, ring_bytes());
    front->quarantine.blocks = NULL;
}
