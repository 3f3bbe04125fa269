"""Writes a seed corpus for archive_fuzz from the test archives: python fuzz/archive_seeds.py CORPUS_FOLDER"""

import sys
import zipfile
from pathlib import Path

DATA = Path(__file__).resolve().parents[1] / "tests" / "data"
WHOLE, PICKLE, CODE, MANIFEST, TRACED_INPUTS, DEFLATED = range(6)  # the first byte; see archive_fuzz.cc


def kind_of(entry):
    kinds = {"data.pkl": PICKLE, "traced_inputs.pkl": TRACED_INPUTS}
    name = entry.split("/", 1)[1]
    if name.endswith("manifest.json"):
        return MANIFEST
    return CODE if name.endswith(".py") else kinds.get(name)


def main(target):
    target.mkdir(parents=True, exist_ok=True)
    (target / "deflated").write_bytes(bytes([DEFLATED]) + bytes.fromhex("cb48cdc9c957c8402701"))
    for path in [*DATA.glob("archive/*.pt"), *DATA.glob("traces/toy_*.pt"), *DATA.glob("traces/hostile_*.pt")]:
        (target / path.name).write_bytes(bytes([WHOLE]) + path.read_bytes())
        if not zipfile.is_zipfile(path):
            continue
        with zipfile.ZipFile(path) as archive:
            for entry in archive.namelist():
                kind = kind_of(entry)
                if kind is not None:
                    data = bytes([kind]) + archive.read(entry)
                    (target / f"{path.stem}_{entry.replace('/', '_')}").write_bytes(data)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
