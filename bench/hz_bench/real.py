# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""Rows of real programs, on inputs that are always the same.

What counts is the CPU time, user and system, of all processes of the tree (of the server alone, where there is a
client), and the highest resident memory of the largest of them; wall_seconds is beside. What a program puts out must be
the same under all libraries: it is the result's "output", a hash. Before a library's first run of a row the loader is
asked whether the program really takes its memory from it."""

from .real_commands import Compiler, GitGc, Jq, Perl, Python, Sqlite, StressNg
from .real_servers import MemcachedRow, RedisRow

# Name: (threads when none are given, function (name, threads) -> rows.Row whose group is "real").
PROGRAMS = {
    "redis": ((1,), lambda name, threads: RedisRow(name, threads, 16, 40_000)),
    "redis_single": ((1,), lambda name, threads: RedisRow(name, threads, 1, 8_000)),
    "memcached": ((4,), MemcachedRow),
    "sqlite3": ((1,), Sqlite),
    "python3": ((1,), Python),
    "gcc": ((1,), Compiler),
    "g++": ((1,), Compiler),
    "perl": ((1,), Perl),
    "git_gc": ((1,), GitGc),
    "jq": ((1,), Jq),
    "stress-ng": ((2,), StressNg),
}
