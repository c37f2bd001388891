#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""conf.py VICTIM -- the configuration file and the environment: which of them sets what, and what is said of faults.

Each case is a file, an environment, and for some options the value, its source and the line. Root must own the file,
so that other users run this in a user namespace.
"""
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

FILE = "hakozuna-test.conf"
NAME = "conf-victim"  # the victim's base name: sections are for it
DEFAULT, COMMON, SECTION, CONF, VARIABLE = "default", "file", "section", "HAKOZUNA_CONF", "environment"
LIMIT = 16384

# name: (file or None, variables, {option: (value, source, line or None)}, words in each complaint)
CASES = {
    "no file": (None, {}, {"decay_ms": ("0", DEFAULT, None)}, []),
    "empty": ("", {}, {"stats": ("off", DEFAULT, None)}, []),
    "a line": ("decay_ms = 5\n", {}, {"decay_ms": ("5", COMMON, 1)}, []),
    "no newline at the end": ("decay_ms = 5", {}, {"decay_ms": ("5", COMMON, 1)}, []),
    "no blanks": ("decay_ms=5\n", {}, {"decay_ms": ("5", COMMON, 1)}, []),
    "many blanks": (" \t decay_ms \t= \t 5 \t\n", {}, {"decay_ms": ("5", COMMON, 1)}, []),
    "lines of DOS": ("thp = never\r\ndecay_ms = 5\r\n", {},
                     {"thp": ("never", COMMON, 1), "decay_ms": ("5", COMMON, 2)}, []),
    "comments": ("# decay_ms = 5\n\n   # thp = never\nstats = exit # both\n", {"HAKOZUNA_STATS": "off"},
                 {"decay_ms": ("0", DEFAULT, None), "thp": ("default", DEFAULT, None)}, []),
    "a comment behind a value": ("decay_ms = 5 # milliseconds\n", {}, {"decay_ms": ("5", COMMON, 1)}, []),
    "a number sign in a value": ("thp = never#\n", {}, {"thp": ("default", DEFAULT, None)}, ["never#"]),
    "capitals": ("DECAY_MS = 5\nThp = NEVER\n", {}, {"decay_ms": ("5", COMMON, 1), "thp": ("never", COMMON, 2)}, []),
    "the later line wins": ("decay_ms = 5\ndecay_ms = 6\n", {}, {"decay_ms": ("6", COMMON, 2)}, []),
    "units": ("huge_bytes = 64M\n", {}, {"huge_bytes": ("67108864", COMMON, 1)}, []),
    "a list": ("on_error = report,double-free=abort\n", {},
               {"on_error": ("abort,interior-free=report,invalid-free=report,foreign-free=report,"
                             "size-mismatch=report,alignment-mismatch=report,kind-mismatch=report,"
                             "use-after-free=report,overflow=report,corrupt-metadata=report,out-of-memory=ignore",
                             COMMON, 1)}, []),
    "a plan": ("fail = nth=1000000,kinds=malloc\n", {}, {"fail": ("on", COMMON, 1)}, []),
    "HAKOZUNA_CONF wins": ("decay_ms = 5\nthp = never\n", {"HAKOZUNA_CONF": "decay_ms=7"},
                           {"decay_ms": ("7", CONF, None), "thp": ("never", COMMON, 2)}, []),
    "a variable wins": ("decay_ms = 5\n", {"HAKOZUNA_DECAY_MS": "8"}, {"decay_ms": ("8", VARIABLE, None)}, []),
    "a variable wins over both": ("decay_ms = 5\n", {"HAKOZUNA_CONF": "decay_ms=7", "HAKOZUNA_DECAY_MS": "8"},
                                  {"decay_ms": ("8", VARIABLE, None)}, []),
    "a wrong variable leaves the file": ("decay_ms = 5\n", {"HAKOZUNA_DECAY_MS": "x"},
                                         {"decay_ms": ("5", COMMON, 1)}, ['option "decay_ms": value "x"']),
    "a wrong HAKOZUNA_CONF leaves the file": ("thp = never\n", {"HAKOZUNA_CONF": "thp=nver"},
                                              {"thp": ("never", COMMON, 1)}, ['value "nver"']),
    "our section": (f"[exe:{NAME}]\ndecay_ms = 5\n", {}, {"decay_ms": ("5", SECTION, 2)}, []),
    "our section wins": (f"decay_ms = 4\n[exe:{NAME}]\ndecay_ms = 5\n", {}, {"decay_ms": ("5", SECTION, 3)}, []),
    "a section of another": ("decay_ms = 4\n[exe:other]\ndecay_ms = 5\n", {}, {"decay_ms": ("4", COMMON, 1)}, []),
    "a section of a longer name": (f"[exe:{NAME}s]\ndecay_ms = 5\n", {}, {"decay_ms": ("0", DEFAULT, None)}, []),
    "a section of a shorter name": (f"[exe:{NAME[:-1]}]\ndecay_ms = 5\n", {},
                                    {"decay_ms": ("0", DEFAULT, None)}, []),
    "names of programs know case": (f"[exe:{NAME.upper()}]\ndecay_ms = 5\n", {},
                                    {"decay_ms": ("0", DEFAULT, None)}, []),
    "two sections": (f"[exe:{NAME}]\ndecay_ms = 5\n[exe:other]\nthp = never\n[exe:{NAME}]\nthp = always\n", {},
                     {"decay_ms": ("5", SECTION, 2), "thp": ("always", SECTION, 6)}, []),
    "a section with blanks": (f"  [exe: {NAME} ]  # ours\ndecay_ms = 5\n", {}, {"decay_ms": ("5", SECTION, 2)}, []),
    "HAKOZUNA_CONF wins over the section": (f"[exe:{NAME}]\ndecay_ms = 5\n", {"HAKOZUNA_CONF": "decay_ms=7"},
                                            {"decay_ms": ("7", CONF, None)}, []),
    "a variable wins over the section": (f"[exe:{NAME}]\ndecay_ms = 5\n", {"HAKOZUNA_DECAY_MS": "8"},
                                         {"decay_ms": ("8", VARIABLE, None)}, []),
    "a wrong line of the section": (f"decay_ms = 4\n[exe:{NAME}]\ndecay_ms = x\n", {},
                                    {"decay_ms": ("4", COMMON, 1)}, [f'{FILE}:3: option "decay_ms": value "x"']),
    "faults of other sections are silent": ("[exe:other]\ndekay_ms = x\nnonsense\n", {},
                                            {"decay_ms": ("0", DEFAULT, None)}, []),
    "an unknown name": ("# one\ndekay_ms = 5\nthp = never\n", {}, {"thp": ("never", COMMON, 3)},
                        [f'{FILE}:2: unknown option "dekay_ms" is ignored; the nearest is "decay_ms"']),
    "a wrong value": ("stats = sometimes\n", {}, {"stats": ("off", DEFAULT, None)},
                      [f'{FILE}:1: option "stats": value "sometimes" is ignored; valid is off|exit']),
    "no value": ("thp =\n", {}, {"thp": ("default", DEFAULT, None)}, [f'{FILE}:1: option "thp": value ""']),
    "no name": ("= 5\nthp = never\n", {}, {"thp": ("never", COMMON, 2)}, [f'{FILE}:1: "= 5" is ignored']),
    "no equals sign": ("decay_ms 5\n", {}, {"decay_ms": ("0", DEFAULT, None)}, [f'{FILE}:1: "decay_ms 5"']),
    "a wrong header hides what follows": (f"[program:{NAME}]\ndecay_ms = 5\n", {},
                                          {"decay_ms": ("0", DEFAULT, None)}, [f'{FILE}:1: "[program:']),
    "an open header": (f"[exe:{NAME}\ndecay_ms = 5\n", {}, {"decay_ms": ("0", DEFAULT, None)}, [f"{FILE}:1: "]),
    "a header without a name": ("[exe:]\ndecay_ms = 5\n", {}, {"decay_ms": ("0", DEFAULT, None)}, [f"{FILE}:1: "]),
    "a path is no name": (f"[exe:/bin/{NAME}]\ndecay_ms = 5\n", {}, {"decay_ms": ("0", DEFAULT, None)},
                          [f"{FILE}:1: "]),
    "a NUL byte": ("decay_ms = 5\0\nthp = never\n", {}, {"decay_ms": ("0", DEFAULT, None),
                                                         "thp": ("never", COMMON, 2)}, [f'{FILE}:1: ']),
    "as long as may be": ("thp = never\n" + "#" * (LIMIT - 12), {}, {"thp": ("never", COMMON, 1)}, []),
    "a byte too long": ("thp = never\n" + "#" * (LIMIT - 11), {}, {"thp": ("default", DEFAULT, None)},
                        [f"{FILE}: is ignored: it is longer than 16384 bytes"]),
    "huge": ("thp = never\n" * 1000000, {}, {"thp": ("default", DEFAULT, None)}, ["longer than"]),
    "only so many complaints": ("nonsense\n" * 1000, {}, {"thp": ("default", DEFAULT, None)}, [FILE] * 10),
}

faults = []


def fail(case, text):
    """Notes a fault."""
    faults.append(f"{case}: {text}")


def environment(variables):
    """Nothing of ours but these."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("HAKOZUNA_") and k != "LD_PRELOAD"}
    return {**kept, **variables}


def write(folder, text, mode=0o644):
    """The configuration file; None: there is none."""
    path = os.path.join(folder, FILE)
    if os.path.lexists(path):
        os.unlink(path)
    if text is not None:
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(path, mode)
    return path


def run(case, folder, variables=(), arguments=(), victim=NAME):
    """The victim's options by name, and the lines that it wrote to standard error."""
    done = subprocess.run([os.path.join(folder, victim), *arguments], cwd=folder, env=environment(dict(variables)),
                          capture_output=True, check=False, timeout=60)
    lines = done.stderr.decode(errors="replace").split("\n")[:-1]
    if done.returncode != 0:
        fail(case, f"exit status {done.returncode}: {lines[:3]}")
        return {}, lines
    found = json.loads(done.stdout)["hakozuna"]
    return {option["name"]: option for option in found["options"]}, lines


def compare(case, options, lines, wanted, complaints):
    """Notes what is not as it should be."""
    for name, (value, source, line) in wanted.items():
        option = options.get(name, {})
        found = (option.get("value"), option.get("source"), option.get("line"))
        if found != (value, source, line):
            fail(case, f"{name} is {found}, not {(value, source, line)}")
    if len(lines) != len(complaints):
        fail(case, f"{len(lines)} complaints, not {len(complaints)}: {lines[:3]}")
    for line, words in zip(lines, complaints):
        if words not in line or not line.startswith("hakozuna: "):
            fail(case, f"{words!r} is not in {line!r}")


def matrix(folder):
    """All cases, read whole and read by bytes; and as another process would say it."""
    for case, (text, variables, wanted, complaints) in CASES.items():
        write(folder, text)
        compare(case, *run(case, folder, variables), wanted, complaints)
        if text is not None and 0 < len(text) <= LIMIT:
            compare(case + ", shaky", *run(case, folder, variables, ["shaky"]), wanted, complaints)
    for case in ("our section wins", "two sections", "a section of another"):
        text, variables, wanted, complaints = CASES[case]
        write(folder, text.replace(NAME, "somebody"))
        compare(case + ", for somebody", *run(case, folder, variables, ["whole", "somebody"]), wanted, complaints)


def not_trusted(folder):
    """Files that others than root can write, that are no files, or that nobody can read."""
    none = {"thp": ("default", DEFAULT, None)}
    write(folder, "thp = never\n", 0o666)
    compare("world-writable", *run("world-writable", folder), none, ["is ignored: root must own it"])
    path = write(folder, "thp = never\n")
    try:
        os.chown(path, 65534, 65534)
        compare("of nobody", *run("of nobody", folder), none, ["is ignored: root must own it"])
    except OSError:
        print("skipped: files of others cannot be made here")
    write(folder, None)
    os.mkdir(path)
    compare("a folder", *run("a folder", folder), none, ["cannot be read, and is ignored"])
    os.rmdir(path)
    os.mkfifo(path)
    compare("a pipe", *run("a pipe", folder), none, ["cannot be read, and is ignored"])
    os.unlink(path)
    os.symlink(FILE, path)
    compare("a circle", *run("a circle", folder), none, ["cannot be read, and is ignored"])
    os.unlink(path)
    for number in range(8):
        write(folder, random.Random(number).randbytes(3000))
        _, lines = run(f"garbage {number}", folder)
        if not 0 < len(lines) <= 10 or not all(line.startswith("hakozuna: ") for line in lines):
            fail(f"garbage {number}", f"{len(lines)} lines: {lines[:3]}")


def as_nobody(folder):
    """A file that the process may not read, and a program with privileges that its user lacks."""
    write(folder, "thp = never\n", 0o600)
    secure = os.path.join(folder, "secure")
    shutil.copy(os.path.join(folder, NAME), secure)
    try:
        done = subprocess.run([os.path.join(folder, NAME)], cwd=folder, env=environment({}), user=65534,
                              capture_output=True, text=True, check=False, timeout=60)
        os.chown(secure, 65534, 65534)
    except (OSError, subprocess.SubprocessError):
        print("skipped: there is no other user here")
        return
    if done.returncode != 0 or "cannot be read, and is ignored" not in done.stderr:
        fail("unreadable", f"exit status {done.returncode}: {done.stderr!r}")
    write(folder, "thp = never\nnonsense\n")
    variables = {"HAKOZUNA_DECAY_MS": "5", "HAKOZUNA_TPH": "x"}
    options, lines = run("not yet secure", folder, variables, victim="secure")
    compare("not yet secure", options, lines, {"thp": ("never", COMMON, 1), "decay_ms": ("5", VARIABLE, None)},
            ["nonsense", "TPH"])
    os.chmod(secure, 0o4755)
    if os.statvfs(folder).f_flag & os.ST_NOSUID:
        print("skipped: set-user-ID has no effect here")
        return
    for arguments in ([], ["whole", "somebody"]):
        compare("secure", *run("secure", folder, variables, arguments, victim="secure"),
                {"thp": ("default", DEFAULT, None), "decay_ms": ("0", DEFAULT, None)}, [])


def main():
    """Entry."""
    if os.getuid() != 0:
        if os.environ.get("CONF_PY_AGAIN") or not shutil.which("unshare"):
            print("root must own the file, and there is no user namespace to be had")
            return 77
        os.environ["CONF_PY_AGAIN"] = "1"
        if subprocess.run(["unshare", "-r", "true"], capture_output=True, check=False).returncode != 0:
            print("root must own the file, and there is no user namespace to be had")
            return 77
        os.execvp("unshare", ["unshare", "-r", sys.executable, *sys.argv])
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        shutil.copy(sys.argv[1], os.path.join(folder, NAME))
        matrix(folder)
        not_trusted(folder)
        as_nobody(folder)
    for fault in faults:
        print("FAIL:", fault)
    print(f"{len(CASES)} cases")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
