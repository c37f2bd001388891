#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
#
# git.sh LIBRARY -- git: init, commits, a merge, clone, gc and fsck.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
need git
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_TERMINAL_PROMPT=0
export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=C
export GIT_COMMITTER_EMAIL=c@example.org GIT_AUTHOR_DATE='1700000000 +0000'
export GIT_COMMITTER_DATE='1700000000 +0000'

cat >"$work/session" <<'EOF'
set -eu
git init -q -b main one
cd one
git config pack.threads 2
git config gc.auto 0
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    mkdir -p "d$((i % 4))"
    seq "$i" "$((i * 300))" >"d$((i % 4))/f$i"
    seq 1 "$i" >all
    git add .
    git commit -q -m "change $i"
done
awk 'BEGIN { # 1500 more commits on a branch, as one stream
    for (i = 1; i <= 1500; i++) {
        text = sprintf("%d\n%*s\n", i, i % 900 + 1, "end")
        printf "commit refs/heads/stream\ncommitter C <c@example.org> %d +0000\n", 1700000000 + i
        printf "data 4\nc%02d\nM 100644 inline p%d/q%d\ndata %d\n%s\n", i % 100, i % 7, i % 90, length(text), text
    }
}' | git fast-import --quiet
git merge -q --allow-unrelated-histories -m merge stream
git blame -s all | tail -n 2
git log --stat --oneline | git hash-object --stdin
git grep -c 77 | sort | head -n 5
git gc -q --aggressive
git fsck --full --strict
cd ..
git clone -q --no-local one two
cd two
git fsck --full
git rev-parse HEAD 'HEAD^{tree}'
git rev-list --objects --all | sort | git hash-object --stdin
git diff HEAD~3 HEAD | git hash-object --stdin
git status --short
git count-objects -v | grep -E '^(count|in-pack|packs|garbage):'
EOF

loads git --version
both "session" sh "$work/session"
