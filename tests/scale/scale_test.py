#!/usr/bin/env python3
"""examples/scale on this machine, by 1 and 2 workers: the answers of one process, by id; a killed worker's work is done
again, and nothing is lost or doubled.

    BERTRT_TEST_SCALE=1 python tests/scale/scale_test.py build/bin/bertrt [spark] [ray]

Needs pyspark with pandas, pyarrow and a Java runtime, and ray[data].
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
MODELS = ROOT / "tests/data/tasks"
COMMANDS = {
    "embed": ["embed", "--model", str(MODELS / "sentence-mean")],
    "classify": ["classify", "--model", str(MODELS / "text-classification")],
    "ner": ["ner", "--model", str(MODELS / "token-classification"), "--aggregation", "first"],
}
WORDS = "paris the capital of france in a garden, 1999 café 東京 question? river and stone".split()


def make_texts():
    """Of all lengths, an empty one and one with a line's end in it among them."""
    texts = [" ".join(WORDS[(i * j) % len(WORDS)] for j in range(i % 17)) for i in range(1200)]
    texts[7] = "two\nlines"
    return {f"text-{i}": text for i, text in enumerate(texts)}


def one_process(program, command, texts):
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts.values())
    arguments = [program, *command, "--json", "--input-format", "jsonl", "--keep-going"]
    done = subprocess.run(arguments, input=lines, capture_output=True, text=True, check=True)
    return dict(zip(texts, map(json.loads, done.stdout.splitlines()), strict=True))


def read(folder):
    """id -> answer of all files in the folder; an id that comes twice is an error."""
    found = {}
    for file in sorted(Path(folder).glob("*.json")):
        for line in file.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row["id"] in found:
                raise SystemExit(f"{row['id']} came twice")
            found[row["id"]] = json.loads(row["answer"])
    return found


def same(found, wanted):
    """Equal but for the last bits: a text's neighbours in a batch change the order of additions."""
    if isinstance(wanted, dict):
        return found.keys() == wanted.keys() and all(same(found[key], wanted[key]) for key in wanted)
    if isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(same, found, wanted))
    if isinstance(wanted, float):
        return isinstance(found, (int, float)) and abs(found - wanted) <= 1e-5
    return found == wanted


def run(script, folder, workers, command, killed=None, extra=()):
    """Runs an example; the folder of its answers."""
    output = folder / f"{script}-{workers}-{command[1]}-{bool(killed)}-{len(extra)}"
    environment = dict(os.environ)
    program = command[0]
    if killed:
        environment |= {"FLAG": str(output) + ".flag", "PROGRAM": str(program)}
        program = str(HERE / "killed_once.py")
    arguments = [sys.executable, str(ROOT / f"examples/scale/{script}_tasks.py"), "--input", str(folder / "texts.jsonl")]
    arguments += ["--output", str(output), "--workers", str(workers), *extra, "--", program, *command[1:]]
    done = subprocess.run(arguments, capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        raise SystemExit(f"{script} failed:\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}")
    if killed and not Path(environment["FLAG"]).is_dir():
        raise SystemExit("no worker was killed")
    return output


def check(what, found, wanted):
    wrong = [one for one in wanted if one not in found or not same(found[one], wanted[one])]
    if wrong or len(found) != len(wanted):
        raise SystemExit(f"{what}: {len(found)} answers of {len(wanted)}, {len(wrong)} others, the first for {wrong[:1]}")
    print(f"{what}: {len(found)} answers as one process gives them", flush=True)


def check_npy(what, folder, wanted):
    found = {}
    for file in sorted(Path(folder).glob("*.npy")):
        ids = json.loads(file.with_suffix(".ids.json").read_text())
        rows = np.load(file)
        if len(ids) != len(rows) or any(one in found for one in ids):
            raise SystemExit(f"{what}: {file.name} has {len(rows)} rows for {len(ids)} ids, or an id twice")
        found |= {one: {"embedding": row.tolist()} for one, row in zip(ids, rows, strict=True)}
    check(what, found, wanted)


def main():
    if os.environ.get("BERTRT_TEST_SCALE") != "1":
        raise SystemExit("starts pyspark and ray: set BERTRT_TEST_SCALE=1 to say that it may")
    program = str(Path(sys.argv[1]).resolve())
    engines = sys.argv[2:] or ["spark", "ray"]
    texts = make_texts()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = [json.dumps({"id": one, "text": text}, ensure_ascii=False) for one, text in texts.items()]
        (folder / "texts.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        wanted = {task: one_process(program, command, texts) for task, command in COMMANDS.items()}
        for engine in engines:
            for workers in (1, 2):
                command = [program, *COMMANDS["embed"]]
                check(f"{engine}, embed, {workers} workers", read(run(engine, folder, workers, command)), wanted["embed"])
            for task in ("classify", "ner"):
                found = read(run(engine, folder, 2, [program, *COMMANDS[task]]))
                check(f"{engine}, {task}, 2 workers", found, wanted[task])
            for workers in (1, 2):
                found = read(run(engine, folder, workers, [program, *COMMANDS["embed"]], killed=True))
                check(f"{engine}, embed, {workers} workers, one killed", found, wanted["embed"])
        if "spark" in engines:
            for killed in (False, True):
                vectors = folder / f"vectors-{killed}"
                run("spark", folder, 2, [program, *COMMANDS["embed"]], killed=killed, extra=["--npy", str(vectors)])
                check_npy(f"spark, embed --npy, 2 workers{', one killed' if killed else ''}", vectors, wanted["embed"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
