#!/usr/bin/env python3
"""docs/families.md: which checkpoints are read from a folder, and how near they are to Hugging Face's outputs.

    python scripts/families.py build/bin/checkpoint_distance [--count N] > docs/families.md

Needs torch and transformers. Makes N random checkpoints a family and head (differential.py), runs all of them through the
packed engine, and fails unless every one of them agrees.
"""

import argparse
import random
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "family"))
import differential  # noqa: E402
import transformers  # noqa: E402

HEAD = """# Families

Written by `scripts/families.py`; do not edit.

A checkpoint folder is a model as it stands: `config.json`, `model.safetensors` (or the shards of
`model.safetensors.index.json`; float32, float16 or bfloat16), and the tokenizer's files. It runs on the packed engine. What
vouches for it: every key of `config.json` is handled, known to change nothing that is computed, or refused by its name; every
weight that the family has must be there in the shape that `config.json` says, and the encoder may have no others; and random
configurations of each family (sizes, heads, layers, activation, eps, padding id, token types, tied or not, dtype, shards) are
held to Hugging Face's outputs: hidden states and pooled outputs within 1e-5, logits within 1e-4, of the row's largest value.
"""

TAIL = """
Activations: gelu, gelu_python (exact); gelu_new, gelu_pytorch_tanh, gelu_python_tanh, gelu_fast, gelu_accurate (by tanh);
relu, tanh, linear. Refused by name: decoders and cross-attention, `position_embedding_type` other than `absolute`, ALBERT's
`inner_group_num` above 1, pruned heads, quantized weights, code of the repository (`auto_map`), `pytorch_model.bin`, families
that are not in the table.
"""

NAMES = {"XLMRoberta": "xlm-roberta", "Data2VecText": "data2vec-text"}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--count", type=int, default=6, help="checkpoints of each family and head")
    arguments = parser.parse_args()
    rng = random.Random(20)
    rows = []
    agree = True
    for family, heads in differential.FAMILIES.items():
        root = Path(tempfile.mkdtemp())
        try:
            folders = []
            for head in heads:
                for i in range(arguments.count):
                    folder = root / f"{head}-{i}"
                    differential.make(folder, family, rng, len(folders), head)
                    folders.append(folder)
            found = differential.distances(arguments.program, folders)
        finally:
            shutil.rmtree(root)
        good = [one for one in found if differential.agrees(one)]
        agree = agree and len(good) == len(found)
        hidden = max(one["hidden"] for one in good)
        logits = max(one["logits"] for one in good)
        name = NAMES.get(family, family.lower())
        shown = ", ".join(head.removeprefix("For") for head in heads)
        rows.append(f"| {name} | {shown} | {len(good)} of {len(found)} | {hidden:.1e} | {logits:.1e} |")
    print(HEAD)
    print(f"Against transformers {transformers.__version__}, fp32:\n")
    print("| model_type | heads | checkpoints that agree | hidden states | logits |")
    print("| --- | --- | --- | --- | --- |")
    print("\n".join(rows))
    print(TAIL, end="")
    return 0 if agree else 1


if __name__ == "__main__":
    sys.exit(main())
