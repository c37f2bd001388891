/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_options.h -- what a user may set without rebuilding: HAKOZUNA_<NAME>=value for one option, or
 * HAKOZUNA_CONF="name=value:name=value" for several, or lines of the configuration file (hz_conf.h); the earlier form
 * wins. Ignored in programs that run with privileges their user lacks. A wrong name or value is reported once and
 * changes nothing. */
#pragma once
#include "hz_fatal.h"
#include "hz_fault.h"
#include "hz_policy.h"

enum hz_stats_when { HZ_STATS_OFF, HZ_STATS_EXIT };
enum hz_foreign { HZ_FOREIGN_FORWARD, HZ_FOREIGN_LEAK, HZ_FOREIGN_ABORT };

/* const after hz_options_init(), and sealed when the allocator is up; numbers and enum values
 * alike are held as 64 bits */
struct hz_options {
    alignas(HZ_SEAL) uint64_t verbose; /* 1: print every option with its source at start */
    uint64_t stats;                    /* enum hz_stats_when */
    uint64_t stats_format;             /* enum hkz_format */
    uint64_t decay_ms;                 /* see struct hz_policy */
    uint64_t thp;                      /* enum hz_thp */
    uint64_t foreign_free;             /* enum hz_foreign */
    uint64_t on_error[HZ_ERROR_COUNT]; /* enum hz_on_error of each enum hz_error */
    uint64_t arena_bytes;              /* address space of the first arena; 0: as much as 1 TiB */
    uint64_t huge_bytes;               /* see struct hz_policy */
    uint64_t signal_safe;              /* 1: signal handlers may call malloc and free wherever they interrupt */
    uint64_t strict;                   /* 1: see struct hz_policy; 0 leaves it to the profile */
    uint64_t random;                   /* enum hz_random_level */
    uint64_t quarantine;               /* most bytes of freed blocks that each thread holds back from reuse; 0: none */
    uint64_t free_fill;                /* enum hz_fill_kind */
    uint64_t check_reuse;              /* 1: blocks must be found as they were filled */
    uint64_t fail;                     /* 1: fail_plan is to begin */
    struct hz_fault_plan fail_plan;
    uint64_t guard_sample; /* one allocation in so many is guarded; 0: none */
    uint64_t guard_slots;  /* guarded blocks, live and freed, that there may be at once */
};

extern struct hz_options hz_options HZ_HIDDEN;

/* Reads the file and the environment. Once, before anything that depends on an option. */
HZ_HIDDEN void hz_options_init(void);

/* Whether two words are the same but for upper and lower case. */
HZ_HIDDEN bool hz_options_equal(const char *text, size_t length, const char *word, size_t word_length);

/* A decimal number, with a unit K, M, G or T if it may have one. False if it is none, or too large. */
HZ_HIDDEN bool hz_options_number(const char *text, size_t length, bool has_unit, uint64_t *ret_number);
