/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_watch.c -- see hz_watch.h. */
#include "hz_watch.h"

#include "hz_bits.h"
#include "hz_fatal.h"
#include "hz_fill.h"
#include "hz_huge.h"
#include "hz_inside.h"
#include "hz_options.h"

/* Each thread's. A block in it is not handed out again, and so its user is found out. */
static const size_t QUARANTINE_BYTES = 8 * HZ_MIB;

/* A quarantine brings the slow paths and exact verdicts with it. The tool finds what filling and guarded blocks find,
 * which would touch hidden memory; and in the arena freed memory stays where it is. */
void hz_watch_init(void) {
    hz_options.quarantine = hz_max((size_t)hz_options.quarantine, QUARANTINE_BYTES);
    hz_options.free_fill = HZ_FILL_OFF;
    hz_options.check_reuse = 0;
    hz_options.guard_sample = 0;
    hz_options.huge_bytes = SIZE_MAX;
}

/* All bytes of a block, 0 of what is none. */
static size_t usable(const void *block) {
    size_t bytes = hz_inside_usable(block);
    return bytes != 0 ? bytes : hz_huge_bytes(block);
}

void *hz_watch_begin(void *block, size_t size, bool is_zero) {
    if (block != NULL)
        hz_zone_begin(block, usable(block), size, is_zero);
    return block;
}

void hz_watch_end(void *block) { hz_zone_end(block, usable(block)); }

void *hz_watch_free(void *block) {
    size_t bytes = usable(block);
    if (bytes == 0)
        return block;
    if (hz_zone_is_over(block, bytes)) {
        if (!hz_memcheck_reports(block))
            hz_report(HZ_ERROR_DOUBLE_FREE, "free", block, "freed already");
        return NULL;
    }
    hz_zone_end(block, bytes);
    return hz_zone_wait(block, bytes);
}

void hz_watch_resize(void *block, size_t old_usable, size_t size) {
    size_t old_size = hz_zone_bytes(block, old_usable);
    size_t new_usable = usable(block);
    if (new_usable != old_usable) /* what was noted stands in the middle now */
        hz_zone_move(block, new_usable, old_size);
    hz_zone_resize(block, new_usable, size);
}
