"""Writes seeds from the test archives: python fuzz/archive_seeds.py FOLDER

FOLDER/archive is for archive_fuzz, and FOLDER/zip, FOLDER/pickle and FOLDER/json for the targets of those names.
"""

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
    for kind in ("archive", "zip", "pickle", "json"):
        (target / kind).mkdir(parents=True, exist_ok=True)
    own = target / "archive"
    (own / "deflated").write_bytes(bytes([DEFLATED]) + bytes.fromhex("cb48cdc9c957c8402701"))
    for path in [*DATA.glob("archive/*.pt"), *DATA.glob("traces/toy_*.pt"), *DATA.glob("traces/hostile_*.pt")]:
        (own / path.name).write_bytes(bytes([WHOLE]) + path.read_bytes())
        (target / "zip" / path.name).write_bytes(path.read_bytes())
        if not zipfile.is_zipfile(path):
            continue
        with zipfile.ZipFile(path) as archive:
            for entry in archive.namelist():
                ending = entry.rsplit(".", 1)[-1].replace("pkl", "pickle")
                if ending in ("pickle", "json"):
                    (target / ending / f"{path.stem}_{entry.replace('/', '_')}").write_bytes(archive.read(entry))
                kind = kind_of(entry)
                if kind is not None:
                    data = bytes([kind]) + archive.read(entry)
                    (own / f"{path.stem}_{entry.replace('/', '_')}").write_bytes(data)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
