# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""What the rows of real programs have in common: which programs, which library serves them."""

import os
import shutil
import subprocess

from .preload import NotServed, check_bindings, preload_of
from .process import changed_environment, file_hash
from .rows import Row

SCRIPTS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "real")
PACKAGES = {"redis-server": "redis-server", "redis-cli": "redis-tools", "redis-benchmark": "redis-tools",
            "memcached": "memcached", "sqlite3": "sqlite3", "python3": "python3", "gcc": "gcc", "g++": "g++",
            "perl": "perl", "git": "git", "stress-ng": "stress-ng", "jq": "jq"}


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

    def purpose(self):
        return " ".join(type(self).__doc__.split())

    def variables(self, place, library):
        return {"LC_ALL": "C", "TZ": "UTC", **self.settings, "LD_PRELOAD": preload_of(library.path)}

    def probe(self, place):  # pylint: disable=unused-argument
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
        own = [file_hash(os.path.join(here, name)) for name in (
            "inputs.py", "real_commands.py", "real_servers.py", "servers.py")]
        scripts = [file_hash(os.path.join(SCRIPTS, name)) for name in sorted(os.listdir(SCRIPTS))]
        return own + scripts + [file_hash(os.path.realpath(program(name))) for name in self.programs]
