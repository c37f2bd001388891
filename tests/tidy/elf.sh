#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
#
# elf.sh LIBRARY CC SONAME -- what the loader must do for a profile library stays small: at most 64 bytes
# of thread-local storage (the reserve that late loading draws on), no text relocations, and no
# library beside libc. And its SONAME is the given one, under which programs will look for it.
set -eu
lib=$1 cc=$2 soname=$3
limit=64
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v readelf >/dev/null || { echo "no readelf here"; exit 77; }

# faults FILE: one line for each fault.
faults() {
    tls=$(readelf -lW "$1" | awk '$1 == "TLS" { print $6 }')
    tls=$((${tls:-0}))
    [ "$tls" -le $limit ] || echo "thread-local storage: $tls bytes, more than $limit"
    readelf -dW "$1" | grep -E '\(TEXTREL\)|FLAGS.*TEXTREL' || true
    readelf -dW "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
        grep -Ev '^(libc\.so\.[0-9.]+|libc\.musl-.*|ld-(linux|musl).*)$' | sed 's/^/needs /' || true
    readelf -dW "$1" | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p' | grep -qxF "$soname" || echo "SONAME is not $soname"
}

status=0
found=$(faults "$lib")
if [ -n "$found" ]; then
    printf '%s\nFAIL: %s\n' "$found" "$lib"
    status=1
fi

# Control: a library with too much thread-local storage and another library and no SONAME: three faults.
cat >"$work/bad.c" <<'EOF'
#include <math.h>
_Thread_local char big[65];
double f(double x) { return big[(int)x] + sin(x); }
EOF
if "$cc" -shared -fPIC -o "$work/bad.so" "$work/bad.c" -Wl,--no-as-needed -lm 2>"$work/log"; then
    if [ "$(faults "$work/bad.so" | wc -l)" -ne 3 ]; then
        echo "FAIL: the control was not noticed"
        status=1
    fi
else
    cat "$work/log"
    echo "FAIL: the control does not compile"
    status=1
fi
exit $status
