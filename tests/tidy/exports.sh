#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
#
# exports.sh LIBRARY SOURCE-ROOT -- a profile library exports exactly the names in exports.txt.
# The standard names must have no version: with one, the dynamic linker silently prefers libc's. The
# hkz_ names must be in the node HAKOZUNA_0.
set -eu
lib=$1 root=$2
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v nm >/dev/null || { echo "no nm here"; exit 77; }

# Names as NAME or NAME@@NODE, sorted; the absolute symbol of the version node itself is left out.
nm -D --defined-only --with-symbol-versions "$lib" | awk '$2 != "A" { print $3 }' |
    LC_ALL=C sort >"$work/found"
[ -s "$work/found" ] || { echo "nm shows no exports of $lib"; exit 1; }

# compare LIST: silent if the library exports what the list says.
compare() {
    grep -v '^#' "$1" | LC_ALL=C sort | diff -u - "$work/found"
}

status=0
wrong() {
    echo "FAIL: $1"
    status=1
}
compare "$here/exports.txt" || wrong "$lib does not export what exports.txt lists"

# The list and the public header name the same functions.
grep '^HKZ_API' "$root/include/hakozuna.h" | sed -n 's/^HKZ_API [^(]*\<\(hkz_[a-z0-9_]*\)(.*/\1/p' |
    LC_ALL=C sort >"$work/declared"
sed -n 's/^\(hkz_[a-z0-9_]*\)@@HAKOZUNA_0$/\1/p' "$here/exports.txt" | LC_ALL=C sort >"$work/listed"
diff -u "$work/declared" "$work/listed" || wrong "hakozuna.h and exports.txt differ"

# Controls: a name more, a name less and a wrong version are each noticed.
sed 's/^malloc$/malloc@@HAKOZUNA_0/' "$here/exports.txt" >"$work/versioned"
grep -v '^malloc$' "$here/exports.txt" >"$work/fewer"
{ cat "$here/exports.txt"; echo hkz_extra@@HAKOZUNA_0; } >"$work/more"
for list in versioned fewer more; do
    if compare "$work/$list" >/dev/null; then wrong "the control '$list' was not noticed"; fi
done
exit $status
