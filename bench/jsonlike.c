/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * jsonlike -- parse a document into a tree of small blocks, read it, free it; and the next one.
 *
 * Models: services that speak JSON: a document lives for one request.
 * Stresses: bursts of small allocations of mixed sizes that all die together, lists that grow by
 * realloc while other blocks are allocated between, strings of exact length. The documents are made
 * once, before the timer: objects, arrays, strings, numbers, nested up to 6 deep, about 2000 values
 * each. While reading the text, a sum over all its strings and numbers is formed; the same sum over
 * the tree must agree. A good result: time per operation close to that of bulk, since lifetimes are
 * as regular. */
#include "bench.h"

#include <stdlib.h>

enum { THREADS, ITERATIONS, VALUES, ARG_COUNT };

static struct bench_arg args[ARG_COUNT] = {
    [THREADS] = {"threads", 1, 1, 1024},
    [ITERATIONS] = {"iterations", 200, 1, UINT64_MAX}, /* documents parsed */
    [VALUES] = {"values", 2000, 1, 1U << 20},          /* of one document, about */
};

enum { DOCUMENTS = 8, MAX_DEPTH = 6, BYTES_PER_VALUE = 128 };

/* --- Making the text -----------------------------------------------------------------------------
 */

struct writer {
    char *at;
    struct bench_rng rng;
    uint64_t left; /* values that may still be written */
};

static void write_string(struct writer *writer) {
    size_t length = bench_log_size(&writer->rng, 1, 48);
    *writer->at++ = '"';
    for (size_t i = 0; i < length; i++)
        *writer->at++ = (char)('a' + bench_below(&writer->rng, 26));
    *writer->at++ = '"';
}

static void write_number(struct writer *writer) {
    for (uint32_t digits = 1 + bench_below(&writer->rng, 9); digits > 0; digits--)
        *writer->at++ = (char)('1' + bench_below(&writer->rng, 9));
}

static void write_value(struct writer *writer, int depth);

static void write_list(struct writer *writer, int depth, bool object) {
    uint32_t count = depth == 0 ? UINT32_MAX : bench_below(&writer->rng, 13);
    *writer->at++ = object ? '{' : '[';
    for (uint32_t i = 0; i < count && writer->left > 0; i++) {
        if (i > 0)
            *writer->at++ = ',';
        if (object) {
            write_string(writer);
            *writer->at++ = ':';
        }
        write_value(writer, depth + 1);
    }
    *writer->at++ = object ? '}' : ']';
}

static void write_value(struct writer *writer, int depth) {
    uint32_t kind = bench_below(&writer->rng, 10);
    writer->left -= writer->left > 0;
    if (kind < 4 && depth < MAX_DEPTH)
        write_list(writer, depth, kind < 3);
    else if (kind < 8)
        write_string(writer);
    else
        write_number(writer);
}

static const char *write_document(uint64_t seed) {
    char *text = bench_map(args[VALUES].value * BYTES_PER_VALUE + 4096);
    struct writer writer = {.at = text, .rng = bench_rng_make(seed), .left = args[VALUES].value};
    write_list(&writer, 0, false);
    *writer.at = '\0';
    return text;
}

/* --- Parsing it ----------------------------------------------------------------------------------
 */

enum kind { STRING, NUMBER, ARRAY, OBJECT };

struct value {
    enum kind kind;
    uint32_t count;
    uint32_t capacity;
    union {
        char *text;
        uint64_t number;
        struct value **items; /* of an object: name, value, name, value */
    } as;
};

struct parser {
    const char *at;
    uint64_t sum; /* of the text read so far */
    struct bench_counts *counts;
};

static void *counted(struct bench_counts *counts, void *block) {
    counts->allocations += block != NULL;
    counts->failures += block == NULL;
    return block;
}

static uint64_t string_sum(const char *text, size_t length) {
    uint64_t sum = length;
    for (size_t i = 0; i < length; i++)
        sum = sum * 31 + (unsigned char)text[i];
    return sum;
}

static bool parse_string(struct parser *parser, struct value *value) {
    const char *start = ++parser->at;
    const char *end = strchr(start, '"');
    size_t length = (size_t)(end - start);
    parser->at = end + 1;
    value->as.text = counted(parser->counts, malloc(length + 1));
    if (value->as.text == NULL)
        return false;
    memcpy(value->as.text, start, length);
    value->as.text[length] = '\0';
    parser->sum += string_sum(start, length);
    return true;
}

static void parse_number(struct parser *parser, struct value *value) {
    value->as.number = 0;
    for (; *parser->at >= '0' && *parser->at <= '9'; parser->at++)
        value->as.number = value->as.number * 10 + (uint64_t)(*parser->at - '0');
    parser->sum += value->as.number;
}

static struct value *parse_value(struct parser *parser);

/* Makes room for one more item, twice as many as before; 4 at first. */
static bool grow(struct parser *parser, struct value *list) {
    uint32_t capacity = list->capacity == 0 ? 4 : 2 * list->capacity;
    struct value **items = counted(parser->counts, realloc(list->as.items, capacity * sizeof(struct value *)));
    if (items == NULL)
        return false;
    parser->counts->frees += list->as.items != NULL;
    list->as.items = items;
    list->capacity = capacity;
    return true;
}

static bool parse_list(struct parser *parser, struct value *list, char end) {
    list->as.items = NULL;
    parser->at++;
    while (*parser->at != end) {
        if (list->count == list->capacity && !grow(parser, list))
            return false;
        struct value *item = parse_value(parser);
        if (item == NULL)
            return false;
        list->as.items[list->count++] = item;
        parser->at += *parser->at == ',' || *parser->at == ':';
    }
    parser->at++;
    return true;
}

static void free_value(struct bench_counts *counts, struct value *value) {
    bool has_block = value->kind != NUMBER && value->as.text != NULL; /* both pointers share a word */
    for (uint32_t i = 0; i < value->count; i++)
        free_value(counts, value->as.items[i]);
    if (has_block)
        free(value->as.text);
    free(value);
    counts->frees += 1U + has_block;
}

/* NULL when memory runs out; what was built of this value is then freed. */
static struct value *parse_value(struct parser *parser) {
    struct value *value = counted(parser->counts, malloc(sizeof *value));
    bool good = true;
    if (value == NULL)
        return NULL;
    *value = (struct value){.kind = NUMBER};
    switch (*parser->at) {
    case '"':
        value->kind = STRING;
        good = parse_string(parser, value);
        break;
    case '[':
        value->kind = ARRAY;
        good = parse_list(parser, value, ']');
        break;
    case '{':
        value->kind = OBJECT;
        good = parse_list(parser, value, '}');
        break;
    default: parse_number(parser, value); break;
    }
    if (good)
        return value;
    free_value(parser->counts, value);
    return NULL;
}

static uint64_t tree_sum(const struct value *value) {
    if (value->kind == STRING)
        return string_sum(value->as.text, strlen(value->as.text));
    if (value->kind == NUMBER)
        return value->as.number;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < value->count; i++)
        sum += tree_sum(value->as.items[i]);
    return sum;
}

static void body(struct bench_worker *worker) {
    const char *const *documents = worker->team->config;
    bench_start(worker);
    for (uint64_t i = 0; i < args[ITERATIONS].value; i++) {
        struct parser parser = {.at = documents[(i + worker->index) % DOCUMENTS], .counts = &worker->counts};
        struct value *tree = parse_value(&parser);
        if (tree == NULL)
            continue;
        worker->counts.errors += tree_sum(tree) != parser.sum;
        free_value(&worker->counts, tree);
    }
    bench_stop(worker);
    bench_sample_fresh(worker, 2, 256);
}

int main(int argc, char **argv) {
    static const char *documents[DOCUMENTS];
    bench_args_parse(argc, argv, args, ARG_COUNT);
    for (uint64_t i = 0; i < DOCUMENTS; i++)
        documents[i] = write_document(i + 1);
    struct bench_team team = {.name = "jsonlike", .body = body, .config = documents};
    bench_team_run(&team, (unsigned)args[THREADS].value);
    return bench_report(&team, args, ARG_COUNT, NULL, 0);
}
