# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""The command line of hkz."""
import argparse
import json
import os
import re
import sys

from . import elf, options, profiles
from .setup import CANNOT_RUN, FAILED, OK, OWN_FAILURE, USAGE, HkzError, nearest


SYSTEMD_DIRECTORY = "/etc/systemd/system"


class Parser(argparse.ArgumentParser):
    """Errors are one line."""
    usage_status = USAGE

    def error(self, message):
        raise HkzError(f"{message}; see `{self.prog} --help`", self.usage_status)


class RunParser(Parser):
    """Of `hkz run`, whose statuses are those of env(1)."""
    usage_status = OWN_FAILURE


# --- run ---------------------------------------------------------------------------------------


def split_run(words):
    """Our own words, and the command with its arguments, which begin at the first word that is no option of ours."""
    at = 0
    while at < len(words) and words[at].startswith("-") and words[at] != "-":
        if words[at] == "--":
            return words[:at], words[at + 1:]
        at += 2 if words[at] in ("--profile", "--option", "-p", "-o") else 1
    return words[:at], words[at:]


def preload_list(library, others):
    """LD_PRELOAD: the library, then what the user has there but for libraries of ours."""
    if re.search(r"[ :]", library):
        raise HkzError(f'"{library}" cannot be preloaded: LD_PRELOAD has no way to write a blank or a colon',
                       OWN_FAILURE)
    kept = [word for word in re.split(r"[ :]+", others)
            if word and not re.fullmatch(r"libhakozuna(-[a-z0-9-]+)?\.so[.0-9]*", os.path.basename(word))]
    return ":".join([library] + kept)


def asked_library(setup, library):
    """A library that this interpreter can load, the given one if it can; None if there is none."""
    own = profiles.own_elf()
    for candidate in [library] + profiles.libraries(setup):
        try:
            elf.check_same(own, candidate.elf)
            if candidate.profile != "hz7-tiny":
                return candidate
        except HkzError:
            continue
    return None


def require_valid(setup, library, variables):
    """Raises HkzError if an option is wrong."""
    asked = asked_library(setup, library) if variables else None
    if asked is not None:
        options.require_valid(asked.path, variables)


def do_run(setup, arguments, command):
    """Never returns, but for errors."""
    if not command:
        raise HkzError("no command is named; see `hkz run --help`", OWN_FAILURE)
    variables = options.as_variables(arguments.option)
    path = elf.find_program(command[0])
    program = elf.judge(path)
    library = profiles.choose(setup, arguments.profile, program)
    require_valid(setup, library, variables)
    environment = {**os.environ, **variables,
                   "LD_PRELOAD": preload_list(library.preload(), os.environ.get("LD_PRELOAD", ""))}
    sys.stdout.flush()
    try:
        os.execve(path, command, environment)
    except FileNotFoundError:
        raise HkzError(f'"{path}" cannot be run: its dynamic linker or interpreter is missing', CANNOT_RUN) from None
    except OSError as error:
        raise HkzError(f'"{path}" cannot be run: {error.strerror}', CANNOT_RUN) from None


# --- profiles ----------------------------------------------------------------------------------


def do_profiles(setup, arguments):
    """Lists what is installed."""
    found = profiles.listing(setup)
    if arguments.json:
        print(json.dumps({"profiles": found}, indent=2))
        return OK
    if not found:
        raise HkzError(f"no profile is installed in {setup.libdir}")
    width = max(len(entry["profile"]) for entry in found)
    for entry in found:
        if arguments.names:
            if entry["preload"]:
                print(entry["profile"])
            continue
        mark = "*" if entry["default"] else " "
        print(f"{mark} {entry['profile']:<{width}}  {entry['meaning']}" + ("" if entry["preload"] else
                                                                         " (cannot be preloaded)"))
    return OK


# --- which -------------------------------------------------------------------------------------


def do_which(setup, arguments):
    """One process, or all that can be looked at."""
    from . import which  # pylint: disable=import-outside-toplevel
    names = list(profiles.meanings(setup)) or [entry["profile"] for entry in profiles.listing(setup)]
    if arguments.all == (arguments.pid is not None):
        raise HkzError("name a process or --all, and not both; see `hkz which --help`", USAGE)
    if arguments.pid is not None:
        answer = which.which(arguments.pid, names)
        if arguments.json:
            print(json.dumps(answer, indent=2))
            return OK
        print(f"{answer['pid']}: {which.in_words(answer)}" + (f"  {answer['library']}" if answer["library"] else ""))
        for other in answer["also"]:
            print(f"    also there, but behind it: {other}")
        return OK
    return which_all(names, arguments.json)


def which_all(names, as_json):
    """A line for each process; those that cannot be looked at are counted."""
    from . import which  # pylint: disable=import-outside-toplevel
    cache, found, hidden = {}, [], 0
    for pid in which.processes():
        try:
            found.append(which.which(pid, names, cache))
        except HkzError as error:
            hidden += "permission denied" in str(error)
    if as_json:
        print(json.dumps({"processes": found, "hidden": hidden}, indent=2))
        return OK
    for answer in found:
        print(f"{answer['pid']:>8}  {which.in_words(answer):<36}  {answer['command'][:60]}")
    if hidden:
        print(f"hkz: which: {hidden} processes cannot be looked at; run hkz as root to see them", file=sys.stderr)
    return OK


# --- config ------------------------------------------------------------------------------------


def origin(option, path, ours):
    """Where the value comes from, in words."""
    source, variable = option["source"], options.PREFIX + option["name"].upper()
    if source == "environment":
        return f"--option {option['name']}" if variable in ours else variable
    if source in ("file", "section"):
        return f"{path}:{option['line']}" + (" (section)" if source == "section" else "")
    return source


def wanted_options(found, names):
    """Those of the names; all if there are none."""
    known = {option["name"]: option for option in found}
    for name in names:
        if name.lower() not in known:
            raise HkzError(f'there is no option "{name}"{nearest(name.lower(), known)}')
    return [known[name.lower()] for name in names] or found


def problem_line(problem, path):
    """One problem in words."""
    place = f"{path}:{problem['line']}: " if "line" in problem else f"{path}: " if problem["source"] == "file" else ""
    return place + problem["message"]


def explain_config(setup, arguments):
    """What each option would be, and why."""
    library = profiles.choose(setup, arguments.profile, None)
    ours = options.as_variables(arguments.option)
    inherited = {name: value for name, value in os.environ.items() if name.startswith(options.PREFIX)}
    answer = options.explain(library.path, arguments.exe or "", {**inherited, **ours})
    chosen = wanted_options(answer["options"], arguments.names)
    path, problems = answer["file"], answer["problems"]
    if arguments.json:
        for option in chosen:
            option["origin"] = origin(option, path, ours)
        print(json.dumps({"profile": answer["profile"], "version": answer["version"], "library": library.path,
                          "file": path, "file_exists": os.path.exists(path), "program": arguments.exe,
                          "problems": problems, "options": chosen}, indent=2))
        return FAILED if problems else OK
    print(f"profile {answer['profile']} {answer['version']}; {path}" + ("" if os.path.exists(path) else
                                                                        " does not exist"))
    for option in chosen:
        wrong = "" if option["valid"] else "; a wrong value was ignored"
        print(f"{option['name']} = {option['value']}    ({origin(option, path, ours)}{wrong})\n"
              f"    {option['meaning']}\n    default {option['default']}; valid: "
              f"{option['values'].replace('|', ', ')}")
    for problem in problems:
        print("hkz: config: " + problem_line(problem, path), file=sys.stderr)
    return FAILED if problems else OK


def check_config(setup, path):
    """The faults of a file."""
    library = asked_library(setup, profiles.choose(setup, None, None))
    try:
        with open(path, "rb") as file:
            text = file.read(1 << 20)
    except OSError as error:
        raise HkzError(f'"{path}" cannot be read: {error.strerror}', USAGE) from None
    faults = options.check_text(library.path, text)
    for fault in faults:
        print(f"{path}:{fault}")
    return FAILED if faults else OK


def do_config(setup, arguments):
    """Explains or checks."""
    if arguments.list:
        library = profiles.choose(setup, arguments.profile, None)
        for option in options.explain(library.path, "", {})["options"]:
            choices = option["values"] if re.fullmatch(r"[a-z0-9]+(\|[a-z0-9]+)+", option["values"]) else ""
            print(option["name"] + (" " + choices.replace("|", " ") if choices else ""))
        return OK
    if arguments.check is not None:
        if arguments.explain or arguments.option or arguments.names:
            raise HkzError("--check goes alone; see `hkz config --help`", USAGE)
        return check_config(setup, arguments.check)
    return explain_config(setup, arguments)


# --- systemd -----------------------------------------------------------------------------------


def do_systemd(setup, arguments):
    """Prints or writes a drop-in."""
    from . import systemd  # pylint: disable=import-outside-toplevel
    unit = systemd.unit_name(arguments.unit)
    values = systemd.settings(unit)
    path, obstacle = systemd.program(values)
    program = elf.judge(path) if path and not obstacle else None
    library = profiles.choose(setup, arguments.profile, program)
    variables = options.as_variables(arguments.option)
    require_valid(setup, library, variables)
    text = systemd.drop_in(unit, preload_list(library.preload(), ""), variables,
                           library.profile or "of libhakozuna.so.0")
    target = os.path.join(arguments.directory, unit + ".d", "hakozuna.conf")
    if arguments.write:
        target = systemd.write(unit, text, arguments.directory)
    for line in systemd.warnings(unit, values, library.path):
        print(f"hkz: systemd: warning: {line}", file=sys.stderr)
    if arguments.write:
        print(f"wrote {target}")
        print(f"now run: systemctl daemon-reload && systemctl restart {unit}")
        print("then see: hkz which PID")
    else:
        print(text, end="")
        print(f"hkz: systemd: this belongs into {target} (--write puts it there); then run: "
              f"systemctl daemon-reload && systemctl restart {unit}", file=sys.stderr)
    return OK


# --- The command line --------------------------------------------------------------------------


def add_choice(parser):
    """--profile and --option."""
    parser.add_argument("-p", "--profile", metavar="P", help="the profile; see `hkz profiles`")
    parser.add_argument("-o", "--option", metavar="NAME=VALUE", action="append", default=[],
                        help="set an option; may be repeated; see `hkz config`")


def parsers(setup):
    """The parser, and those of the commands by name."""
    top = Parser(prog="hkz", allow_abbrev=False, description="Runs programs on Hakozuna's allocators, and shows what "
                 "runs on them. The manual is hkz(1).")
    top.add_argument("--version", action="version", version=f"hkz (Hakozuna) {setup.version}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)

    def command(name, words, kind=Parser, **more):
        # add_parser makes what parser_class says
        commands._parser_class = kind  # pylint: disable=protected-access
        return commands.add_parser(name, help=words, description=words[0].upper() + words[1:] + ".",
                                   allow_abbrev=False, **more)

    run = command("run", "run a program on a profile", RunParser,
                  usage="hkz run [--profile P] [--option NAME=VALUE]... [--] CMD [ARGUMENT...]",
                  epilog="Exit status: CMD's; 115 no such profile; 116 wrong option; 117 CMD has privileges; 118 it is "
                         "static; 119 it is for another machine or libc; 125 hkz failed; 126 CMD cannot be run; 127 "
                         "it was not found.")
    add_choice(run)
    listing = command("profiles", "list the profiles that are installed; * is the default")
    listing.add_argument("--json", action="store_true", help="as JSON")
    listing.add_argument("--names", action="store_true", help="only the names of those that can be preloaded")
    process = command("which", "tell which allocator a process uses")
    process.add_argument("pid", nargs="?", type=int, metavar="PID")
    process.add_argument("--all", action="store_true", help="all processes")
    process.add_argument("--json", action="store_true", help="as JSON")
    config = command("config", "explain the options, or check a configuration file")
    add_choice(config)
    config.add_argument("--explain", action="store_true", help="value, default, source and validity of each option, "
                        "from the file and the environment (this is the default)")
    config.add_argument("--exe", metavar="NAME", help="as a program of that base name would have them")
    config.add_argument("--json", action="store_true", help="as JSON")
    config.add_argument("--check", metavar="FILE", help="report what is wrong in a configuration file")
    config.add_argument("--list", action="store_true", help="only names and choices, a line each")
    config.add_argument("names", nargs="*", metavar="OPTION", help="only these options")
    unit = command("systemd", "make a drop-in that puts a unit on a profile")
    unit.add_argument("unit", metavar="UNIT", help="the unit, such as redis-server or nginx.service")
    add_choice(unit)
    unit.add_argument("--write", action="store_true", help="write it to its place")
    unit.add_argument("--directory", default=SYSTEMD_DIRECTORY, help="where drop-ins belong (%(default)s)")
    helper = command("help", "explain a command")
    helper.add_argument("topic", nargs="?", metavar="COMMAND")
    return top, commands.choices


def dispatch(setup, words):
    """Runs what the command line asks for."""
    top, commands = parsers(setup)
    command = []
    if words[:1] == ["run"]:
        ours, command = split_run(words[1:])
        words = ["run"] + ours
    arguments = top.parse_args(words)
    if arguments.command is None:
        raise HkzError("no command is named; see `hkz help`", USAGE)
    if arguments.command == "help":
        if arguments.topic is not None and arguments.topic not in commands:
            raise HkzError(f'there is no command "{arguments.topic}"{nearest(arguments.topic, commands)}', USAGE)
        (commands[arguments.topic] if arguments.topic else top).print_help()
        return OK
    if arguments.command == "run":
        return do_run(setup, arguments, command)
    return {"profiles": do_profiles, "which": do_which, "config": do_config,
            "systemd": do_systemd}[arguments.command](setup, arguments)


def main(setup):
    """Entry: the exit status."""
    words = sys.argv[1:]
    is_run = words[:1] == ["run"]
    name = f"hkz: {words[0]}" if words and re.fullmatch("[a-z]+", words[0]) else "hkz"
    try:
        status = dispatch(setup, words)
        sys.stdout.flush()
        return status
    except HkzError as error:
        status = error.status
        if is_run and status in (FAILED, USAGE):
            status = OWN_FAILURE
        print(f"{name}: " + " ".join(str(error).split("\n")), file=sys.stderr)
        return status
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OWN_FAILURE if is_run else FAILED
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return OWN_FAILURE if is_run else FAILED
