# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""The machine that figures belong to, and the versions of what was compared."""

import os
import platform
import shutil
import subprocess
import time

from .libraries import PEERS, find_shared, identity

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def field(path, key, separator=":"):
    """The value after the first key in a file of lines; None if there is none."""
    try:
        with open(path, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if line.startswith(key):
                    return line.split(separator, 1)[1].strip().strip('"')
    except OSError:
        pass
    return None


def host():
    """What absolute figures need beside them."""
    return {"cpu": field("/proc/cpuinfo", "model name") or platform.machine(),
            "cores": len(os.sched_getaffinity(0)), "kernel": platform.release(),
            "libc": " ".join(platform.libc_ver())}


def machine():
    """More of it, for the report."""
    memory = field("/proc/meminfo", "MemTotal")
    try:
        with open("/sys/kernel/mm/transparent_hugepage/enabled", encoding="ascii") as file:
            huge = file.read().split("[")[1].split("]")[0]
    except (OSError, IndexError):
        huge = "not known"
    return {**host(), "memory": f"{int(memory.split()[0]) / 1048576:.1f} GiB" if memory else "not known",
            "system": field("/etc/os-release", "PRETTY_NAME", "=") or platform.system(),
            "transparent huge pages": huge, "page": f"{os.sysconf('SC_PAGE_SIZE')} bytes"}


def output(*command):
    """What a command prints, or "" when it fails."""
    if shutil.which(command[0]) is None:
        return ""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def package(path):
    """Name and version of the distribution's package that a file is of, or ""."""
    real = os.path.realpath(path)
    for file in (real, real.removeprefix("/usr")):
        owner = output("dpkg-query", "-S", file).split(": ")[0]
        if owner:
            return output("dpkg-query", "-W", "-f", "${Package} ${Version}", owner)
    known = output("rpm", "-qf", real)
    return "" if " " in known else known


def commit():
    """Of the source tree that the runner lies in."""
    return output("git", "-C", ROOT, "describe", "--always", "--dirty") or "not known"


def versions(libraries):
    """Name -> path, what its file holds, and the version: package, commit, or the file's date."""
    out = {}
    for name, path in libraries.items():
        file = path or find_shared("libc.so.6") or ""
        where = package(file) if file and (name == "glibc" or name in PEERS) else ""
        if not where and file:
            date = time.strftime("%Y-%m-%d %H:%M", time.localtime(os.stat(file).st_mtime))
            where = f"file of {date}" + ("" if name in PEERS or name == "glibc" else f"; source tree at {commit()}")
        out[name] = {"path": file, "version": where or "not known", "hash": identity(path)}
    return out
