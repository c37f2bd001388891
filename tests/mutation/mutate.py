#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""mutate.py [OPTIONS] SOURCE-ROOT WORK -- puts one small fault at a time into lib/ and looks whether a test sees it.

WORK receives a copy of the sources and its builds. Each mutant is built there and meets the tests, those of its own
floor first, then the fastest; the first failure kills it, and so does a test that takes much longer than it should.
Weakened memory orders and removed locks also run under ThreadSanitizer. The results go to WORK/result.json as they come.

  --count N      how many mutants (default 300): all of the operators in --all, the rest by chance
  --seed N       which (default 1)
  --all WORDS    operators of which every mutant is taken (default order,lock; - for none)
  --only REGEX   no others than those whose key matches
  --floors WORDS only mutants of these folders of lib/
  --tsan         only ThreadSanitizer's tests, for all mutants
  --brief        only the unit tests of the floors named: a few seconds for each mutant
  --least P      exit with 1 unless P percent of the mutants that are not equivalent were killed
  --list         print the mutants and end
"""
import argparse
import hashlib
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

import mutants

OPTIONS = ["--buildtype=plain", "-Doptimization=1", "-Dtests=enabled", "-Dbench=disabled", "-Db_lundef=false"]
PLAIN = OPTIONS + ["-Dprofiles=hz3-scale,hz5-pagerun64-main", "-Dmalloc_shim=enabled"]
BRIEF = OPTIONS + ["-Dprofiles=[]", "-Dmalloc_shim=disabled"]
TSAN = BRIEF + ["-Db_sanitize=thread"]
SUITES = {"unit", "api", "model", "fatal", "life", "tsan"}
THREADED = {"order", "lock"}  # operators whose mutants ThreadSanitizer also looks at
LONGEST = 25  # seconds that a test may take without a mutant; longer ones are left out
RELAXED = """
#define hz_exchange_relaxed(word, value) atomic_exchange_explicit((word), (value), memory_order_relaxed)
#ifndef hz_or_relaxed
#define hz_or_relaxed(word, value) atomic_fetch_or_explicit((word), (value), memory_order_relaxed)
#endif
#define hz_cas_relaxed(word, expected, value) atomic_compare_exchange_strong_explicit((word), (expected), (value), \\
    memory_order_relaxed, memory_order_relaxed)
"""


def say(text):
    """One line for the reader, at once."""
    print(text, flush=True)


def run(command, limit, env=None, cwd=None, memory=None):
    """(exit status or None for one that took too long, output); ends all that it started."""
    def prepare():
        os.setsid()
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if memory:
            resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    with open(os.devnull, "rb") as nothing, subprocess.Popen(
            command, stdin=nothing, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env, cwd=cwd,
            preexec_fn=prepare) as process:
        try:
            output = process.communicate(timeout=limit)[0]
            status = process.returncode
        except subprocess.TimeoutExpired:
            status, output = None, b""
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        return status, output.decode(errors="replace")


class Build:
    """A build directory of the copy, and its tests."""

    def __init__(self, root, path, options, is_wanted, wrapper):
        self.path, self.wrapper, self.is_tsan = path, wrapper, bool(wrapper) or "-Db_sanitize=thread" in options
        if not os.path.exists(os.path.join(path, "build.ninja")):
            subprocess.run(["meson", "setup", path, root] + options, check=True, stdout=subprocess.DEVNULL)
        with open(os.path.join(path, "meson-info/intro-tests.json"), encoding="utf-8") as file:
            tests = json.load(file)
        self.tests = [test for test in tests if is_wanted(test)]
        words = {word for test in self.tests for word in test["cmd"] + list(test["env"].values())}
        self.targets = sorted(os.path.relpath(word, path) if word.startswith("/") else word for word in words)
        with open(os.path.join(path, "build.ninja"), encoding="utf-8") as file:
            known = set(re.findall(r"^build (\S+):", file.read(), re.MULTILINE))
        self.targets = [target for target in self.targets if target in known]
        self.seconds = {}

    def compile(self):
        """Whether it builds."""
        status, output = run(["ninja", "-C", self.path, "-j2"] + self.targets, 600)
        if status != 0:
            self.words = output
        return status == 0

    def objects(self):
        """What all objects hold: the same for two sources that mean the same to the compiler."""
        digest = hashlib.sha256()
        for place, _, names in sorted(os.walk(self.path)):
            for name in sorted(names):
                if name.endswith(".o"):
                    with open(os.path.join(place, name), "rb") as file:
                        digest.update(name.encode() + file.read())
        return digest.hexdigest()

    def fails(self, test, limit):
        """Why the test fails, or None."""
        env = dict(os.environ, **test["env"])
        if self.is_tsan:
            env.setdefault("TSAN_OPTIONS", "halt_on_error=1")
        status, output = run(self.wrapper + test["cmd"], limit, env=env, cwd=test["workdir"] or self.path,
                             memory=None if self.is_tsan else 8 << 30)
        if status is None:
            return "takes too long"
        if status != 0:
            return f"exit status {status}"
        fault = re.search(r"^(not ok .*|Bail out.*)", output, re.MULTILINE)
        return fault[1][:120] if fault and not re.search(r"# (TODO|SKIP)", fault[1]) else None

    def measure(self):
        """Runs all tests without a mutant: each must pass, and is known by its time from then on."""
        if not self.compile():
            sys.exit("mutate.py: the sources do not build:\n" + self.words[-3000:])
        for test in self.tests:
            begin = time.monotonic()
            why = self.fails(test, 120)
            self.seconds[test["name"]] = time.monotonic() - begin
            if why:
                say(f"# left out, fails without a mutant: {test['name']}: {why}")
                self.seconds[test["name"]] = LONGEST + 1
        self.tests = [test for test in self.tests if self.seconds[test["name"]] <= LONGEST]
        self.baseline = self.objects()

    def kill(self, mutant):
        """(verdict, by what) of the mutant that is in the sources."""
        if not self.compile():
            return "invalid", "does not build"
        if self.objects() == self.baseline:
            return "equivalent", "the compiler makes the same of it"
        floor = mutant.file.split("/")[1]
        name = os.path.basename(mutant.file)[3:].split(".")[0].split("_")[0]

        def order(test):
            own = test["name"] in (f"unit {floor}", f"unit {name}")
            return not own, "unit" not in suites_of(test), self.seconds[test["name"]]
        for test in sorted(self.tests, key=order):
            limit = 20 + 4 * self.seconds[test["name"]]
            why = self.fails(test, limit)
            if why and mutant.operator in THREADED:
                why = self.fails(test, limit) or self.fails(test, limit)  # not by a busy machine alone
            if why:
                return "killed", f"{test['name']}: {why}" + (" (ThreadSanitizer)" if self.is_tsan else "")
        return "survived", ""


def suites_of(test):
    """The names of its suites."""
    return {suite.split(":")[-1] for suite in test["suite"]}


def wanted(brief, floors):
    """Which tests are run: no long ones that a shorter one stands for, and no controls."""
    def is_wanted(test):
        suites = suites_of(test)
        if not suites & SUITES or re.search(r" control | one thread | fresh seed |race brief|death brief", test["name"]):
            return False
        if not any("tiny" in suite for suite in suites) and not suites & {"unit", "life"} and "standard" not in test["name"]:
            return False
        if brief:
            return test["name"] in {f"unit {floor}" for floor in floors}
        return True
    return is_wanted


def choose(all_mutants, options):
    """The mutants to try, in the order of their files."""
    if options.only:
        all_mutants = [mutant for mutant in all_mutants if re.search(options.only, mutant.key)]
    whole = set(options.all.split(","))
    chosen = [mutant for mutant in all_mutants if mutant.operator in whole]
    rest = [mutant for mutant in all_mutants if mutant.operator not in whole]
    room = max(0, options.count - len(chosen))
    picked = random.Random(options.seed).sample(rest, min(room, len(rest)))
    order = {mutant.key: at for at, mutant in enumerate(all_mutants)}
    return sorted(chosen + picked, key=lambda mutant: order[mutant.key])


def read_equivalent(path):
    """{key: reason} of the committed list."""
    found = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                key, reason = line.strip().split(" -- ", 1)
                found[key] = reason
    return found


def write(root, mutant, is_back=False):
    """Puts the mutant into the copy, or takes it out; the file's time moves forward both times."""
    path = os.path.join(root, mutant.file)
    if is_back:
        shutil.copyfile(path + ".whole", path)
        os.remove(path + ".whole")
        return
    shutil.copyfile(path, path + ".whole")
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    for number, text in mutant.edits.items():
        lines[number] = text
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines))


def copy_sources(source, target):
    """A fresh copy of all that the builds read, with the relaxed operations that weakened orders need."""
    for name in ("lib", "include", "profiles", "tests", "docs", "tools", "packaging"):
        shutil.rmtree(os.path.join(target, name), ignore_errors=True)
        if os.path.isdir(os.path.join(source, name)):
            shutil.copytree(os.path.join(source, name), os.path.join(target, name))
    for name in os.listdir(source):
        if os.path.isfile(os.path.join(source, name)):
            shutil.copy(os.path.join(source, name), os.path.join(target, name))
    with open(os.path.join(target, "lib/atomic/hz_atomic.h"), "a", encoding="utf-8") as file:
        file.write(RELAXED)


def try_mutant(root, builds, mutant, known):
    """The mutant's record."""
    begin = time.monotonic()
    verdict, by = "survived", ""
    if mutant.key in known:
        verdict, by = "equivalent", known[mutant.key]
    else:
        write(root, mutant)
        try:
            for build in builds:
                if build.is_tsan and mutant.operator not in THREADED and len(builds) > 1:
                    continue
                verdict, by = build.kill(mutant)
                if verdict != "survived":
                    break
        finally:
            write(root, mutant, is_back=True)
    return {"key": mutant.key, "line": mutant.line, "before": mutant.before, "after": mutant.after, "verdict": verdict,
            "by": by, "seconds": round(time.monotonic() - begin, 1)}


def summary(records):
    """(words, percentage killed)."""
    counts = {verdict: sum(record["verdict"] == verdict for record in records)
              for verdict in ("killed", "survived", "equivalent", "invalid")}
    tried = counts["killed"] + counts["survived"]
    percentage = 100 * counts["killed"] / tried if tried else 0
    words = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    return f"{len(records)} mutants: {words}; {percentage:.1f} % of {tried} killed", percentage


def parse():
    """The options."""
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("source")
    parser.add_argument("work")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--all", default="order,lock")
    parser.add_argument("--only")
    parser.add_argument("--floors", default="")
    parser.add_argument("--brief", action="store_true")
    parser.add_argument("--tsan", action="store_true")
    parser.add_argument("--least", type=float, default=0)
    parser.add_argument("--list", action="store_true")
    return parser.parse_args()


def main():
    """Entry."""
    options = parse()
    floors = [word for word in options.floors.split(",") if word]
    root = os.path.join(os.path.realpath(options.work), "source")
    os.makedirs(root, exist_ok=True)
    copy_sources(os.path.realpath(options.source), root)
    chosen = choose(mutants.of_tree(root, floors), options)
    if options.list:
        for mutant in chosen:
            say(f"{mutant.key}  {mutant.line}: {mutant.before}  ->  {mutant.after}")
        return 0
    path = os.path.join(os.path.realpath(options.work), "build-")
    is_wanted = wanted(options.brief, floors)
    builds = []
    if not options.brief: # first, since on x86 only it sees most weakened orders
        builds.append(Build(root, path + "tsan", TSAN, lambda test: "tsan" in suites_of(test), ["setarch", "-R"]))
    if not options.tsan:
        builds.append(Build(root, path + "plain", BRIEF if options.brief else PLAIN, is_wanted, []))
    for build in builds:
        build.measure()
    known = read_equivalent(os.path.join(os.path.dirname(os.path.realpath(__file__)), "equivalent.txt"))
    records = []
    for number, mutant in enumerate(chosen, 1):
        records.append(try_mutant(root, builds, mutant, known))
        last = records[-1]
        say(f"{number}/{len(chosen)} {last['verdict']} {last['key']} {last['line']}: {last['before']} -> {last['after']}"
            f" [{last['by']}] {last['seconds']} s")
        with open(os.path.join(options.work, "result.json"), "w", encoding="utf-8") as file:
            json.dump({"seed": options.seed, "records": records}, file, indent=1)
    # The control: nothing changed is nothing found.
    control = mutants.Mutant("lib/base/hz_class.h", "control", 0, "", "", {}, "control")
    if try_mutant(root, builds, control, {})["verdict"] != "equivalent":
        say("FAIL: the control, which changes nothing, was told from the sources")
        return 1
    words, percentage = summary(records)
    say(words)
    return 0 if percentage >= options.least else 1


if __name__ == "__main__":
    sys.exit(main())
