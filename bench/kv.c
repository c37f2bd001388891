/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * kv -- an in-memory key-value store whose entries expire.
 *
 * Models: redis and memcached: one event loop for each thread, each with a table of its own.
 * 70 % of the requests read a key, 25 % set one (replacing the old value), 5 % delete one; an entry
 * that was not set again within its time to live is dropped. Each request has a short-lived buffer
 * as well. Stresses: blocks of very different age side by side, value sizes that follow no pattern,
 * memory that must not grow although each value has another size than the one it replaces. Sizes:
 * entries 56 bytes, keys 16..40, values log-uniform 32..4096. A read checks the whole value. A good
 * result: a peak near the live bytes, that stays the same with twice the iterations. */
#include "bench.h"

#include <stdlib.h>

enum { THREADS, ITERATIONS, KEYS, LIFE, ARG_COUNT };

static struct bench_arg args[ARG_COUNT] = {
    [THREADS] = {"threads", 1, 1, 1024},
    [ITERATIONS] = {"iterations", 500000, 1, UINT64_MAX}, /* requests */
    [KEYS] = {"keys", 20000, 1, 1U << 24},
    [LIFE] = {"life", 60000, 1, 1U << 30}, /* requests until an entry expires */
};

struct entry {
    struct entry *next; /* in the bucket */
    uint64_t number;    /* of the key */
    char *key;
    unsigned char *value;
    uint64_t tag; /* the value was filled with it */
    uint64_t expires;
    uint32_t key_bytes;
    uint32_t value_bytes;
};

struct store {
    struct bench_worker *worker;
    struct entry **buckets; /* as many as there are keys */
    uint64_t now;           /* requests so far */
    uint64_t swept;         /* bucket that is looked at next for expired entries */
};

static void *allocate(struct store *store, size_t size) {
    void *block = malloc(size);
    store->worker->counts.allocations += block != NULL;
    store->worker->counts.failures += block == NULL;
    return block;
}

static void release(struct store *store, void *block) {
    store->worker->counts.frees += block != NULL;
    free(block);
}

static struct entry **find(struct store *store, uint64_t number) {
    uint64_t hash = number * UINT64_C(0x9E3779B97F4A7C15) >> 20;
    struct entry **place = &store->buckets[hash % args[KEYS].value];
    while (*place != NULL && (*place)->number != number)
        place = &(*place)->next;
    return place;
}

static void check(struct store *store, const struct entry *entry) {
    bool good = bench_holds(entry->value, entry->value_bytes, entry->tag) &&
                bench_holds(entry->key, entry->key_bytes, entry->number);
    store->worker->counts.errors += !good;
}

static void drop(struct store *store, struct entry **place) {
    struct entry *entry = *place;
    if (entry == NULL)
        return;
    check(store, entry);
    *place = entry->next;
    release(store, entry->value);
    release(store, entry->key);
    release(store, entry);
}

static bool set_value(struct store *store, struct entry *entry) {
    size_t bytes = bench_log_size(&store->worker->rng, 32, 4096);
    unsigned char *value = allocate(store, bytes);
    if (value == NULL)
        return false;
    release(store, entry->value);
    entry->value = value;
    entry->value_bytes = (uint32_t)bytes;
    entry->tag = store->now;
    entry->expires = store->now + args[LIFE].value;
    bench_fill(value, bytes, entry->tag);
    return true;
}

static void create(struct store *store, struct entry **place, uint64_t number) {
    struct entry *entry = allocate(store, sizeof *entry);
    if (entry == NULL)
        return;
    *entry = (struct entry){.number = number, .key_bytes = 16 + (uint32_t)(number % 25)};
    entry->key = allocate(store, entry->key_bytes);
    if (entry->key == NULL || !set_value(store, entry)) {
        release(store, entry->key);
        release(store, entry);
        return;
    }
    bench_fill(entry->key, entry->key_bytes, number);
    *place = entry;
}

/* Looks at one bucket each time, as an event loop does between requests. */
static void expire_some(struct store *store) {
    struct entry **place = &store->buckets[store->swept];
    while (*place != NULL) {
        if ((*place)->expires <= store->now)
            drop(store, place);
        else
            place = &(*place)->next;
    }
    store->swept = (store->swept + 1) % args[KEYS].value;
}

static void request(struct store *store) {
    uint32_t kind = bench_below(&store->worker->rng, 100);
    uint64_t number = bench_below(&store->worker->rng, (uint32_t)args[KEYS].value);
    size_t buffer_bytes = bench_between(&store->worker->rng, 64, 1024);
    unsigned char *buffer = allocate(store, buffer_bytes);
    struct entry **place = find(store, number);
    if (buffer != NULL)
        bench_fill(buffer, 64, number);
    if (kind < 70 && *place != NULL)
        check(store, *place);
    else if (kind >= 95)
        drop(store, place);
    else if (kind >= 70 && *place != NULL)
        set_value(store, *place);
    else if (kind >= 70)
        create(store, place, number);
    release(store, buffer);
    expire_some(store);
    store->now++;
}

static void body(struct bench_worker *worker) {
    struct store store = {.worker = worker};
    store.buckets = bench_map(args[KEYS].value * sizeof *store.buckets);
    memset(store.buckets, 0, args[KEYS].value * sizeof *store.buckets);
    for (uint64_t i = 0; i < args[KEYS].value; i++) /* warm: the store fills */
        request(&store);
    worker->counts = (struct bench_counts){0};
    bench_start(worker);
    for (uint64_t i = 0; i < args[ITERATIONS].value; i++)
        request(&store);
    bench_stop(worker);
    for (uint64_t i = 0; i < args[KEYS].value; i++) {
        bench_sample(worker, store.buckets[i]);
        while (store.buckets[i] != NULL)
            drop(&store, &store.buckets[i]);
    }
}

int main(int argc, char **argv) {
    bench_args_parse(argc, argv, args, ARG_COUNT);
    struct bench_team team = {.name = "kv", .body = body};
    bench_team_run(&team, (unsigned)args[THREADS].value);
    return bench_report(&team, args, ARG_COUNT, NULL, 0);
}
