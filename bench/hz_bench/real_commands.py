# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""Rows of programs that run to their end: one command, measured with all that it starts."""
# pylint: disable=abstract-method # read() is for rows that do not override run(), as all of these do

import hashlib
import os
import re
import shlex
import shutil
import subprocess
import tempfile

from . import inputs
from .process import changed_environment, execute_tree, file_hash
from .real_row import SCRIPTS, RealRow, program


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
        with tempfile.TemporaryDirectory(prefix="hakozuna-real-") as folder:
            self.fill(place, folder)
            variables = self.variables(place, library)
            preload = variables.pop("LD_PRELOAD")  # for the command, not for the launcher
            done, result = execute_tree(place.binary("launch"), self.command(place, library, 1), preload, variables,
                                        place.timeout_s, folder)
            if done.timed_out:
                return {"problem": f"no end after {place.timeout_s} s"}
            return self.judge_one(done, result, folder)

    def judge_one(self, done, result, folder):
        """The result of a run whose launcher has ended, from its report."""
        if result is None:
            return {"problem": f"the launcher failed: {done.err.strip()[-200:]}"}
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
            return inputs.kept(place.cache, "source.cc", inputs.text_file(inputs.cxx_source))
        return inputs.kept(place.cache, "source.c", inputs.text_file(inputs.c_source))

    def prepare(self, place):
        self.source(place)

    def probe(self, place):
        language = "c++" if self.name == "g++" else "c"
        return [program(self.programs[0]), "-x", language, "-c", "-o", "/dev/null", "/dev/null"]

    def command(self, place, library, iterations):
        level = "-O1" if self.name == "g++" else "-O2"
        # A name for every thing that would be random, so that the object file is the same.
        return [program(self.programs[0]), "-w", level, "-frandom-seed=1", "-c", "-o", "out.o", self.source(place)]


class GitGc(CommandRow):
    """git gc --aggressive on a generated repository."""

    programs = ("git",)
    settings = inputs.GIT

    def prepare(self, place):
        inputs.kept(place.cache, "repository", inputs.git_repository)

    def fill(self, place, folder):
        shutil.copytree(inputs.kept(place.cache, "repository", inputs.git_repository), os.path.join(folder, "r"))

    def command(self, place, library, iterations):
        # One thread: what several find depends on who comes first.
        return [program("git"), "-C", "r", "-c", "pack.threads=1", "gc", "--quiet", "--aggressive", "--prune=now"]

    def gather(self, folder, out):
        repository = os.path.join(folder, "r")
        packs = os.path.join(repository, "objects", "pack")
        check = subprocess.run(["git", "-C", repository, "fsck", "--full", "--strict"], capture_output=True,
                               check=False, env=changed_environment(inputs.GIT))
        if check.returncode != 0:
            return b""
        names = sorted(name for name in os.listdir(packs) if name.endswith(".pack"))
        return b"\n".join(file_hash(os.path.join(packs, name)).encode() for name in names)

    def repeat(self, place, library, iterations):
        copy = shlex.quote(inputs.kept(place.cache, "repository", inputs.git_repository))
        return f"rm -rf r && cp -r {copy} r && " + super().repeat(place, library, iterations)


class StressNg(CommandRow):
    """stress-ng --malloc: a fixed number of allocations, changes and frees of random sizes in two processes, without
    its calls of malloc_trim, which not every library has."""

    programs = ("stress-ng",)

    def variables(self, place, library):
        own = super().variables(place, library)
        no_trim = os.path.join(os.path.abspath(place.build), "libno_trim.so")
        return {**own, "LD_PRELOAD": f"{no_trim}:{own['LD_PRELOAD']}"}

    def command(self, place, library, iterations):
        return [program("stress-ng"), "--no-rand-seed", "--malloc", "2", "--malloc-ops", "3000000", "--malloc-bytes",
                "16K", "--malloc-max", "4096", "--malloc-touch", "--temp-path", ".", "--metrics-brief", "--stdout",
                "--oomable"]

    def gather(self, folder, out):
        """How many operations were done."""
        found = re.search(r"\] malloc +(\d+) ", out)
        return found[1].encode() if found else b""


class Jq(CommandRow):
    """jq on a generated document: parsing, grouping, sorting, printing."""

    programs = ("jq",)

    def source(self, place):
        """The document."""
        return inputs.kept(place.cache, "document.json", inputs.text_file(inputs.document))

    def prepare(self, place):
        self.source(place)

    def command(self, place, library, iterations):
        work = ("(group_by(.kind) | map({kind: .[0].kind, n: length,"
                " words: (map(.text | split(\" \")) | add | unique | length),"
                " top: (sort_by(-.value) | .[:20] | map({id, value, text: (.text | ascii_upcase)}))})),"
                " (map(.tags | to_entries) | add | group_by(.key) | map([.[0].key, (map(.value) | add)]))")
        return [program("jq"), "-S", work, self.source(place)]
