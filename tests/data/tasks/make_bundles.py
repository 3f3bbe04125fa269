#!/usr/bin/env python3
"""Makes tests/data/tasks/bundles: golden models as bundles, by models/export.py. Needs torch and transformers 5."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
TASKS = {
    "sentence-mean": "sentence-embedding",
    "neighbour-layers": "sentence-embedding",
    "neighbour-hybrid": "sentence-embedding",
    "splade": "sparse",
    "colbert-expansion": "multi-vector",
    "text-classification-multi": "sequence-classification",
}

for name, task in TASKS.items():
    command = [sys.executable, HERE.parents[2] / "models/export.py", HERE / name, "--task", task]
    subprocess.run([*command, "--output", HERE / "bundles" / f"{name}.pt"], check=True)
    if name == "sentence-mean":
        subprocess.run([*command, "--dtype", "int8", "--output", HERE / "bundles" / f"{name}-int8.pt"], check=True)
