#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""hkz_test.py HKZ CONFIG-PROGRAM SOURCE-ROOT PROFILE[,PROFILE...] CC... -- hkz and hakozuna-config: every command,
every refusal with its exit status. Programs that are refused are copies of a real one with a few bytes changed."""
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import unittest

HKZ, CONFIG, ROOT, PROFILES, *CC = sys.argv[1:]
PROFILES = PROFILES.split(",")
PRELOADS = [name for name in PROFILES if name != "hz7-tiny"]
PROFILE = PRELOADS[0]
OTHER = PRELOADS[-1]
LIBRARIES = os.path.join(os.path.dirname(os.path.dirname(HKZ)), "profiles")
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "tools"))
from hkz_tool import cli, elf, profiles, setup, systemd  # noqa: E402  pylint: disable=wrong-import-position
TRUE = os.path.realpath(shutil.which("true"))
SHOW = ["env"]


def clean(**more):
    """The environment without anything of ours."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("HAKOZUNA_") and k != "LD_PRELOAD"}
    return {**kept, "LC_ALL": "C.UTF-8", **more}


def hkz(*words, env=None, **more):
    """The finished process."""
    return subprocess.run([HKZ, *words], env=clean(**(env or {})), capture_output=True, text=True, check=False,
                          timeout=60, **more)


class Case(unittest.TestCase):
    """With a folder of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        os.chmod(self.folder, 0o755)

    def path(self, name):
        """A path in the folder."""
        return os.path.join(self.folder, name)

    def write(self, name, text, mode=0o644):
        """A file in the folder."""
        with open(self.path(name), "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(self.path(name), mode)
        return self.path(name)

    def program(self, name, change=lambda text: text):
        """A copy of true(1) with its bytes changed."""
        with open(TRUE, "rb") as file:
            return self.write(name, change(file.read()), 0o755)

    def refuses(self, status, words, *command):
        """One line, with these words, and this status."""
        done = hkz(*command)
        self.assertEqual(done.returncode, status, done)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertTrue(done.stderr.startswith(f"hkz: {command[0]}: "), done.stderr)
        self.assertIn(words, done.stderr)
        self.assertEqual(done.stdout, "")

    def succeeds(self, *command, **more):
        """What it prints."""
        done = hkz(*command, **more)
        self.assertEqual(done.returncode, 0, done)
        return done.stdout


def variable(text, name):
    """The variable's value in the output of env(1)."""
    found = re.search(rf"^{name}=(.*)$", text, re.M)
    return found[1] if found else None


def is_64(text):
    """Whether the ELF file is of 64 bits, little-endian: only such are changed here."""
    return text[4] == 2 and text[5] == 1


def without_interpreter(text):
    """As a static program has it."""
    at, size, count = struct.unpack_from("<Q", text, 32)[0], *struct.unpack_from("<HH", text, 54)
    out = bytearray(text)
    for number in range(count):
        if struct.unpack_from("<I", text, at + number * size)[0] == 3:
            struct.pack_into("<I", out, at + number * size, 0)
    return bytes(out)


def with_machine(text):
    """For SPARC."""
    return text[:18] + struct.pack("<H", 43) + text[20:]


def with_musl(text):
    """With the dynamic linker of musl, as far as its name goes."""
    found = re.search(rb"/lib(64)?/(x86_64-linux-gnu/)?ld-linux[a-z0-9._-]*\0", text)
    name = b"/lib/ld-musl-x.so.1"
    return text.replace(found[0], name + b"\0" * (len(found[0]) - len(name)))


class Run(Case):
    """hkz run, where it runs."""

    def test_variables(self):
        text = self.succeeds("run", "--profile", PROFILE, "--option", "decay_ms=5", "-o", "THP=never", "--", *SHOW)
        self.assertEqual(variable(text, "LD_PRELOAD"), f"{LIBRARIES}/libhakozuna-{PROFILE}.so.0")
        self.assertEqual(variable(text, "HAKOZUNA_DECAY_MS"), "5")
        self.assertEqual(variable(text, "HAKOZUNA_THP"), "never")

    def test_default_profile(self):
        self.assertIn("libhakozuna-", variable(self.succeeds("run", *SHOW), "LD_PRELOAD"))

    def test_family(self):
        if "hz3-scale" in PROFILES:
            self.assertIn("libhakozuna-hz3-scale.so.0", self.succeeds("run", "-p", "hz3", *SHOW))

    def test_what_the_user_preloads_stays(self):
        env = {"LD_PRELOAD": f"/lib/liba.so /x/libhakozuna-{OTHER}.so.0:libb.so"}
        done = subprocess.run([HKZ, "run", "-p", PROFILE, *SHOW], env=clean(**env), capture_output=True, text=True,
                              check=False)
        self.assertEqual(variable(done.stdout, "LD_PRELOAD"),
                         f"{LIBRARIES}/libhakozuna-{PROFILE}.so.0:/lib/liba.so:libb.so")

    def test_words_behind_the_command_are_its_own(self):
        self.assertEqual(self.succeeds("run", "echo", "-p", "--option", "--", "--help").strip(),
                         "-p --option -- --help")
        self.assertEqual(self.succeeds("run", "--", "echo", "--", "x").strip(), "-- x")
        self.assertEqual(self.succeeds("run", f"--profile={PROFILE}", "--option=decay_ms=1", "echo", "x").strip(), "x")

    def test_bare_names_and_paths(self):
        machine = elf.Elf("", 64, "<", 62, None, [])
        for folder, is_bare in (("/usr/lib/x86_64-linux-gnu", True), ("/lib64", True), ("/usr/lib64", True),
                                ("/usr/local/lib/x86_64-linux-gnu", False), ("/opt/lib64", False)):
            library = profiles.Library("p", f"{folder}/libhakozuna-p.so.0", machine)
            self.assertEqual(library.preload(), "libhakozuna-p.so.0" if is_bare else library.path)
        for path in ("/a b/c.so", "/a:b/c.so"):
            with self.assertRaises(setup.HkzError):
                cli.preload_list(path, "")
        self.assertEqual(cli.preload_list("/a", " b::c  "), "/a:b:c")

    def test_status_of_the_command(self):
        self.assertEqual(hkz("run", "sh", "-c", "exit 42").returncode, 42)
        self.assertEqual(hkz("run", "sh", "-c", "kill -9 $$").returncode, -signal.SIGKILL)

    def test_every_profile_is_there(self):
        for profile in PRELOADS:
            code = "print(open('/proc/self/maps').read())"
            text = self.succeeds("run", "-p", profile, "-o", "stats=off", "python3", "-c", code)
            self.assertIn(f"libhakozuna-{profile}.so", text)

    def test_scripts(self):
        for line in ("#!/bin/sh", "#! /bin/sh -e", "#!/usr/bin/env sh", "#!/usr/bin/env -S sh -e"):
            script = self.write("script", f"{line}\necho $LD_PRELOAD\n", 0o755)
            self.assertIn("libhakozuna", self.succeeds("run", script))

    def test_python_as_interpreter(self):
        script = self.write("script", "#!/usr/bin/env python3\nprint(len('abc'))\n", 0o755)
        self.assertEqual(self.succeeds("run", script), "3\n")


class Refusals(Case):
    """hkz run, where it does not."""

    def test_own_failures(self):
        self.refuses(125, "no command", "run")
        self.refuses(125, "no command", "run", "--profile", PROFILE, "--")
        self.refuses(125, "unrecognized", "run", "--colour", "ls")
        self.refuses(125, "expected one argument", "run", "--profile")

    def test_not_found(self):
        self.refuses(127, "not found in PATH", "run", "no-such-program-here")
        self.refuses(127, "no such file", "run", "./no-such-program-here")

    def test_cannot_be_run(self):
        self.refuses(126, "permission denied", "run", self.write("file", "#!/bin/sh\n", 0o644))
        self.refuses(126, "is a directory", "run", self.folder)
        self.refuses(126, "cannot be run", "run", self.write("text", "echo without a first line\n", 0o755))
        self.refuses(126, "does not exist", "run", self.write("script", "#!/no/such/interpreter\n", 0o755))
        self.refuses(126, "names no program", "run", self.write("script", "#!\n", 0o755))
        self.write("circle", f"#!{self.path('circle')}\n", 0o755)
        self.refuses(126, "names no program", "run", self.path("circle"))

    def test_profiles(self):
        self.refuses(115, f'the nearest is "{PROFILE}"', "run", "-p", PROFILE[:-1], "true")
        self.refuses(115, "there is none of that name", "run", "-p", "quite-different", "true")
        self.refuses(115, "cannot be preloaded", "run", "-p", "hz7-tiny", "true")
        self.refuses(115, "cannot be preloaded", "run", "-p", "hz7", "true")

    def test_options(self):
        self.refuses(116, 'unknown option "dekay_ms"; the nearest is "decay_ms"', "run", "-o", "dekay_ms=5", "true")
        self.refuses(116, 'value "nver"; valid is default|never|always', "run", "-o", "thp=nver", "true")
        self.refuses(116, "valid is a number", "run", "-o", "decay_ms=soon", "true")
        self.refuses(116, "NAME=VALUE", "run", "-o", "decay_ms", "true")
        self.refuses(116, "NAME=VALUE", "run", "-o", "a b=c", "true")
        self.refuses(116, "no option", "run", "-o", "conf=decay_ms=1", "true")

    def test_wrong_options_of_the_environment_are_not_ours(self):
        self.succeeds("run", "-o", "decay_ms=5", "true", env={"HAKOZUNA_TPH": "x"})

    def test_privileges(self):
        program = self.program("program")
        os.chmod(program, 0o4755)
        self.refuses(117, "is set-user-ID", "run", program)
        os.chmod(program, 0o2755)
        self.refuses(117, "is set-group-ID", "run", program)
        os.chmod(program, 0o755)
        self.succeeds("run", program)
        script = self.write("script", f"#!{program}\n", 0o4755)
        self.succeeds("run", script)  # of scripts the kernel ignores the mark
        os.chmod(program, 0o4755)
        self.refuses(117, f'"{program}", which runs "{script}", is set-user-ID', "run", script)

    def test_file_capabilities(self):
        program = self.program("program")
        try:
            os.setxattr(program, "security.capability", struct.pack("<IIIII", 0x02000001, 1 << 10, 0, 0, 0))
        except OSError:
            self.skipTest("capabilities cannot be set here")
        self.refuses(117, "has file capabilities", "run", program)

    def test_static(self):
        with open(TRUE, "rb") as file:
            if not is_64(file.read(16)):
                self.skipTest("not a machine of 64 bits, little-endian")
        program = self.program("static", without_interpreter)
        self.refuses(118, "is linked statically", "run", program)
        self.refuses(118, "which runs", "run", self.write("script", f"#!{program}\n", 0o755))

    def test_other_machine_and_libc(self):
        with open(TRUE, "rb") as file:
            if not is_64(file.read(16)):
                self.skipTest("not a machine of 64 bits, little-endian")
        self.refuses(119, "is for another machine", "run", self.program("sparc", with_machine))
        self.refuses(119, "runs on musl, but", "run", self.program("musl", with_musl))

    def test_broken_files(self):
        with open(TRUE, "rb") as file:
            whole = file.read()
        for length in (4, 17, 63, 65, 200, 900):
            done = hkz("run", self.write("cut", whole[:length], 0o755))
            self.assertIn(done.returncode, (126, 118, -signal.SIGSEGV, -signal.SIGKILL), (length, done))


class Profiles(Case):
    """hkz profiles."""

    def test_lines(self):
        lines = self.succeeds("profiles").splitlines()
        self.assertEqual(sorted(line[2:].split()[0] for line in lines), sorted(PROFILES))
        for line in lines:
            self.assertGreater(len(line.split(maxsplit=2)[-1]), 20, line)

    def test_names(self):
        self.assertEqual(sorted(self.succeeds("profiles", "--names").split()), sorted(PRELOADS))

    def test_json(self):
        found = {entry["profile"]: entry for entry in json.loads(self.succeeds("profiles", "--json"))["profiles"]}
        self.assertEqual(sorted(found), sorted(PROFILES))
        self.assertTrue(os.path.exists(found[PROFILE]["libraries"][0]))
        self.assertTrue(found[PROFILE]["preload"])
        self.assertRegex(found[PROFILE]["version"], r"^\d+\.\d+\.\d+$")


class Which(Case):
    """hkz which."""

    def start(self, *command, **env):
        """A process that waits for its standard input to end."""
        child = subprocess.Popen(command, env=clean(**env), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(child.stdout.close)
        self.addCleanup(child.communicate)
        child.stdout.read(1)
        return child.pid

    def cat(self, *before, program="sh", **env):
        """A shell that says when it is there."""
        return self.start(*before, program, "-c", "printf x; read line", **env)

    def answer(self, pid):
        """As JSON."""
        return json.loads(self.succeeds("which", str(pid), "--json"))

    def test_ours(self):
        for profile in {PROFILE, OTHER}:
            pid = self.cat(HKZ, "run", "-p", profile)
            answer = self.answer(pid)
            self.assertEqual((answer["allocator"], answer["profile"], answer["deleted"]), ("hakozuna", profile, False))
            self.assertRegex(answer["version"], r"^\d+\.\d+\.\d+$")
            self.assertIn(f"{pid}: hakozuna {profile} ", self.succeeds("which", str(pid)))

    def test_libc(self):
        pid = self.cat()
        self.assertEqual(self.answer(pid)["allocator"], "libc")
        self.assertIn(f"{pid}: libc (", self.succeeds("which", str(pid)))

    def test_the_first_one_wins(self):
        # Any library under a known name serves: only names are looked at.
        other = self.path("libjemalloc.so.2")
        shutil.copy(self.empty_library(), other)
        ours = f"{LIBRARIES}/libhakozuna-{PROFILE}.so.0"
        first = self.answer(self.cat(LD_PRELOAD=f"{ours}:{other}"))
        self.assertEqual((first["allocator"], first["also"]), ("hakozuna", [other]))
        second = self.answer(self.cat(LD_PRELOAD=f"{other} {ours}"))
        self.assertEqual((second["allocator"], len(second["also"])), ("jemalloc", 1))

    def empty_library(self):
        """A library without anything."""
        path = self.path("libempty.so")
        source = self.write("empty.c", "int hakozuna_test_nothing;\n")
        subprocess.run([*CC, "-shared", "-fPIC", "-o", path, source], check=True)
        return path

    def test_removed(self):
        library = self.path(f"libhakozuna-{PROFILE}.so.0.1.0")
        shutil.copy(f"{LIBRARIES}/libhakozuna-{PROFILE}.so.0", library)
        pid = self.cat(LD_PRELOAD=library)
        os.unlink(library)
        self.assertTrue(self.answer(pid)["deleted"])
        self.assertIn("restart", self.succeeds("which", str(pid)))

    def test_linked_into_the_program(self):
        archive = f"{LIBRARIES}/libhakozuna-{PROFILE}.a"
        if not os.path.exists(archive):
            self.skipTest("no archives in this build")
        source = self.write("wait.c", "#include <stdio.h>\n#include <stdlib.h>\nint main(void)\n"
                            "{ char *p = malloc(9); putchar('x'); fflush(stdout); getchar(); free(p); }\n")
        program = self.path("wait")
        flags = subprocess.run([CONFIG, "--libs", "--static", "--profile", PROFILE], capture_output=True, text=True,
                               check=True).stdout.split()
        for static in ([], ["-static"]):
            if subprocess.run([*CC, *static, "-o", program, source], capture_output=True, check=False).returncode != 0:
                self.skipTest("no static libc here")
            subprocess.run([*CC, *static, "-o", program, source, *flags], stderr=subprocess.DEVNULL, check=True)
            answer = self.answer(self.start(program))
            self.assertEqual((answer["allocator"], answer["profile"], answer["linked"]),
                             ("hakozuna", PROFILE, "static"))
            if static:
                self.refuses(118, "statically", "run", program)

    def test_all(self):
        pid = self.cat(HKZ, "run", "-p", PROFILE)
        self.assertRegex(self.succeeds("which", "--all"), rf"(?m)^ *{pid}  hakozuna {PROFILE} ")
        found = json.loads(self.succeeds("which", "--all", "--json"))["processes"]
        self.assertIn((pid, "hakozuna"), [(entry["pid"], entry["allocator"]) for entry in found])

    def test_errors(self):
        self.refuses(1, "there is none", "which", "999999999")
        self.refuses(2, "invalid int value", "which", "x")
        self.refuses(2, "name a process or --all", "which")
        self.refuses(2, "and not both", "which", "1", "--all")

    def test_permission(self):
        if os.getuid() != 0:
            self.skipTest("needs root, to be somebody else")
        pid = self.cat()
        try:
            done = subprocess.run([HKZ, "which", str(pid)], env=clean(PATH="/usr/bin:/bin"), user=65534, group=65534,
                                  extra_groups=[], capture_output=True, text=True, check=False)
        except PermissionError:
            self.skipTest("the build directory is closed to others")
        if "hkz_tool" in done.stderr or "can't open" in done.stderr or done.returncode == 127:
            self.skipTest("the sources are closed to others, or there is no /usr/bin/python3")
        self.assertEqual(done.returncode, 1, done)
        self.assertIn(f"process {pid}: permission denied (it belongs to user 0", done.stderr)


class Config(Case):
    """hkz config."""

    def explain(self, *words, status=0, **env):
        """As JSON, options by name."""
        done = hkz("config", "--explain", "--json", *words, env=env)
        self.assertEqual(done.returncode, status, done)
        answer = json.loads(done.stdout)
        return answer, {option["name"]: option for option in answer["options"]}

    def test_json(self):
        answer, found = self.explain("-p", PROFILE)
        self.assertEqual(answer["profile"], PROFILE)
        self.assertGreater(len(found), 15)
        for option in found.values():
            self.assertEqual((option["value"], option["source"], option["valid"]),
                             (option["default"], "default", True))
            self.assertTrue(option["meaning"] and option["values"])

    def test_sources(self):
        _, found = self.explain("-o", "stats=exit", HAKOZUNA_DECAY_MS="5", HAKOZUNA_CONF="thp=never:decay_ms=9")
        self.assertEqual((found["decay_ms"]["value"], found["decay_ms"]["origin"]), ("5", "HAKOZUNA_DECAY_MS"))
        self.assertEqual((found["thp"]["value"], found["thp"]["origin"]), ("never", "HAKOZUNA_CONF"))
        self.assertEqual((found["stats"]["value"], found["stats"]["origin"]), ("exit", "--option stats"))
        self.assertEqual(found["quarantine"]["origin"], "default")

    def test_problems(self):
        answer, found = self.explain(status=1, HAKOZUNA_DECAY_MS="soon", HAKOZUNA_TPH="never")
        self.assertEqual((found["decay_ms"]["valid"], found["decay_ms"]["source"]), (False, "default"))
        messages = " ".join(problem["message"] for problem in answer["problems"])
        self.assertEqual(len(answer["problems"]), 2)
        self.assertIn('the nearest is "thp"', messages)
        done = hkz("config", env={"HAKOZUNA_DECAY_MS": "soon"})
        self.assertEqual(done.returncode, 1)
        self.assertIn("a wrong value was ignored", done.stdout)
        self.assertIn('hkz: config: option "decay_ms": value "soon"', done.stderr)

    def test_text(self):
        text = self.succeeds("config", "decay_ms", "thp", env={"HAKOZUNA_DECAY_MS": "5"})
        self.assertIn("decay_ms = 5    (HAKOZUNA_DECAY_MS)", text)
        self.assertEqual(len(text.splitlines()), 7)
        self.refuses(1, 'there is no option "decay"; the nearest is "decay_ms"', "config", "decay")

    def test_list(self):
        lines = self.succeeds("config", "--list").splitlines()
        self.assertIn("thp default never always", lines)
        self.assertIn("decay_ms", lines)

    def test_check(self):
        good = self.write("good", "# ours\ndecay_ms = 5\n[exe:redis-server]\nthp = never # small\n")
        self.assertEqual(self.succeeds("config", "--check", good), "")
        bad = self.write("bad", "decay_ms = soon\n\nnonsense\n[exe:x]\ntph = never\n[x]\n")
        done = hkz("config", "--check", bad)
        self.assertEqual(done.returncode, 1, done)
        self.assertEqual([line.split(": ")[0] for line in done.stdout.splitlines()],
                         [f"{bad}:1", f"{bad}:3", f"{bad}:5", f"{bad}:6"])
        done = hkz("config", "--check", self.write("long", "#" * 16385))
        self.assertEqual((done.returncode, "longer than 16384 bytes" in done.stdout), (1, True), done)
        done = hkz("config", "--check", self.write("garbage", bytes(range(256)) * 20))
        self.assertEqual(done.returncode, 1)
        self.refuses(2, "cannot be read", "config", "--check", self.path("none"))
        self.refuses(2, "goes alone", "config", "--check", good, "thp")


class Systemd(Case):
    """hkz systemd."""

    def test_print(self):
        text = self.succeeds("systemd", "hakozuna-test", "-p", PROFILE, "-o", "decay_ms=5")
        self.assertEqual(text.splitlines()[1:], ["[Service]",
                         f'Environment="LD_PRELOAD={LIBRARIES}/libhakozuna-{PROFILE}.so.0"',
                         'Environment="HAKOZUNA_DECAY_MS=5"'])
        self.assertIn("[Socket]", self.succeeds("systemd", "a.socket"))

    def test_names(self):
        for name in ("../a", "a b", "", "a@b@c"):
            self.refuses(2, "no name that systemd allows", "systemd", "--", name)
        for name in ("a/b", ".a", "x" * 260, "ä", "a\nb", "a;b", "a%b", "/", "@b", "a\0"):
            with self.assertRaises(setup.HkzError, msg=name):
                systemd.unit_name(name)
        for name in ("a", "a@.service", "a@b", "dev-sda\\x2d1.swap", "a:b-c_d.service", "x" * 247):
            self.assertTrue(systemd.unit_name(name).startswith(name))
        self.refuses(2, "a timer runs nothing", "systemd", "a.timer")
        self.refuses(116, "unknown option", "systemd", "a", "-o", "x=1")
        self.refuses(115, "profile", "systemd", "a", "-p", "none")

    def test_write(self):
        text = self.succeeds("systemd", "a", "--write", "--directory", self.folder)
        self.assertIn("systemctl daemon-reload && systemctl restart a.service", text)
        with open(self.path("a.service.d/hakozuna.conf"), encoding="utf-8") as file:
            self.assertIn("LD_PRELOAD=", file.read())
        self.assertEqual(os.stat(self.path("a.service.d/hakozuna.conf")).st_mode & 0o777, 0o644)
        self.succeeds("systemd", "a", "-o", "stats=exit", "--write", "--directory", self.folder)  # once more
        self.assertEqual(os.listdir(self.path("a.service.d")), ["hakozuna.conf"])
        self.write("file", "")
        self.refuses(1, "cannot be written", "systemd", "a", "--write", "--directory", self.path("file"))

    def test_verify(self):
        if not shutil.which("systemd-analyze"):
            self.skipTest("no systemd-analyze here")
        self.write("a.service", f"[Service]\nExecStart={TRUE}\nMemoryDenyWriteExecute=yes\n")
        self.succeeds("systemd", "a", "-o", "on_error=report,double-free=abort", "--write", "--directory", self.folder)

        def verify():
            done = subprocess.run(["systemd-analyze", "verify", "--man=no", self.path("a.service")],
                                  env=clean(SYSTEMD_UNIT_PATH=self.folder + ":"), capture_output=True, text=True,
                                  check=False)
            return done.returncode, "hakozuna.conf" in done.stderr
        self.assertEqual(verify(), (0, False))
        path = self.path("a.service.d/hakozuna.conf")
        with open(path, "a", encoding="utf-8") as file:
            file.write("Enviroment=x\n")
        self.assertTrue(verify()[1], "the control was not noticed")


class Words(Case):
    """Help, version, and wrong use."""

    def test_version(self):
        with open(os.path.join(ROOT, "meson.build"), encoding="utf-8") as file:
            version = re.search(r"version: '([^']*)'", file.read())[1]
        self.assertEqual(self.succeeds("--version"), f"hkz (Hakozuna) {version}\n")

    def test_help(self):
        for command in ("run", "profiles", "which", "config", "systemd"):
            self.assertIn(command, self.succeeds("help"))
            self.assertIn(f"hkz {command}", self.succeeds("help", command))
            self.assertEqual(self.succeeds(command, "--help"), self.succeeds("help", command))

    def test_errors(self):
        self.refuses(2, "invalid choice", "rum")
        self.refuses(2, 'the nearest is "run"', "help", "rum")
        done = hkz()
        self.assertEqual((done.returncode, done.stderr), (2, "hkz: no command is named; see `hkz help`\n"))

    def test_a_closed_pipe(self):
        done = subprocess.run(["sh", "-c", f"'{HKZ}' config | head -n 1"], env=clean(), capture_output=True, text=True,
                              check=False)
        self.assertEqual(done.stderr, "")


class ConfigProgram(Case):
    """hakozuna-config."""

    def ask(self, *words):
        """Its output."""
        done = subprocess.run([CONFIG, *words], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done)
        return done.stdout.strip()

    def test_words(self):
        self.assertRegex(self.ask("--version"), r"^\d+\.\d+\.\d+$")
        found = set(self.ask("--profiles").split())
        self.assertTrue(set(PRELOADS) <= found <= set(PROFILES), found)
        self.assertEqual(self.ask("--libdir"), LIBRARIES)
        self.assertTrue(self.ask("--prefix").startswith("/"))

    def test_errors(self):
        for status, words in ((2, []), (2, ["--lib"]), (1, ["--profile", PROFILE]), (1, ["--libs", "--profile", "x"]),
                              (1, ["--profile"])):
            done = subprocess.run([CONFIG, *words], capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stdout), (status, ""), words)

    def test_link(self):
        source = self.write("a.c", "#include <hakozuna.h>\n#include <stdio.h>\n#include <stdlib.h>\nint main(void)\n"
                            "{ void *p = malloc(9); printf(\"%s %d\\n\", hkz_profile(), hkz_owns(p)); free(p); }\n")
        program = self.path("a")
        for profile in {PROFILE, OTHER}:
            for static in ([], ["--static"]):
                if static and not os.path.exists(f"{LIBRARIES}/libhakozuna-{profile}.a"):
                    continue
                flags = self.ask("--cflags", "--libs", "--profile", profile, *static).split()
                subprocess.run([*CC, "-o", program, source, *flags], check=True)
                done = subprocess.run([program], env=clean(LD_LIBRARY_PATH=LIBRARIES), capture_output=True, text=True,
                                      check=False)
                self.assertEqual(done.stdout, f"{profile} 1\n", done)
                needs = subprocess.run(["objdump", "-p", program], capture_output=True, text=True, check=False).stdout
                self.assertEqual("libhakozuna" in needs, not static)


class Completion(Case):
    """The shells' files."""

    FILES = os.path.join(ROOT, "tools/completion")

    def complete(self, *words):
        """What bash proposes for the last word."""
        script = ('. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); __hkz; printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "--norc", "-c", script, f"{self.FILES}/hkz.bash", *words],
                              env=clean(PATH=os.path.dirname(HKZ) + ":" + os.environ["PATH"]), capture_output=True,
                              text=True, check=False)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_bash(self):
        if not shutil.which("bash"):
            self.skipTest("no bash here")
        script = f'. "{self.FILES}/hkz.bash" && complete -p hkz'
        done = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout.strip()), (0, "complete -F __hkz hkz"), done)
        self.assertEqual(self.complete("hkz", "sy"), ["systemd"])
        self.assertEqual(sorted(self.complete("hkz", "run", "--profile", "")), sorted(PRELOADS))
        self.assertEqual(self.complete("hkz", "run", "--option", "decay"), ["decay_ms="])
        self.assertEqual(self.complete("hkz", "run", "--option", "thp", "=", "n"), ["never"])
        self.assertEqual(self.complete("hkz", "run", "--option", "thp", "="), ["default", "never", "always"])
        self.assertEqual(set(self.complete("hkz", "run", "-p", PROFILE, "unam")), {"uname"})
        self.assertEqual(self.complete("hkz", "config", "--chec"), ["--check"])
        self.assertIn("decay_ms", self.complete("hkz", "config", "dec"))

    def test_syntax(self):
        for shell, name in (("bash", "hkz.bash"), ("zsh", "_hkz"), ("fish", "hkz.fish")):
            if shutil.which(shell):
                done = subprocess.run([shell, "-n", f"{self.FILES}/{name}"], capture_output=True, text=True,
                                      check=False)
                self.assertEqual((done.returncode, done.stderr), (0, ""), shell)

    def test_fish(self):
        if not shutil.which("fish"):
            self.skipTest("no fish here")
        done = subprocess.run(["fish", "--no-config", "-c", f"source {self.FILES}/hkz.fish; complete -C 'hkz run -p '"],
                              env=clean(PATH=os.path.dirname(HKZ) + ":" + os.environ["PATH"], HOME=self.folder),
                              capture_output=True, text=True, check=False)
        self.assertEqual(sorted(done.stdout.split()), sorted(PRELOADS), done)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=0)
