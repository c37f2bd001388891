/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_fail.c -- see hz_fail.h. */
#include "hz_fail.h"

#include <string.h>

#include "hz_options.h"

static const char *const kind_names[HZ_FAULT_KINDS] = {
    [HZ_FAULT_RESERVE] = "reserve", [HZ_FAULT_MAP] = "map",         [HZ_FAULT_COMMIT] = "commit",
    [HZ_FAULT_PURGE] = "purge",     [HZ_FAULT_REMAP] = "remap",     [HZ_FAULT_MOVE] = "move",
    [HZ_FAULT_ADVISE] = "advise",   [HZ_FAULT_RELEASE] = "release", [HZ_FAULT_MALLOC] = "malloc",
};

struct word {
    const char *text;
    size_t length;
};

static bool is_word(struct word word, const char *wanted) {
    return hz_options_equal(word.text, word.length, wanted, strlen(wanted));
}

/* Takes the part before the separator, or all, off the front of *rest. */
static struct word next_part(struct word *rest, char separator) {
    const char *end = memchr(rest->text, separator, rest->length);
    struct word part = {rest->text, end == NULL ? rest->length : (size_t)(end - rest->text)};
    size_t skipped = part.length + (end != NULL);
    rest->text += skipped;
    rest->length -= skipped;
    return part;
}

static bool read_kinds(struct word value, uint32_t *ret_kinds) {
    *ret_kinds = 0;
    while (value.length != 0) {
        struct word name = next_part(&value, '+');
        uint32_t kind = 0;
        while (kind < HZ_FAULT_KINDS && !is_word(name, kind_names[kind]))
            kind++;
        if (kind < HZ_FAULT_KINDS)
            *ret_kinds |= (uint32_t)1 << kind;
        else if (is_word(name, "kernel"))
            *ret_kinds |= HZ_FAULT_KERNEL;
        else
            return false;
    }
    return *ret_kinds != 0;
}

/* 0 to 1, with up to nine digits behind the point, in 2^-32; the largest stands for always. */
static bool read_chance(struct word value, uint32_t *ret_chance) {
    enum { DIGITS = 9 };
    uint64_t whole, parts = 0, unit = 1;
    struct word before = next_part(&value, '.');
    if (value.length > DIGITS || !hz_options_number(before.text, before.length, false, &whole) || whole > 1)
        return false;
    if (value.length != 0 && !hz_options_number(value.text, value.length, false, &parts))
        return false;
    for (size_t i = 0; i < value.length; i++)
        unit *= 10;
    if (whole == 1 && parts != 0)
        return false;
    uint64_t chance = ((whole * unit + parts) << 32) / unit;
    *ret_chance = chance > UINT32_MAX ? UINT32_MAX : (uint32_t)chance;
    return true;
}

static bool read_count(struct word value, uint64_t *ret_count) {
    uint64_t count;
    if (!hz_options_number(value.text, value.length, false, &count) || count == 0)
        return false;
    *ret_count = count;
    return true;
}

static bool read_setting(struct word name, struct word value, struct hz_fault_plan *plan) {
    if (is_word(name, "nth"))
        return read_count(value, &plan->nth[plan->nth[0] != 0]);
    if (is_word(name, "every"))
        return read_count(value, &plan->every);
    if (is_word(name, "from"))
        return read_count(value, &plan->from);
    if (is_word(name, "probability"))
        return read_chance(value, &plan->chance) && plan->chance != 0;
    if (is_word(name, "seed"))
        return hz_options_number(value.text, value.length, false, &plan->seed);
    if (is_word(name, "above"))
        return hz_options_number(value.text, value.length, true, &plan->above);
    return is_word(name, "kinds") && read_kinds(value, &plan->kinds);
}

bool hz_fail_read(const char *text, size_t length, struct hz_fault_plan *ret_plan) {
    struct hz_fault_plan plan = {0};
    struct word rest = {text, length};
    if (length == 0 || text[length - 1] == ',')
        return false;
    while (rest.length != 0) {
        struct word value = next_part(&rest, ',');
        struct word name = next_part(&value, '=');
        if (!read_setting(name, value, &plan))
            return false;
    }
    *ret_plan = plan;
    return true;
}
