#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
#
# shell.sh LIBRARY -- a bash script with hundreds of forks, pipes and growing strings.
# shellcheck disable=SC2016 # the inner shells expand these
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
need bash

cat >"$work/script" <<'EOF'
set -eu
declare -A seen
list=()
for ((i = 0; i < 150; i++)); do
    word=$(printf 'w%d' $((i * 7919 % 101)))
    seen[$word]=$((${seen[$word]:-0} + $(echo $i)))
    list+=("$word$i")
done
for word in $(printf '%s\n' "${!seen[@]}" | sort); do echo "$word ${seen[$word]}"; done
text=
for ((i = 0; i < 3000; i++)); do text+="line $i;"; done
echo "${#text} ${text//line 1/x}" | cksum
for ((i = 0; i < 60; i++)); do (for item in "${list[@]}"; do echo "$item"; done | head -n 3 >/dev/null) & done
wait
f() { if (($1 > 0)); then local copy="$text"; f $(($1 - 1)); else echo "${#copy}"; fi; }
f 60
while read -r a b; do echo "$b $a"; done < <(seq 1 300 | paste - -) | tail -n 2
cat <<EOT | tr a-z A-Z | rev
$(for i in 1 2 3; do echo "nested $(echo "$(echo $i)")"; done)
EOT
EOF

loads bash -c 'x=$(echo 1)'
both "script" bash "$work/script"
