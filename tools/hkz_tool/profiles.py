# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""The profiles that are installed, and the library that stands for one."""
import collections
import glob
import json
import os
import re
import sys

from . import elf as elf_module
from .setup import NO_PROFILE, OTHER_MACHINE, HkzError, nearest

NAME = re.compile(r"libhakozuna-(.+)\.so\.0")
GENERIC = "libhakozuna.so.0"


class Library(collections.namedtuple("Library", "profile path elf")):
    """One library file; profile None: a selection whose target does not say."""

    def version(self):
        """As the name of the file has it; None where it has none."""
        found = re.search(r"\.so\.([0-9.]+)$", os.path.realpath(self.path))
        return found[1] if found and "." in found[1] else None

    def preload(self):
        """What to write into LD_PRELOAD: a bare name where the dynamic linker looks anyway, so that programs of
        several machines may run each other."""
        return os.path.basename(self.path) if is_default_folder(os.path.dirname(self.path), self.elf) else self.path


def is_default_folder(folder, elf):
    """Whether the dynamic linker looks there without being told."""
    if re.fullmatch(r"/(usr/)?lib/[a-z0-9_]+-linux-[a-z0-9]+", folder):
        return True
    if folder in ("/usr/lib64", "/lib64"):
        return elf.bits == 64
    if folder in ("/usr/lib", "/lib"):
        return elf.bits == 32 or not os.path.isdir("/usr/lib64") or os.path.samefile("/usr/lib64", "/usr/lib")
    return False


def folders(setup):
    """Where libraries may be: where they were installed, then where others would have put them."""
    found = [setup.libdir]
    if not setup.is_installed:
        return found + sorted(glob.glob(f"{glob.escape(setup.libdir)}/*/"))
    for prefix in dict.fromkeys([setup.prefix, "/usr", "/usr/local"]):
        found += sorted(glob.glob(f"{prefix}/lib/*-linux-*")) + [f"{prefix}/lib64", f"{prefix}/lib"]
    return list(dict.fromkeys(found))


def _library(profile, path):
    try:
        elf = elf_module.read_elf(path)
    except OSError:
        return None
    return Library(profile, path, elf) if elf else None


def libraries(setup):
    """All libraries of profiles, in the order of the folders."""
    found = []
    for folder in folders(setup):
        for path in sorted(glob.glob(f"{glob.escape(folder)}/libhakozuna-*.so.0")):
            match = NAME.fullmatch(os.path.basename(path))
            library = _library(match[1], path) if match else None
            if library:
                found.append(library)
    return found


def generic(setup):
    """The libraries libhakozuna.so.0, which the administrator lets stand for one profile each."""
    found = []
    for folder in folders(setup) if setup.is_installed else [setup.libdir]:
        path = os.path.join(folder, GENERIC)
        if os.path.exists(path):
            match = re.search(r"/hakozuna/([^/]+)/[^/]+$", os.path.realpath(path))
            library = _library(match[1] if match else None, path)
            if library:
                found.append(library)
    return found


def own_elf():
    """This interpreter's."""
    try:
        return elf_module.read_elf(os.path.realpath(sys.executable or "/proc/self/exe"))
    except OSError:
        return None


def choose(setup, profile, program):
    """The library of the profile (None: the default) for the program, an Elf or None."""
    program = program or own_elf()
    there = libraries(setup)
    names = list(dict.fromkeys(library.profile for library in there))
    name = setup.families.get(profile, profile)
    if name == "hz7-tiny":
        raise HkzError("hz7-tiny cannot be preloaded: it replaces no malloc, but has functions of its own; see "
                       "hz7_malloc(3)", NO_PROFILE)
    if name is None:
        candidates = generic(setup)
        if not candidates:
            name = _default(setup, names)
    if name is not None:
        candidates = [library for library in there if library.profile == name]
    if not candidates:
        known = "it is known, but not installed" if name in meanings(setup) else "there is none of that name"
        raise HkzError(f'profile "{name}": {known}{nearest(name, [n for n in names if n != "hz7-tiny"])}; '
                       "`hkz profiles` lists those that are installed", NO_PROFILE)
    return _fitting(candidates, program)


def _default(setup, names):
    if setup.default_profile in names:
        return setup.default_profile
    names = [name for name in names if name != "hz7-tiny"]
    if len(names) == 1:
        return names[0]
    raise HkzError("no default profile is installed; choose one of " + ", ".join(names) if names else
                   f"no profile is installed in {setup.libdir}", NO_PROFILE)


def _fitting(candidates, program):
    """The first that the program can load; else the error of the first."""
    error = HkzError("", OTHER_MACHINE)
    for library in candidates:
        try:
            elf_module.check_same(program, library.elf)
            return library
        except HkzError as refusal:
            error = error if str(error) else refusal
    raise error


def meanings(setup):
    """What each profile is for, by name."""
    try:
        with open(setup.data, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


def listing(setup):
    """One dictionary for each installed profile."""
    known, found = meanings(setup), {}
    selected = {library.profile for library in generic(setup)} - {None}
    default = selected or {setup.default_profile}
    for library in libraries(setup):
        entry = found.setdefault(library.profile, {
            "profile": library.profile, "version": library.version(), "preload": library.profile != "hz7-tiny",
            "default": library.profile in default, "meaning": known.get(library.profile, ""), "libraries": []})
        entry["libraries"].append(library.path)
    return list(found.values())
