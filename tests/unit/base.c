/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * base.c -- the class table, arithmetic on bits, and lists. */
#include "hz_class.h"
#include "hz_list.h"
#include "unit.h"

/* The first class at or after from that holds size. */
static unsigned class_that_fits(unsigned from, size_t size) {
    while (from < HZ_CLASS_COUNT && hz_class_bytes(from) < size)
        from++;
    return from;
}

Test(class, sizes_rise_in_steps_of_16_up_to_the_largest) {
    cr_assert_eq(hz_class_bytes(0), 16);
    for (unsigned i = 1; i < HZ_CLASS_COUNT; i++)
        need(hz_class_bytes(i) > hz_class_bytes(i - 1) && hz_class_bytes(i) % 16 == 0, "class %u: %zu", i,
             hz_class_bytes(i));
    cr_assert_eq(hz_class_bytes(HZ_CLASS_COUNT - 1), HZ_CLASS_MAX_BYTES);
}

Test(class, of_every_size_is_the_smallest_that_fits) {
    unsigned expected = 0;
    for (size_t size = 1; size <= HZ_CLASS_MAX_BYTES; size++) {
        expected = class_that_fits(expected, size);
        need(hz_class_of(size) == expected, "size %zu: class %u, not %u", size, hz_class_of(size), expected);
    }
}

Test(class, look_up_agrees_with_arithmetic) {
    hz_class_init(HZ_CLASS_MAX_BYTES);
    cr_assert_eq(hz_class_look_up(0), 0);
    for (size_t size = 1; size <= HZ_CLASS_MAX_BYTES; size++)
        need(hz_class_look_up(size) == hz_class_of(size), "size %zu: class %u, not %u", size, hz_class_look_up(size),
             hz_class_of(size));
}

Test(class, look_up_before_init_gives_class_zero) {
    for (size_t size = 0; size <= HZ_CLASS_MAX_BYTES; size += 15)
        need(hz_class_look_up(size) == 0, "size %zu: class %u", size, hz_class_look_up(size));
}

Test(class, waste_is_bounded) {
    for (size_t size = 1; size <= HZ_CLASS_MAX_BYTES; size++) {
        size_t waste = hz_class_bytes(hz_class_of(size)) - size;
        need(waste <= hz_max(15, size / 4), "size %zu wastes %zu", size, waste);
    }
}

Test(class, table_describes_runs_that_hold_their_blocks) {
    hz_class_init(HZ_CLASS_MAX_BYTES);
    for (unsigned i = 0; i < HZ_CLASS_COUNT; i++) {
        const struct hz_class *class = &hz_class_table[i];
        size_t run_bytes = (size_t) class->run_pages << HZ_PAGE_LOG2;
        need(class->block_bytes == hz_class_bytes(i), "class %u: %u bytes", i, class->block_bytes);
        need(class->block_count >= 1 && class->block_count <= HZ_RUN_MAX_BLOCKS, "class %u: %u blocks", i,
             class->block_count);
        need((size_t) class->block_count * class->block_bytes <= run_bytes, "class %u: too many blocks", i);
        need(run_bytes <= (size_t)16 << 17, "class %u: run beyond the reciprocal's range", i);
    }
}

/* The bytes that a run of so many pages leaves over, per page. */
static size_t tail(size_t block_bytes, size_t pages) { return (pages << HZ_PAGE_LOG2) % block_bytes / pages; }

/* Longer and shorter runs of the range in question have no smaller tail, and no shorter one the same. */
static void check_pages(unsigned class_index, size_t least) {
    const struct hz_class *class = &hz_class_table[class_index];
    need(class->run_pages >= least && class->run_pages <= 2 * least, "class %u: %u pages, of %zu and more", class_index,
         class->run_pages, least);
    for (size_t pages = least; pages <= 2 * least; pages++) {
        if ((pages << HZ_PAGE_LOG2) / class->block_bytes > HZ_RUN_MASK_BLOCKS)
            break;
        size_t is_shorter = pages < class->run_pages;
        need(tail(class->block_bytes, pages) >= tail(class->block_bytes, class->run_pages) + is_shorter,
             "class %u: %zu pages are better than %u", class_index, pages, class->run_pages);
    }
}

Test(class, runs_have_a_few_blocks_and_the_shortest_tail) {
    hz_class_init(HZ_CLASS_MAX_BYTES);
    for (unsigned i = 0; i < HZ_CLASS_COUNT; i++) {
        size_t bytes = hz_class_bytes(i);
        size_t blocks = bytes <= 32 * HZ_KIB ? 8 : 4;
        if (bytes <= HZ_KIB)
            need(hz_class_table[i].run_pages == 1, "class %u: %u pages", i, hz_class_table[i].run_pages);
        else
            check_pages(i, (bytes * blocks + HZ_PAGE - 1) / HZ_PAGE);
        need(hz_class_table[i].block_count == ((size_t)hz_class_table[i].run_pages << HZ_PAGE_LOG2) / bytes,
             "class %u: %u blocks", i, hz_class_table[i].block_count);
    }
}

Test(class, init_twice_changes_nothing) {
    hz_class_init(HZ_CLASS_MAX_BYTES);
    struct hz_class before[HZ_CLASS_COUNT];
    memcpy(before, hz_class_table, sizeof before);
    hz_class_init(HZ_CLASS_MAX_BYTES);
    cr_assert_eq(memcmp(before, hz_class_table, sizeof before), 0);
}

static void check_block_index(unsigned class_index) {
    const struct hz_class *class = &hz_class_table[class_index];
    uint32_t expected = 0;
    size_t inside = 0; /* the offset inside its block */
    for (size_t offset = 0; offset < (size_t) class->run_pages << HZ_PAGE_LOG2; offset++) {
        need(hz_class_block_index(class, offset) == expected, "class %u, offset %zu: block %u, not %u", class_index,
             offset, hz_class_block_index(class, offset), expected);
        if (++inside == class->block_bytes) {
            inside = 0;
            expected++;
        }
    }
}

Test(class, block_index_is_exact_for_every_offset_of_every_run) {
    hz_class_init(HZ_CLASS_MAX_BYTES);
    for (unsigned i = 0; i < HZ_CLASS_COUNT; i++)
        check_block_index(i);
}

static void check_aligned(size_t alignment) {
    unsigned expected = 0;
    for (size_t size = 1; size <= HZ_CLASS_MAX_BYTES; size++) {
        while (expected < HZ_CLASS_COUNT &&
               (hz_class_bytes(expected) < size || hz_class_bytes(expected) % alignment != 0))
            expected++;
        need(hz_class_of_aligned(size, alignment) == expected, "size %zu at %zu: class %u, not %u", size, alignment,
             hz_class_of_aligned(size, alignment), expected);
    }
}

Test(class, of_aligned_is_the_smallest_multiple_that_fits) {
    for (size_t alignment = 1; alignment <= HZ_PAGE; alignment *= 2)
        check_aligned(alignment);
}

Test(class, of_aligned_refuses_what_no_class_serves) {
    cr_assert_eq(hz_class_of_aligned(1, HZ_PAGE * 2), HZ_CLASS_COUNT);
    cr_assert_eq(hz_class_of_aligned(HZ_CLASS_MAX_BYTES + 1, 1), HZ_CLASS_COUNT);
    cr_assert_eq(hz_class_of_aligned(SIZE_MAX, 16), HZ_CLASS_COUNT);
}

Test(bits, power_of_two) {
    cr_assert_not(hz_is_power_of_two(0));
    for (unsigned bit = 0; bit < 64; bit++)
        need(hz_is_power_of_two((size_t)1 << bit), "2^%u", bit);
    for (size_t value = 3; value < 4096; value += 2)
        need(!hz_is_power_of_two(value), "%zu", value);
}

Test(bits, align_up_and_down) {
    for (size_t alignment = 1; alignment <= 256; alignment *= 2)
        for (size_t value = 0; value < 1024; value++) {
            size_t down = value / alignment * alignment;
            size_t up = (value + alignment - 1) / alignment * alignment;
            need(hz_align_down(value, alignment) == down, "%zu down to %zu", value, alignment);
            need(hz_align_up(value, alignment) == up, "%zu up to %zu", value, alignment);
        }
}

Test(bits, lowest_and_highest) {
    for (unsigned low = 0; low < 64; low++)
        for (unsigned high = low; high < 64; high++) {
            uint64_t bits = (uint64_t)1 << low | (uint64_t)1 << high;
            need(hz_lowest_bit(bits) == low && hz_highest_bit(bits) == high, "bits %u and %u", low, high);
        }
}

Test(bits, min_and_max) {
    cr_assert(hz_min(1, 2) == 1 && hz_min(2, 1) == 1 && hz_min(3, 3) == 3);
    cr_assert(hz_max(1, 2) == 2 && hz_max(2, 1) == 2 && hz_max(0, SIZE_MAX) == SIZE_MAX);
}

Test(bits, multiply_tells_overflow_and_keeps_the_result) {
    size_t product = 7;
    cr_assert(hz_multiply(SIZE_MAX, 1, &product) && product == SIZE_MAX);
    cr_assert(hz_multiply(SIZE_MAX, 0, &product) && product == 0);
    product = 7;
    cr_assert_not(hz_multiply(SIZE_MAX / 2 + 1, 2, &product));
    cr_assert_eq(product, 7);
}

struct member {
    int value;
    struct hz_list links;
};

/* The values of the list's members, as digits; checks both directions. */
static int digits(const struct hz_list *list) {
    int text = 0;
    for (struct hz_list *link = list->next; link != list; link = link->next) {
        cr_assert(link->next->prev == link && link->prev->next == link);
        text = text * 10 + HZ_CONTAINER(link, struct member, links)->value;
    }
    return text;
}

Test(list, push_and_remove) {
    struct hz_list list;
    struct member members[4] = {{.value = 1}, {.value = 2}, {.value = 3}, {.value = 4}};
    hz_list_init(&list);
    cr_assert(hz_list_is_empty(&list));
    hz_list_push_back(&list, &members[1].links);
    hz_list_push_front(&list, &members[0].links);
    hz_list_push_back(&list, &members[3].links);
    hz_list_push_front(&members[1].links, &members[2].links); /* after member 2 */
    cr_assert_eq(digits(&list), 1234);
    hz_list_remove(&members[1].links);
    cr_assert_eq(digits(&list), 134);
    hz_list_remove(&members[0].links);
    hz_list_remove(&members[3].links);
    cr_assert_eq(digits(&list), 3);
    hz_list_remove(&members[2].links);
    cr_assert(hz_list_is_empty(&list));
}
