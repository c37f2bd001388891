/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * mark.c -- where lib/map/hz_mark.h finds the mark of a block.
 * proves: hz_mark_unit hz_mark_find */
#include "class.c"

#include "hz_map.h"

/* What stands for a unit of the arena: a bit in a word of 32. Rotated, what is no multiple of the unit is at least
 * 2^56. */
/*@ lemma bit_of_unit: \forall integer v; 0 <= v ==> 0 <= (v & 31) <= 31 && v == 32 * (v >> 5) + (v & 31);
    lemma rotate_4: \forall size_t v; v % 16 == 0 ==> ((v >> 4) | (size_t)(v << 60)) == (v >> 4);
    lemma rotate_8: \forall size_t v; v % 256 == 0 ==> ((v >> 8) | (size_t)(v << 56)) == (v >> 8);
    lemma rotate_odd_4: \forall size_t v; v % 16 != 0 ==> ((v >> 4) | (size_t)(v << 60)) >= 72057594037927936;
    lemma rotate_odd_8: \forall size_t v; v % 256 != 0 ==> ((v >> 8) | (size_t)(v << 56)) >= 72057594037927936; */

/*@ requires unit_log2 == 4 || unit_log2 == 8;
    assigns \nothing;
    ensures unit_log2 == 4 && offset % 16 == 0 ==> \result == (offset >> 4);
    ensures unit_log2 == 8 && offset % 256 == 0 ==> \result == (offset >> 8);
    ensures unit_log2 == 4 && offset % 16 != 0 ==> \result >= 72057594037927936;
    ensures unit_log2 == 8 && offset % 256 != 0 ==> \result >= 72057594037927936; */
static inline size_t hz_mark_unit(size_t offset, unsigned unit_log2);

struct hz_mark_place;
#include "hz_mark.h"

/* Class 19 is the first of 1 KiB: its units, and those of larger classes, are of 256 bytes. */
/*@ requires \valid_read(arena) && class_index < 48 && arena->unit_count <= 72057594037927936;
    requires arena->unit_log2[class_index] == (class_index < 19 ? 4 : 8);
    assigns \nothing;
    ensures class_index < 19 && offset % 16 != 0 ==> !\result.is_aligned;
    ensures class_index >= 19 && offset % 256 != 0 ==> !\result.is_aligned;
    ensures class_index < 19 && offset % 16 == 0 && (offset >> 4) < arena->unit_count ==> \result.is_aligned;
    ensures class_index >= 19 && offset % 256 == 0 && (offset >> 8) < arena->unit_count ==> \result.is_aligned;
    ensures \result.is_aligned && class_index < 19 ==> \result.bit == ((offset >> 4) & 31);
    ensures \result.is_aligned && class_index >= 19 ==> \result.bit == ((offset >> 8) & 31); */
static inline struct hz_mark_place hz_mark_find(const struct hz_arena *arena, size_t offset, size_t class_index);
