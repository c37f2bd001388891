#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
#
# format.sh SOURCE-ROOT -- C sources look as clang-format 14 leaves them: each major release does it a little differently.
set -eu
cd "$1"
tool=
for name in clang-format-14 clang-format; do
    if "$name" --version 2>/dev/null | grep -q 'version 14\.'; then
        tool=$name
        break
    fi
done
[ -n "$tool" ] || { echo "skipped: there is no clang-format 14 here"; exit 77; }
find lib include profiles tests tools bench -name '*.[ch]' -o -name '*.cc' | LC_ALL=C sort |
    xargs "$tool" --dry-run -Werror || { echo "FAIL: $tool -i FILE mends it"; exit 1; }
# Control: a space too many is noticed.
if printf 'int  a;\n' | "$tool" --dry-run -Werror --assume-filename=lib/a.c 2>/dev/null; then
    echo "FAIL: the control was accepted"
    exit 1
fi
