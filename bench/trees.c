/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * trees -- search trees whose keys are strings put together piece by piece.
 *
 * Models: symbol tables, indexes and syntax trees: a node of one size, a key of any size, both
 * found again by pointer chasing. Stresses: many blocks of two kinds allocated in turn (do a node
 * and its key lie near each other?), short-lived buffers between long-lived blocks, freeing in tree
 * order, not in order of allocation. Each round inserts `nodes` random keys, each built of 2 to 6
 * pieces in a buffer that grows by realloc, looks all of them up, and frees the tree. A lookup
 * compares the whole key, which checks the contents. A good result: short times for the lookups,
 * which are part of the time, and little slack. */
#include "bench.h"

#include <stdlib.h>

enum { THREADS, ITERATIONS, NODES, ARG_COUNT };

static struct bench_arg args[ARG_COUNT] = {
    [THREADS] = {"threads", 1, 1, 1024},
    [ITERATIONS] = {"iterations", 4, 1, UINT64_MAX},
    [NODES] = {"nodes", 20000, 1, 1U << 24},
};

struct node {
    struct node *child[2];
    char *key; /* a block of its own, exactly as long as the text */
    uint64_t value;
};

/* Every block of this program comes from here; NULL is counted and ends the program's usefulness.
 */
static void *counted(struct bench_worker *worker, void *block) {
    worker->counts.allocations += block != NULL;
    worker->counts.failures += block == NULL;
    return block;
}

static void release(struct bench_worker *worker, void *block) {
    worker->counts.frees += block != NULL;
    free(block);
}

/* Appends a piece of 2 to 13 letters, growing the text by exactly that much. Returns the new text.
 */
static char *append(struct bench_worker *worker, struct bench_rng *rng, char *text) {
    char piece[16];
    size_t old = text == NULL ? 0 : strlen(text);
    size_t more = bench_between(rng, 2, 13);
    for (size_t i = 0; i < more; i++)
        piece[i] = (char)('a' + bench_below(rng, 26));
    char *longer = counted(worker, realloc(text, old + more + 1));
    if (longer == NULL)
        return text;
    worker->counts.frees += text != NULL;
    memcpy(longer + old, piece, more);
    longer[old + more] = '\0';
    return longer;
}

/* The key that follows from the state of rng. */
static char *build_key(struct bench_worker *worker, struct bench_rng *rng) {
    uint32_t pieces = 2 + bench_below(rng, 5);
    char *text = NULL;
    for (uint32_t i = 0; i < pieces; i++)
        text = append(worker, rng, text);
    return text;
}

/* The place where a node with this key is or belongs. */
static struct node **find(struct node **place, const char *key) {
    while (*place != NULL) {
        int order = strcmp(key, (*place)->key);
        if (order == 0)
            break;
        place = &(*place)->child[order > 0];
    }
    return place;
}

static void insert(struct bench_worker *worker, struct node **root, char *key, uint64_t value) {
    struct node **place = key == NULL ? NULL : find(root, key);
    struct node *node = place == NULL || *place != NULL ? NULL : counted(worker, calloc(1, sizeof(struct node)));
    if (node == NULL) { /* a key twice, or no memory */
        release(worker, key);
        return;
    }
    node->key = key;
    node->value = value;
    *place = node;
}

/* Frees in tree order without recursion: rotates left children up until there is none. */
static void free_tree(struct bench_worker *worker, struct node *node) {
    while (node != NULL) {
        struct node *left = node->child[0];
        if (left != NULL) {
            node->child[0] = left->child[1];
            left->child[1] = node;
            node = left;
            continue;
        }
        struct node *right = node->child[1];
        release(worker, node->key);
        release(worker, node);
        node = right;
    }
}

static void run_round(struct bench_worker *worker) {
    struct node *root = NULL;
    struct bench_rng again = worker->rng; /* makes the same keys once more, for the lookups */
    for (uint64_t i = 0; i < args[NODES].value; i++)
        insert(worker, &root, build_key(worker, &worker->rng), i);
    for (uint64_t i = 0; i < args[NODES].value; i++) {
        char *key = build_key(worker, &again);
        const struct node *found = key == NULL ? NULL : *find(&root, key);
        worker->counts.errors += found == NULL || found->value > i;
        release(worker, key);
    }
    free_tree(worker, root);
}

static void body(struct bench_worker *worker) {
    bench_start(worker);
    for (uint64_t i = 0; i < args[ITERATIONS].value; i++)
        run_round(worker);
    bench_stop(worker);
    bench_sample_fresh(worker, 3, 80);
}

int main(int argc, char **argv) {
    bench_args_parse(argc, argv, args, ARG_COUNT);
    struct bench_team team = {.name = "trees", .body = body};
    bench_team_run(&team, (unsigned)args[THREADS].value);
    return bench_report(&team, args, ARG_COUNT, NULL, 0);
}
