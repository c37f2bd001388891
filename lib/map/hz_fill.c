/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_fill.c -- see hz_fill.h. */
#include "hz_fill.h"

#include <string.h>

#include "hz_bits.h"
#include "hz_os.h"

/* Odd, so that it is no aligned address, and above 0x80, so that eight of them are none at all. */
enum { JUNK = 0xDB };
static const size_t WRITE_MAX = HZ_MIB; /* the kernel's zeros are cheaper from here on */

struct hz_fill hz_fill;

void hz_fill_init(enum hz_fill_kind kind, bool is_checked) {
    hz_fill.kind = is_checked && kind == HZ_FILL_OFF ? HZ_FILL_JUNK : kind;
    hz_fill.is_checked = is_checked;
}

static unsigned char fill_byte(void) { return hz_fill.kind == HZ_FILL_JUNK ? JUNK : 0; }

void hz_fill_freed(void *start, size_t bytes) {
    size_t page = hz_os_page_bytes();
    char *first = (char *)hz_align_up((uintptr_t)start, page);
    char *last = (char *)hz_align_down((uintptr_t)start + bytes, page);
    if (bytes < WRITE_MAX || !hz_os_purge(first, (size_t)(last - first))) {
        memset(start, fill_byte(), bytes);
        return;
    }
    memset(start, fill_byte(), (size_t)(first - (char *)start));
    memset(last, fill_byte(), (size_t)((char *)start + bytes - last));
}

/* How many bytes from start on are value. memcmp looks at many at a time. */
static size_t count_same(const unsigned char *start, size_t bytes, unsigned char value) {
    size_t same = 0;
    if (bytes == 0 || start[0] != value)
        return 0;
    if (memcmp(start, start + 1, bytes - 1) == 0)
        return bytes;
    while (start[same] == value)
        same++;
    return same;
}

size_t hz_fill_changed(const void *start, size_t bytes) {
    const unsigned char *block = start;
    size_t page = hz_os_page_bytes();
    for (size_t at = 0; at < bytes;) {
        size_t length = hz_min(bytes - at, page - ((uintptr_t)(block + at) & (page - 1)));
        size_t same = hz_max(count_same(block + at, length, fill_byte()), count_same(block + at, length, 0));
        if (same != length)
            return at + same;
        at += length;
    }
    return bytes;
}
