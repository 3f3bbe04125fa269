#!/usr/bin/env python3
"""Writes the seeds of tokenizer_json_fuzz: the tokenizer.json files of tests/data/tokenizer, one file each.

    python fuzz/tokenizer_json_seeds.py FOLDER
"""

import json
import pathlib
import sys


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    data = pathlib.Path(__file__).parent.parent / "tests" / "data" / "tokenizer"
    count = 0
    for name in ("combinations.json", "folders.json"):
        for entry in json.loads((data / name).read_text(encoding="utf8")):
            if "tokenizer.json" in entry["files"]:
                (folder / f"{count}.json").write_text(entry["files"]["tokenizer.json"], encoding="utf8")
                count += 1
    print(count)


if __name__ == "__main__":
    main()
