#!/usr/bin/env python3
"""Writes unicode_tables.inc: what Hugging Face tokenizers takes each code point for.

Its Unicode data is a mixture of several versions of the standard (each Rust crate brings its own), so that no Unicode
library reproduces it. Each property is therefore probed from the pinned version itself.

    pip install tokenizers==0.23.3
    python src/text/generate_tables.py src/text/unicode_tables.inc
"""

import sys
import unicodedata

import tokenizers
from tokenizers import normalizers, pre_tokenizers

PINNED = "0.23.3"
CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
HANGUL = range(0xAC00, 0xAC00 + 11172)

REMOVED, SPACE, CJK, NONSPACING, PUNCTUATION, WORD, NON_STARTER, MAPPED = (1 << i for i in range(8))


def probe_each(normalizer):
    """The normalizer's answer for every code point alone."""
    return {c: normalizer.normalize_str(chr(c)) for c in CODE_POINTS}


def combining_classes():
    """Canonical combining classes, from how NFD sorts a code point against marks of known class."""
    nfd = normalizers.NFD()
    references = {230: "\u0300"}
    for c in range(0x300, 0x1E94B):
        k, mark = unicodedata.combining(chr(c)), chr(c)
        # Python's Unicode is another version: a reference must be sorted by the pinned library, too.
        pair = references[230] + mark if k < 230 else mark + references[230]
        if k and k not in references and nfd.normalize_str(pair) == pair[::-1]:
            references[k] = mark
    lowest, highest = references[min(references)], references[max(references)]
    classes = {}
    for c in CODE_POINTS:
        if nfd.normalize_str(chr(c)) != chr(c):
            continue  # decomposed before it is sorted
        moves_back = nfd.normalize_str(chr(c) + lowest)[0] == lowest and chr(c) != lowest
        moves_forward = nfd.normalize_str(highest + chr(c))[0] == chr(c) and chr(c) != highest
        if not moves_back and not moves_forward:
            continue  # a starter
        # The class is between the highest reference that stays in front and the lowest one that does not.
        not_above = [k for k, mark in references.items() if nfd.normalize_str(chr(c) + mark)[0] == chr(c)]
        not_below = [k for k, mark in references.items() if nfd.normalize_str(mark + chr(c))[0] == mark]
        equal = [k for k in references if k in not_above and k in not_below]
        assert len(equal) == 1, (hex(c), equal)
        classes[c] = equal[0]
    for k in (min(references), max(references)):  # the two that cannot be told from a starter by themselves
        classes.setdefault(ord(references[k]), k)
    return classes


def two_stage(values, kind):
    """Splits 0x110000 values into blocks, equal blocks stored once; the block size that takes the fewest bytes."""
    best = None
    for shift in (4, 5, 6, 7, 8):
        size = 1 << shift
        blocks, index, seen = [], [], {}
        for at in range(0, 0x110000, size):
            block = tuple(values[at : at + size])
            if block not in seen:
                seen[block] = len(blocks)
                blocks.append(block)
            index.append(seen[block])
        while len(index) > 1 and index[-1] == index[-2]:
            index.pop()  # the last entry stands for all that follow
        width = 1 if kind == "std::uint8_t" else 2
        total = len(index) * (1 if len(blocks) <= 256 else 2) + len(blocks) * size * width
        if best is None or total < best[0]:
            best = (total, shift, index, blocks)
    return best


def write_array(out, kind, name, values):
    out.write(f"inline constexpr {kind} {name}[] = {{\n")
    line = ""
    for value in values:
        item = f"{value},"
        if len(line) + len(item) > 118:
            out.write(line + "\n")
            line = ""
        line += item
    out.write(line + "\n};\n")


def write_two_stage(out, kind, name, values):
    total, shift, index, blocks = two_stage(values, kind)
    index_kind = "std::uint8_t" if len(blocks) <= 256 else "std::uint16_t"
    out.write(f"// {name}: {len(blocks)} blocks of {1 << shift}, {total} bytes\n")
    out.write(f"inline constexpr unsigned k{name}Shift = {shift};\n")
    write_array(out, index_kind, f"k{name}Index", index)
    write_array(out, kind, f"k{name}Blocks", [v for block in blocks for v in block])


def main():
    if tokenizers.__version__ != PINNED:
        sys.exit(f"tokenizers {PINNED} is needed, found {tokenizers.__version__}")
    bert = normalizers.BertNormalizer
    clean = probe_each(bert(True, False, False, False))
    cjk = probe_each(bert(False, True, False, False))
    strip = probe_each(bert(False, False, True, False))
    lower = probe_each(bert(False, False, False, True))
    nfd = probe_each(normalizers.NFD())
    classes = combining_classes()
    split = pre_tokenizers.BertPreTokenizer()
    words = pre_tokenizers.Whitespace()

    flags = [0] * 0x110000
    pool, pooled = [0], {}
    decomposition = [0] * 0x110000
    lowercase = [0] * 0x110000

    def pool_offset(text):
        """Where the text stands in the pool: its length in code points, then they."""
        if text not in pooled:
            pooled[text] = len(pool)
            pool.append(len(text))
            pool.extend(map(ord, text))
        return pooled[text]

    for c in CODE_POINTS:
        char, f = chr(c), 0
        pieces = [p for p, _ in split.pre_tokenize_str("a" + char + "b")]
        space, punctuation = pieces == ["a", "b"], pieces == ["a", char, "b"]
        assert space or punctuation or pieces == ["a" + char + "b"], hex(c)
        f |= SPACE * space | PUNCTUATION * punctuation
        if clean[c] == "":
            f |= REMOVED
        else:
            assert clean[c] == (" " if space else char), hex(c)
        if cjk[c] != char:
            assert cjk[c] == f" {char} ", hex(c)
            f |= CJK
        if nfd[c] == char:
            assert strip[c] in ("", char), hex(c)
            f |= NONSPACING * (strip[c] == "")
        elif c in HANGUL:
            s = c - 0xAC00
            jamo = [0x1100 + s // 588, 0x1161 + s % 588 // 28] + ([0x11A7 + s % 28] if s % 28 else [])
            assert [ord(x) for x in nfd[c]] == jamo, hex(c)
            f |= MAPPED
        else:
            decomposition[c] = pool_offset(nfd[c])
            f |= MAPPED
        if lower[c] != char:
            lowercase[c] = pool_offset(lower[c])
            f |= MAPPED
        f |= WORD * (len(words.pre_tokenize_str("a" + char)) == 1 and not space)
        f |= NON_STARTER * (c in classes)
        flags[c] = f
    for c in range(0xD800, 0xE000):
        flags[c] = flags[c - 1]  # never looked up: keeps the blocks alike
    ccc = [classes.get(c, 0) for c in range(0x110000)]

    # Every decomposed code point must itself be stable, or its class and flags would be unknown.
    for text in nfd.values():
        assert all(nfd[ord(x)] == x for x in text)

    assert len(pool) < 0x10000
    with open(sys.argv[1], "w", encoding="ascii") as out:
        out.write(f"// Made by src/text/generate_tables.py from Hugging Face tokenizers {PINNED}. Do not edit.\n")
        write_two_stage(out, "std::uint8_t", "Flags", flags)
        write_two_stage(out, "std::uint8_t", "CombiningClass", ccc)
        write_two_stage(out, "std::uint16_t", "Decomposition", decomposition)
        write_two_stage(out, "std::uint16_t", "Lowercase", lowercase)
        out.write("// Mapped texts: the number of code points, then they.\n")
        write_array(out, "char32_t", "kPool", pool)


if __name__ == "__main__":
    main()
