#!/usr/bin/env python3
"""Writes pre_token_classes_table.inc: which characters the Digits pre-tokenizer takes for numbers, and which script the
UnicodeScripts pre-tokenizer takes each for.

Asked from the pinned tokenizers package itself. A script's number means nothing but "the same as": characters of one
number are never split apart by it, 0 is never split from anything.

    pip install tokenizers==0.23.3 && python3 make_pre_token_classes.py
"""

import pathlib

import tokenizers
from tokenizers import pre_tokenizers

PINNED = "0.23.3"
PAGE = 128


def scripts():
    split = pre_tokenizers.UnicodeScripts()
    parts = lambda text: len(split.pre_tokenize_str(text))
    classes = [0] * 0x110000
    known = [("A", 1), ("\u0416", 2)]  # a character of each script found so far
    last = 0
    for c in range(0x110000):
        if 0xD800 <= c < 0xE000:
            continue
        char = chr(c)
        if parts("A" + char) == 1 and parts("\u0416" + char) == 1:
            continue  # of any script
        if last and c and classes[c - 1] == last and parts(chr(c - 1) + char) == 1:
            classes[c] = last
            continue
        for example, number in known:
            if parts(example + char) == 1:
                classes[c] = number
                break
        else:
            known.append((char, len(known) + 1))
            classes[c] = len(known)
        last = classes[c]
    assert len(known) < 256, len(known)
    return classes


def numbers():
    split = pre_tokenizers.Digits(individual_digits=True)
    return [0 if 0xD800 <= c < 0xE000 or len(split.pre_tokenize_str("a" + chr(c))) == 1 else 1 for c in range(0x110000)]


def ranges(values):
    """(first code point, value) wherever the value changes."""
    found = [(0, values[0])]
    for c in range(1, len(values)):
        if values[c] != found[-1][1]:
            found.append((c, values[c]))
    return found


def main():
    assert tokenizers.__version__ == PINNED, f"tokenizers {PINNED} expected, found {tokenizers.__version__}"
    text = f"// Made by make_pre_token_classes.py from tokenizers {PINNED}. Do not edit.\n"
    for name, values in (("kNumberRanges", numbers()), ("kScriptRanges", scripts())):
        found = ranges(values)
        items = [f"{{{c}, {v}}}," for c, v in found]
        text += f"constexpr ClassRange {name}[{len(items)}] = {{\n"
        for i in range(0, len(items), 8):
            text += "    " + " ".join(items[i : i + 8]) + "\n"
        text += "};\n"
        print(name, len(items), max(values))
    pathlib.Path(__file__).with_name("pre_token_classes_table.inc").write_text(text)


if __name__ == "__main__":
    main()
