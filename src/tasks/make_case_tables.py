#!/usr/bin/env python3
"""Writes case_tables.inc: where Python's str.lower() sees the end of a word, which decides on the form of a sigma.

    python make_case_tables.py > case_tables.inc

A code point is "cased" when a capital sigma behind it alone becomes the final form, and "ignorable" when one behind it
and a letter still does.
"""

import sys
import unicodedata

FINAL = "\u03c2"


def ranges(is_in):
    result = []
    for c in range(0x110000):
        if 0xD800 <= c < 0xE000 or not is_in(chr(c)):
            continue
        if result and result[-1][1] == c - 1:
            result[-1][1] = c
        else:
            result.append([c, c])
    return result


def is_cased(c):
    return (c + "\u03a3").lower().endswith(FINAL)


def is_ignorable(c):
    return not is_cased(c) and ("a" + c + "\u03a3").lower().endswith(FINAL)


def write(name, found):
    print(f"constexpr std::array<CodePoints, {len(found)}> {name} = {{{{")
    entries = [f"{{0x{first:X}, 0x{last:X}}}," for first, last in found]
    for i in range(0, len(entries), 6):
        print("    " + " ".join(entries[i : i + 6]))
    print("}};")


print(f"// Made by make_case_tables.py, Python {sys.version.split()[0]}, Unicode {unicodedata.unidata_version}; do not edit.")
write("kCased", ranges(is_cased))
write("kIgnorable", ranges(is_ignorable))
