#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
#
# sort.sh LIBRARY -- sort with several threads and a buffer so small that it needs files.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
need sort awk

awk 'BEGIN {
    seed = 4711
    for (i = 0; i < 250000; i++) {
        seed = (seed * 1103515 + 12345) % 2147483648
        printf "%d %.*s %d\n", seed % 100003, seed % 26 + 1, "abcdefghijklmnopqrstuvwxyz", i
    }
}' >"$work/large"

loads sort /dev/null
both "in memory" sort --parallel=4 -S 64M "$work/large"
both "with files" sort --parallel=4 -S 1M -T "$work" "$work/large"
both "by number, unique" sort --parallel=4 -S 4M -T "$work" -k 1,1n -u "$work/large"
