#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
#
# swap.sh PROGRAM LIBRARY... -- the program puts out the same, byte for byte, under every library and under
# the C library's own allocator.
set -eu
program=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset LD_PRELOAD

status=0
for seed in 1 2; do
    "$program" $seed >"$work/expected"
    [ -s "$work/expected" ] || { echo "FAIL: no output"; exit 1; }
    for library; do
        LD_PRELOAD=$library "$program" $seed >"$work/found" 2>"$work/err" || { echo "FAIL: $library: status $?"; status=1; }
        if [ -s "$work/err" ] || ! cmp -s "$work/expected" "$work/found"; then
            echo "FAIL: $library"
            cat "$work/err"
            diff "$work/expected" "$work/found" || true
            status=1
        fi
    done
done
# Control: another seed puts out something else.
"$program" 3 >"$work/found"
if cmp -s "$work/expected" "$work/found"; then
    echo "FAIL: the output depends on nothing"
    status=1
fi
echo "$# libraries, two seeds"
exit $status
