#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
#
# gcc.sh LIBRARY -- gcc compiles a large generated C file to the same bytes.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
need gcc awk

awk 'BEGIN {
    print "struct s { int a, b; struct s *next; };\nextern int printf(const char *, ...);"
    for (i = 0; i < 90; i++) {
        printf "static int table%d[] = {", i
        for (j = 0; j < 40; j++) printf "%d,", (i * 7919 + j * 104729) % 65521
        printf "};\nint f%d(struct s *p, int n)\n{\n    int sum = n;\n", i
        printf "    for (; p; p = p->next) {\n        switch ((p->a ^ n) & 15) {\n"
        for (j = 0; j < 12; j++)
            printf "        case %d: sum += p->b * %d + table%d[(unsigned)sum %% 40]; break;\n", j, i + j, i
        print "        default: sum -= p->a;\n        }\n    }"
        if (i) printf "    return sum + f%d(0, n - 1);\n}\n", i - 1; else print "    return sum;\n}"
    }
}' </dev/null >"$work/large.c"
mkdir "$work/plain" "$work/ours"
cp "$work/large.c" "$work/plain"
cp "$work/large.c" "$work/ours"
echo 'int x;' >"$work/small.c"

# The real compiler is a process of its own below gcc.
loads "$(gcc -print-prog-name=cc1)" -quiet -o /dev/null "$work/small.c"
both "object file" sh -c 'gcc -O2 -Wall -Wextra -c large.c -o large.o && cksum <large.o'
same "object file" "$work/plain/large.o" "$work/ours/large.o"
