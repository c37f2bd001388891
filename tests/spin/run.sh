#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
#
# run.sh MODEL.pml [VERB] -- every search that the model's header names (those of one verb), as TAP; exits with
# 77 where there is no spin. The header's lines:
#   proves NAME SAFETY|NP [-D...] -- text     must be searched to the end without an error.
#                                             SAFETY: assertions and end states; NP: also no cycle without
#                                             progress
#   refutes NAME [-D...] -- text              with -DMUTATION_NAME pan must find an error: the model notices
#   reaches NAME [-D...] -- text              with -DOUTCOME_NAME pan must find one: what can happen, and is
#                                             told in the documentation
set -eu
[ $# = 1 ] || [ $# = 2 ] || { echo "usage: $0 MODEL.pml [proves|refutes|reaches]" >&2; exit 2; }
model=$(readlink -f "$1")
verbs=${2:-proves|refutes|reaches}
cc=${CC:-cc}
command -v spin >/dev/null 2>&1 || { echo "1..0 # SKIP no spin here"; exit 77; }
work=$(mktemp -d "${TMPDIR:-/tmp}/hakozuna.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cd "$work"
count=0 failed=0

# search FLAGS DEFINES...: generates, compiles and runs the verifier; its words are in $work/out.
search() {
    kind=$1
    shift
    rm -f pan ./*.trail
    spin -a "$@" "$model" >out 2>&1 || return 1
    "$cc" -O0 -w "-D$kind" -DCOLLAPSE -DVECTORSZ=2048 -DMEMLIM=4000 -o pan pan.c >>out 2>&1 || return 1
    options=
    [ "$kind" != NP ] || options=-l
    timeout 300 ./pan $options -m2000000 -w22 -n >>out 2>&1 || true
    grep -q '^State-vector .* errors: [0-9]' out
}

# is_complete: the search saw every state and found nothing.
is_complete() {
    grep -q 'errors: 0$' out &&
        ! grep -qiE 'max search depth|out of memory|memory limit|search not completed|error:' out
}

# is_caught: the search ended at a fault of the protocol, not of the search.
is_caught() {
    grep -q 'errors: 1$' out &&
        grep -qE '^pan:1: (assertion violated|invalid end state|non-progress cycle)' out
}

# result NUMBER-OF-FAULTS TEXT
result() {
    count=$((count + 1))
    if [ "$1" = 0 ]; then
        echo "ok $count - $2"
    else
        failed=$((failed + 1))
        echo "not ok $count - $2"
        sed 's/^/# /' out
        if [ -f "$title.pml.trail" ]; then
            spin -k "$title.pml.trail" -p -g -l "$@" "$model" 2>&1 | tail -n 80 | sed 's/^/# /'
        fi
    fi
}

numbers() {
    awk '/states, stored/ && !states { states = $1 }
         /^pan: elapsed time/ { time = $4 }
         /^pan:1:/ { sub(/^pan:1: /, ""); sub(/ \(at depth.*/, ""); why = $0 }
         END { printf "%s states, %s s%s", states, time + 0, (why == "" ? "" : ", " why) }' out
}

title=$(basename "$model" .pml)
sed -nE 's,^ \* ('"$verbs"') (.*) -- (.*[^ ])( \*/)?$,\1 \2,p' "$model" >plan
sed -i -E 's, \*/$,,' plan
[ -s plan ] || { echo "1..0 # no search in $model"; exit 1; }
echo "1..$(wc -l <plan)"
while read -r verb name rest; do
    bad=0
    case $verb in
    proves)
        kind=${rest%% *}
        # shellcheck disable=SC2086 # defines are words
        { search "$kind" ${rest#"$kind"} && is_complete; } || bad=1
        ;;
    refutes | reaches)
        what=MUTATION
        [ "$verb" = refutes ] || what=OUTCOME
        # shellcheck disable=SC2086
        { search SAFETY "-D${what}_$name" $rest && is_caught; } || bad=1
        ;;
    esac
    result $bad "$title $verb $name: $(numbers)"
done <plan
[ $failed = 0 ]
