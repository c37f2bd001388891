# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""Drop-ins for systemd: a unit's processes on a profile, with options."""
import glob
import os
import re
import tempfile

from . import elf as elf_module
from .setup import USAGE, HkzError

UNIT_FOLDERS = ("/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system",
                "/usr/lib/systemd/system", "/lib/systemd/system")
SECTIONS = {"service": "Service", "socket": "Socket", "mount": "Mount", "swap": "Swap"}
NAME = re.compile(r"[A-Za-z0-9:_.\\-]+(@[A-Za-z0-9:_.\\-]*)?")


def unit_name(word):
    """The full name of a unit that can have an environment."""
    stem, dot, suffix = word.rpartition(".")
    if not dot or suffix not in SECTIONS:
        kinds = ("target", "timer", "path", "slice", "scope", "device", "automount")
        if dot and suffix in kinds:
            raise HkzError(f'unit "{word}": a {suffix} runs nothing; name a ' + ", ".join(SECTIONS), USAGE)
        stem, suffix = word, "service"
    name = f"{stem}.{suffix}"
    if not NAME.fullmatch(stem) or stem.startswith(".") or len(name) > 255:
        raise HkzError(f'unit "{word}": no name that systemd allows', USAGE)
    return name


def _quoted(text):
    """A word of Environment=: in quotes, without specifiers."""
    text = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    if re.search(r"[\x00-\x1f]", text):
        raise HkzError("a value holds a control character", USAGE)
    return f'"{text}"'


def drop_in(unit, preload, variables, profile):
    """The text of the file."""
    section = SECTIONS[unit.rpartition(".")[2]]
    lines = [f"# {unit} on Hakozuna's allocator, profile {profile}. Made by hkz(1); remove this file to undo it.",
             f"[{section}]", "Environment=" + _quoted("LD_PRELOAD=" + preload)]
    lines += ["Environment=" + _quoted(f"{name}={value}") for name, value in variables.items()]
    return "\n".join(lines) + "\n"


# --- What the unit itself says -----------------------------------------------------------------


def _files(unit):
    """The unit's own file and its drop-ins, but for ours, as far as they are found."""
    stem, dot, suffix = unit.rpartition(".")
    names = [unit]
    if "@" in stem:
        names.append(stem.split("@")[0] + "@" + dot + suffix)
    main = next((path for name in names for path in (f"{folder}/{name}" for folder in UNIT_FOLDERS)
                 if os.path.isfile(path)), None)
    extra = [path for name in names for folder in UNIT_FOLDERS for path in glob.glob(f"{folder}/{name}.d/*.conf")
             if os.path.basename(path) != "hakozuna.conf"]
    return ([main] if main else []) + sorted(extra, key=os.path.basename)


def settings(unit):
    """The settings of the unit by name, each a list of values; None if there is no such unit."""
    found = {}
    files = _files(unit)
    for path in files:
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                text = re.sub(r"\\\n\s*", " ", file.read())
        except OSError:
            continue
        for line in text.splitlines():
            name, equals, value = line.strip().partition("=")
            if equals and not line.lstrip().startswith(("#", ";")):
                found.setdefault(name.strip(), []).append(value.strip())
    return found if files else None


def program(values):
    """(path, None) of what the unit starts, or (path, what keeps a library from being preloaded)."""
    for line in (values or {}).get("ExecStart", []):
        words = line.lstrip("@-:+!").split()
        if words and words[0].startswith("/") and os.path.exists(words[0]):
            try:
                elf_module.judge(words[0])
            except HkzError as error:
                return words[0], str(error)
            return words[0], None
    return None, None


def warnings(unit, values, library):
    """What the unit's settings mean for the library, a line each. Only what matters: the allocator maps no executable
    memory, so that MemoryDenyWriteExecute= does not, nor do capabilities that the unit grants."""
    if values is None:
        return [f"{unit} was not found on this machine"]
    lines = []
    _, obstacle = program(values)
    if obstacle:
        lines.append(f"it will have no effect: {obstacle}")
    for word in ("RootDirectory", "RootImage"):
        if any(values.get(word, [])):
            lines.append(f"{word}= is set: the library must be there, too, under the same path")
    last = (values.get("ProtectHome") or ["no"])[-1].lower()
    if last in ("yes", "true", "on", "1", "tmpfs") and re.match(r"/(home|root|run/user)/", library):
        lines.append(f"ProtectHome={last} hides {library} from the unit")
    if any("LD_PRELOAD=" in value for value in values.get("Environment", [])):
        lines.append("the unit sets LD_PRELOAD already; the drop-in takes the place of that")
    return lines


def write(unit, text, directory):
    """Writes the drop-in; returns its path."""
    folder = os.path.join(directory, unit + ".d")
    path = os.path.join(folder, "hakozuna.conf")
    try:
        os.makedirs(folder, mode=0o755, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=folder, prefix=".hakozuna.", delete=False,
                                         encoding="utf-8") as file:
            try:
                file.write(text)
                file.flush()
                os.fchmod(file.fileno(), 0o644)
                os.replace(file.name, path)
            except BaseException:
                os.unlink(file.name)
                raise
    except PermissionError:
        raise HkzError(f"{path} cannot be written: permission denied; run hkz as root, or without --write") from None
    except OSError as error:
        raise HkzError(f"{path} cannot be written: {error.strerror}") from None
    return path
