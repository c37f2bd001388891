# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""Which allocator a running process uses, judged by the files that it has mapped. Nothing of the process is executed or
loaded."""
import mmap
import os
import re

from . import elf as elf_module
from .setup import HkzError

OTHERS = (
    ("jemalloc", r"libjemalloc\b"), ("mimalloc", r"libmimalloc\b"), ("tcmalloc", r"libtcmalloc"),
    ("snmalloc", r"libsnmalloc"), ("rpmalloc", r"librpmalloc"), ("hoard", r"libhoard\b"),
    ("scudo", r"lib(scudo|clang_rt\.scudo)"), ("hardened_malloc", r"libhardened_malloc"),
    ("tbbmalloc", r"libtbbmalloc_proxy"), ("AddressSanitizer", r"lib(asan|clang_rt\.asan)"),
    ("ThreadSanitizer", r"lib(tsan|clang_rt\.tsan)"), ("Electric Fence", r"libefence"),
    ("glibc's checking malloc", r"libc_malloc_debug"),
)
# What programs that hold an allocator themselves contain.
INSIDE = (("jemalloc", b"<jemalloc>: "), ("mimalloc", b"mimalloc: "), ("tcmalloc", b"tcmalloc: "))
OURS = re.compile(r"libhakozuna(?:-(?P<profile>[a-z0-9-]+?))?\.so\.(?P<version>[0-9.]+)")
LIBC = re.compile(r"(libc\.so\.6|libc-[0-9.]+\.so)|(ld-musl-.*|libc\.musl-.*|libc\.so)")
DELETED = " (deleted)"


def _why_denied(pid):
    if os.geteuid() == 0:
        return "the kernel keeps it apart, as in a container"
    try:
        return f"it belongs to user {os.stat(f'/proc/{pid}').st_uid}; run hkz as that user or as root"
    except OSError:
        return "it is not yours; run hkz as root"


def _read(pid, name):
    """The bytes of /proc/PID/NAME, with errors in words."""
    try:
        with open(f"/proc/{pid}/{name}", "rb") as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError):
        raise HkzError(f"process {pid}: there is none") from None
    except PermissionError:
        raise HkzError(f"process {pid}: permission denied ({_why_denied(pid)})") from None
    except OSError as error:
        raise HkzError(f"process {pid}: {error.strerror}") from None


def mapped_files(pid):
    """The paths of the files that the process has mapped, in the order of addresses; as they are now named."""
    paths = {}
    for line in os.fsdecode(_read(pid, "maps")).splitlines():
        words = line.split(maxsplit=5)
        if len(words) == 6 and words[5].startswith("/"):
            paths.setdefault(words[5].replace("\\012", "\n"))
    return list(paths)


def _library(path):
    """What the library is: a dictionary, or None if it is no allocator."""
    deleted = path.endswith(DELETED)
    path = path[:-len(DELETED)] if deleted else path
    name = os.path.basename(path)
    found = {"allocator": None, "library": path, "deleted": deleted, "linked": "dynamic"}
    ours = OURS.fullmatch(name)
    if ours:
        folder = re.search(r"/hakozuna/([^/]+)/[^/]+$", path)
        profile = ours["profile"] or (folder[1] if folder else None)
        version = ours["version"] if "." in ours["version"] else None
        direct = profile == "hz7-tiny"  # beside whatever malloc the program has
        return None if direct else {**found, "allocator": "hakozuna", "profile": profile, "version": version}
    for allocator, pattern in OTHERS:
        if re.match(pattern, name):
            return {**found, "allocator": allocator}
    return None


def _inside(pid, profiles, cache):
    """What allocator the program's own file holds: (dictionary or None, whether the program is static)."""
    path = f"/proc/{pid}/exe"
    try:
        state = os.stat(path)
        key = (state.st_dev, state.st_ino)
        if key not in cache:
            cache[key] = _look_inside(path, profiles)
        return cache[key]
    except (OSError, ValueError):
        return None, False


def _look_inside(path, profiles):
    elf = elf_module.read_elf(path)
    is_static = elf is not None and elf.interpreter is None
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        found = {"library": None, "deleted": False, "linked": "static"}
        if text.find(b"\0HAKOZUNA_CONF\0") >= 0 and text.find(b"[exe:NAME]") >= 0:
            profile = [name for name in profiles if text.find(b"\0" + name.encode() + b"\0") >= 0]
            return {**found, "allocator": "hakozuna", "profile": profile[0] if len(profile) == 1 else None,
                    "version": None}, is_static
        for allocator, words in INSIDE:
            if text.find(words) >= 0:
                return {**found, "allocator": allocator}, is_static
    return None, is_static


def _preloaded(pid):
    """The base names in LD_PRELOAD at the process's start."""
    try:
        entries = os.fsdecode(_read(pid, "environ")).split("\0")
    except HkzError:
        return []
    for entry in entries:
        if entry.startswith("LD_PRELOAD="):
            return [os.path.basename(os.path.realpath(path)) if "/" in path else path
                    for path in re.split(r"[ :]+", entry[len("LD_PRELOAD="):]) if path]
    return []


def _order(found, preloaded):
    """The one that wins first: what the program holds, what is preloaded, in that order, ours, the rest."""
    def rank(entry):
        name = os.path.basename(entry["library"] or "")
        if entry["library"] is None:
            return (0 if entry["allocator"] == "hakozuna" else 4, 0)
        places = [at for at, word in enumerate(preloaded) if name == word or name.startswith(word + ".")]
        return (1, places[0]) if places else (2 if entry["allocator"] == "hakozuna" else 3, 0)
    return sorted(found, key=rank)


def _libc(files, is_static):
    for path in files:
        name = os.path.basename(path[:-len(DELETED)] if path.endswith(DELETED) else path)
        match = LIBC.fullmatch(name)
        if match:
            return {"allocator": "libc", "libc": "glibc" if match[1] else "musl", "library": path, "deleted": False,
                    "linked": "dynamic"}
    return {"allocator": "unknown", "library": None, "deleted": False, "linked": "static" if is_static else "dynamic"}


def _command(pid):
    words = os.fsdecode(_read(pid, "cmdline")).split("\0")
    name = os.fsdecode(_read(pid, "comm")).strip()
    return " ".join(words).strip() or f"[{name}]"


def which(pid, profiles, cache=None):
    """What the process uses: a dictionary. HkzError where it cannot be told."""
    files = mapped_files(pid)
    command = _command(pid)
    if not files:
        raise HkzError(f"process {pid}: it has no files mapped, as a thread of the kernel or a process that ended")
    inside, is_static = _inside(pid, profiles, {} if cache is None else cache)
    found = [entry for entry in map(_library, files) if entry] + ([inside] if inside else [])
    unique = {(entry["allocator"], entry["library"]): entry for entry in found}
    order = _order(unique.values(), _preloaded(pid)) or [_libc(files, is_static)]
    others = [entry["library"] or "in the program" for entry in order[1:]]
    return {"pid": pid, "command": command, **order[0], "also": others}


def processes():
    """The numbers of all processes but this one."""
    return sorted(int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid())


def in_words(answer):
    """The allocator in one line."""
    words = answer["allocator"]
    if words == "hakozuna":
        words += f" {answer['profile'] or '(profile unknown)'}" + (f" {answer['version']}" if answer["version"] else "")
    elif words == "libc":
        words += f" ({answer['libc']})"
    elif words == "unknown" and answer["linked"] == "static":
        return "unknown (a static program: libc's, or its own)"
    if answer["linked"] == "static":
        words += " (in the program itself)"
    elif answer["deleted"]:
        words += " (its file was replaced or removed since: restart to get the new one)"
    return words
