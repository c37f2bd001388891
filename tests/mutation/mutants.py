# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""mutants.py -- every mutant of the sources: one small fault each, that some test should notice.

A mutant is of one line, or of a few for the removal of a lock. Lines are read with their comments and literals
blanked, and only lines inside functions (braces, or a macro's continued lines) are changed."""
import hashlib
import os
import re
from collections import namedtuple

# edits: {line number from 0: new text}; key names the mutant in equivalent.txt as long as its line stays.
Mutant = namedtuple("Mutant", "file operator line before after edits key")

# Not built by the test set, or no part of the allocator's work (text that only checked builds run).
LEFT_OUT_FILES = re.compile(r"lib/(tiny/.*|api/(hz_cxx\.[ch]|hz_libc\.c|hz_nothrow\.cc?|hz_shim_tmpl\.h))$")
LEFT_OUT_LINES = re.compile(r"HZ_ASSERT|HZ_CHECKS|__builtin_trap|_Static_assert|^\s*#|hz_lock_check|HZ_RELAX")

TOKENS = {  # operator: [(pattern, replacement)]
    "condition": [(r" < ", " <= "), (r" <= ", " < "), (r" > ", " >= "), (r" >= ", " > "), (r" == ", " != "),
                  (r" != ", " == ")],
    "logic": [(r" && ", " || "), (r" \|\| ", " && ")],
    "not": [(r"(?<![\w)])!(?=[A-Za-z_(])", "")],
    "constant": [(r" \+ 1\b", " + 2"), (r" \+ 1\b", " + 0"), (r" - 1\b", " - 0"), (r" - 1\b", " - 2"),
                 (r"(?<= )0(?=;)", "1"), (r"(?<= )1(?=;)", "0"), (r"\btrue\b", "false"), (r"\bfalse\b", "true")],
    "arithmetic": [(r" \+ ", " - "), (r" - ", " + "), (r" << ", " >> "), (r" >> ", " << "), (r" \* (?=[a-zA-Z(])", " / "),
                   (r" & ", " | "), (r" \| ", " & "), (r" \+= ", " -= "), (r" -= ", " += "), (r" \|= ", " &= "),
                   (r"\+\+", "--"), (r"--", "++")],
    "minmax": [(r"\bhz_min\(", "hz_max("), (r"\bhz_max\(", "hz_min(")],
    "order": [(r"\bhz_(load|store|exchange|or|cas|cas_weak)_(acquire|release|acq_rel|seq_cst)\(", r"hz_\1_relaxed(")],
    "negate": [(r"\b(if|while) \((?=.*\)(?: \{)?\s*$)(.*)\)((?: \{)?)\s*$", r"\1 (!(\2))\3")],
    "remove": [(r"^(\s+)(?!return\b|goto\b|break\b|continue\b|case\b|else\b|do\b)[\w*(][^;{}=]*\([^;{}]*\);$", r"\1(void)0;"),
               (r"^(\s+)[\w*][\w\->.\[\]*&]*(?:\([^;={}]*\))?[\w\->.\[\]]* [|&+\-^]?= [^;{}]*;$", r"\1(void)0;"),
               (r"^(\s+)[\w*][\w\->.\[\]]*(\+\+|--);$", r"\1(void)0;")],
}
DECLARATION = re.compile(r"^\s+(?:static |const |struct |enum |unsigned |uint\d+_t |size_t |bool |char |void |int |hz_tag )")


def blank(match):
    """Blanks of the same shape."""
    return re.sub(r"[^\n]", " ", match[0])


def code_lines(text):
    """The lines with comments and literals blanked."""
    return re.sub(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", blank, text,
                  flags=re.DOTALL).split("\n")


def bodies(lines):
    """The line numbers inside functions, each with the number of its function's first line."""
    depth, begin, inside = 0, 0, {}
    for number, line in enumerate(lines):
        if line.lstrip().startswith("#"):
            continue
        opens = depth
        depth += line.count("{") - line.count("}")
        if opens == 0 and depth > 0:
            begin = number
        one_line = opens == 0 and depth == 0 and re.search(r"\) \{.*\}$", line)
        first = begin if opens > 0 else number
        if (one_line or (opens > 0 and is_function(lines, begin))) and "_validate(" not in lines[first]:
            inside[number] = first
    return inside


def is_function(lines, begin):
    """Whether the brace opened at this line is a function's, and not a type's or a table's."""
    return re.search(r"\)(?:\s+[A-Z_]+)*\s*\{\s*$", lines[begin]) is not None


def key_of(file, operator, before, after):
    """What equivalent.txt calls a mutant."""
    digest = hashlib.sha256(f"{before.strip()} -> {after.strip()}".encode()).hexdigest()[:10]
    return f"{file} {operator} {digest}"


def of_line(file, number, raw, code):
    """The mutants of one line."""
    for operator, rules in TOKENS.items():
        for pattern, replacement in rules:
            for match in re.finditer(pattern, code):
                if operator == "remove" and DECLARATION.match(code):
                    continue
                if operator == "arithmetic" and is_pointer_star(code, match):
                    continue
                whole = match.start() == 0 and match.end() == len(code.rstrip())
                new = match.expand(replacement) if "\\" in replacement else replacement
                after = new if whole else raw[:match.start()] + new + raw[match.end():]
                if operator == "negate" and raw.rstrip() != code.rstrip():
                    continue  # a comment or literal would be lost
                if after.strip() != raw.strip():
                    yield Mutant(file, operator, number + 1, raw.strip(), after.strip(), {number: after},
                                 key_of(file, operator, raw, after))


def is_pointer_star(code, match):
    """Whether ' * ' might be a declaration's."""
    return "*" in match[0] and DECLARATION.match(code) is not None and "=" not in code[:match.start()]


def of_locks(file, raw_lines, lines, inside):
    """A lock's taking and all its givings in the function, removed together."""
    for number in sorted(inside):
        take = re.match(r"^\s+hz_lock_take\((.*)\);$", lines[number])
        if not take:
            continue
        edits = {at: re.sub(r"hz_lock_(take|give)\(.*\);", "(void)0;", raw_lines[at]) for at in inside
                 if inside[at] == inside[number] and at >= number and
                 re.match(rf"^\s+hz_lock_(take|give)\({re.escape(take[1])}\);$", lines[at])}
        before = raw_lines[number].strip()
        function = raw_lines[inside[number]].strip()
        yield Mutant(file, "lock", number + 1, before, f"removed in: {function}", edits,
                     key_of(file, "lock", before, function))


def of_returns(file, raw_lines, lines, inside):
    """Functions without a result that do nothing."""
    for begin in sorted(set(inside.values())):
        text = lines[begin]
        if re.match(r"^(?:static |HZ_\w+ )*void \w+\(.*\{$", text) and begin + 1 in inside:
            after = raw_lines[begin] + " return;"
            yield Mutant(file, "return", begin + 1, raw_lines[begin].strip(), after.strip(), {begin: after},
                         key_of(file, "return", raw_lines[begin], after))


def of_file(root, file):
    """All mutants of a file, in order."""
    with open(os.path.join(root, file), encoding="utf-8") as source:
        text = source.read()
    raw_lines, lines = text.split("\n"), code_lines(text)
    inside = bodies(lines)
    for number in sorted(inside):
        if not LEFT_OUT_LINES.search(raw_lines[number]):
            yield from of_line(file, number, raw_lines[number], lines[number])
    yield from of_locks(file, raw_lines, lines, inside)
    yield from of_returns(file, raw_lines, lines, inside)


def of_tree(root, floors=None):
    """All mutants of lib/, or of some floors, without two of one key."""
    seen, found = set(), []
    for place, _, names in sorted(os.walk(os.path.join(root, "lib"))):
        for name in sorted(names):
            file = os.path.relpath(os.path.join(place, name), root)
            if not name.endswith((".c", ".h")) or LEFT_OUT_FILES.match(file):
                continue
            if floors and file.split("/")[1] not in floors:
                continue
            for mutant in of_file(root, file):
                if mutant.key not in seen:
                    seen.add(mutant.key)
                    found.append(mutant)
    return found
