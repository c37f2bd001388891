#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
#
# coreutils.sh LIBRARY -- ls, find, tar, gzip, grep and xargs over a tree of files.
# shellcheck disable=SC2016 # the inner shells expand these
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
need ls find tar gzip grep xargs

mkdir "$work/tree"
awk -v top="$work/tree" 'BEGIN {
    for (i = 0; i < 400; i++) {
        folder = sprintf("%s/d%d/e%d", top, i % 9, i % 23)
        if (!(folder in made)) { made[folder]; system("mkdir -p " folder) }
        file = folder "/a-rather-long-file-name-" i
        for (j = 0; j < i % 60; j++) printf "%d: %d\n", j, i * j % 977 > file
        close(file)
    }
}'
find "$work/tree" -exec touch -d @1700000000 {} +

loads ls -lR "$work/tree"
loads find "$work/tree" -name 'a*'
loads tar -cf /dev/null -C "$work" tree
both "ls" ls -lR --full-time "$work/tree"
both "find" sh -c 'find "$1" -type f -printf "%p %s\n" | sort' sh "$work/tree"
both "tar" sh -c 'tar --sort=name -czf t.tgz -C "$1" tree && tar -tvzf t.tgz && tar -xzf t.tgz' \
    sh "$work"
both "extracted" diff -rs tree "$work/tree"
both "grep" sh -c 'grep -rE "(1|2)7: [0-9]*3\$" "$1" | sort' sh "$work/tree"
both "xargs" sh -c 'find "$1" -type f -print0 | sort -z | xargs -0 -P 3 -n 20 cat | sort | cksum' \
    sh "$work/tree"
