#!/usr/bin/env python3
"""Gathers a benchmark text from what is on this machine: English prose, code, and one line in ten with non-ASCII.

    python benchmarks/tokenizers/corpus.py OUTPUT [--megabytes 8]

Prose: the documentation strings of Python's standard library and the manuals that packages install. Code: the standard
library's source, a few statements a line. Other languages: the translations (.mo) and tutorials that packages install.
A line is a paragraph of about 320 bytes. The same machine gives the same text.
"""

import argparse
import ast
import glob
import gettext
import os
import random
import re
import sysconfig

LINE = 320


def paragraphs(pieces):
    """Joins pieces to lines of about LINE bytes."""
    line, size = [], 0
    for piece in pieces:
        piece = " ".join(piece.split())
        if not piece:
            continue
        line.append(piece)
        size += len(piece.encode()) + 1
        if size >= LINE:
            yield " ".join(line)
            line, size = [], 0


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError):
        return ""


def library_files():
    root = sysconfig.get_path("stdlib")
    return [p for p in sorted(glob.glob(os.path.join(root, "**", "*.py"), recursive=True)) if "site-packages" not in p]


def prose():
    for path in library_files():
        try:
            tree = ast.parse(read(path))
        except (SyntaxError, ValueError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
                yield from (ast.get_docstring(node) or "").split("\n\n")
    for pattern in ("/usr/share/vim/vim*/doc/*.txt", "/usr/share/cmake*/Help/**/*.rst", "/usr/share/perl/*/pod/*.pod"):
        for path in sorted(glob.glob(pattern, recursive=True)):
            yield from read(path).split("\n\n")


def code():
    for path in library_files():
        yield from read(path).split("\n")


def other_languages():
    for path in sorted(glob.glob("/usr/share/vim/vim*/tutor/tutor.*.utf-8")):
        yield from re.split(r"\n\s*\n", read(path))
    for path in sorted(glob.glob("/usr/share/locale/*/LC_MESSAGES/*.mo")):
        try:
            with open(path, "rb") as file:
                catalog = gettext.GNUTranslations(file)._catalog
        except (OSError, UnicodeDecodeError, ValueError, LookupError):
            continue
        yield from (v for v in catalog.values() if isinstance(v, str) and len(v) > 20 and not v.isascii())


def take(pieces, size, rng, keep):
    """Lines of `size` bytes in all that `keep` accepts, picked all over the source."""
    lines = [line for line in paragraphs(pieces) if keep(line)]
    rng.shuffle(lines)
    total = 0
    for line in lines:
        if total >= size:
            return
        total += len(line.encode()) + 1
        yield line


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output")
    parser.add_argument("--megabytes", type=float, default=8)
    options = parser.parse_args()
    rng = random.Random(1)
    size = int(options.megabytes * 1e6)
    lines = list(take(prose(), int(size * 0.55), rng, str.isascii))
    lines += take(code(), int(size * 0.35), rng, str.isascii)
    foreign = take(other_languages(), size, rng, lambda line: not line.isascii())
    lines += [line for line, _ in zip(foreign, range(len(lines) // 9))]
    rng.shuffle(lines)
    with open(options.output, "w", encoding="utf-8") as out:
        out.writelines(line + "\n" for line in lines)
    total = sum(len(line.encode()) + 1 for line in lines)
    other = sum(not line.isascii() for line in lines)
    print(f"{options.output}: {len(lines)} lines, {total / 1e6:.1f} MB, {other} lines with non-ASCII")


if __name__ == "__main__":
    main()
