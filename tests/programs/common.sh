# shellcheck shell=sh
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
#
# common.sh -- sourced first by every script here, which is called as `SCRIPT LIBRARY [MORE]`.
#
# A script runs a real program once on glibc's allocator and once with LIBRARY preloaded, and
# compares what the program put out. It exits with 0 (the same), 1 (not, with the difference shown) or
# 77 (the program is not installed).
set -eu

[ $# -ge 1 ] || { echo "usage: $0 LIBRARY" >&2; exit 2; }
[ -r "$1" ] || { echo "no such library: $1" >&2; exit 2; }
lib=$(readlink -f "$1")
limit=60 # seconds that one command may take
servers= # process ids that must not outlive the script
work=$(mktemp -d "${TMPDIR:-/tmp}/hakozuna.XXXXXX")

clean_up() {
    for server in $servers; do kill -9 "$server" 2>/dev/null || true; done
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

unset LD_PRELOAD LD_DEBUG LD_DEBUG_OUTPUT HAKOZUNA_CONF HAKOZUNA_STATS
export LC_ALL=C TZ=UTC HOME="$work"

fail() {
    echo "FAIL: $*"
    exit 1
}

skip() {
    echo "SKIP: $*"
    exit 77
}

# need PROGRAM...: skips the test where one is missing.
need() {
    for program; do
        command -v "$program" >/dev/null 2>&1 || skip "no $program here"
    done
}

# plain COMMAND... and ours COMMAND...: the command on glibc, and with the library preloaded.
plain() {
    timeout -k 5 "$limit" "$@"
}

ours() {
    timeout -k 5 "$limit" env LD_PRELOAD="$lib" "$@"
}

# same WHAT EXPECTED FOUND: both files are equal.
same() {
    if ! cmp -s "$2" "$3"; then
        diff -a "$2" "$3" | head -n 40 || true
        fail "$1 differs (< is glibc's)"
    fi
}

# quiet FILE: the library had nothing to report on this standard error.
quiet() {
    if grep -a -n 'hakozuna' "$1" | head -n 20 | grep .; then
        fail "the library reported an error"
    fi
}

# both WHAT COMMAND...: runs the command twice, in folders of their own ($work/plain, $work/ours)
# which the test may have filled, and compares exit status and standard output.
both() {
    what=$1
    shift
    mkdir -p "$work/plain" "$work/ours"
    plain_status=0 ours_status=0
    (cd "$work/plain" && plain "$@") >"$work/plain.out" 2>"$work/plain.err" || plain_status=$?
    (cd "$work/ours" && ours "$@") >"$work/ours.out" 2>"$work/ours.err" || ours_status=$?
    if [ $plain_status != 0 ]; then
        tail -n 20 "$work/plain.err"
        fail "$what: exit status $plain_status on glibc; the test itself is broken"
    fi
    quiet "$work/ours.err"
    if [ $ours_status != 0 ]; then
        tail -n 20 "$work/ours.err"
        fail "$what: exit status $ours_status"
    fi
    [ -s "$work/plain.out" ] || fail "$what: no output; the test itself is broken"
    same "$what" "$work/plain.out" "$work/ours.out"
}

# loads COMMAND...: in the command's processes every allocation name is bound to the library.
# Without this check a library that is silently passed over would pass every comparison. (A program
# that takes the address of such a name, or has one of its own, is bound to itself there.)
loads() {
    rm -f "$work"/bind.*
    timeout -k 5 "$limit" env LD_DEBUG=bindings LD_DEBUG_OUTPUT="$work/bind" LD_PRELOAD="$lib" \
        "$@" >"$work/loads.out" 2>"$work/loads.err" </dev/null ||
        { tail -n 20 "$work/loads.err"; fail "cannot run $1 with the library"; }
    cat "$work"/bind.* | grep -aE "symbol .(malloc|calloc|realloc|free|_Zn[wa]m|_Zd[la]Pv)'" \
        >"$work/bound" || true
    rm -f "$work"/bind.*
    grep -aF " to $lib [0]: normal symbol \`malloc'" "$work/bound" >/dev/null ||
        fail "$1 does not take malloc from $lib"
    if grep -avF -e " to $lib [0]: " -e " to $(command -v "$1") [0]: " "$work/bound" | sort | uniq -c | head -n 10 | grep .; then
        fail "$1 takes allocation functions from elsewhere too"
    fi
}

# mapped PID: a running server has the library loaded.
mapped() {
    grep -qF "$lib" "/proc/$1/maps" || fail "process $1 does not have $lib loaded"
}

# await SECONDS COMMAND...: repeats the command until it succeeds.
await() {
    tries=$(($1 * 20))
    shift
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || return 1
        sleep 0.05
    done
}

# gone PID: that process has ended.
gone() {
    ! kill -0 "$1" 2>/dev/null
}
