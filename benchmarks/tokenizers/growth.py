#!/usr/bin/env python3
"""Shows that time grows with the text and not faster, on texts that trouble tokenizers.

    python benchmarks/tokenizers/growth.py --bench build/benchmarks/tokenizers/tokenizer_bench TOKENIZER...

Each line of the table is a tokenizer and a text of one kind: the milliseconds for a quarter of 1 MB and for 1 MB, and how
many times longer the second takes. 4 is linear. Exits with 1 where one takes over 8 times longer and over 50 ms.
"""

import argparse
import os
import subprocess
import sys
import tempfile

QUARTER = 1 << 18
KINDS = {
    "one letter": "a",
    "letters": "abcdefghijklmnopqrstuvwxyz",
    "one digit": "7",
    "blanks": " ",
    "tabs": "\t",
    "one mark": "!",
    "apostrophes": "'s",
    "one ideograph": "\u4e2d",
    "accents": "e\u0301",
    "combining marks": "\u0301\u0323",
    "emoji sequences": "\U0001f469\u200d\U0001f469\u200d\U0001f467",
    "flags": "\U0001f1e9\U0001f1ea",
    "Hangul": "\uac01",
    "jamo": "\u1100\u1161\u11a8",
    "mask tokens": "[MASK]",
    "mask tokens of others": "<mask>",
    "mask tokens and marks": "[MASK]" + "!" * 60,
    "beginnings of a token": "[MAS",
    "zero-width": "\u200b",
    "invalid bytes": "\udcff",
    "beginnings of a character": "\udcf0\udc9f",
    "words": "the quick brown fox ",
    "words of many tokens": "QZXV JKQ ",
}


def seconds(bench, tokenizer, text, limit):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "text")
        with open(path, "wb") as file:
            file.write(text + b"\n")
        done = subprocess.run([bench, tokenizer, path], input="offsets\nids\n", stdout=subprocess.PIPE, text=True,
                              timeout=limit, check=True)  # fmt: skip
        return max(float(line.split()[0]) for line in done.stdout.splitlines())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tokenizers", nargs="+")
    parser.add_argument("--bench", required=True)
    parser.add_argument("--limit", type=float, default=60, help="seconds after which a text has taken too long")
    options = parser.parse_args()
    bad = 0
    print("| tokenizer | text | 1/4 MB, ms | 1 MB, ms | times |")
    print("| --- | --- | ---: | ---: | ---: |")
    for tokenizer in options.tokenizers:
        for kind, unit in KINDS.items():
            unit = unit.encode("utf-8", "surrogateescape")
            text = unit * (4 * QUARTER // len(unit))
            name = os.path.basename(tokenizer.rstrip("/"))
            try:
                small = seconds(options.bench, tokenizer, text[:QUARTER], options.limit)
                large = seconds(options.bench, tokenizer, text, options.limit)
            except subprocess.TimeoutExpired:
                print(f"| {name} | {kind} | over {options.limit:g} s | | |", flush=True)
                bad += 1
                continue
            is_bad = large > 8 * small and large > 0.05
            bad += is_bad
            print(f"| {name} | {kind} | {1e3 * small:.1f} | {1e3 * large:.1f} | {large / small:.1f} |"
                  + (" <- grows faster" if is_bad else ""), flush=True)  # fmt: skip
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
