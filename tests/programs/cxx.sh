#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
#
# cxx.sh LIBRARY PROGRAM -- the C++ program (cxx.cc) says the same, and its operators are ours.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
program=$(readlink -f "$2")

loads "$program"
for name in _Znwm _ZdlPv; do
    grep -aF " to $lib [0]: normal symbol \`$name'" "$work/bound" >/dev/null ||
        fail "$name does not come from the library"
done
both "program" "$program"
grep -q '^end$' "$work/ours.out" || fail "the program did not reach its end"
