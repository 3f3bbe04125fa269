#!/usr/bin/env python3
"""Writes compatibility_tables.inc: what the unigram families' normalizers know about code points.

Everything is asked from the pinned tokenizers package itself, whose parts have Unicode versions of their own: the
compatibility decomposition (NFKD), the marks that StripAccents takes out, and how graphemes are cut. Graphemes cannot
be asked for directly; but the Precompiled normalizer looks at a grapheme of less than 6 bytes as a whole, so a map of
one letter shows whether a neighbour belongs to the letter's grapheme.

    pip install tokenizers==0.23.3 sentencepiece protobuf && python3 make_compatibility_tables.py
"""

import io
import pathlib
import tempfile
import unicodedata

import sentencepiece
import tokenizers
from sentencepiece import sentencepiece_model_pb2
from tokenizers import normalizers

PINNED = "0.23.3"
PAGE = 128
ATTACHES, PREPEND, CONTROL, MARK = 1, 2, 4, 8
EVERY = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]


def precompiled(mapping: dict[int, str]) -> normalizers.Precompiled:
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as rules:
        for code_point, target in mapping.items():
            rules.write(f"{code_point:X}\t{' '.join(f'{ord(c):X}' for c in target)}\n")
        rules.flush()
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(["a b c d"] * 10), model_writer=model, vocab_size=8, model_type="unigram",
            hard_vocab_limit=False, minloglevel=2, normalization_rule_tsv=rules.name,
        )
    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString(model.getvalue())
    return normalizers.Precompiled(proto.normalizer_spec.precompiled_charsmap)


def graphemes(flags: bytearray) -> None:
    letter = precompiled({ord("x"): "y"})
    for c in EVERY:
        if letter.normalize_str("x" + chr(c)) == "y":
            flags[c] |= ATTACHES
        elif c != ord("x") and letter.normalize_str(chr(c) + "x\u0301").endswith("\u0301"):
            flags[c] |= PREPEND
    # Only a code point that is in the map shows whether it is a control: a mark after it then stays. Unassigned ones
    # that are default-ignorable count as controls too.
    maybe = [c for c in EVERY if unicodedata.category(chr(c)) in ("Cc", "Cf", "Zl", "Zp")]
    maybe += [0x2065, *range(0xFFF0, 0xFFF9), *range(0xE0000, 0xE1000)]
    maybe = sorted({c for c in maybe if c and not flags[c]})
    every = precompiled({c: "y" for c in maybe})
    for c in maybe:
        if every.normalize_str(chr(c) + "\u0301") == "y\u0301":
            flags[c] |= CONTROL
    flags[0] |= CONTROL  # a map cannot hold NUL


def rows(values, per_line: int) -> str:
    lines = [values[i : i + per_line] for i in range(0, len(values), per_line)]
    return "\n".join("    " + ", ".join(str(v) for v in line) + "," for line in lines)


def two_stage(values: list) -> tuple[list, list]:
    pages: dict[tuple, int] = {}
    index = [pages.setdefault(tuple(values[i : i + PAGE]), len(pages)) for i in range(0, len(values), PAGE)]
    return index, [value for page in pages for value in page]


def main() -> None:
    assert tokenizers.__version__ == PINNED, f"tokenizers {PINNED} expected, found {tokenizers.__version__}"
    flags = bytearray(0x110000)
    graphemes(flags)
    kept = set(map(ord, normalizers.StripAccents().normalize_str("".join(map(chr, EVERY)))))
    nfkd = normalizers.NFKD()
    targets: list[int] = []
    place: dict[str, int] = {}
    start = [0] * 0x110000  # 1 + place in targets << 5 | length; 0: stands for itself
    for c in EVERY:
        if c not in kept:
            flags[c] |= MARK
        target = nfkd.normalize_str(chr(c))
        if target == chr(c) or 0xAC00 <= c < 0xAC00 + 11172:
            continue
        if target not in place:
            place[target] = len(targets)
            targets.extend(map(ord, target))
        assert len(target) < 32 and place[target] < 1 << 16
        start[c] = 1 + (place[target] << 5 | len(target))
    flag_index, flag_pages = two_stage(list(flags))
    packed = [flag_pages[i] | flag_pages[i + 1] << 4 for i in range(0, len(flag_pages), 2)]
    start_index, start_pages = two_stage(start)
    text = f"// Made by make_compatibility_tables.py from tokenizers {PINNED}. Do not edit.\n"
    for kind, name, values in (
        ("std::uint8_t", "kFlagPageOf", flag_index),
        ("std::uint8_t", "kFlagPages", packed),
        ("std::uint8_t", "kNfkdPageOf", start_index),
        ("std::uint32_t", "kNfkdStart", start_pages),
        ("char32_t", "kNfkdTargets", targets),
    ):
        assert kind != "std::uint8_t" or max(values) < 256, name
        text += f"constexpr {kind} {name}[{len(values)}] = {{\n{rows(values, 24)}\n}};\n"
    pathlib.Path(__file__).with_name("compatibility_tables.inc").write_text(text)
    count = {bit: sum(1 for f in flags if f & bit) for bit in (ATTACHES, PREPEND, CONTROL, MARK)}
    print(count, len(packed), len(start_pages), len(targets))


if __name__ == "__main__":
    main()
