/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_desc.c -- the pure steps of a class run. */
#include "hz_desc.h"

#include <string.h>

#include "hz_bits.h"

struct hz_arena *hz_desc_arena(const struct hz_desc *desc) {
    struct hz_arena *arena = &hz_map_first;
    while ((size_t)((const char *)desc - arena->descs) >= arena->page_count * HZ_MAP_DESC_BYTES)
        arena = hz_load_acquire(&arena->next);
    return arena;
}

void hz_desc_init_run(struct hz_arena *arena, struct hz_desc *desc, unsigned class_index) {
    const struct hz_class *class = &hz_class_table[class_index];
    desc->class_index = (uint8_t)class_index;
    desc->is_listed = false;
    desc->block_count = class->block_count;
    desc->carved = 0;
    desc->used = 0;
    desc->run.mask = 0;
    desc->idle_passes = 0;
    size_t first = hz_desc_page(arena, desc);
    for (uint32_t i = 0; i < desc->page_count; i++) {
        hz_desc_at(arena, first + i)->back = i;
        hz_desc_at(arena, first + i)->former_back = (uint8_t)i;
    }
    for (uint32_t i = 0; arena->queues != NULL && i < desc->page_count; i++)
        hz_desc_queue(arena, first + i)->back = i;
    if (class->block_count > HZ_RUN_MASK_BLOCKS)
        memset(hz_desc_words(arena, desc), 0, (class->block_count + 63u) / 64 * sizeof(uint64_t));
}

/* Moves up to count blocks, whose bits are set in *word, to below *top; returns how many. */
static unsigned take_bits(uint64_t *word, char *first_block, size_t block_bytes, void ***top, unsigned count) {
    uint64_t bits = *word;
    void **at = *top;
    unsigned taken = 0;
    while (taken < count && bits != 0) {
        *--at = first_block + hz_lowest_bit(bits) * block_bytes;
        bits &= bits - 1;
        taken++;
    }
    *word = bits;
    *top = at;
    return taken;
}

static unsigned take_words(struct hz_arena *arena, struct hz_desc *desc, void ***top, unsigned count) {
    uint64_t *words = hz_desc_words(arena, desc);
    char *start = hz_desc_start(arena, desc);
    size_t block_bytes = hz_class_table[desc->class_index].block_bytes;
    unsigned taken = 0;
    while (taken < count && desc->run.mask != 0) {
        unsigned w = hz_lowest_bit(desc->run.mask);
        taken += take_bits(&words[w], start + w * 64 * block_bytes, block_bytes, top, count - taken);
        if (words[w] == 0)
            desc->run.mask &= desc->run.mask - 1;
    }
    return taken;
}

unsigned hz_desc_take(struct hz_arena *arena, struct hz_desc *desc, void **slots, unsigned count) {
    count = (unsigned)hz_min(count, hz_desc_available(desc));
    void **top = slots + count;
    size_t block_bytes = hz_class_table[desc->class_index].block_bytes;
    char *start = hz_desc_start(arena, desc);
    unsigned taken = desc->block_count <= HZ_RUN_MASK_BLOCKS
                         ? take_bits(&desc->run.mask, start, block_bytes, &top, count)
                         : take_words(arena, desc, &top, count);
    char *fresh = start + desc->carved * block_bytes;
    desc->carved = (uint16_t)(desc->carved + (count - taken));
    for (; taken < count; taken++, fresh += block_bytes)
        *--top = fresh;
    desc->used = (uint16_t)(desc->used + count);
    return count;
}

/* The bits of word w that stand for blocks handed out so far. */
static uint64_t carved_bits(const struct hz_desc *desc, unsigned w) {
    unsigned first = w * 64;
    if (desc->carved >= first + 64)
        return UINT64_MAX;
    return desc->carved <= first ? 0 : ((uint64_t)1 << (desc->carved - first)) - 1;
}

uint64_t hz_desc_put_word(struct hz_arena *arena, struct hz_desc *desc, unsigned w, uint64_t bits) {
    bool has_words = desc->block_count > HZ_RUN_MASK_BLOCKS;
    uint64_t *word = has_words ? hz_desc_words(arena, desc) + w : &desc->run.mask;
    uint64_t wrong = bits & (*word | ~carved_bits(desc, w));
    uint64_t good = bits & ~wrong;
    *word |= good;
    if (has_words && good != 0)
        desc->run.mask |= (uint64_t)1 << w;
    desc->used = (uint16_t)(desc->used - hz_count_bits(good));
    desc->idle_passes = 0;
    return wrong;
}

enum hz_put hz_desc_judge(const struct hz_arena *arena, const struct hz_desc *desc, const void *address) {
    uint32_t index;
    enum hz_put verdict = hz_desc_locate(arena, desc, address, &index);
    if (verdict != HZ_PUT_DONE)
        return verdict;
    uint64_t bit;
    const uint64_t *word = hz_desc_bit(arena, desc, hz_desc_page(arena, desc), index, &bit);
    return (*word & bit) != 0 ? HZ_PUT_DOUBLE : HZ_PUT_DONE;
}

static bool is_free(const struct hz_arena *arena, const struct hz_desc *desc, unsigned index) {
    const uint64_t *words = desc->block_count <= HZ_RUN_MASK_BLOCKS ? &desc->run.mask : hz_desc_words(arena, desc);
    return (words[index / 64] >> (index % 64) & 1) != 0;
}

unsigned hz_desc_free_span(const struct hz_arena *arena, const struct hz_desc *desc, unsigned index,
                           unsigned *ret_first) {
    while (index < desc->carved && !is_free(arena, desc, index))
        index++;
    if (index >= desc->carved)
        return 0;
    *ret_first = index;
    while (index < desc->carved && is_free(arena, desc, index))
        index++;
    return index;
}

void hz_desc_validate(const struct hz_arena *arena, const struct hz_desc *desc) {
    bool has_words = desc->block_count > HZ_RUN_MASK_BLOCKS;
    const uint64_t *words = has_words ? hz_desc_words(arena, desc) : &desc->run.mask;
    unsigned word_count = has_words ? (desc->block_count + 63u) / 64 : 1;
    unsigned free_count = 0;
    for (unsigned w = 0; w < word_count; w++) {
        free_count += (unsigned)__builtin_popcountll(words[w]);
        if (has_words && (words[w] != 0) != (desc->run.mask >> w & 1)) /* inv. 4 */
            __builtin_trap();
        if (words[w] != 0 && w * 64 + hz_highest_bit(words[w]) >= desc->carved) /* inv. 3 */
            __builtin_trap();
    }
    if (desc->carved > desc->block_count) /* inv. 2 */
        __builtin_trap();
    if (desc->used != desc->carved - free_count) /* inv. 1 */
        __builtin_trap();
}
