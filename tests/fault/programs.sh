#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
#
# programs.sh LIBRARY WITNESS [--long] -- real programs under HAKOZUNA_FAIL.
#
# What can be promised of a program depends on what it is refused:
# - One refusal by the kernel per process, and any number of those that the allocator can do without (purge,
#   remap, move, advise, release): the program never sees it, so its output and status are glibc's.
# - Memory that is gone for good, or requests that fail: the program may end as it likes, by its own message
#   or by its own fault on NULL, but it ends, the allocator reports nothing, and no fault lies inside it.
# With --long the second also for each step, and the first for every script of ../programs, servers
# included.
# shellcheck disable=SC2016 # the programs expand these
# shellcheck source=../programs/common.sh
. "$(dirname "$0")/../programs/common.sh"
witness=$(readlink -f "$2")
long=
[ "${3:-}" != --long ] || long=1
need sort awk grep timeout
runs=0 ended=0 crashed=0

awk 'BEGIN { for (i = 0; i < 6000; i++) printf "%d word%d %d\n", i * 7919 % 6007, i % 97, i }' >"$work/text"
mkdir "$work/calm"

# refused PLAN COMMAND...: the command with the library, refused so. Sets status; output in refused.out, .err.
refused() {
    plan=$1
    shift
    status=0
    (cd "$work/calm" && timeout -k 5 "$limit" env HAKOZUNA_FAIL="$plan" LD_PRELOAD="$lib:$witness" "$@") \
        >"$work/refused.out" 2>"$work/refused.err" </dev/null || status=$?
    runs=$((runs + 1))
}

# unseen PLAN COMMAND...: as on glibc.
unseen() {
    refused "$@"
    plan=$1
    shift
    [ $status = 0 ] || { tail -n 5 "$work/refused.err"; fail "$1 under $plan: status $status"; }
    quiet "$work/refused.err"
    same "$1 under $plan" "$work/calm.out" "$work/refused.out"
}

# survived PLAN COMMAND...: ends, and not by the allocator.
survived() {
    refused "$@"
    plan=$1
    shift
    case $status in 124 | 137) fail "$1 under $plan hangs" ;; esac
    if grep -a -n -e 'hakozuna: .*: error' -e 'inside the allocator' "$work/refused.err"; then
        fail "$1 under $plan: the allocator failed"
    fi
    [ $status = 0 ] || ended=$((ended + 1))
    if grep -aq 'outside the allocator' "$work/refused.err"; then
        crashed=$((crashed + 1))
    fi
}

if [ -n "$long" ]; then
    single='1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 24 28 32 40 50 60 80 100'
    steps='1 2 3 4 5 6 7 8 9 10 12 14 16 20 24 28 32 40 50 60 80 100 150 200 300 400 600 800'
else
    single='1 4 5 6 9 14'
    steps='1 5 12 40 200'
fi

# program COMMAND...: all of it for one command, which reads from the folder above.
program() {
    command -v "$1" >/dev/null 2>&1 || return 0
    (cd "$work/calm" && plain "$@") >"$work/calm.out" 2>"$work/calm.err" </dev/null ||
        fail "$1 fails on glibc; the test itself is broken"
    [ -s "$work/calm.out" ] || fail "$1: no output; the test itself is broken"
    unseen kinds=purge+remap+move+advise+release "$@"
    for n in $single; do
        unseen nth="$n" "$@"
    done
    for n in $steps; do
        survived kinds=malloc,nth="$n" "$@"
        survived kinds=malloc,from="$n" "$@"
        survived from="$n" "$@"
    done
    survived kinds=malloc,probability=0.05,seed=1 "$@"
    survived probability=0.3,seed=2 "$@"
    survived above=100K "$@"
}

program sort -k2,2 -k1,1n "$work/text"
program grep -c 'word7 ' "$work/text"
program awk '{ n[$2] += $1; t = t $2 } END { for (k in n) s += n[k]; print s, length(t) }' "$work/text"
program bash -c 'x=; for i in {1..300}; do x+="$i $x"; x=${x:0:5000}; done; echo "${#x}" | cat; (echo "$x" | cksum)'
program perl -e 'my %h; $h{$_ % 501} .= "x" x ($_ % 90) for 1..20000; print length(join "", map { $h{$_} } sort keys %h), "\n"'
PYTHONMALLOC=malloc PYTHONDONTWRITEBYTECODE=1
export PYTHONMALLOC PYTHONDONTWRITEBYTECODE
program python3 -S -c 'd = {i: [i] * (i % 50) for i in range(8000)}; b = bytearray()
for i in range(3000): b += bytes(i % 900)
import _thread, time
done = []
for t in range(3): _thread.start_new_thread(lambda: done.append(sum(map(len, [str(k) for k in range(5000)]))), ())
while len(done) < 3: time.sleep(0.005)
print(sum(map(len, d.values())), len(b), done)'
program sqlite3 -batch -init /dev/null :memory: 'CREATE TABLE t(a, b); WITH RECURSIVE n(i) AS (SELECT 1
    UNION ALL SELECT i + 1 FROM n WHERE i < 4000) INSERT INTO t SELECT i * 7919 % 4001, zeroblob(i % 200) FROM n;
    CREATE INDEX x ON t(a); SELECT count(*), sum(a), sum(length(b)) FROM t WHERE a > 17; SELECT group_concat(a) FROM t'
if [ -n "$long" ]; then
    program git hash-object "$work/text"
    program tar -cf - -C "$work" text
    printf '#include <stdio.h>\nint main(void) { return printf("x"); }\n' >"$work/x.c"
    program gcc -O1 -S -o - "$work/x.c"
fi
echo "$runs runs; of those refused memory in earnest $ended ended early, $crashed by a fault of their own"
[ $ended -gt 0 ] || fail "no program noticed anything; the test itself is broken"

[ -n "$long" ] || exit 0
for script in "$(dirname "$0")"/../programs/*.sh; do
    case $script in */common.sh | */cxx.sh) continue ;; esac
    for plan in kinds=purge+remap+move+advise+release nth=1 nth=5 nth=6 nth=12 nth=30; do
        status=0
        HAKOZUNA_FAIL=$plan sh "$script" "$lib" >"$work/script.out" 2>&1 || status=$?
        case $status in
        0) echo "same under $plan: $(basename "$script")" ;;
        77) echo "skipped: $(basename "$script")" ;;
        *) tail -n 20 "$work/script.out"; fail "$(basename "$script") under $plan" ;;
        esac
    done
done
