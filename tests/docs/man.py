#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""man.py SOURCE-ROOT lint|words [HKZ] -- the manual pages.

lint: mandoc and man have no complaint. words: the pages name what there is, no more and no less: options and their
choices, functions, codes of errors, exit statuses, profiles. Each comparison also has a control.
"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys


def read(*parts):
    """A file's text."""
    with open(os.path.join(*parts), encoding="utf-8") as file:
        return file.read()


# --- lint --------------------------------------------------------------------------------------


def lint_faults(path):
    """What the tools say of one page."""
    faults = []
    for command in (["mandoc", "-Tlint", "-W", "warning", path], ["man", "--warnings", "-l", path]):
        if not shutil.which(command[0]):
            continue
        done = subprocess.run(command, capture_output=True, text=True, check=False,
                              env={**os.environ, "LC_ALL": "C.UTF-8", "MANROFFSEQ": "", "MANWIDTH": "80"})
        said = done.stderr + (done.stdout if command[0] == "mandoc" else "")
        faults += [f"{os.path.basename(path)}: {line}" for line in said.splitlines()]
        if done.returncode != 0 and not said:
            faults.append(f"{path}: {command[0]} ended with {done.returncode}")
    return faults


def lint(root):
    """All pages, and one with a fault."""
    if not shutil.which("mandoc"):
        print("no mandoc here")
        return None
    pages = sorted(glob.glob(f"{root}/docs/man/*.[1-9]"))
    faults = [fault for page in pages for fault in lint_faults(page)]
    if len(pages) < 7:
        faults.append(f"only {len(pages)} pages")
    bad = os.path.abspath("man-control.7")
    with open(bad, "w", encoding="utf-8") as file:
        file.write(read(root, "docs/man/hakozuna.7").replace(".Sh NAME", ".Sh NAM\n.Zz", 1))
    if not lint_faults(bad):
        faults.append("the control was not noticed")
    os.unlink(bad)
    return faults


# --- words -------------------------------------------------------------------------------------


def differences(what, ours, theirs):
    """One line for each word that only one side has; and the control."""
    faults = [f"{what}: only in {side}: {word}" for side, words in (("the page", set(ours) - set(theirs)),
                                                                   ("the sources", set(theirs) - set(ours)))
              for word in sorted(map(str, words))]
    if len(ours) < 5:
        faults.append(f"{what}: only {len(ours)} words were found")
    return faults


def options_of_page(text):
    """Name and column of values of each option in the table; and the names that are explained."""
    table = dict(re.findall(r"^\.It Ev HAKOZUNA_(\w+) Ta (.*?) Ta ", text, re.M))
    return {name.lower(): values for name, values in table.items()}, {
        name.lower() for name in re.findall(r"^\.It Ev HAKOZUNA_(\w+)$", text, re.M)}


def option_faults(text, found):
    """The options of hakozuna(7) and those of the library."""
    table, explained = options_of_page(text)
    faults = differences("options in the table", table, found)
    faults += differences("options that are explained", explained, found)
    for name, values in found.items():
        choices = ", ".join(values.split("|"))
        if "|" in values and table.get(name) not in (None, choices):
            faults.append(f"values of {name}: {table[name]}, not {choices}")
    return faults


def functions_of_page(text):
    """In NAME, and in SYNOPSIS."""
    synopsis = text.split(".Sh SYNOPSIS")[1].split(".Sh DESCRIPTION")[0]
    return (set(re.findall(r"^\.Nm (hkz_\w+)", text, re.M)), set(re.findall(r"^\.F[no] (hkz_\w+)", synopsis, re.M)))


def function_faults(root, text):
    """The functions of hkz_malloc(3), its other names, and the header."""
    declared = set(re.findall(r"^HKZ_API [^(]*?\b(hkz_\w+)\(", read(root, "include/hakozuna.h"), re.M))
    names, synopsis = functions_of_page(text)
    aliases = set(re.findall(r"'(hkz_\w+)'[,\]]", read(root, "docs/meson.build"))) | {"hkz_malloc"}
    return (differences("functions in NAME", names, declared) + differences("in SYNOPSIS", synopsis, declared)
            + differences("names of the page", aliases, declared))


def error_faults(root, text):
    """The codes of hakozuna-errors(7), of docs/errors.md, and of the library."""
    page = re.findall(r"^\.It HKZ-(E\d+) ([\w-]+)$", text, re.M)
    document = re.findall(r"^## HKZ-(E\d+) ([\w-]+)$", read(root, "docs/errors.md"), re.M)
    names = re.findall(r'\[HZ_ERROR_\w+\] = "([\w-]+)"', read(root, "lib/os/hz_fatal.c"))
    library = [(f"E{number:03}", name) for number, name in enumerate(names, 1)]
    return differences("errors, and docs/errors.md", page, document) + differences("errors, and lib", page, library)


def status_faults(root, text):
    """The exit statuses of hkz(1) and of its sources."""
    part = text.split(".Sh EXIT STATUS")[1].split(".Sh ")[0]
    source = read(root, "tools/hkz_tool/setup.py")
    values = {number for line in re.findall(r"^[A-Z_, ]+ = (1\d\d[\d, ]*)$", source, re.M)
              for number in line.split(", ")}
    return differences("exit statuses", set(re.findall(r"^\.It (\d+)$", part, re.M)), values)


def profile_faults(root, text):
    """The profiles of hakozuna(7) and of the build's options."""
    part = text.split(".Sh PROFILES")[1].split(".El")[0]
    return differences("profiles", set(re.findall(r"^\.It Li (\S+)$", part, re.M)), set(
        name for name in os.listdir(f"{root}/profiles") if os.path.exists(f"{root}/profiles/{name}/README.md")))


def command_faults(text, hkz):
    """The commands of hkz(1) and of hkz."""
    done = subprocess.run([hkz, "help"], capture_output=True, text=True, check=True)
    commands = set(re.findall(r"^    ([a-z]+) ", done.stdout, re.M))
    return differences("commands", set(re.findall(r"^\.It Cm (\w+)$", text, re.M)), commands)


def controls(hakozuna, malloc, errors, root, found):
    """Each word less is noticed."""
    cases = {
        "option": option_faults(hakozuna.replace(".It Ev HAKOZUNA_THP\n", ""), found),
        "option in the table": option_faults(hakozuna.replace("HAKOZUNA_THP Ta", "HAKOZUNA_THQ Ta"), found),
        "values": option_faults(hakozuna.replace("Ta off, exit Ta", "Ta off Ta"), found),
        "function": function_faults(root, malloc.replace(".Nm hkz_owns ,\n", "")),
        "code": error_faults(root, errors.replace("HKZ-E005", "HKZ-E015")),
        "profile": profile_faults(root, hakozuna.replace(".It Li hz4-mt", "")),
    }
    return [f"control: a changed {name} was not noticed" for name, faults in cases.items() if not faults]


def words(root, hkz):
    """All comparisons."""
    hakozuna, malloc, errors, tool = (read(root, "docs/man", name) for name in (
        "hakozuna.7", "hkz_malloc.3", "hakozuna-errors.7", "hkz.1"))
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HAKOZUNA_")}
    done = subprocess.run([hkz, "config", "--json"], capture_output=True, text=True, check=True, env=clean)
    found = {option["name"]: option["values"] for option in json.loads(done.stdout)["options"]}
    return (option_faults(hakozuna, found) + function_faults(root, malloc) + error_faults(root, errors)
            + status_faults(root, tool) + profile_faults(root, hakozuna) + command_faults(tool, hkz)
            + controls(hakozuna, malloc, errors, root, found))


def main():
    """Entry."""
    root = sys.argv[1]
    faults = lint(root) if sys.argv[2] == "lint" else words(root, sys.argv[3])
    if faults is None:
        return 77
    for fault in faults:
        print("FAIL:", fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
