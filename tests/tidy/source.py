#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""source.py SOURCE-ROOT licence|version|shape|layout -- rules for the text of the sources.

licence  each source file names its licence (SPDX) in its first lines
version  meson.build, CHANGELOG.md, CITATION.cff, include/hakozuna.h and the packages' files state the same version
shape    in lib/ and profiles/: no conditional compilation inside braces (except in lib/base and
         lib/os), functions of at most 70 lines, files of at most 600
layout   no tabs, no blanks at the ends of lines, a line end at the end; in C lines of at most 120 columns
"""
import os
import re
import sys
import tempfile

FUNCTION_LINES = 70
FILE_LINES = 600
COLUMNS = 120
SOURCE_FOLDERS = ["lib", "include", "profiles", "tools", "tests", "bench", "packaging", ".ci"]
SOURCE_ENDINGS = (".c", ".h", ".cc", ".cpp", ".S", ".sh", ".py", ".map", "meson.build",
                  "meson_options.txt")
NO_SOURCES = {"__pycache__", ".git"}


def read(path):
    """The text of a file."""
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


# --- licence -----------------------------------------------------------------------------------


def is_source(path):
    """Whether a file must carry a licence line: by its name, or because it is a script."""
    if path.endswith(SOURCE_ENDINGS):
        return True
    with open(path, "rb") as file:
        return file.read(2) == b"#!"


def sources(root):
    """The paths of all source files."""
    paths = [os.path.join(root, name) for name in os.listdir(root)]
    for folder in SOURCE_FOLDERS:
        for place, folders, names in os.walk(os.path.join(root, folder)):
            folders[:] = [name for name in folders if name not in NO_SOURCES]
            paths += [os.path.join(place, name) for name in names]
    return [path for path in sorted(paths)
            if os.path.isfile(path) and not os.path.islink(path) and is_source(path)]


def licence_faults(root):
    """Source files without a licence line."""
    faults = []
    for path in sources(root):
        head = "\n".join(read(path).split("\n")[:6])
        if "SPDX-License-Identifier: Apache-2.0" not in head:
            faults.append(f"{os.path.relpath(path, root)}: no SPDX-License-Identifier at its top")
    return faults


def licence_control():
    """A file without the line is noticed."""
    with tempfile.TemporaryDirectory() as root:
        os.mkdir(os.path.join(root, "lib"))
        with open(os.path.join(root, "lib", "bare.c"), "w", encoding="utf-8") as file:
            file.write("int bare;\n")
        return [] if licence_faults(root) else ["control: a file without licence was accepted"]


# --- layout ------------------------------------------------------------------------------------


def layout_faults(text, where):
    """Faults of one file."""
    is_c = where.endswith((".c", ".h", ".cc", ".cpp"))
    faults = [] if text.endswith("\n") and not text.endswith("\n\n") else [f"{where}: not one line end at its end"]
    for number, line in enumerate(text.split("\n"), 1):
        for is_wrong, what in (("\t" in line, "a tab"), (line != line.rstrip(), "blanks at the end"),
                               (is_c and len(line) > COLUMNS, f"more than {COLUMNS} columns")):
            if is_wrong:
                faults.append(f"{where}:{number}: {what}")
    return faults


def all_layout_faults(root):
    """Faults of all source files."""
    return [fault for path in sources(root) if os.path.basename(path) != "rules"
            for fault in layout_faults(read(path), os.path.relpath(path, root))]


def layout_control():
    """One fault each; and none."""
    bad = ["a\tb\n", "a \n", "x" * (COLUMNS + 1) + "\n", "a", "a\n\n"]
    faults = [f"control: {text[:9]!r} was accepted" for text in bad if len(layout_faults(text, "a.c")) != 1]
    return faults + layout_faults("x" * COLUMNS + "\n", "a.c")


# --- version -----------------------------------------------------------------------------------


def versions(texts):
    """{file: version that it states, or None} of {file: text}."""
    patterns = {
        "meson.build": r"^project\([^)]*?\bversion:\s*'([^']+)'",
        "CHANGELOG.md": r"^## \[(\d[^\]]*)\]",
        "CITATION.cff": r"^version:\s*[\"']?([^\s\"']+)",
        "packaging/debian/changelog": r"\A\S+ \((?:\d+:)?([\d.]+)(?:[~+-][^)]*)?\)",
        "packaging/hakozuna.spec": r"^Version:\s*(\S+)",
    }
    found = {}
    for name, pattern in patterns.items():
        if name not in texts:
            continue
        match = re.search(pattern, texts[name], re.MULTILINE | re.DOTALL)
        found[name] = match[1] if match else None
    header = texts["include/hakozuna.h"]
    parts = [re.search(rf"^#define HKZ_VERSION_{part} (\d+)$", header, re.MULTILINE)
             for part in ("MAJOR", "MINOR", "PATCH")]
    found["include/hakozuna.h"] = ".".join(m[1] for m in parts) if all(parts) else None
    return found


def agree(found):
    """Whether all state one version."""
    return None not in found.values() and len(set(found.values())) == 1


def version_faults(root):
    """Files that disagree; each of them, changed alone, is noticed (the control)."""
    names = ["meson.build", "CHANGELOG.md", "CITATION.cff", "include/hakozuna.h"]
    names += [name for name in ("packaging/debian/changelog", "packaging/hakozuna.spec")
              if os.path.exists(os.path.join(root, name))]  # a release may be without packaging
    texts = {name: read(os.path.join(root, name)) for name in names}
    found = versions(texts)
    if not agree(found):
        return [f"versions differ: {found}"]
    old = found["meson.build"]
    faults = []
    for name in names:
        other = texts[name].replace(old, "9.9.9")
        other = re.sub(r"(HKZ_VERSION_MAJOR) \d+", r"\1 9", other)
        if agree(versions({**texts, name: other})):
            faults.append(f"control: another version in {name} was not noticed")
    return faults


# --- shape -------------------------------------------------------------------------------------


def blank(match):
    """Replaces a comment or a literal by blanks, keeping its line ends."""
    return re.sub(r"[^\n]", " ", match[0])


def code_lines(text):
    """The lines without comments and literals: only braces of the code are left."""
    text = re.sub(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", blank, text,
                  flags=re.DOTALL)
    return text.split("\n")


def is_function(head):
    """Whether the text before a brace at depth 0 is a function's: it ends with a list of parameters
    and perhaps attribute words."""
    return "=" not in head and re.search(r"\)\s*(?:[A-Z_][A-Z0-9_]*\s*)*$", head) is not None


def is_scope(head):
    """Whether the text before a brace opens a C++ scope that holds functions: a namespace, or
    extern "C" (whose literal is blank here)."""
    return re.match(r"\s*(?:extern|(?:inline\s+)?namespace\b[^()=]*)\s*$", head) is not None


def shape_faults(text, where, conditions_allowed):
    """Faults of one file."""
    faults = []
    lines = code_lines(text)
    count = len(text.rstrip("\n").split("\n"))
    if count > FILE_LINES:
        faults.append(f"{where}: {count} lines, more than {FILE_LINES}")
    depth, head, head_line, begin, in_macro, open_scopes = 0, "", 0, None, False, 0
    for number, line in enumerate(lines, 1):
        if in_macro or line.lstrip().startswith("#"):
            if not in_macro and depth > 0 and not conditions_allowed and re.match(
                    r"\s*#\s*(if|ifdef|ifndef|elif|else)\b", line):
                faults.append(f"{where}:{number}: conditional compilation inside braces")
            in_macro = line.rstrip().endswith("\\")
            continue
        for char in line:
            if char == "{" and depth == 0 and is_scope(head):
                open_scopes += 1
                head, head_line = "", 0
            elif char == "}" and depth == 0 and open_scopes > 0:
                open_scopes -= 1
                head, head_line = "", 0
            elif char == "{":
                if depth == 0 and is_function(head):
                    begin = head_line or number
                depth += 1
            elif char == "}":
                depth -= 1
                if depth == 0:
                    if begin and number - begin + 1 > FUNCTION_LINES:
                        faults.append(f"{where}:{begin}: a function of {number - begin + 1} lines, "
                                      f"more than {FUNCTION_LINES}")
                    begin, head, head_line = None, "", 0
            elif depth == 0:
                if char == ";":
                    head, head_line = "", 0
                else:
                    if not head.strip() and not char.isspace():
                        head_line = number
                    head += char
        head += " "
    if depth != 0 or open_scopes != 0:
        faults.append(f"{where}: the braces do not balance")
    return faults


def all_shape_faults(root):
    """Faults of all files of lib/ and profiles/."""
    faults = []
    for folder in ("lib", "profiles"):
        for place, _, names in sorted(os.walk(os.path.join(root, folder))):
            for name in sorted(names):
                path = os.path.relpath(os.path.join(place, name), root)
                if name.endswith((".c", ".h", ".cc")):
                    allowed = path.startswith(("lib/base/", "lib/os/"))
                    faults += shape_faults(read(os.path.join(root, path)), path, allowed)
    return faults


def shape_control():
    """Texts with one fault each are refused; a text at the limits is not."""
    def function(lines):
        return "static int f(int a,\n    int b) HZ_NOINLINE {\n" + "a++;\n" * (lines - 3) + "}\n"
    bad = {
        "#if in a function": "int f(void)\n{\n#if X\n    return 1;\n#endif\n}\n",
        "#if in a struct": "struct s {\n#ifdef X\n    int a;\n#endif\n};\n",
        "a long function": function(FUNCTION_LINES + 1),
        "a long file": "int a;\n" * (FILE_LINES + 1),
        "an open brace": "int f(void)\n{\n",
    }
    good = ("extern \"C\" {\nnamespace {\n#if X\nint a;\n#endif\n}\n}\n"
            "#if X\n#define M(a) \\\n    if (a) {\nint a;\n#endif\nint t[] = {1, /* { */ '{', 2};\n"
            + "struct s {\n" + "    int a;\n" * 80 + "};\n" + function(FUNCTION_LINES))
    faults = [f"control: {name} was accepted" for name, text in bad.items()
              if not shape_faults(text, "control", False)]
    if shape_faults(good, "control", False):
        faults.append("control: a good text was refused")
    return faults


def main():
    """Entry."""
    root, what = sys.argv[1], sys.argv[2]
    checks = {
        "licence": lambda: licence_faults(root) + licence_control(),
        "version": lambda: version_faults(root),
        "layout": lambda: all_layout_faults(root) + layout_control(),
        "shape": lambda: all_shape_faults(root) + shape_control(),
    }
    faults = checks[what]()
    for fault in faults:
        print("FAIL:", fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
