#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""hotpath.py LIBRARY MALLOC-BUDGET FREE-BUDGET [--show] -- the fast paths of malloc and free stay short.

From the entry of each along the fall-through to the first return there are at most as many instructions
as its budget says, and none of them is a call, a push, a pop or a change of the stack pointer. A conditional jump is
taken not to be taken; an unconditional one is followed inside the function. x86-64 only.
"""
import re
import shutil
import subprocess
import sys

FUNCTIONS = ("malloc", "free")
IGNORED = re.compile(r"^(nop|endbr64|data16|xchg +%ax,%ax|cs nop)")
FRAME = re.compile(r"^(call|push|pop|enter|leave|bnd call)|^(sub|add|lea|mov|and)[a-z]* .*,%rsp$")


def symbol_range(library, name):
    """(address, size) of an exported function."""
    text = subprocess.run(["readelf", "--dyn-syms", "-W", library], capture_output=True, text=True,
                          check=True).stdout
    for line in text.splitlines():
        word = line.split()
        defined = len(word) >= 8 and word[3] == "FUNC" and word[6] != "UND"
        if defined and word[7].split("@")[0] == name:
            return int(word[1], 16), int(word[2], 0)
    return None


def disassemble(library, start, size):
    """The listing of one function, without operand bytes."""
    return subprocess.run(["objdump", "-d", "--no-show-raw-insn", f"--start-address={start:#x}",
                           f"--stop-address={start + size:#x}", library],
                          capture_output=True, text=True, check=True).stdout


def parse(listing):
    """[(address, instruction text)] of an objdump listing."""
    lines = (re.match(r"\s*([0-9a-f]+):\s+(.*?)\s*(?:#.*)?$", line)
             for line in listing.splitlines())
    return [(int(m[1], 16), m[2].strip()) for m in lines if m and m[2].strip()]


def walk(code, budget):
    """Follows the fall-through. Returns (instructions passed, fault or None)."""
    position = {address: index for index, (address, _) in enumerate(code)}
    index, path, seen = 0, [], set()
    while index < len(code):
        if index in seen:
            return path, "loops"
        seen.add(index)
        text = code[index][1]
        if IGNORED.match(text):
            index += 1
            continue
        path.append(text)
        if re.match(r"^(repz |bnd |rep )?ret", text):
            fault = f"{len(path)} instructions, more than {budget}" if len(path) > budget else None
            return path, fault
        if FRAME.match(text):
            return path, f"has '{text}'"
        jump = re.match(r"^(?:bnd |notrack )?jmp +([0-9a-f]+)\b", text)
        if jump:
            if int(jump[1], 16) not in position:
                return path, f"leaves by '{text}' before it returns"
            index = position[int(jump[1], 16)]
        elif re.match(r"^(?:bnd |notrack )?jmp", text):
            return path, f"leaves by '{text}' before it returns"
        else:
            index += 1
    return path, "ends without a return"


def controls():
    """Listings with one fault each must be refused, and a good one accepted."""
    def listing(*instructions):
        return "\n".join(f"    {0x1000 + 4 * i:x}:\t{text}" for i, text in enumerate(instructions))
    good = ["endbr64", "mov    %fs:0x0,%rax", "je     2000 <slow>", "ret", "call   3000 <cold>"]
    bad = {
        "a call": ["call   3000 <f>", "ret"],
        "a push": ["push   %rbx", "ret"],
        "a frame": ["sub    $0x18,%rsp", "ret"],
        "a tail call": ["jmp    3000 <f>", "ret"],
        "a long path": ["mov    %rax,%rbx"] * 22 + ["ret"],
        "no return": ["mov    %rax,%rbx"],
    }
    faults = [f"the control '{name}' was not noticed" for name, code in bad.items()
              if walk(parse(listing(*code)), 22)[1] is None]
    if walk(parse(listing(*good)), 22)[1] is not None:
        faults.append("the good control was refused")
    return faults


def main():
    """Entry."""
    library, show = sys.argv[1], "--show" in sys.argv[4:]
    budgets = dict(zip(FUNCTIONS, map(int, sys.argv[2:4])))
    if not shutil.which("objdump") or not shutil.which("readelf"):
        print("no objdump or readelf here")
        return 77
    header = subprocess.run(["readelf", "-h", library], capture_output=True, text=True, check=True)
    if not re.search(r"Machine:.*X86-64", header.stdout):
        print("not an x86-64 library")
        return 77
    faults = controls()
    for name in FUNCTIONS:
        where = symbol_range(library, name)
        if where is None:
            faults.append(f"{name} is not exported")
            continue
        path, fault = walk(parse(disassemble(library, *where)), budgets[name])
        print(f"{name}: {len(path)} instructions to the first return (budget {budgets[name]})")
        if fault or show:
            print("".join(f"    {text}\n" for text in path), end="")
        if fault:
            faults.append(f"{name} {fault}")
    for fault in faults:
        print("FAIL:", fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
