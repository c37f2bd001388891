/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_unwind_none.c -- hz_unwind.h where nothing walks stacks: the nearest frame stands alone. */
#include "hz_unwind.h"

#include "hz_fatal.h"
#include "hz_text.h"

void hz_unwind_load(void) {}

unsigned hz_unwind(void **frames, unsigned max, void *context) {
    if (max == 0 || context != NULL)
        return 0;
    frames[0] = __builtin_return_address(0);
    return 1;
}

unsigned hz_unwind_from(void **frames, unsigned max, const void *from) {
    if (max == 0)
        return 0;
    frames[0] = (void *)(uintptr_t)from;
    return 1;
}

void hz_unwind_print(void *const *frames, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        struct hz_text text;
        hz_text_init(&text);
        hz_text_add(&text, "  #");
        hz_text_add_number(&text, i);
        hz_text_add(&text, " ");
        hz_text_add_hex(&text, (uintptr_t)frames[i]);
        hz_message("detail", text.bytes);
    }
}

void hz_unwind_before_fork(void) {}
void hz_unwind_after_fork_parent(void) {}
void hz_unwind_after_fork_child(void) {}
