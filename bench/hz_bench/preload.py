# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""How a program that is not ours comes to run on a library, and whether it did. tools/demo uses this, too."""

import functools
import glob
import os
import re
import subprocess
import tempfile

OWN_OPTIONS = "HAKOZUNA_"


class NotServed(Exception):
    """A program does not take its memory from the library it was given."""


@functools.lru_cache(maxsize=None)
def libc_path():
    """The file of the C library that this interpreter runs on."""
    with open("/proc/self/maps", encoding="utf-8") as maps:
        for line in maps:
            path = line.split(maxsplit=5)[-1].strip()
            if os.path.basename(path).startswith(("libc.so", "libc-")):
                return path
    raise NotServed("cannot find the C library among the mapped files")


def preload_of(path):
    """What to preload for a library; "" is glibc. A program may be linked with an allocator of its own, as Debian's
    redis-server is with jemalloc: libc, named first, wins over it."""
    return os.path.realpath(path) if path else libc_path()


def check_mapped(pid, library):
    """Raises NotServed if the running process did not load the library."""
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps:
        if not any(line.rstrip().endswith(library) for line in maps):
            raise NotServed(f"process {pid} did not load {library}")


BINDING = re.compile(r"binding file (\S+) \[0\] to (\S+) \[0\]: normal symbol `(malloc|calloc|realloc|free)'")


def check_bindings(command, environment, library, folder=None):
    """Runs a short command and looks where the loader bound malloc and its family, in each of its processes. Raises
    NotServed if that is anywhere else than in the library, or nowhere."""
    real = os.path.realpath(library)
    with tempfile.TemporaryDirectory(prefix="hakozuna-bind-") as there:
        traced = dict(environment, LD_PRELOAD=library, LD_DEBUG="bindings",
                      LD_DEBUG_OUTPUT=os.path.join(there, "bind"))
        subprocess.run(command, env=traced, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, cwd=folder, timeout=60, check=False)
        files = glob.glob(os.path.join(there, "bind.*"))
        if not files:
            raise NotServed(f"{command[0]} loads no shared libraries")
        for name in files:
            check_one(name, command[0], real)


def check_one(trace, program, library):
    """The same of one process, whose trace is that file."""
    with open(trace, encoding="utf-8", errors="replace") as lines:
        found = [match.groups() for match in map(BINDING.search, lines) if match]
    for origin, target, symbol in found:
        if os.path.realpath(origin) == library:
            continue  # it may look for the ones that it replaces
        # A program that takes the address of such a function has a stub of its own, through which others go, too.
        if os.path.realpath(target) != library and ".so" in os.path.basename(target):
            raise NotServed(f"{origin}, started by {program}, takes {symbol} from {target}")
    if not any(symbol == "malloc" and os.path.realpath(target) == library for _, target, symbol in found):
        raise NotServed(f"a process of {program} does not take malloc from {library}")
