#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
#
# textsize.sh LIBRARY HEADER CC... -- hz7-tiny stays tiny: its .text is at most 12 KiB, it exports the names
# that its header declares and no other, and it needs no library beside libc.
set -eu
lib=$1 header=$2
shift 2
limit=12288
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for tool in size nm readelf; do
    command -v $tool >/dev/null || { echo "no $tool here"; exit 77; }
done
sed -n 's/^HZ7_API [^(]*\<\(hz7_[a-z0-9_]*\)(.*/\1/p' "$header" | LC_ALL=C sort >"$work/declared"
[ -s "$work/declared" ] || { echo "no functions found in $header"; exit 1; }

# faults FILE: one line for each fault.
faults() {
    text=$(size -A "$1" | awk '$1 == ".text" { print $2 }')
    [ "$text" -le $limit ] || echo "text: $text bytes, more than $limit"
    nm -D --defined-only "$1" | awk '$2 != "A" { print $3 }' | sed 's/@.*//' | LC_ALL=C sort |
        diff "$work/declared" - | sed -n 's/^</not exported:/p; s/^>/exported:/p'
    readelf -dW "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
        grep -Ev '^(libc\.so\.[0-9.]+|libc\.musl-.*|ld-(linux|musl).*)$' | sed 's/^/needs /' || true
}

status=0
found=$(faults "$lib")
echo "text: $(size -A "$lib" | awk '$1 == ".text" { print $2 }') of $limit bytes"
if [ -n "$found" ]; then
    printf '%s\nFAIL: %s\n' "$found" "$lib"
    status=1
fi

# Control: a library with all faults: too long, a name more, all names less, another library.
cat >"$work/bad.c" <<'EOC'
#include <math.h>
__asm__(".text\n.skip 12289\n");
double extra(double x) { return sin(x); }
EOC
if "$@" -shared -fPIC -o "$work/bad.so" "$work/bad.c" -Wl,--no-as-needed -lm 2>"$work/log"; then
    if [ "$(faults "$work/bad.so" | wc -l)" -ne $((3 + $(wc -l <"$work/declared"))) ]; then
        faults "$work/bad.so"
        echo "FAIL: the control was not noticed"
        status=1
    fi
else
    cat "$work/log"
    echo "FAIL: the control does not compile"
    status=1
fi
exit $status
