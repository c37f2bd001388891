/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * mark.c -- where lib/map/hz_mark.h finds the mark of a block.
 * proves: hz_mark_find */
#include "class.c"

#include "hz_map.h"

/* What stands for a unit of the arena: a bit in a word of 64. */
/*@ lemma bit_of_unit: \forall integer v; 0 <= v ==> 0 <= (v & 63) <= 63 && v == 64 * (v >> 6) + (v & 63);
    lemma unit_back_4: \forall size_t v; (size_t)((v >> 4) << 4) == v <==> v % 16 == 0;
    lemma unit_back_8: \forall size_t v; (size_t)((v >> 8) << 8) == v <==> v % 256 == 0; */
struct hz_mark_place;
#include "hz_mark.h"

/* Class 19 is the first of 1 KiB: its units, and those of larger classes, are of 256 bytes. */
/*@ requires \valid_read(arena) && class_index < 48;
    assigns \nothing;
    ensures \result.is_aligned <==> offset % (class_index < 19 ? 16 : 256) == 0;
    ensures \result.bit == ((offset >> (class_index < 19 ? 4 : 8)) & 63); */
static inline struct hz_mark_place hz_mark_find(const struct hz_arena *arena, size_t offset, unsigned class_index);
