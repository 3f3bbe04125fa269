#!/usr/bin/env python3
"""bertrt against sentence-transformers, fastembed and transformers' pipeline: texts in a second, text to answer.

    python corpus.py /usr/share/wordnet 100000 > glosses.txt
    python models.py all-MiniLM-L6-v2 MODELS
    python compare.py embed --program build/bin/bertrt --models MODELS --texts glosses.txt --count 4000

Tasks: embed, rerank (100 passages), ner (needs MODELS/rampart: tests/real/rampart.py makes it). The contestants take turns,
each in a process of its own with two threads (--threads); loading counts for nobody. `--prefix` is put in front of each run (taskset,
or whatever keeps a machine quiet). docs/benchmarks-tasks.md has a run's table.
"""

import argparse
import json
import os
import re
import resource
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
RIVALS = {
    "embed": ["st-torch", "st-onnx", "st-openvino", "fastembed", "st-onnx-int8"],
    "rerank": ["st-torch", "st-onnx"],
    "ner": ["transformers", "transformers-32"],
}
OURS = ["bertrt fp32", "bertrt int8"]
FOLDERS = {"embed": "minilm", "rerank": "reranker", "ner": "rampart"}


def call(prefix, command, **more):
    done = subprocess.run([*shlex.split(prefix), *map(str, command)], capture_output=True, text=True, **more)
    if done.returncode != 0:
        raise RuntimeError((done.stderr.strip().splitlines() or ["failed"])[-1])
    return done


def cpu_of_children():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run_ours(options, dtype, folder, texts, vectors):
    """Seconds for all texts, by the clock and of the processors. embed: the command line's own count, and what it uses
    more than for one text; else a worker that was warmed up, and by the clock alone."""
    model = [options.program, options.task, "--model", folder, "--dtype", dtype, "--threads", options.threads]
    if options.task == "embed":
        used = [cpu_of_children()]
        call(options.prefix, [*model, "--", "a text to warm up"])
        used.append(cpu_of_children())
        with open(texts, "rb") as lines:
            done = call(options.prefix, [*model, "--output", vectors], stdin=lines)
        used.append(cpu_of_children())
        return float(re.search(r" texts in ([0-9.]+) s", done.stderr)[1]), used[2] - 2 * used[1] + used[0]
    done = call(options.prefix, [sys.executable, HERE / "ours.py", options.task, texts, *model])
    return json.loads(done.stdout)["seconds"], None


def run_rival(options, name, folder, texts, vectors):
    command = [options.python, HERE / "peer.py", options.task, name, folder, texts]
    if options.task == "rerank":
        command += ["--repeat", 5]
    if options.task == "embed":
        command += ["--save", vectors]
    found = json.loads(call(options.prefix, command).stdout.splitlines()[-1])
    return found["seconds"], found["cpu"]


def cosines(folder):
    """Mean and least cosine of everybody's vectors to PyTorch's, which are the reference."""
    import numpy as np

    reference = folder / "st-torch.npy"
    if not reference.is_file():
        return {}
    unit = lambda rows: rows / np.linalg.norm(rows, axis=1, keepdims=True)
    wanted, found = unit(np.load(reference)), {}
    for file in folder.glob("*.npy"):
        each = (unit(np.load(file)) * wanted).sum(axis=1)
        found[file.stem.replace("_", " ")] = (float(each.mean()), float(each.min()))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=list(RIVALS))
    parser.add_argument("--program", required=True)
    parser.add_argument("--models", required=True, type=Path)
    parser.add_argument("--texts", required=True, type=Path)
    parser.add_argument("--count", type=int, default=4000, help="texts, from the file's beginning")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--python", default=sys.executable, help="of the rivals")
    parser.add_argument("--only", help="contestants, with commas between them")
    parser.add_argument("--prefix", default="")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    os.environ["BENCHMARK_THREADS"] = str(options.threads)
    lines = options.texts.read_text(encoding="utf-8").splitlines()
    if options.task == "rerank":  # passages of some hundred tokens
        lines = [" ".join(lines[at : at + 7]) for at in range(0, 700, 7)]
    lines = lines[: options.count]
    contestants = options.only.split(",") if options.only else RIVALS[options.task] + OURS
    times = {name: [] for name in contestants}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        texts = folder / "texts"
        texts.write_text("\n".join(lines) + "\n", encoding="utf-8")
        model = options.models / FOLDERS[options.task]
        for turn in range(options.rounds):
            for one in contestants if turn % 2 == 0 else reversed(contestants):
                vectors = folder / f"{one.replace(' ', '_')}.npy"
                try:
                    if one.startswith("bertrt"):
                        seconds = run_ours(options, one.split()[1], model, texts, vectors)
                    else:
                        seconds = run_rival(options, one, model, texts, vectors)
                except RuntimeError as error:
                    print(f"{one}: cannot run: {error}", flush=True)
                    continue
                times[one].append(seconds)
                rate = f"{len(lines) / seconds[0]:.0f} texts/s"
                rate += f", {len(lines) / seconds[1]:.0f} in a second of processor time" if seconds[1] else ""
                print(f"round {turn + 1}: {one}: {rate}", flush=True)
                time.sleep(0.2)
        near = cosines(folder)
    print(f"\n{options.task}, {len(lines)} texts, texts/s by the clock, median of {options.rounds} rounds (least to greatest); texts a second of "
          "processor time; mean and least cosine to st-torch")
    for one, seconds in times.items():
        if not seconds:
            continue
        rates = sorted(len(lines) / each[0] for each in seconds)
        row = f"| {one} | {statistics.median(rates):.0f} ({rates[0]:.0f} to {rates[-1]:.0f}) |"
        used = sorted(len(lines) / each[1] for each in seconds if each[1])
        row += f" {statistics.median(used):.0f} |" if used else " |"
        row += f" {near[one][0]:.5f} / {near[one][1]:.5f} |" if one in near else ""
        print(row)


if __name__ == "__main__":
    main()
