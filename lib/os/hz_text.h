/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_text.h -- text built in a fixed buffer, without stdio and without malloc.
 * What does not fit is cut off; the text always ends in a NUL byte. */
#pragma once
#include "hz_base.h"

struct hz_text {
    size_t length;
    char bytes[512];
};

HZ_HIDDEN void hz_text_init(struct hz_text *text);
HZ_HIDDEN void hz_text_add(struct hz_text *text, const char *string);
HZ_HIDDEN void hz_text_add_bytes(struct hz_text *text, const char *string, size_t length);
HZ_HIDDEN void hz_text_add_number(struct hz_text *text, uint64_t number);
HZ_HIDDEN void hz_text_add_hex(struct hz_text *text, uint64_t number); /* with 0x */
HZ_HIDDEN void hz_text_add_padded(struct hz_text *text, uint64_t number, size_t width);
