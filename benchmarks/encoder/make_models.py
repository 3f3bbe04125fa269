#!/usr/bin/env python3
"""Makes what the contestants read: one random-weight encoder in each one's own format, and a file of token ids.

    python benchmarks/encoder/make_models.py --shape bert-base --output CACHE

CACHE/SHAPE/ then holds checkpoint/ (Hugging Face), trace.pt (a bare trace at 128), model.onnx, model-int8.onnx,
openvino/ (fp32 and int8 weights), ctranslate2/ and ids.jsonl (96 inputs, log-normal lengths, mean 22, at most 81).
What exists is not made again.
"""
import argparse
import json
import math
import pathlib
import random

import torch
from transformers import BertConfig, BertModel

SHAPES = {
    "bert-base": dict(hidden_size=768, num_hidden_layers=12, num_attention_heads=12, intermediate_size=3072),
    "minilm-l6": dict(hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536),
}
INPUTS = ["input_ids", "attention_mask", "token_type_ids"]


class Plain(torch.nn.Module):
    """A BertModel with positional inputs and a tuple out, as every exporter wants it."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, token_type_ids):
        y = self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
        return y.last_hidden_state, y.pooler_output


def write_ids(path, count=96, mean=22, longest=81, seed=7):
    """Log-normal lengths (sigma 0.55) with the given mean; ids anywhere in the vocabulary but the special ones."""
    rng = random.Random(seed)
    sigma = 0.55
    mu = math.log(mean) - sigma * sigma / 2
    with open(path, "w", encoding="utf-8") as out:
        for _ in range(count):
            length = max(3, min(longest, round(rng.lognormvariate(mu, sigma))))
            ids = [101] + [rng.randrange(1000, 30000) for _ in range(length - 2)] + [102]
            out.write(json.dumps({"input_ids": ids}) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", choices=SHAPES, default="bert-base")
    parser.add_argument("--output", type=pathlib.Path, required=True)
    args = parser.parse_args()
    folder = args.output / args.shape
    folder.mkdir(parents=True, exist_ok=True)

    if not (folder / "ids.jsonl").exists():
        write_ids(folder / "ids.jsonl")
    checkpoint = folder / "checkpoint"
    if not checkpoint.exists():
        torch.manual_seed(0)
        # transformers 5 leaves position_embedding_type out of its configuration; CTranslate2's converter reads it.
        BertModel(BertConfig(**SHAPES[args.shape], position_embedding_type="absolute")).eval().save_pretrained(checkpoint)
        words = ["[PAD]", *(f"[unused{i}]" for i in range(99)), "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        words += [f"w{i}" for i in range(30522 - len(words))]
        (checkpoint / "vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
        (checkpoint / "tokenizer_config.json").write_text(json.dumps(
            {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": 512}), encoding="utf-8")
    model = Plain(BertModel.from_pretrained(checkpoint, attn_implementation="sdpa")).eval()
    example = (torch.full((1, 128), 1000), torch.ones(1, 128, dtype=torch.long), torch.zeros(1, 128, dtype=torch.long))
    if not (folder / "trace.pt").exists():
        with torch.no_grad():
            torch.jit.save(torch.jit.trace(model, example), str(folder / "trace.pt"))
        (folder / "vocab.txt").write_bytes((checkpoint / "vocab.txt").read_bytes())
    if not (folder / "model.onnx").exists():
        eager = Plain(BertModel.from_pretrained(checkpoint, attn_implementation="eager")).eval()
        axes = {name: {0: "batch", 1: "sequence"} for name in [*INPUTS, "last_hidden_state"]} | {"pooler_output": {0: "batch"}}
        with torch.no_grad():
            torch.onnx.export(eager, example, str(folder / "model.onnx"), input_names=INPUTS,
                              output_names=["last_hidden_state", "pooler_output"], dynamic_axes=axes,
                              opset_version=17, dynamo=False)
    if not (folder / "model-int8.onnx").exists():
        from onnxruntime.quantization import QuantType, quantize_dynamic
        quantize_dynamic(str(folder / "model.onnx"), str(folder / "model-int8.onnx"), weight_type=QuantType.QInt8,
                         per_channel=True)
    if not (folder / "ctranslate2").exists():
        import ctranslate2
        ctranslate2.converters.TransformersConverter(str(checkpoint)).convert(str(folder / "ctranslate2"))
    print(folder)


if __name__ == "__main__":
    main()
