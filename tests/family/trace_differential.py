#!/usr/bin/env python3
"""Random configurations of families as traces, on the packed engine, against Hugging Face: hidden 1e-5, logits 1e-4.

    python tests/family/trace_differential.py PROGRAM [--count N] [--seed S] [--families …]

PROGRAM is the test program trace_distance. Configurations are differential.py's; attention, inputs and head are drawn, too.
Under transformers 4.57 the families whose attention can read distances there ("relative_key"), with it.
Prints each trace that disagrees or is not recognized, and a line of counts a family; the exit status is 1 unless all agree, or are no
further from Python in double precision than three times what Python in fp32 is.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
import transformers

from differential import FAMILIES, HAS_RELATIVE, RELATIVE, ROTARY, agrees, as_far_as_python, class_of, difference, lengths_of, settings_of
from make_checkpoints import randomize
from make_traces import TRACED, JinaTrace, cases_of, takes_of, traced

# Gemma's code cannot be traced.
TRACED_FAMILIES = ["MegatronBert", "RobertaPreLayerNorm", "XLMRobertaXL", "Deberta", "DebertaV2", "JinaBert", *(family for family in ROTARY if family != "Gemma3Text")]
if HAS_RELATIVE:
    TRACED_FAMILIES = list(RELATIVE)
COUNTED = ("Roberta", "Camembert", "XLMRoberta", "Data2VecText", "RobertaPreLayerNorm", "XLMRobertaXL")
INPUTS = [
    ("input_ids",),
    ("input_ids", "attention_mask"),
    ("input_ids", "attention_mask", "token_type_ids"),
    ("input_ids", "attention_mask", "position_ids"),
]


def make(path, family, rng, seed):
    """One trace, its cases, and what it is made of."""
    head = rng.choice([head for head in FAMILIES[family] if head not in ("ForMultipleChoice", "ForPreTraining")])
    cls = class_of(family, head)
    settings = settings_of(family, cls, rng)
    config = cls.config_class(**settings)
    config._attn_implementation = rng.choice(["eager", "sdpa"] if cls._supports_sdpa else ["eager"])
    if family == "Ernie":
        config.use_task_id = False  # a second table of types: not recognized
    if family == "Qwen3":
        config.use_cache = False
    model = randomize(cls(config), seed)
    model.tie_weights()
    takes = takes_of(model, rng.choice(INPUTS))
    if family == "Qwen3":
        takes = takes_of(model, INPUTS[1])  # without a mask its code looks for packed texts, in a batch of one alone
    if family == "JinaBert":
        model, takes = JinaTrace(model), INPUTS[2]
    # RoBERTa's positions given are counted from beside the padding: not what cases_of gives.
    if family in COUNTED or settings.get("position_embedding_type") == "absolute":
        takes = tuple(name for name in takes if name != "position_ids")
    traced(model, takes, path)
    lengths = lengths_of(family, settings)
    if (settings.get("rope_parameters") or {}).get("rope_type") == "dynamic":
        # A trace has the base of the length that it was traced at, however long a text is.
        lengths = tuple(length for length in lengths if length <= settings["max_position_embeddings"])
    if family == "Deberta" and settings["max_relative_positions"] > TRACED:
        # Traced at fewer tokens than that, Python's smaller of the two is the text's length ever after.
        lengths = tuple(length for length in lengths if length <= settings["max_relative_positions"])
    cases = cases_of(model.double(), takes, seed, lengths)  # so that Python's own rounding does not count
    own = cases_of(model.float(), takes, seed, lengths)
    return {"cases": cases, "rounding": rounding(cases, own)}, {"class": cls.__name__, "attention": config._attn_implementation, "takes": takes, **settings}


def rounding(exact, own):
    """How far Python in fp32 is from itself in double precision, relative to each output's largest value of at least 1."""
    def outputs(case):
        return [case[key] for key in ("hidden", "pooled") if key in case] + list(case["logits"].values())

    pairs = [pair for one, other in zip(exact, own) for pair in zip(outputs(one), outputs(other), strict=True)]
    return max(difference(values, found, len(values)) for values, found in pairs)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--families", nargs="+", default=TRACED_FAMILIES, choices=list(FAMILIES))
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    torch.set_num_threads(1)
    counts = {family: [0, 0, 0.0, 0.0] for family in arguments.families}
    root = Path(tempfile.mkdtemp())
    try:
        expected, made = {}, []
        for i in range(arguments.count):
            family = arguments.families[i % len(arguments.families)]
            golden, settings = make(root / f"{i}.pt", family, rng, arguments.seed * 100000 + i)
            expected[str(i)] = golden
            made.append((family, settings))
        (root / "cases.json").write_text(json.dumps(expected))
        command = [arguments.program, root / "cases.json", *(root / f"{i}.pt" for i in range(arguments.count))]
        lines = subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True).stdout.splitlines()
        for i, ((family, settings), line) in enumerate(zip(made, lines, strict=True)):
            found, count = json.loads(line) | {"rounding": expected[str(i)]["rounding"]}, counts[family]
            if agrees(found) or as_far_as_python(found):
                count[0] += 1
                count[2], count[3] = max(count[2], found["hidden"]), max(count[3], found["logits"])
            else:
                count[1] += 1
                print(json.dumps({"found": found, "settings": settings}))
    finally:
        shutil.rmtree(root)
    for family, (good, bad, hidden, logits) in counts.items():
        print(f"{family}: {good} agree, {bad} do not; hidden {hidden:.1e}, logits {logits:.1e}")
    return 1 if any(bad for _, bad, _, _ in counts.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
