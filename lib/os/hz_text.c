/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_text.c -- see hz_text.h. */
#include "hz_text.h"

#include <string.h>

void hz_text_init(struct hz_text *text) {
    text->length = 0;
    text->bytes[0] = '\0';
}

void hz_text_add_bytes(struct hz_text *text, const char *string, size_t length) {
    size_t room = sizeof text->bytes - 1 - text->length;
    if (length > room)
        length = room;
    memcpy(text->bytes + text->length, string, length);
    text->length += length;
    text->bytes[text->length] = '\0';
}

void hz_text_add(struct hz_text *text, const char *string) { hz_text_add_bytes(text, string, strlen(string)); }

static void add_digits(struct hz_text *text, uint64_t number, unsigned base, size_t width) {
    char digits[32];
    size_t at = sizeof digits;
    do {
        digits[--at] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number != 0);
    while (sizeof digits - at < width && at > 0)
        digits[--at] = ' ';
    hz_text_add_bytes(text, digits + at, sizeof digits - at);
}

void hz_text_add_number(struct hz_text *text, uint64_t number) { add_digits(text, number, 10, 0); }

void hz_text_add_padded(struct hz_text *text, uint64_t number, size_t width) { add_digits(text, number, 10, width); }

void hz_text_add_hex(struct hz_text *text, uint64_t number) {
    hz_text_add(text, "0x");
    add_digits(text, number, 16, 0);
}
