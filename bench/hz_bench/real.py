# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""Rows of real programs, on inputs that are always the same.

What counts is the CPU time, user and system, of all processes of the tree (of the server alone, where there is a
client), and the highest resident memory of the largest of them; wall_seconds is beside. What a program puts out must be
the same under all libraries: it is the result's "output", a hash. Before a library's first run of a row the loader is
asked whether the program really takes its memory from it."""

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import tempfile

from . import inputs
from .preload import NotServed, check_bindings, preload_of
from .process import changed_environment, execute, file_hash
from .rows import Row
from .servers import Memcached, Redis, ServerError, replay, replay_all

SCRIPTS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "real")
PACKAGES = {"redis-server": "redis-server", "redis-cli": "redis-tools", "redis-benchmark": "redis-tools",
            "memcached": "memcached", "sqlite3": "sqlite3", "python3": "python3", "gcc": "gcc", "g++": "g++", "perl": "perl",
            "git": "git", "stress-ng": "stress-ng", "jq": "jq"}


def program(name):
    """The path of a program: the system's own first, as another may be a script that starts the real one."""
    own = os.path.join("/usr/bin", name)
    return own if os.access(own, os.X_OK) else shutil.which(name)


class RealRow(Row):
    """What all of them have in common."""

    group = "real"
    unit = "s"
    work_fields = ("output",)
    programs = ()  # all that it needs
    settings = {}  # variables of the environment

    def __init__(self, name, threads):
        super().__init__(name, threads)
        self.checked = {}  # library's path -> why it does not serve the program, or None

    def missing(self, place):
        for name in self.programs:
            if program(name) is None:
                return f"{name} is not installed (Debian package {PACKAGES[name]})"
        return None

    def variables(self, place, library):
        return {"LC_ALL": "C", "TZ": "UTC", **self.settings, "LD_PRELOAD": preload_of(library.path)}

    def probe(self, place):
        """A short command that starts the same program; it need not succeed."""
        return [program(self.programs[0]), "--version"]

    def not_served(self, place, library):
        """Why the library does not serve the program; None when it does."""
        if library.path not in self.checked:
            try:
                check_bindings(self.probe(place), changed_environment(self.variables(place, library)),
                               preload_of(library.path))
                self.checked[library.path] = None
            except (NotServed, OSError, subprocess.TimeoutExpired) as error:
                self.checked[library.path] = str(error)
        return self.checked[library.path]

    def run(self, place, library, iterations, watch=False):
        why = self.not_served(place, library)
        if why:
            return {"problem": why}
        return self.measured(place, library)

    def measured(self, place, library):
        """The result of one run."""
        raise NotImplementedError

    def depends(self, place):
        here = os.path.dirname(os.path.abspath(__file__))
        own = [file_hash(os.path.join(here, name)) for name in ("real.py", "inputs.py", "servers.py")]
        scripts = [file_hash(os.path.join(SCRIPTS, name)) for name in sorted(os.listdir(SCRIPTS))]
        return own + scripts + [file_hash(os.path.realpath(program(name))) for name in self.programs]


class CommandRow(RealRow):
    """One command, in an empty folder of its own. Its output is what it prints and the files named in outputs."""

    outputs = ()

    def fill(self, place, folder):
        """Puts into the folder what the command needs."""

    def gather(self, folder, out):
        """What must be equal, as bytes."""
        parts = [out.encode()]
        for name in self.outputs:
            with open(os.path.join(folder, name), "rb") as file:
                parts.append(file.read())
        return b"\0".join(parts)

    def measured(self, place, library):
        with tempfile.TemporaryDirectory(prefix="hakozuna-real-") as top:
            folder, report = os.path.join(top, "work"), os.path.join(top, "report")
            os.mkdir(folder)
            self.fill(place, folder)
            variables = self.variables(place, library)
            # The launcher itself runs without the library, and gives it to the command.
            launch = [place.binary("launch"), report, variables.pop("LD_PRELOAD")]
            done = execute(launch + self.command(place, library, 1), variables, place.timeout_s, folder=folder)
            if done.timed_out:
                return {"problem": f"no end after {place.timeout_s} s"}
            return self.judge_one(done, report, folder)

    def judge_one(self, done, report, folder):
        """The result of a run whose launcher has ended."""
        if done.status != 0:
            return {"problem": f"the launcher failed: {done.err.strip()[-200:]}"}
        with open(report, encoding="ascii") as file:
            result = json.load(file)
        if result["status"] != 0:
            return {"problem": f"exit status {result['status']}: {done.err.strip()[-200:]}"}
        cpu = result["user_seconds"] + result["system_seconds"]
        output = self.gather(folder, done.out)
        if not output.strip(b"\0\n"):
            return {"problem": "no output"}
        result.update(seconds=cpu, cpu_seconds=cpu, operations=1, served=1.0,
                      output=hashlib.sha256(output).hexdigest()[:16])
        return result

    def repeat(self, place, library, iterations):
        variables = self.variables(place, library)
        words = ["env"] + [f"{name}={value}" for name, value in variables.items() if value is not None]
        return " ".join(shlex.quote(word) for word in words + self.command(place, library, iterations))


class Sqlite(CommandRow):
    """sqlite3 on a database in memory."""

    programs = ("sqlite3",)

    def command(self, place, library, iterations):
        return [program("sqlite3"), "-batch", ":memory:", ".read '" + os.path.join(SCRIPTS, "sqlite.sql") + "'"]


class Python(CommandRow):
    """python3, every object of which is a block of malloc's."""

    programs = ("python3",)
    settings = {"PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}

    def command(self, place, library, iterations):
        return [program("python3"), "-s", "-S", os.path.join(SCRIPTS, "python.py")]


class Perl(CommandRow):
    """perl: hashes, regular expressions, sorting."""

    programs = ("perl",)
    settings = {"PERL_HASH_SEED": "0", "PERL_PERTURB_KEYS": "0"}

    def command(self, place, library, iterations):
        return [program("perl"), os.path.join(SCRIPTS, "perl.pl")]


class Compiler(CommandRow):
    """A compiler on a generated file; cc1 and the assembler do the work."""

    outputs = ("out.o",)

    def __init__(self, name, threads):
        self.programs = ("g++" if name == "g++" else "gcc",)
        super().__init__(name, threads)

    def source(self, place):
        """The generated file."""
        if self.name == "g++":
            return inputs.kept(place.cache, "source-1.cc", inputs.text_file(inputs.cxx_source))
        return inputs.kept(place.cache, "source-1.c", inputs.text_file(inputs.c_source))

    def prepare(self, place):
        self.source(place)

    def probe(self, place):
        return [program(self.programs[0]), "-x", "c++" if self.name == "g++" else "c", "-c", "-o", "/dev/null", "/dev/null"]

    def command(self, place, library, iterations):
        level = "-O1" if self.name == "g++" else "-O2"
        # A name for every thing that would be random, so that the object file is the same.
        return [program(self.programs[0]), "-w", level, "-frandom-seed=1", "-c", "-o", "out.o", self.source(place)]


class GitGc(CommandRow):
    """git gc --aggressive on a generated repository."""

    programs = ("git",)
    settings = inputs.GIT

    def prepare(self, place):
        inputs.kept(place.cache, "repository-1", inputs.git_repository)

    def fill(self, place, folder):
        shutil.copytree(inputs.kept(place.cache, "repository-1", inputs.git_repository), os.path.join(folder, "r"))

    def command(self, place, library, iterations):
        # One thread: what several find depends on who comes first.
        return [program("git"), "-C", "r", "-c", "pack.threads=1", "gc", "--quiet", "--aggressive", "--prune=now"]

    def gather(self, folder, out):
        repository = os.path.join(folder, "r")
        check = subprocess.run(["git", "-C", repository, "fsck", "--full", "--strict"], capture_output=True, check=False,
                               env=changed_environment(inputs.GIT))
        if check.returncode != 0:
            return b""
        packs = sorted(name for name in os.listdir(os.path.join(repository, "objects", "pack")) if name.endswith(".pack"))
        return b"\n".join(file_hash(os.path.join(repository, "objects", "pack", name)).encode() for name in packs)

    def repeat(self, place, library, iterations):
        copy = shlex.quote(inputs.kept(place.cache, "repository-1", inputs.git_repository))
        return f"rm -rf r && cp -r {copy} r && " + super().repeat(place, library, iterations)


class StressNg(CommandRow):
    """stress-ng --malloc: a fixed number of allocations, changes and frees of random sizes in two processes, without its
    calls of malloc_trim, which not every library has."""

    programs = ("stress-ng",)

    def variables(self, place, library):
        own = super().variables(place, library)
        no_trim = os.path.join(os.path.abspath(place.build), "libno_trim.so")
        return {**own, "LD_PRELOAD": f"{no_trim}:{own['LD_PRELOAD']}"}

    def command(self, place, library, iterations):
        return [program("stress-ng"), "--no-rand-seed", "--malloc", "2", "--malloc-ops", "2000000", "--malloc-bytes",
                "16K", "--malloc-max", "4096", "--malloc-touch", "--temp-path", ".", "--metrics-brief", "--stdout", "--oomable"]

    def gather(self, folder, out):
        """How many operations were done."""
        found = [line.split() for line in out.splitlines()]
        done = [words[words.index("malloc") + 1] for words in found if "malloc" in words and words[-1].replace(".", "").isdigit()]
        return " ".join(done).encode()


class Jq(CommandRow):
    """jq on a generated document: parsing, grouping, sorting, printing."""

    programs = ("jq",)

    def source(self, place):
        """The document."""
        return inputs.kept(place.cache, "document-1.json", inputs.text_file(inputs.document))

    def prepare(self, place):
        self.source(place)

    def command(self, place, library, iterations):
        work = ("(group_by(.kind) | map({kind: .[0].kind, n: length, words: (map(.text | split(\" \")) | add | unique | length),"
                " top: (sort_by(-.value) | .[:20] | map({id, value, text: (.text | ascii_upcase)}))})), (map(.tags | to_entries)"
                " | add | group_by(.key) | map([.[0].key, (map(.value) | add)]))")
        return [program("jq"), "-S", work, self.source(place)]


class ServerRow(RealRow):
    """A server under a load from outside, of whose processes it alone is measured."""

    server = None  # class

    def load(self, server):
        """Works the server; returns fields of the result, "output" among them."""
        raise NotImplementedError

    def measured(self, place, library):
        preload = preload_of(library.path)
        environment = changed_environment(self.variables(place, library))
        try:
            with self.server(environment, preload) as server:
                result = self.load(server)
                result["peak_kib"] = server.peak_kib()
                cpu, faults, text = server.finish()
        except (ServerError, NotServed, OSError, subprocess.TimeoutExpired) as error:
            return {"problem": str(error)[-300:]}
        if "HKZ-E" in text:
            return {"problem": f"the library reported: {text[-200:]}"}
        result.update(seconds=cpu, cpu_seconds=cpu, operations=1, minor_faults=faults, served=1.0)
        return result

    def command(self, place, library, iterations):
        return [os.path.join(os.path.dirname(SCRIPTS), "run.py"), "--row", f"{self.name}@{self.threads}"]

    def repeat(self, place, library, iterations):
        words = self.command(place, library, iterations) + ["--runs", "1", "--build", os.path.abspath(place.build)]
        words.append(f"{library.name}={library.path}" if library.path else "glibc")
        return " ".join(shlex.quote(word) for word in words)


class RedisRow(ServerRow):
    """redis-server under redis-benchmark, then under a stream of commands whose replies are compared. The keys of
    redis-benchmark are random and the same neither in two runs nor under two libraries; their number is."""

    programs = ("redis-server", "redis-benchmark", "redis-cli")
    server = Redis
    tests = ("set", "get", "incr", "lpush", "rpop", "sadd", "hset", "zadd")
    long_tests = ("lrange_100", "mset")  # a tenth of the requests
    keys = 20_000

    def __init__(self, name, threads, pipeline, requests):
        super().__init__(name, threads)
        self.pipeline, self.requests = pipeline, requests
        self.stream = None

    def prepare(self, place):
        self.stream = self.stream or inputs.redis_stream()

    def load(self, server):
        speeds = server.benchmark(self.tests, self.requests, self.pipeline, self.keys)
        speeds.update(server.benchmark(self.long_tests, self.requests // 10, self.pipeline, self.keys))
        return {"requests_per_s": speeds, "output": replay(server, self.stream, inputs.LAST)}


class MemcachedRow(ServerRow):
    """memcached, four of whose threads serve four clients: sets, gets and deletions of values of 30 bytes to 16 KiB."""

    programs = ("memcached",)
    server = Memcached

    def __init__(self, name, threads):
        super().__init__(name, threads)
        self.streams = []

    def prepare(self, place):
        self.streams = self.streams or [inputs.memcached_stream(number) for number in range(4)]

    def load(self, server):
        return {"output": replay_all(server, self.streams, inputs.LAST + b"END\r\n")}


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
