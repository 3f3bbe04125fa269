#!/usr/bin/env python3
"""WordNet's glosses as lines, in an order of their own: real short texts that everybody can get (Debian: wordnet-base).

    python corpus.py /usr/share/wordnet 100000 > glosses.txt
"""

import random
import sys
from pathlib import Path


def glosses(folder, count):
    found = []
    for part in ("noun", "verb", "adj", "adv"):
        for line in (Path(folder) / f"data.{part}").read_text(encoding="utf-8").splitlines():
            if not line.startswith("  ") and " | " in line:
                found.append(" ".join(line.split(" | ", 1)[1].split()))
    random.Random(13).shuffle(found)
    return found[:count]


if __name__ == "__main__":
    print("\n".join(glosses(sys.argv[1], int(sys.argv[2]))))
