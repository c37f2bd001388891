/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * verbs.h -- the table of verbs, as the runner needs it. */
#pragma once
#include "misuse.h"

enum verb_kind { VERB_FREES, VERB_MOVES, VERB_ASKS };

struct verb_form {
    const char *reported; /* its name in reports */
    enum verb_kind kind;
    void *(*apply)(void *pointer); /* NULL: refused, or the verb has no answer */
    void *(*take)(size_t size);
    void (*give)(void *block);
};

extern const struct verb_form verb_forms[];

/* Finds the names; before anything else here. */
void verbs_init(void);
