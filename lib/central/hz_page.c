/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_page.c -- the remote strategy page: a block that another thread frees becomes a bit in its run's
 * descriptor, and the first such bit queues the run at its owner.
 *
 * The word pending of a run is its queue's state: zero is idle; not zero is queued, the run being in a chain
 * or its first bit's setter about to put it there; a run off the chain whose word is not yet exchanged for
 * zero is draining. Only who took the run off a chain exchanges the word, so that a setter who found another
 * bit may leave: whoever set the first one queues the run after that, and the exchange takes both. A run has
 * pending blocks counted as used, so it stays a run of its class until they are collected.
 * In runs of more than 64 blocks the word is the summary of the run's pending words, and the same holds for
 * each word and its bit in the summary. */
#include "hz_bits.h"
#include "hz_central.h"
#include "hz_notes.h"
#include "hz_policy.h"
#include "hz_remote.h"

/* Sets the bit; whether the word was zero before, or -1 if the bit was set already. acq_rel: release gives
 * the freeing thread's writes into the block to whoever collects; acquire takes over those of earlier
 * setters, whose run we may queue for. */
static int set_bit(_Atomic(uint64_t) *word, uint64_t bit) {
    uint64_t old = hz_or_acq_rel(word, bit);
    if (HZ_UNLIKELY((old & bit) != 0))
        return -1;
    return old == 0;
}

/* Marks block index as pending: 1 if the run is to be queued, -1 if the block was pending already. */
static int mark_pending(const struct hz_arena *arena, struct hz_desc *desc, const struct hz_class *class,
                        uint32_t index) {
    struct hz_queue *queue = hz_desc_queue_of(arena, desc);
    if (class->block_count <= HZ_RUN_MASK_BLOCKS)
        return set_bit(&queue->pending, (uint64_t)1 << index);
    int is_first = set_bit(hz_desc_pending_words(arena, desc) + index / 64, (uint64_t)1 << (index % 64));
    if (is_first != 1)
        return is_first;
    return set_bit(&queue->pending, (uint64_t)1 << (index / 64)) == 1;
}

static HZ_COLD void report_wrong(enum hz_put verdict, const void *block) {
    if (verdict == HZ_PUT_INTERIOR)
        hz_note(HZ_ERROR_INTERIOR_FREE, block, "inside a block, not at its start");
    else
        hz_note(HZ_ERROR_INVALID_FREE, block, "behind the last block of its run");
}

/* Whether the block made its run one to be queued. */
static bool put_block(hz_tag tag, const void *block, struct hz_desc **ret_desc) {
    const struct hz_arena *arena = hz_map_find(block);
    size_t page = hz_map_page(arena, block);
    struct hz_desc *desc = hz_desc_at(arena, page - hz_desc_queue(arena, page)->back);
    const struct hz_class *class = &hz_class_table[hz_tag_class(tag)];
    size_t offset = (size_t)((const char *)block - hz_desc_start(arena, desc));
    uint32_t index;
    enum hz_put verdict = hz_desc_locate_in(class, class->block_count, offset, &index);
    *ret_desc = desc;
    if (HZ_UNLIKELY(verdict != HZ_PUT_DONE)) {
        report_wrong(verdict, block);
        return false;
    }
    int is_first = mark_pending(arena, desc, class, index);
    if (HZ_UNLIKELY(is_first < 0))
        hz_note(HZ_ERROR_DOUBLE_FREE, block, "another thread freed it already");
    return is_first == 1;
}

static void drop(struct hz_owner *owner, hz_tag tag, void *block) {
    struct hz_desc *desc;
    if (put_block(tag, block, &desc) && hz_inbox_push_run(owner, desc))
        hz_central_reap(owner);
}

static void put(struct hz_outbox *outbox, hz_tag tag, void *block) {
    struct hz_desc *desc;
    (void)outbox;
    if (!put_block(tag, block, &desc))
        return;
    struct hz_owner *owner = hz_owner_get(hz_tag_owner(tag));
    if (HZ_UNLIKELY(hz_inbox_push_run(owner, desc)))
        hz_central_reap(owner);
    else
        hz_central_relieve(owner);
}

static HZ_COLD void report_bits(const struct hz_arena *arena, const struct hz_desc *desc, unsigned w, uint64_t bits) {
    size_t block_bytes = hz_class_table[desc->class_index].block_bytes;
    for (; bits != 0; bits &= bits - 1)
        hz_note(HZ_ERROR_DOUBLE_FREE, hz_desc_start(arena, desc) + (w * 64 + hz_lowest_bit(bits)) * block_bytes,
                "found on return to its run");
}

static void collect_word(struct hz_arena *arena, struct hz_desc *desc, unsigned w, uint64_t bits) {
    uint64_t wrong = hz_desc_put_word(arena, desc, w, bits);
    if (HZ_UNLIKELY(wrong != 0))
        report_bits(arena, desc, w, wrong);
}

static void collect(struct hz_desc *desc) {
    struct hz_arena *arena = hz_desc_arena(desc);
    /* acq_rel: takes over what setters released, and stands between the chain and the next first setter. */
    uint64_t bits = hz_exchange_acq_rel(&hz_desc_queue_of(arena, desc)->pending, (uint64_t)0);
    if (desc->block_count <= HZ_RUN_MASK_BLOCKS) {
        collect_word(arena, desc, 0, bits);
        return;
    }
    _Atomic(uint64_t) *words = hz_desc_pending_words(arena, desc);
    for (; bits != 0; bits &= bits - 1) {
        unsigned w = hz_lowest_bit(bits);
        collect_word(arena, desc, w, hz_exchange_acq_rel(&words[w], (uint64_t)0));
    }
}

/* A thread that is gone may have marked a word and not yet its bit in the summary. */
static void recover(struct hz_desc *desc) {
    const struct hz_arena *arena = hz_desc_arena(desc);
    unsigned word_count = (desc->block_count + 63u) / 64;
    if (desc->block_count > HZ_RUN_MASK_BLOCKS)
        hz_store_relaxed(&hz_desc_queue_of(arena, desc)->pending, UINT64_MAX >> (64 - word_count));
    collect(desc);
}

const struct hz_remote_ops hz_page_ops = {
    .put = put,
    .drop = drop,
    .send_all = hz_remote_send_nothing,
    .collect = collect,
    .recover = recover,
    .take = hz_remote_take_nothing,
    .settle = hz_remote_settle_nothing,
    .waiting_bytes = hz_remote_no_bytes,
    .lock = hz_remote_no_lock,
    .unlock = hz_remote_no_lock,
    .reset_lock = hz_remote_no_lock,
};
