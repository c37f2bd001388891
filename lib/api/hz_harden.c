/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_harden.c -- see hz_harden.h. */
#include "hz_harden.h"

#include "hz_fatal.h"
#include "hz_fill.h"
#include "hz_options.h"
#include "hz_quarantine.h"
#include "hz_text.h"
#include "hz_thread.h"

bool hz_harden_is_on;

void hz_harden_init(void) {
    hz_fill_init((enum hz_fill_kind)hz_options.free_fill, hz_options.check_reuse != 0);
    hz_quarantine_init((size_t)hz_options.quarantine);
    hz_harden_is_on = hz_fill.kind != HZ_FILL_OFF || hz_options.quarantine != 0;
    hz_central_init(hz_options.strict != 0 || hz_harden_is_on);
    if (hz_harden_is_on)
        hz_thread_set_exact();
}

bool hz_harden_freed(struct hz_front *front, hz_tag tag, void *block) {
    unsigned class_index = hz_tag_class(tag);
    if (hz_fill.kind != HZ_FILL_OFF)
        hz_fill_freed(block, hz_class_bytes(class_index));
    return front != NULL && hz_quarantine_add(front, class_index, block);
}

static HZ_COLD void report_changed(const void *block, size_t at, size_t bytes) {
    struct hz_text details;
    hz_text_init(&details);
    hz_text_add(&details, "byte ");
    hz_text_add_number(&details, at);
    hz_text_add(&details, " of ");
    hz_text_add_number(&details, bytes);
    hz_text_add(&details, " was written after the block was freed");
    hz_report(HZ_ERROR_USE_AFTER_FREE, "reuse", block, details.bytes);
}

bool hz_harden_reused(unsigned class_index, const void *block) {
    if (!hz_fill.is_checked)
        return false;
    size_t bytes = hz_class_bytes(class_index);
    size_t changed = hz_fill_changed(block, bytes);
    if (HZ_UNLIKELY(changed != bytes))
        report_changed(block, changed, bytes);
    return changed == bytes && hz_fill.kind == HZ_FILL_ZERO;
}
