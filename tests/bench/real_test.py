#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""real_test.py BENCH-BUILD LIBRARY -- the rows of real programs: what the launcher counts, whether the program runs on
the library, whether a difference in the output is seen, and inputs that are always the same."""

import hashlib
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "bench"))
# pylint: disable=wrong-import-position
from hz_bench import inputs, real_commands, real_row, real_servers  # noqa: E402
from hz_bench.preload import NotServed, check_bindings, libc_path, preload_of  # noqa: E402
from hz_bench.process import changed_environment, execute_tree  # noqa: E402
from hz_bench.rows import Library, Place  # noqa: E402

BUILD, LIBRARY = "", ""
GLIBC = Library("glibc", "")


def short(data):
    """A hash of bytes or text."""
    return hashlib.sha256(data if isinstance(data, bytes) else data.encode()).hexdigest()[:16]


def launch(*command):
    """The launcher's report on a command without a library."""
    done, report = execute_tree(os.path.join(BUILD, "bench-launch"), command, "", {}, 30)
    assert report is not None, done.err
    return report


class Launcher(unittest.TestCase):
    """bench-launch."""

    def test_status(self):
        """Exit statuses and signals are told apart."""
        self.assertEqual(launch("sh", "-c", "exit 3")["status"], 3)
        self.assertEqual(launch("sh", "-c", "kill -9 $$")["status"], -9)

    def test_orphans(self):
        """A process that outlives the command is waited for, and counted."""
        report = launch("sh", "-c", "(sleep 0.2; i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done) & exit 0")
        self.assertGreater(report["wall_seconds"], 0.2)
        self.assertGreater(report["user_seconds"], 0.01)

    def test_peak(self):
        """The peak is the largest process's, and not this interpreter's."""
        ballast = bytearray(64 << 20)
        self.assertLess(launch("true")["peak_kib"], 8 << 10)
        large = launch("sh", "-c", f"{sys.executable} -S -c 'bytearray({len(ballast)})[::4096]' && true")
        self.assertGreater(large["peak_kib"], 64 << 10)


class Served(unittest.TestCase):
    """Whether a program takes its memory from the library."""

    def check(self, library):
        """The same of perl."""
        check_bindings([real_row.program("perl"), "-e", "1"], changed_environment({}), library)

    def test_served(self):
        """It does from ours, and from the C library."""
        self.check(preload_of(LIBRARY))
        self.check(libc_path())

    def test_not_served(self):
        """A library without malloc serves nobody."""
        with self.assertRaises(NotServed):
            self.check(os.path.join(BUILD, "libno_trim.so"))


class Rows(unittest.TestCase):
    """Some rows."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()  # pylint: disable=consider-using-with
        self.place = Place(BUILD, timeout_s=60, cache=self.folder.name)

    def tearDown(self):
        self.folder.cleanup()

    def results(self, row, libraries=(GLIBC,)):
        """One run under each of these libraries and ours."""
        why = row.missing(self.place)
        if why:
            self.skipTest(why)
        results = [row.run(self.place, library, 1) for library in (*libraries, Library("ours", LIBRARY))]
        for result in results:
            self.assertNotIn("problem", result)
            self.assertGreater(result["seconds"], 0)
            self.assertGreater(result["peak_kib"], 1000)
            self.assertEqual(result["output"], results[0]["output"])
        return results

    def test_command(self):
        """perl puts out the same, and with a faulty allocator it does not, or fails."""
        row = real_commands.Perl("perl", 1)
        [ours] = self.results(row, ())
        os.environ["BENCH_BAD"] = "overlap"
        try:
            bad = row.run(self.place, Library("bad", os.path.join(BUILD, "libbad_preload.so")), 1)
        finally:
            del os.environ["BENCH_BAD"]
        self.assertTrue("problem" in bad or bad["output"] != ours["output"], bad)

    def test_redis(self):
        """Replies are the same, and other replies are another output."""
        row = real_servers.RedisRow("redis", 1, 16, 200)
        row.stream = inputs.redis_stream(2000)
        first = self.results(row)[0]["output"]
        row.stream = inputs.redis_stream(2000).replace(b"v1", b"w1")
        self.assertNotEqual(row.run(self.place, GLIBC, 1)["output"], first)

    def test_memcached(self):
        """The same of memcached, with four clients at once."""
        row = real_servers.MemcachedRow("memcached", 4)
        row.streams = [inputs.memcached_stream(number, 1500) for number in range(4)]
        self.results(row)

    def test_missing(self):
        """A program that is not there is named with its package."""
        row = real_commands.Perl("perl", 1)
        row.programs = ("no such program",)
        real_row.PACKAGES["no such program"] = "some-package"
        self.assertIn("some-package", row.missing(self.place))


class Inputs(unittest.TestCase):
    """They must not change, or results of different days are of different work."""

    def test_bytes(self):
        """Hashes of all of them."""
        found = {"c": inputs.c_source(), "c++": inputs.cxx_source(), "json": inputs.document(),
                 "git": inputs.git_stream(), "redis": inputs.redis_stream(), "memcached": inputs.memcached_stream(0)}
        self.assertEqual({name: short(data) for name, data in found.items()}, {
            "c": "9f0621ee61a0ca6b", "c++": "015399bbd651c9c5", "json": "5509d0bf1f2f16f4", "git": "8a666b44d4956d85",
            "redis": "d73d2767825eac79", "memcached": "464b190463c538d3",
        })


if __name__ == "__main__":
    BUILD, LIBRARY = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
