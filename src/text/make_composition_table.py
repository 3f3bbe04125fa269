#!/usr/bin/env python3
"""Writes composition_table.inc: which two characters NFC puts together, and what they become.

Asked from the pinned tokenizers package itself, whose Unicode version is its own: a character that NFC leaves alone and
NFD takes apart is the composition of the last part with all before it.

    pip install tokenizers==0.23.3 && python3 make_composition_table.py
"""

import pathlib

import tokenizers
from tokenizers import normalizers

PINNED = "0.23.3"
HANGUL = range(0xAC00, 0xAC00 + 11172)  # by arithmetic


def main():
    assert tokenizers.__version__ == PINNED, f"tokenizers {PINNED} expected, found {tokenizers.__version__}"
    nfc, nfd = normalizers.NFC().normalize_str, normalizers.NFD().normalize_str
    pairs = {}
    for c in range(0x110000):
        if 0xD800 <= c < 0xE000 or c in HANGUL:
            continue
        parts = nfd(chr(c))
        if parts == chr(c) or nfc(parts) != chr(c):
            continue
        first = nfc(parts[:-1])
        assert len(first) == 1, hex(c)
        assert nfc(first + parts[-1]) == chr(c), hex(c)
        pairs[ord(first), ord(parts[-1])] = c
    lines = [f"// Made by make_composition_table.py from tokenizers {PINNED}. Do not edit."]
    lines.append(f"constexpr Composition kCompositions[{len(pairs)}] = {{")
    row = ""
    for (first, second), whole in sorted(pairs.items()):
        item = f"{{{first}, {second}, {whole}}},"
        if len(row) + len(item) > 112:
            lines.append("    " + row)
            row = ""
        row += (" " if row else "") + item
    lines += ["    " + row, "};", ""]
    pathlib.Path(__file__).with_name("composition_table.inc").write_text("\n".join(lines))
    print(len(pairs))


if __name__ == "__main__":
    main()
