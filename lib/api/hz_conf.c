/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_conf.c -- see hz_conf.h. */
#include "hz_conf.h"

#include <string.h>

enum { PATH_BYTES = 4096 };
enum part { PART_COMMON, PART_SECTIONS, PART_ALL };
enum place { PLACE_COMMON, PLACE_OURS, PLACE_OTHERS, PLACE_NOWHERE };

/* A stretch of the text, never with a NUL byte at its end. */
struct span {
    const char *text;
    size_t length;
};

struct reader {
    const struct hz_conf_visitor *visitor;
    enum part part;
    const char *program; /* NULL: not known yet, or the kernel does not tell */
    size_t program_length;
    bool is_known;
    enum place place; /* of the line that is being read */
    bool has_sections;
    char path[PATH_BYTES];
};

enum hz_os_file hz_conf_load(char *buffer, size_t *ret_bytes) {
    return hz_os_read_trusted(hz_conf_path, buffer, HZ_CONF_MAX_BYTES, ret_bytes);
}

const char *hz_conf_complaint(enum hz_os_file result) {
    static const char *const complaints[] = {
        [HZ_OS_FILE_READ] = NULL,
        [HZ_OS_FILE_MISSING] = NULL,
        [HZ_OS_FILE_UNREADABLE] = "cannot be read, and is ignored",
        [HZ_OS_FILE_UNTRUSTED] = "is ignored: root must own it, and not everybody may write to it",
        [HZ_OS_FILE_TOO_LONG] = "is ignored: it is longer than 16384 bytes",
    };
    _Static_assert(HZ_CONF_MAX_BYTES == 16384, "the complaint says so");
    return complaints[result];
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

static struct span trim(const char *text, size_t length) {
    while (length > 0 && is_blank(text[0]))
        text++, length--;
    while (length > 0 && is_blank(text[length - 1]))
        length--;
    return (struct span){text, length};
}

static size_t without_comment(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (text[i] == '#' && (i == 0 || is_blank(text[i - 1])))
            return i;
    return length;
}

/* Asked for only where there is a section: most files have none. */
static bool is_program(struct reader *reader, const char *name, size_t length) {
    if (!reader->is_known)
        reader->program = hz_os_program(reader->path, sizeof reader->path, &reader->program_length);
    reader->is_known = true;
    return reader->program != NULL && length == reader->program_length && memcmp(name, reader->program, length) == 0;
}

static enum place place_of(struct reader *reader, struct span header) {
    static const char OPENING[] = "[exe:";
    const size_t opening = sizeof OPENING - 1;
    if (header.length <= opening + 1 || memcmp(header.text, OPENING, opening) != 0 ||
        header.text[header.length - 1] != ']')
        return PLACE_NOWHERE;
    struct span name = trim(header.text + opening, header.length - opening - 1);
    if (name.length == 0 || memchr(name.text, '/', name.length) != NULL)
        return PLACE_NOWHERE;
    if (reader->part != PART_SECTIONS)
        return PLACE_OTHERS;
    return is_program(reader, name.text, name.length) ? PLACE_OURS : PLACE_OTHERS;
}

/* Wrong headers are everybody's, and told in the first part; what follows them is nobody's. */
static void read_header(struct reader *reader, struct span header, uint32_t number) {
    reader->has_sections = true;
    reader->place = place_of(reader, header);
    if (reader->place == PLACE_NOWHERE && reader->part != PART_SECTIONS)
        reader->visitor->fault(reader->visitor->arg, number, header.text, header.length);
}

static bool is_wanted(const struct reader *reader) {
    switch (reader->part) {
    case PART_COMMON: return reader->place == PLACE_COMMON;
    case PART_SECTIONS: return reader->place == PLACE_OURS;
    default: return true;
    }
}

static void read_line(struct reader *reader, const char *text, size_t length, uint32_t number) {
    struct span line = trim(text, without_comment(text, length));
    const struct hz_conf_visitor *visitor = reader->visitor;
    if (line.length == 0)
        return;
    if (line.text[0] == '[') {
        read_header(reader, line, number);
        return;
    }
    if (!is_wanted(reader))
        return;
    const char *equals = memchr(line.text, '=', line.length);
    if (equals == NULL || equals == line.text) {
        visitor->fault(visitor->arg, number, line.text, line.length);
        return;
    }
    struct span name = trim(line.text, (size_t)(equals - line.text));
    struct span value = trim(equals + 1, line.length - (size_t)(equals + 1 - line.text));
    struct hz_conf_pair pair = {.name = name.text,
                                .name_length = name.length,
                                .value = value.text,
                                .length = value.length,
                                .line = number,
                                .is_in_section = reader->place != PLACE_COMMON};
    visitor->pair(visitor->arg, &pair);
}

static void read_part(struct reader *reader, enum part part, const char *text, size_t bytes) {
    uint32_t number = 1;
    reader->part = part;
    reader->place = PLACE_COMMON;
    for (size_t at = 0; at < bytes; number++) {
        const char *end = memchr(text + at, '\n', bytes - at);
        size_t length = end == NULL ? bytes - at : (size_t)(end - text) - at;
        read_line(reader, text + at, length, number);
        at += length + 1;
    }
}

void hz_conf_read(const char *text, size_t bytes, const char *program, const struct hz_conf_visitor *visitor) {
    struct reader reader;
    reader.visitor = visitor;
    reader.program = program;
    reader.program_length = program == NULL ? 0 : strlen(program);
    reader.is_known = program != NULL;
    reader.has_sections = false;
    read_part(&reader, PART_COMMON, text, bytes);
    if (reader.has_sections)
        read_part(&reader, PART_SECTIONS, text, bytes);
}

void hz_conf_read_all(const char *text, size_t bytes, const struct hz_conf_visitor *visitor) {
    struct reader reader;
    reader.visitor = visitor;
    reader.has_sections = false;
    read_part(&reader, PART_ALL, text, bytes);
}
