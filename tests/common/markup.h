/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * markup.h -- whether a text is well-formed JSON, or XML with balanced tags. Recognises; builds
 * nothing. */
#pragma once
#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { MARKUP_DEPTH = 32 };

static inline const char *markup_json_value(const char *at, int depth);

static inline const char *markup_space(const char *at) { return at + strspn(at, " \t\r\n"); }

static inline const char *markup_json_string(const char *at) {
    if (*at != '"')
        return NULL;
    for (at++; *at != '"'; at++) {
        if (*at == '\0' || (unsigned char)*at < ' ')
            return NULL;
        if (*at == '\\' && *++at == '\0')
            return NULL;
    }
    return at + 1;
}

static inline const char *markup_digits(const char *at) {
    size_t digits = strspn(at, "0123456789");
    return digits > 0 ? at + digits : NULL;
}

static inline const char *markup_json_number(const char *at) {
    at += *at == '-';
    if (*at == '0' && isdigit((unsigned char)at[1]))
        return NULL;
    at = markup_digits(at);
    if (at != NULL && *at == '.')
        at = markup_digits(at + 1);
    if (at != NULL && (*at == 'e' || *at == 'E'))
        at = markup_digits(at + 1 + (at[1] == '+' || at[1] == '-'));
    return at;
}

/* After '{' or '[': members up to the closing character. */
static inline const char *markup_json_members(const char *at, char closing, int depth) {
    at = markup_space(at);
    if (*at == closing)
        return at + 1;
    for (;;) {
        if (closing == '}') {
            at = markup_json_string(markup_space(at));
            if (at == NULL || *(at = markup_space(at)) != ':')
                return NULL;
            at++;
        }
        at = markup_json_value(at, depth);
        if (at == NULL)
            return NULL;
        at = markup_space(at);
        if (*at == closing)
            return at + 1;
        if (*at++ != ',')
            return NULL;
    }
}

static inline const char *markup_json_value(const char *at, int depth) {
    static const char *const words[] = {"true", "false", "null"};
    if (depth == 0)
        return NULL;
    at = markup_space(at);
    if (*at == '{' || *at == '[')
        return markup_json_members(at + 1, *at == '{' ? '}' : ']', depth - 1);
    if (*at == '"')
        return markup_json_string(at);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strncmp(at, words[i], strlen(words[i])) == 0)
            return at + strlen(words[i]);
    return markup_json_number(at);
}

/* One JSON value and nothing else but white space. */
static inline bool markup_is_json(const char *text) {
    const char *end = markup_json_value(text, MARKUP_DEPTH);
    return end != NULL && *markup_space(end) == '\0';
}

/* Tags nest, every attribute is quoted, at least one element. No comments, no CDATA. */
static inline bool markup_is_xml(const char *text) {
    const char *name[MARKUP_DEPTH];
    size_t bytes[MARKUP_DEPTH], depth = 0, elements = 0;
    for (const char *at = strchr(text, '<'); at != NULL; at = strchr(at, '<')) {
        const char *word = at + 1 + (at[1] == '/');
        size_t word_bytes = strcspn(word, " \t\r\n/>");
        const char *end = strchr(at, '>');
        size_t quotes = 0;
        if (end == NULL)
            return false;
        for (const char *c = at; c < end; c++)
            quotes += *c == '"';
        if (quotes % 2 != 0)
            return false;
        if (at[1] == '/') {
            if (depth == 0 || bytes[--depth] != word_bytes || memcmp(name[depth], word, word_bytes) != 0)
                return false;
        } else if (at[1] != '?' && end[-1] != '/') {
            if (depth == MARKUP_DEPTH || word_bytes == 0)
                return false;
            name[depth] = word;
            bytes[depth++] = word_bytes;
        }
        elements += at[1] != '?';
        at = end;
    }
    return depth == 0 && elements > 0;
}
