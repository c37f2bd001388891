#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""lemmas.py FILE... -- proves every lemma of these files of contracts, with z3, under the lemma's name.

WP takes the lemmas as given (it would look for their proofs among integers, and find few). Here words are bit vectors, in
which z3 decides such facts, or integers where it is division that matters. A lemma is one or more claims for all
values of the constants; z3 is asked for a counterexample and must answer that there is none. A lemma without
claims, claims without a lemma, and a false claim (the control) that is not refuted are failures."""
import re
import subprocess
import sys

WORD = 64
MOST = (1 << WORD) - 1


def word(number):
    """The bit vector of a number."""
    return f"(_ bv{number & MOST} {WORD})"


def bit(value, at):
    """Whether a bit is set."""
    return f"(= ((_ extract {at} {at}) {value}) #b1)"


def nested(values):
    """ite (c1, v1) ... else the last."""
    text = values[-1][1]
    for condition, value in reversed(values[:-1]):
        text = f"(ite {condition} {value} {text})"
    return text


LOWEST = nested([(bit("x", at), word(at)) for at in range(WORD)])
HIGHEST = nested([(bit("x", at), word(at)) for at in reversed(range(WORD))])
COUNT = "(+ " + " ".join(f"(ite {bit('x', at)} 1 0)" for at in range(WORD)) + ")"
IS_POWER = "(or " + " ".join(f"(= x {word(1 << at)})" for at in range(WORD)) + ")"
BITS = f"""
(define-sort W () (_ BitVec {WORD}))
(define-fun lowest ((x W)) W {LOWEST})
(define-fun highest ((x W)) W {HIGHEST})
(define-fun count ((x W)) Int {COUNT})
(define-fun is_power ((x W)) Bool {IS_POWER})
(define-fun is_subset ((x W) (of W)) Bool (= (bvand x (bvnot of)) {word(0)}))
(declare-const v W)
(declare-const of W)
"""
INTEGERS = "".join(f"(declare-const {name} Int)\n" for name in
                   "v offset bytes r n u q m e k p".split())


def bits(*claims):
    """Claims of words."""
    return BITS, claims


def integers(*claims):
    """Claims of integers."""
    return INTEGERS, claims


def powers(claim):
    """A claim for each power of two; {a} is it, {mask} its mask as the code makes it."""
    return bits(*(claim.format(a=word(1 << at), mask=f"(bvnot (bvsub {word(1 << at)} {word(1)}))")
                  for at in range(WORD)))


def shift(amount):
    """16 * (v >> 4) <= v <= 16 * (v >> 4) + 15, and so on."""
    size = 1 << amount
    low = f"(* {size} (div v {size}))"
    return integers(f"(=> (<= 0 v) (and (<= {low} v) (<= v (+ {low} {size - 1}))))")


def rotated(amount):
    """v, rotated right."""
    return f"(bvor (bvlshr v {word(amount)}) (bvshl v {word(WORD - amount)}))"


def multiple(amount):
    """Whether v is a multiple of the unit."""
    return f"(= (bvurem v {word(1 << amount)}) {word(0)})"


def rotate(amount):
    """Of a multiple rotating is shifting."""
    return bits(f"(=> {multiple(amount)} (= {rotated(amount)} (bvlshr v {word(amount)})))")


def rotate_odd(amount):
    """What is none becomes large."""
    return bits(f"(=> (not {multiple(amount)}) (bvuge {rotated(amount)} {word(1 << 56)}))")


SUM = "(bvsub (bvadd v {a}) " + word(1) + ")"
FITS = "(bvuge " + SUM + " v)"  # v + a - 1 does not pass the last word; a is at least 1
# What a reciprocal is: bytes = 16 u, r u = 2^31 + e, e < u. n = offset >> 4, of which u takes q and leaves m.
RECIPROCAL = """(and (<= 0 offset) (< offset 2097152) (= offset (+ (* 16 n) k)) (<= 0 k) (< k 16) (<= 0 n) (< n 131072)
    (<= 1 u) (<= u 8192) (= bytes (* 16 u)) (<= 0 e) (< e u) (= (* r u) (+ 2147483648 e))
    (= n (+ (* q u) m)) (<= 0 q) (<= 0 m) (< m u))"""
DIVISION = """(and (<= 0 offset) (< offset 2097152) (<= 16 bytes) (<= bytes 131072)
    (= offset (+ (* q bytes) m)) (<= 0 m) (< m bytes))"""

PROOFS = {
    "power_range": bits(f"(=> (is_power v) (and (bvuge v {word(1)}) (bvule v {word(1 << 63)})))"),
    "power_test": bits(f"(= (is_power v) (and (distinct v {word(0)}) (= (bvand v (bvsub v {word(1)})) {word(0)})))"),
    # v < masked + a, without the sum, which may pass the last word
    "mask_near": powers("(and (bvule (bvand v {mask}) v) (bvult (bvsub v (bvand v {mask})) {a}))"),
    "mask_multiple": powers(f"(= (bvurem (bvand v {{mask}}) {{a}}) {word(0)})"),
    "mask_near_sum": powers("(=> " + FITS + " (and (bvule (bvand " + SUM + " {mask}) " + SUM + ")"
                            " (bvult (bvsub " + SUM + " (bvand " + SUM + " {mask})) {a})))"),
    "mask_multiple_sum": powers("(= (bvurem (bvand " + SUM + " {mask}) {a}) " + word(0) + ")"),
    "xor_63": bits(f"(=> (bvult v {word(64)}) (= (bvxor {word(63)} v) (bvsub {word(63)} v)))"),
    "shift_2": shift(2),
    "shift_4": shift(4),
    "shift_8": shift(8),
    "shift_up_2": bits(f"(=> (bvult v {word(1 << 62)}) (= (bvshl v {word(2)}) (bvmul {word(4)} v)))"),
    "lowest_1024": bits(f"(= (lowest {word(1024)}) {word(10)})"),
    "lowest_range": bits(f"(=> (distinct v {word(0)}) (bvult (lowest v) {word(64)}))"),
    "highest_range": bits(f"(=> (distinct v {word(0)}) (bvult (highest v) {word(64)}))"),
    "count_range": bits("(and (<= 0 (count v)) (<= (count v) 64))"),
    "count_zero": bits(f"(=> (= v {word(0)}) (= (count v) 0))",
                       *(f"(=> {bit('v', at)} (distinct v {word(0)}))" for at in range(WORD)),
                       f"(=> (distinct v {word(0)}) (or {' '.join(bit('v', at) for at in range(WORD))}))"),
    # One bit is the lowest; it alone is set in v and not in v & (v - 1), so that the sums of bits differ by 1.
    "drop_lowest": bits(f"(=> (distinct v {word(0)}) (is_power (bvand v (bvneg v))))",
                        *(f"(= {bit('(bvand v (bvsub v ' + word(1) + '))', at)}"
                          f" (and {bit('v', at)} (not {bit('(bvand v (bvneg v))', at)})))" for at in range(WORD)),
                        *(f"(=> {bit('(bvand v (bvneg v))', at)} {bit('v', at)})" for at in range(WORD))),
    "drop_subset": bits(f"(=> (is_subset v of) (is_subset (bvand v (bvsub v {word(1)})) of))"),
    "subset_self": bits("(is_subset v v)"),
    "subset_zero": bits(f"(=> (is_subset v {word(0)}) (= v {word(0)}))"),
    "reciprocal_exact": integers(
        f"(=> {RECIPROCAL} (and (<= (* q 2147483648) (* n r)) (< (* n r) (* (+ q 1) 2147483648))))",
        f"(=> {RECIPROCAL} (and (<= (* q bytes) offset) (< offset (* (+ q 1) bytes))))",
        "(=> (and (<= (* q 2147483648) p) (< p (* (+ q 1) 2147483648))) (= (div p 2147483648) q))",
        f"(=> {RECIPROCAL} (and (<= 0 (* n r)) (<= (* n r) {MOST}) (< q 131072)))"),
    "steps": bits(f"(=> (bvult v {word(131072)}) (let ((h (highest (bvor v {word(64)})))) (and"
                  f" (bvule {word(64)} (bvor v {word(64)})) (bvule {word(6)} h) (bvule h {word(16)})"
                  f" (bvule (bvlshr v (bvsub h {word(2)})) {word(7)}))))"),
    "class_shift": bits(*(f"(and (bvule {word(80)} (bvshl {word(value)} {word(by)}))"
                          f" (bvule (bvshl {word(value)} {word(by)}) {word(131072)}))"
                          for value in range(5, 9) for by in range(4, 15))),
    "class_low_bits": bits(f"(= (bvadd (bvand v {word(3)}) (bvshl (bvlshr v {word(2)}) {word(2)})) v)"),
    "start_test": integers(f"(=> {DIVISION} (and (<= 0 q) (<= 0 (* q bytes)) (<= (* q bytes) offset) (< q 131072)"
                           " (= (= (* q bytes) offset) (= m 0))))"),
    "bit_of_unit": bits(f"(and (bvule (bvand v {word(31)}) {word(31)})"
                        f" (= v (bvadd (bvshl (bvlshr v {word(5)}) {word(5)}) (bvand v {word(31)}))))"),
    "rotate_4": rotate(4),
    "rotate_8": rotate(8),
    "rotate_odd_4": rotate_odd(4),
    "rotate_odd_8": rotate_odd(8),
}


def answers(head, claims):
    """What z3 says of the negation of each claim."""
    text = head + "".join(f"(push)(assert (not {claim}))(check-sat)(pop)\n" for claim in claims)
    done = subprocess.run(["z3", "-in", "-T:100"], input=text, capture_output=True, text=True)
    return done.stdout.split("\n")[:-1]


def lemma_names(paths):
    """The names of the lemmas in the files."""
    names = set()
    for path in paths:
        with open(path, encoding="utf-8") as file:
            names |= set(re.findall(r"^[ /*@]*lemma (\w+):", file.read(), re.MULTILINE))
    return names


def main():
    """Entry."""
    names = lemma_names(sys.argv[1:])
    faults = [f"lemma {name} has no proof" for name in sorted(names - set(PROOFS))]
    faults += [f"the proof {name} is of no lemma" for name in sorted(set(PROOFS) - names)]
    for name in sorted(names & set(PROOFS)):
        head, claims = PROOFS[name]
        found = answers(head, claims)
        if found != ["unsat"] * len(claims):
            faults.append(f"lemma {name}: z3 says {found}")
    if answers(*bits(f"(=> (is_power v) (bvult v {word(1 << 63)}))")) != ["sat"]:
        faults.append("control: a false claim was not refuted")
    for fault in faults:
        print("FAIL:", fault)
    print(f"{len(names)} lemmas, {len(faults)} faults")
    return 1 if faults or not names else 0


if __name__ == "__main__":
    sys.exit(main())
