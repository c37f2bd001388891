#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
#
# tenth.sh SOURCE-ROOT -- a profile is a folder and one word: in a copy of the sources hz3-scale is copied
# under a new name, the name is added to the choices, and everything else follows: library, tests, budgets,
# pkg-config. Nothing else in the copy is changed.
set -eu
root=$1
new=hz9-copy
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for tool in git meson ninja python3; do
    command -v $tool >/dev/null || { echo "no $tool here"; exit 77; }
done
git -C "$root" rev-parse >/dev/null 2>&1 || { echo "not a checkout"; exit 77; }

fail() {
    echo "FAIL: $*"
    exit 1
}

# quietly COMMAND...: its output only if it fails.
quietly() {
    "$@" >"$work/log" 2>&1 || { tail -n 30 "$work/log"; fail "$*"; }
}

mkdir "$work/copy"
(cd "$root" && git ls-files -z --cached --others --exclude-standard |
    tar -c --ignore-failed-read --null -T - -f - 2>/dev/null) | tar -x -C "$work/copy" -f -
cd "$work/copy"
export MESON_TESTTHREADS=2
unset LD_PRELOAD

configure() {
    meson setup "$work/build" -Dprofiles=$new -Dtests=enabled -Dbench=disabled
}

# Control: without the word there is no such profile.
cp -r profiles/hz3-scale profiles/$new
sed -i "s/hz3-scale/$new/g" profiles/$new/policy.h
configure >"$work/log" 2>&1 && fail "the name was not needed among the choices"
grep -q "$new" "$work/log" || { tail -n 5 "$work/log"; fail "configuring failed for another reason"; }
rm -rf "$work/build"

sed -i "s/^\( *choices: \[\)/\1'$new', /" meson_options.txt
quietly configure
library=profiles/libhakozuna-$new.so
real=$(ninja -C "$work/build" -t targets all | sed -n "s/^\(profiles\/libhakozuna-$new\.so[0-9.]*\):.*/\1/p" | tail -n 1)
quietly ninja -C "$work/build" "$real" "tests/model/test-model-$new" "tests/fatal/test-fatal-misuse-$new" \
    "tests/life/test-life-threads"
quietly meson test -C "$work/build" --setup full --no-rebuild --print-errorlogs "model brief $new" "fatal misuse $new" \
    "tidy exports $new" "tidy elf $new" "tidy hot path $new" "tidy strategies $new" "tidy policies" \
    "program sort $new"
grep -qE '^Ok: +8' "$work/log" || { cat "$work/log"; fail "a test is missing"; }

# A real program runs with it, and it is what the program runs with.
said=$(HAKOZUNA_STATS=exit LD_PRELOAD="$work/build/$library" python3 -c 'print(len([str(i) for i in range(100000)]))' \
    2>"$work/err") || fail "python3 does not run"
[ "$said" = 100000 ] || fail "python3 said: $said"
grep -q "^hakozuna: $new: statistics" "$work/err" || { cat "$work/err"; fail "not by the new profile"; }
find "$work/build" -name "hakozuna-$new.pc" | grep -q . || fail "no pkg-config file"
echo "a folder and a word: $(wc -l <profiles/$new/policy.h) lines"
