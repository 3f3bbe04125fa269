#!/usr/bin/env python3
"""Writes gpt2_classes_table.inc: the classes of code points that the GPT-2 pattern tells apart.

The pattern's engine has its own Unicode version, so the classes are asked from the pinned tokenizers package itself.

    pip install tokenizers==0.23.3 && python3 make_gpt2_classes.py
"""

import pathlib

import tokenizers
from tokenizers import Regex, normalizers

PINNED = "0.23.3"
PAGE = 256


def members(negated_class: str) -> set[int]:
    every = "".join(chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000)
    return set(map(ord, normalizers.Replace(Regex(negated_class), "").normalize_str(every)))


def rows(values, per_line: int) -> str:
    lines = [values[i : i + per_line] for i in range(0, len(values), per_line)]
    return "\n".join("    " + ", ".join(str(v) for v in line) + "," for line in lines)


def main() -> None:
    assert tokenizers.__version__ == PINNED, f"tokenizers {PINNED} expected, found {tokenizers.__version__}"
    classes = bytearray(0x110000)
    for value, negated in ((1, r"[^\p{L}]"), (2, r"[^\p{N}]"), (3, r"[^\s]")):
        for code_point in members(negated):
            assert classes[code_point] == 0
            classes[code_point] = value
    pages: dict[bytes, int] = {}
    index = []
    for start in range(0, len(classes), PAGE):
        page = bytes(classes[start : start + PAGE])
        index.append(pages.setdefault(page, len(pages)))
    packed = []
    for page in pages:
        for i in range(0, PAGE, 4):
            packed.append(page[i] | page[i + 1] << 2 | page[i + 2] << 4 | page[i + 3] << 6)
    target = pathlib.Path(__file__).with_name("gpt2_classes_table.inc")
    target.write_text(
        f"// Made by make_gpt2_classes.py from tokenizers {PINNED}. Do not edit.\n"
        f"constexpr std::uint8_t kPageOf[{len(index)}] = {{\n{rows(index, 32)}\n}};\n"
        f"constexpr std::uint8_t kPages[{len(packed)}] = {{\n{rows(packed, 32)}\n}};\n"
    )
    print(f"{len(pages)} pages, {len(index) + len(packed)} bytes")


if __name__ == "__main__":
    main()
