#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
#
# run.sh [LIB] -- proves the contracts in this folder of the code in LIB (default: lib/ of this checkout) with Frama-C
# (WP and RTE), Why3 and z3, as TAP; exits with 77 where these are not installed. What is proved, and what not, stands
# in docs/proofs.md. HZ_PROOF_SECONDS (20) is the time that z3 has for a goal.
set -eu
here=$(dirname "$(readlink -f "$0")")
lib=$(readlink -f "${1:-$here/../../lib}")
for tool in frama-c why3 z3 python3; do
    command -v $tool >/dev/null 2>&1 || { echo "1..0 # SKIP no $tool here"; exit 77; }
done
work=$(mktemp -d "${TMPDIR:-/tmp}/hakozuna.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# Why3 keeps the provers that it found in the home folder; z3 goes through the script beside this.
HOME=$work
HZ_PROOF_Z3=$(command -v z3)
export HOME HZ_PROOF_Z3
why3 config detect >"$work/detect" 2>&1 || { sed 's/^/# /' "$work/detect"; echo "1..0 # SKIP why3 finds no prover"; exit 77; }
sed -i "s,^path = .*/z3\"\$,path = \"$here/z3\"," "$work/.why3.conf"
cd "$here" # whose stdatomic.h goes before that of Frama-C
python3 "$here/annotate.py" "$lib" "$here/loops.txt" "$work/lib"

# prove FILE: the goals of the functions that the file names; the words of WP are in $work/out.
prove() {
    functions=$(sed -n 's,^ \* proves: \([a-z0-9_ ]*[a-z0-9_]\).*,\1,p' "$here/$1" | tr ' \n' ',,' | sed 's/,$//')
    includes=-I$here
    for floor in base os atomic map desc; do includes="$includes -I$work/lib/$floor"; done
    frama-c -c11 -machdep gcc_x86_64 -wp -wp-rte -wp-prover z3 -wp-timeout "${HZ_PROOF_SECONDS:-20}" -wp-par 2 \
        -wp-fct "$functions" -wp-prop=-@lemma "-cpp-extra-args=$includes" "$here/$1" >"$work/out" 2>&1
}

count=0 failed=0
result() { # STATUS TEXT
    count=$((count + 1))
    if [ "$1" = 0 ]; then
        echo "ok $count - $2"
    else
        failed=$((failed + 1))
        echo "not ok $count - $2"
        grep -vE ': Valid|: trivial|rte:annot' "$work/out" | sed 's/^/# /'
    fi
}

echo "1..6"
status=0
python3 "$here/lemmas.py" "$here"/*.h "$here"/*.c >"$work/out" 2>&1 || status=1
result $status "$(tail -n 1 "$work/out")"
for file in bits class desc mark; do
    status=1
    prove $file.c || true
    goals=$(sed -n 's,^\[wp\] Proved goals: *\([0-9]*\) / *\([0-9]*\)$,\1 \2,p' "$work/out")
    [ -z "$goals" ] || [ "${goals%% *}" != "${goals##* }" ] || [ "${goals%% *}" -lt 10 ] || status=0
    result $status "$file: ${goals%% *} goals proved of ${goals##* }"
done
# The control: each contract has one wrong clause, which stays unproved.
HZ_PROOF_SECONDS=2
prove control.c || true
wrong=$(grep -cE '^\[wp\] \[.*\] Goal typed_wrong_[a-z]*_ensures : (Timeout|Unknown|Failed)' "$work/out" || true)
status=0
[ "$wrong" = 5 ] || status=1
result $status "control: $wrong of 5 wrong clauses stay unproved"
[ $failed = 0 ]
