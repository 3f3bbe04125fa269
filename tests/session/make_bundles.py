"""Bundles of families that the packed engine knows nothing of, or not all of, and of integers: tests/data/bundles/NAME.pt, and bundles.json.

    python tests/session/make_bundles.py tests/data/bundles        (torch 2.13, transformers 5)

Tiny random models (scripts/export_engines.py), exported as they are by models/export.py; the values are Hugging Face's for ids of
other lengths than the traced one.
"""

import json
import sys
import tempfile
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import export_engines as engines  # noqa: E402

# name: (family, task, stored as, lengths)
BUNDLES = {
    "mobilebert-words": ("mobilebert", "masked-lm", "bfloat16", (3, 20)),
    "longformer-labels": ("longformer", "token-classification", "float32", (3, 14)),  # a trace of one length
    "fnet-rows": ("fnet", "encoder", "float32", (3, 20)),  # no mask, and no complex numbers
    "esm-proteins": ("esm", "encoder", "float32", (3, 20)),  # its tokenizer is Python code
    "bert-int8": ("bert", "sequence-classification", "int8", (3, 20)),  # the words' rows are integers, too
    "eurobert-halves": ("eurobert", "encoder", "float16", (3, 38)),  # weights in halves, rotary frequencies in fp32
    "electra-int8": ("electra", "encoder", "int8", (3, 20)),
}


def outputs(model, task, length):
    ids = torch.randint(8, 25, (1, length), generator=torch.Generator().manual_seed(length))
    manifest = {"task": task, "methods": engines.export.methods(model, task), "config": engines.export.describe(model.config)}
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "token_type_ids": torch.zeros_like(ids)}
    with torch.no_grad():
        found = engines.reference_outputs(model, manifest, inputs)
    values = found["layers"][-1] if task == "encoder" else found["logits"]
    return {"ids": ids[0].tolist(), "values": [round(value, 6) for value in values.flatten().tolist()]}


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    expected = []
    for name, (family, task, dtype, lengths) in BUNDLES.items():
        with tempfile.TemporaryDirectory() as root:
            checkpoint = Path(root) / "checkpoint"
            checkpoint.mkdir()
            engines.checkpoint(family, task, checkpoint)
            failed = engines.make_bundle(checkpoint, task, folder / f"{name}.pt", dtype)
            if failed:
                sys.exit(failed)
            model = engines.export.load_model(str(checkpoint), task)
        if dtype in engines.export.HALVES:
            engines.export.round_to(model, getattr(torch, dtype))
        elif dtype == "int8":
            with torch.no_grad():
                engines.export.quantize(model)
        engine = engines.served()[task][family]
        cases = [outputs(model, task, length) for length in lengths]
        expected.append({"name": name, "architecture": family, "task": task, "engine": engine, "cases": cases})
    lines = ",\n".join(json.dumps(one, separators=(",", ":")) for one in expected)
    (folder / "bundles.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
