# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""What an executable file is, as far as that decides whether a library can be preloaded into it."""
import collections
import os
import stat
import struct

from .setup import CANNOT_RUN, NOT_FOUND, OTHER_MACHINE, PRIVILEGED, STATIC, HkzError

PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3
DT_NEEDED, DT_STRTAB, DT_STRSZ = 1, 5, 10
SCRIPTS = 5  # interpreters that are scripts themselves, as deep as the kernel goes
MACHINES = {3: "i386", 8: "mips", 20: "ppc", 21: "ppc64", 22: "s390x", 40: "arm", 62: "x86-64", 183: "aarch64",
            243: "riscv", 258: "loongarch"}


class Elf(collections.namedtuple("Elf", "path bits order machine interpreter needed")):
    """The parts of an ELF file that matter here: order is "<" or ">" as struct has it; interpreter is the dynamic
    linker, None of static programs and of libraries; needed are the libraries that it asks for."""

    def kind(self):
        """What two files must have in common to be loaded together."""
        return (self.bits, self.order, self.machine)

    def kind_name(self):
        """The same in words."""
        return f"{MACHINES.get(self.machine, f'machine {self.machine}')}, {self.bits} bits"

    def libc(self):
        """'glibc', 'musl', or None where that is not known."""
        linker = os.path.basename(self.interpreter or "")
        if linker.startswith("ld-musl") or any(name == "libc.so" or name.startswith("libc.musl-")
                                               for name in self.needed):
            return "musl"
        if linker.startswith(("ld-linux", "ld64.so", "ld.so")) or any(name.startswith("libc.so.")
                                                                     for name in self.needed):
            return "glibc"
        return linker or None


def read_elf(path):
    """The file as an Elf; None if it is none. OSError as open() has it."""
    with open(path, "rb") as file:
        ident = file.read(16)
        if len(ident) < 16 or ident[:4] != b"\x7fELF" or ident[4] not in (1, 2) or ident[5] not in (1, 2):
            return None
        bits, order = 32 * ident[4], "<" if ident[5] == 1 else ">"
        try:
            return _read_body(path, file, bits, order)
        except (struct.error, ValueError, MemoryError, OverflowError):
            return None


def _read_body(path, file, bits, order):
    head = struct.Struct(order + ("HHIQQQIHHH" if bits == 64 else "HHIIIIIHHH"))
    fields = head.unpack(file.read(head.size))
    machine, at, size, count = fields[1], fields[4], fields[8], fields[9]
    part = struct.Struct(order + ("IIQQQQQQ" if bits == 64 else "IIIIIIII"))
    parts = []
    for number in range(count):
        file.seek(at + number * size)
        values = part.unpack(file.read(part.size))
        # type, offset, address, bytes in the file
        parts.append((values[0], values[2], values[3], values[5]) if bits == 64
                     else (values[0], values[1], values[2], values[4]))
    interpreter = None
    for kind, offset, _, length in parts:
        if kind == PT_INTERP:
            file.seek(offset)
            interpreter = os.fsdecode(file.read(min(length, 4096)).split(b"\0")[0])
    return Elf(path, bits, order, machine, interpreter, _read_needed(file, bits, order, parts))


def _read_needed(file, bits, order, parts):
    """The names of the libraries that the dynamic section asks for."""
    entry = struct.Struct(order + ("qQ" if bits == 64 else "iI"))
    needed, table, table_bytes = [], 0, 0
    for kind, offset, _, length in parts:
        if kind != PT_DYNAMIC:
            continue
        file.seek(offset)
        section = file.read(min(length, 1 << 16))
        for tag, value in entry.iter_unpack(section[:len(section) // entry.size * entry.size]):
            if tag == DT_NEEDED:
                needed.append(value)
            elif tag == DT_STRTAB:
                table = value
            elif tag == DT_STRSZ:
                table_bytes = value
    for kind, offset, address, length in parts:
        if kind == PT_LOAD and address <= table < address + length:
            file.seek(offset + table - address)
            names = file.read(min(table_bytes, 1 << 20))
            return [os.fsdecode(names[at:].split(b"\0")[0]) for at in needed if at < len(names)]
    return []


# --- Programs ----------------------------------------------------------------------------------


def find_program(name):
    """The path of a program as execvp would find it."""
    if "/" in name:
        if not os.path.exists(name):
            raise HkzError(f'"{name}": no such file', NOT_FOUND)
        return name
    denied = None
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        path = os.path.join(folder or ".", name)
        if os.path.isfile(path):
            if os.access(path, os.X_OK):
                return path
            denied = denied or path
    if denied:
        raise HkzError(f'"{denied}" cannot be run: permission denied', CANNOT_RUN)
    raise HkzError(f'"{name}": not found in PATH', NOT_FOUND)


def _script_words(path):
    """The words of a first line "#!..."; None if the file does not begin so."""
    with open(path, "rb") as file:
        line = file.read(256)
    if not line.startswith(b"#!"):
        return None
    return os.fsdecode(line[2:].split(b"\n")[0]).split(maxsplit=1)


def _privileges(path):
    """What makes the kernel tell the dynamic linker to distrust the environment, in words; or None."""
    mode = os.stat(path).st_mode
    if mode & stat.S_ISUID:
        return "is set-user-ID"
    if mode & stat.S_ISGID and mode & stat.S_IXGRP:
        return "is set-group-ID"
    try:
        os.getxattr(path, "security.capability")
        return "has file capabilities"
    except OSError:
        return None


def _env_command(arguments):
    """The command among the arguments of env(1) on a first line, as in "#!/usr/bin/env -S python3 -u"."""
    for word in arguments.split():
        if not word.startswith("-") and "=" not in word:
            return word
    return None


def judge(path, told=None, depth=0):
    """The Elf of what would run, following scripts to their interpreters; None where only the kernel knows. Raises
    HkzError where a preloaded library would have no effect. told: what led here, for messages."""
    name = f'"{path}"' if told is None else f'"{path}", which runs {told},'
    try:
        if os.path.isdir(path):
            raise HkzError(f"{name} cannot be run: it is a directory", CANNOT_RUN)
        if os.path.exists(path) and not os.access(path, os.X_OK):
            raise HkzError(f"{name} cannot be run: permission denied", CANNOT_RUN)
        words = _script_words(path)
        if words is not None:
            return _judge_script(path, words, told, depth)
        elf = read_elf(path)
        privileges = _privileges(path)
    except FileNotFoundError:
        status = NOT_FOUND if told is None else CANNOT_RUN
        raise HkzError(f"{name} does not exist", status) from None
    except PermissionError:
        return None  # may be executed, but not read
    except OSError as error:
        raise HkzError(f"{name} cannot be run: {error.strerror}", CANNOT_RUN) from None
    if privileges:
        raise HkzError(f"{name} {privileges}: the dynamic linker ignores LD_PRELOAD then; link the program with "
                       "-lhakozuna instead", PRIVILEGED)
    if elf is not None and elf.interpreter is None:
        raise HkzError(f"{name} is linked statically: nothing can be preloaded; link it with libhakozuna-PROFILE.a "
                       "instead", STATIC)
    return elf


def _judge_script(path, words, told, depth):
    if depth >= SCRIPTS or not words:
        raise HkzError(f'"{path}" cannot be run: its first line names no program', CANNOT_RUN)
    told = told or f'"{path}"'
    elf = judge(words[0], told, depth + 1)
    if os.path.basename(words[0]) != "env" or len(words) == 1:
        return elf
    command = _env_command(words[1])
    return elf if command is None else judge(find_program(command), told, depth + 1)


def check_same(program, library):
    """Raises HkzError if the library cannot be loaded into the program."""
    if program is None or library is None:
        return
    if program.kind() != library.kind():
        raise HkzError(f'"{program.path}" is for another machine ({program.kind_name()}) than "{library.path}" '
                       f"({library.kind_name()}); install the library for that machine, too", OTHER_MACHINE)
    ours, theirs = library.libc(), program.libc()
    if ours and theirs and ours != theirs:
        raise HkzError(f'"{program.path}" runs on {theirs}, but "{library.path}" on {ours}; build the library for '
                       f"{theirs}", OTHER_MACHINE)
