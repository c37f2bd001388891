#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""floors.py SOURCE-ROOT order|headers [CC [CXX]] -- the floors of lib/ hold.

order    no file of a floor includes a header of a higher floor, and the include path of a floor
         does not even find such a header
headers  each header compiles alone with the include path of its floor (templates, *_tmpl.h, are
         included by a profile and exempt); the public header does so in C and in C++
"""
import os
import re
import subprocess
import sys
import tempfile

FLOORS = ["base", "os", "atomic", "map", "desc", "owner", "source", "central", "front", "api"]
# Beside the floors: folders that rest on the lowest few and that no floor may include.
BESIDE = {"tiny": FLOORS[:3]}
C_FLAGS = ["-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wundef", "-Wshadow",
           "-Wstrict-prototypes", "-Wmissing-prototypes", "-Werror"]
CXX_FLAGS = ["-std=c++11", "-Wall", "-Wextra", "-Wundef", "-Werror"]
INCLUDE = re.compile(r'^\s*#\s*include\s+["<]([^">]+)[">]', re.MULTILINE)


def floor_files(root, floor):
    """The C files of one floor, as paths, in order."""
    folder = os.path.join(root, "lib", floor)
    for path, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            if name.endswith((".c", ".h", ".cc", ".S")):
                yield os.path.join(path, name)


def header_floors(root):
    """{header file name: number of its floor}; a name on two floors is a fault."""
    owner, faults = {}, []
    for number, floor in enumerate(FLOORS + list(BESIDE)):
        for path in floor_files(root, floor):
            name = os.path.basename(path)
            if not name.endswith(".h"):
                continue
            if name in owner:
                faults.append(f"{path}: another floor has a header of that name too")
            owner[name] = number
    return owner, faults


def include_faults(text, where, number, owner):
    """The headers that a file of floor `number` includes from higher floors."""
    faults = []
    for name in INCLUDE.findall(text):
        above = owner.get(os.path.basename(name), -1)
        if above > number:
            folder = (FLOORS + list(BESIDE))[above]
            faults.append(f"{where}: includes {name} of lib/{folder}, a higher floor")
        if "/" in name and name.startswith("."):
            faults.append(f"{where}: includes {name}, around the include path")
    return faults


def include_path(root, number):
    """The -I options of a floor: its own folder and those below."""
    below = FLOORS[:number + 1]
    if number >= len(FLOORS):
        name = list(BESIDE)[number - len(FLOORS)]
        below = BESIDE[name] + [name]
    folders = [os.path.join(root, "lib", floor) for floor in below]
    if below[-1] == "api" or below[-1] in BESIDE:
        folders.append(os.path.join(root, "include"))
    return [f"-I{folder}" for folder in folders]


def compiles(compiler, flags, text, language):
    """None if the text compiles, else what the compiler said."""
    done = subprocess.run([*compiler, *flags, "-fsyntax-only", "-x", language, "-"], input=text,
                          capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else done.stderr


def check_order(root, cc):
    """Faults of the floor order."""
    owner, faults = header_floors(root)
    for number, floor in enumerate(FLOORS):
        for path in floor_files(root, floor):
            with open(path, encoding="utf-8") as file:
                faults += include_faults(file.read(), os.path.relpath(path, root), number, owner)
    for beside, below in BESIDE.items():
        seen = {name: at for name, at in owner.items() if at < len(FLOORS)}
        for path in floor_files(root, beside):
            with open(path, encoding="utf-8") as file:
                faults += include_faults(file.read(), os.path.relpath(path, root), len(below) - 1,
                                         seen)
    # Controls: the text check and the include path each refuse an include from above.
    for name, above in owner.items():
        if above == 0 or above >= len(FLOORS):
            continue
        line = f'#include "{name}"\n'
        if not include_faults(line, "control", above - 1, owner):
            faults.append(f"control: an include of {name} from below was not noticed")
        if compiles(cc, C_FLAGS + include_path(root, above - 1), line, "c") is None:
            faults.append(f"control: lib/{FLOORS[above - 1]} can include {name}")
    return faults


def check_headers(root, cc, cxx):
    """Faults of headers that do not stand alone."""
    faults = []
    for number, floor in enumerate(FLOORS + list(BESIDE)):
        for path in floor_files(root, floor):
            if not path.endswith(".h") or path.endswith("_tmpl.h"):
                continue
            flags = C_FLAGS + include_path(root, number)
            said = compiles(cc, flags, f'#include "{os.path.basename(path)}"\n', "c")
            if said:
                faults.append(f"{os.path.relpath(path, root)} does not compile alone:\n{said}")
    where = [f"-I{os.path.join(root, 'include')}"]
    for public in sorted(os.listdir(os.path.join(root, "include"))):
        if not public.endswith(".h"):
            continue
        for name, compiler, flags, language in (("C", cc, ["-std=c11", *C_FLAGS[2:]], "c"),
                                                ("C++", cxx, CXX_FLAGS, "c++")):
            if compiler is None:
                print(f"no C++ compiler here: {public} was compiled as C only")
                continue
            said = compiles(compiler, flags + where, f'#include "{public}"\n', language)
            if said:
                faults.append(f"include/{public} does not compile alone as {name}:\n{said}")
    # Control: a header that uses what it does not include is refused.
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "control.h"), "w", encoding="utf-8") as file:
            file.write("uint32_t control(void);\n")
        if compiles(cc, [*C_FLAGS, f"-I{folder}"], '#include "control.h"\n', "c") is None:
            faults.append("control: a header without its includes was accepted")
    return faults


def main():
    """Entry."""
    root, what = sys.argv[1], sys.argv[2]
    cc = sys.argv[3].split() if len(sys.argv) > 3 else ["cc"]
    cxx = sys.argv[4].split() if len(sys.argv) > 4 else None
    known = set(FLOORS) | set(BESIDE)
    faults = [f"lib/{name} is no floor that floors.py knows" for name in
              sorted(os.listdir(os.path.join(root, "lib")))
              if os.path.isdir(os.path.join(root, "lib", name)) and name not in known]
    faults += check_order(root, cc) if what == "order" else check_headers(root, cc, cxx)
    for fault in faults:
        print("FAIL:", fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
