# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""Which libraries are compared, and where they are."""

import functools
import glob
import os
import platform
import re
import subprocess
import sys

from .process import file_hash
from .say import fail, say

# Name: (file to look for, Debian package).
PEERS = {
    "mimalloc": ("libmimalloc.so.2", "libmimalloc2.0"),
    "jemalloc": ("libjemalloc.so.2", "libjemalloc2"),
    "tcmalloc_minimal": ("libtcmalloc_minimal.so.4", "libtcmalloc-minimal4"),
    "tbbmalloc": ("libtbbmalloc_proxy.so.2", "libtbbmalloc2"),
}
NULL_FILES = ("libnull_preload.so", "null_preload.so")


def architecture(path):
    """Word size, byte order and machine of an ELF file."""
    with open(path, "rb") as file:
        head = file.read(20)
    return head[4:6] + head[18:20]


def fits(path):
    """Whether a library is for the same machine as this process: others may be installed beside it."""
    try:
        return architecture(path) == architecture("/proc/self/exe")
    except OSError:
        return False


@functools.lru_cache(maxsize=None)
def find_shared(file_name):
    """The path of a library by its soname: from the loader's cache, else the usual folders."""
    for tool in ("/sbin/ldconfig", "/usr/sbin/ldconfig"):
        if os.path.exists(tool):
            lines = subprocess.run([tool, "-p"], capture_output=True, text=True, check=False).stdout.splitlines()
            for line in lines:
                name, _, path = line.strip().partition(" => ")
                if name.split(" ")[0] == file_name and fits(path):
                    return path
    machine = platform.machine()
    for folder in (f"/usr/lib/{machine}-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/lib"):
        path = os.path.join(folder, file_name)
        if fits(path):
            return path
    return None


def identity(path):
    """A short name for what a library's file holds; of libc for the path ""."""
    file = path or find_shared("libc.so.6")
    return file_hash(file) if file else " ".join(platform.libc_ver())


def install_peers():
    """All of the distribution's."""
    find_shared.cache_clear()
    packages = [package for _, package in PEERS.values()]
    command = ["apt-get", "install", "-y", "--no-install-recommends"] + packages
    if os.geteuid() != 0:
        command.insert(0, "sudo")
    say("running: " + " ".join(command))
    if subprocess.run(command, stdout=sys.stderr, check=False).returncode != 0:
        fail("the packages could not be installed")


def find_null(build):
    """The path of the null library, or None."""
    for name in NULL_FILES:
        path = os.path.join(build, name)
        if os.path.exists(path):
            return path
    return None


def profiles_of(build):
    """Name -> path of the profiles that were built beside the programs."""
    pattern = os.path.join(os.path.dirname(os.path.abspath(build)), "profiles", "libhakozuna-*.so.0")
    found = {}
    for path in sorted(glob.glob(pattern)):
        name = re.fullmatch(r"libhakozuna-(.*)\.so\.0", os.path.basename(path))[1]
        found[name] = path
    return found


def add_profiles(libraries, words, build):
    """Those of --profile: names, or "all"."""
    there = profiles_of(build)
    for word in words:
        if word != "all" and word not in there:
            fail(f"no profile '{word}' beside {build}; there are: {', '.join(there) or 'none'}")
        for name in there if word == "all" else [word]:
            add_by_path(libraries, f"{name}={there[name]}")


def add_peer(libraries, name, required):
    """One from the distribution; ends the program if it must be there and is not."""
    path = find_shared(PEERS[name][0])
    if path is not None:
        libraries[name] = path
        return
    message = (f"peer {name} is not installed (Debian package {PEERS[name][1]}; "
               "or use --install-peers)")
    if required:
        fail(message)
    say(message + "; going on without it")


def add_by_path(libraries, word):
    """Any library: name=path."""
    name, _, path = word.partition("=")
    path = os.path.abspath(path)
    if not os.path.isfile(path):
        fail(f"library '{name}': no such file: {path}")
    if " " in path or ":" in path:
        fail(f"library '{name}': the loader takes no path with a blank or colon in it: {path}")
    libraries[name] = path


def choose_libraries(words, profiles, build):
    """Name -> path. glibc has the path "". The null library is used whenever it was built."""
    libraries = {}
    named = [word for word in words if "=" not in word]
    for word in named:
        if word not in ("null", "peers", "glibc") and word not in PEERS:
            fail(f"unknown library '{word}': use {', '.join(PEERS)}, glibc, peers or name=path")
    if not named or "peers" in named or "glibc" in named:
        libraries["glibc"] = ""
    for name in PEERS:
        if name in named:
            add_peer(libraries, name, required=True)
        elif not named or "peers" in named:
            add_peer(libraries, name, required=False)
    add_profiles(libraries, profiles, build)
    for word in words:
        if "=" in word:
            add_by_path(libraries, word)
    null = find_null(build)
    if null is not None:
        libraries["null"] = null
    else:
        say(f"no null library in {build}: net times are not known")
    return libraries


def peers_of(libraries):
    """Those that others make."""
    return [name for name in libraries if name == "glibc" or name in PEERS]


def subjects_of(libraries):
    """Those that are judged."""
    return [name for name in libraries if name not in PEERS and name not in ("glibc", "null")]
