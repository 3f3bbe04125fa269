#!/usr/bin/env python3
"""Writes newer_characters_table.inc: characters that an older Oniguruma than Hugging Face's puts into other classes, and for
each one that both put into the class that is right, with as many bytes in UTF-8.

    pip install tokenizers==0.23.3 && python3 make_newer_characters.py     (with Oniguruma 6.9.8, of Unicode 14, as libonig.so.5)
"""

import ctypes
import pathlib

import tokenizers
from tokenizers import Regex, pre_tokenizers

PINNED = "0.23.3"
CATEGORIES = "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Co".split()
SCRIPTS = "Latin Greek Cyrillic Han Hiragana Katakana Hangul Arabic Hebrew Devanagari Bengali Thai Telugu Tamil Kannada Malayalam".split()
OTHERS = "Alphabetic Uppercase Lowercase White_Space Emoji Extended_Pictographic XID_Start XID_Continue".split()
PATTERNS = [r"\w+", r"\s+", r"\d+", *(rf"\p{{{name}}}+" for name in CATEGORIES + SCRIPTS + OTHERS)]
POINTS = [c for c in range(0x20, 0x110000) if not 0xD800 <= c < 0xE000]


class Region(ctypes.Structure):
    _fields_ = [("allocated", ctypes.c_int), ("num_regs", ctypes.c_int), ("beg", ctypes.POINTER(ctypes.c_int)), ("end", ctypes.POINTER(ctypes.c_int)), ("history", ctypes.c_void_p)]


class Older:
    def __init__(self):
        pointer = ctypes.c_void_p
        self.lib = ctypes.CDLL("libonig.so.5")
        self.lib.onig_version.restype = ctypes.c_char_p
        assert self.lib.onig_version() == b"6.9.8", self.lib.onig_version()
        self.lib.onig_new.argtypes = [pointer] * 3 + [ctypes.c_uint] + [pointer] * 3
        self.lib.onig_search.argtypes = [pointer] * 6 + [ctypes.c_uint]
        self.lib.onig_region_new.restype = ctypes.POINTER(Region)
        self.encoding, self.syntax = (ctypes.addressof(ctypes.c_char.in_dll(self.lib, name)) for name in ("OnigEncodingUTF8", "OnigSyntaxOniguruma"))
        self.lib.onig_initialize((pointer * 1)(self.encoding), 1)

    def members(self, pattern):
        regex, coded = ctypes.c_void_p(), ctypes.create_string_buffer(pattern.encode())
        begin = ctypes.addressof(coded)
        assert self.lib.onig_new(ctypes.byref(regex), begin, begin + len(pattern), 0, self.encoding, self.syntax, None) == 0, pattern
        text = "".join(map(chr, POINTS)).encode()
        held = ctypes.create_string_buffer(text, len(text))
        base, region, at, found = ctypes.addressof(held), self.lib.onig_region_new(), 0, set()
        while at < len(text) and self.lib.onig_search(regex, base, base + len(text), base + at, base + len(text), region, 0) >= 0:
            at = region.contents.end[0]
            found.update(map(ord, text[region.contents.beg[0] : at].decode()))
        return found


def members(pattern):
    step, found = pre_tokenizers.Split(Regex(pattern), "removed", invert=True), set()
    for i in range(0, len(POINTS), 50000):
        for piece, _ in step.pre_tokenize_str("".join(map(chr, POINTS[i : i + 50000]))):
            found.update(map(ord, piece))
    return found


def main():
    assert tokenizers.__version__ == PINNED, tokenizers.__version__
    engine, before, now = Older(), {}, {}
    for number, pattern in enumerate(PATTERNS):
        for classes, found in ((before, engine.members(pattern)), (now, members(pattern))):
            for c in found:
                classes.setdefault(c, []).append(number)
    size = lambda c: len(chr(c).encode())
    key = lambda c: (tuple(now.get(c, ())), size(c))
    # Where no character has all classes: of those with the same category the one with the fewest classes that are wrong, if
    # that is better than the character itself.
    main = 3 + len(CATEGORIES)
    coarse = lambda classes, c: (tuple(n for n in classes.get(c, ()) if n < main), size(c))
    wrong = lambda classes, c: len(set(classes).symmetric_difference(now.get(c, ())))
    newer = [c for c in POINTS if before.get(c) != now.get(c)]
    known, alike = {}, {}
    for c in sorted(set(POINTS) - set(newer)):
        if known.setdefault(key(c), c) == c:
            alike.setdefault(coarse(now, c), []).append(c)
    rows = []
    for c in newer:
        older = known.get(key(c))
        if older is None and alike.get(coarse(now, c)):
            nearest = min(alike[coarse(now, c)], key=lambda o: (wrong(now.get(o, ()), c), o))
            if coarse(before, c) != coarse(now, c) or wrong(now.get(nearest, ()), c) < wrong(before.get(c, ()), c):
                older = nearest
        if older is None:
            continue
        if rows and rows[-1][1] == c - 1 and rows[-1][2] == older:
            rows[-1][1] = c
        else:
            rows.append([c, c, older])
    lines = [f"// Made by make_newer_characters.py from tokenizers {PINNED} and Oniguruma 6.9.8. Do not edit."]
    lines += [f"constexpr Row kRows[{len(rows)}] = {{", *(f"    {{0x{a:X}, 0x{b:X}, 0x{c:X}}}," for a, b, c in rows), "};", ""]
    pathlib.Path(__file__).with_name("newer_characters_table.inc").write_text("\n".join(lines))
    print(len(newer), "characters in", len(rows), "rows")


if __name__ == "__main__":
    main()
