#!/usr/bin/env python3
"""Makes what the contestants read: one random-weight encoder in each one's own format, and a file of token ids.

    python benchmarks/encoder/make_models.py --shape bert-base --output CACHE

CACHE/SHAPE/ then holds checkpoint/ (Hugging Face), trace.pt (a bare trace at 128), model.onnx, model-int8.onnx (weights),
openvino-int8.xml (weights and activations), ctranslate2/ where it knows the family, and ids.jsonl (96 inputs, log-normal
lengths, mean 22, at most 81).
What exists is not made again.
"""
import argparse
import json
import math
import pathlib
import random

import torch
import transformers

VOCABULARY = 30522
# Shape -> transformers' class and its configuration. Every shape has BERT's number of words: what a table's other rows hold is
# never read, and the files are a third as large.
SHAPES = {
    "bert-base": ("BertModel", dict(hidden_size=768, num_hidden_layers=12, num_attention_heads=12, intermediate_size=3072)),
    "bert-base-2048": ("BertModel", dict(max_position_embeddings=2048)),
    "minilm-l6": ("BertModel", dict(hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536)),
    "xlm-r-base": ("XLMRobertaModel", dict(max_position_embeddings=514, type_vocab_size=1, layer_norm_eps=1e-5)),
    "modernbert-base": ("ModernBertModel", dict(pad_token_id=0, bos_token_id=101, eos_token_id=102, cls_token_id=101, sep_token_id=102)),
    "deberta-v3-base": ("DebertaV2Model", dict(
        hidden_size=768, num_hidden_layers=12, num_attention_heads=12, intermediate_size=3072, max_position_embeddings=512,
        type_vocab_size=0, relative_attention=True, position_buckets=256, max_relative_positions=-1, share_att_key=True,
        pos_att_type=["p2c", "c2p"], norm_rel_ebd="layer_norm", position_biased_input=False, layer_norm_eps=1e-7)),
}
INPUTS = ["input_ids", "attention_mask", "token_type_ids"]
TYPES = {"BertModel"}  # which of the classes take token types


def config_of(shape):
    name, settings = SHAPES[shape]
    # transformers 5 leaves position_embedding_type out of its configuration; CTranslate2's converter reads it.
    kind = {"position_embedding_type": "absolute"} if name in ("BertModel", "XLMRobertaModel") else {}
    return getattr(transformers, name).config_class(vocab_size=VOCABULARY, **settings, **kind)


class Plain(torch.nn.Module):
    """A model with positional inputs and its last hidden state out, as every exporter wants it."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, token_type_ids=None):
        types = {} if token_type_ids is None else {"token_type_ids": token_type_ids}
        return self.model(input_ids=input_ids, attention_mask=attention_mask, **types).last_hidden_state


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


def quantize_openvino(folder, inputs):
    """openvino-int8.xml: weights and activations as NNCF quantizes a transformer, calibrated on the texts that are measured."""
    import nncf
    import numpy
    import openvino

    def values(line):
        ids = numpy.array([json.loads(line)["input_ids"]])
        return dict(zip(inputs, (ids, numpy.ones_like(ids), numpy.zeros_like(ids))))

    lines = (folder / "ids.jsonl").read_text(encoding="utf-8").splitlines()
    model = nncf.quantize(openvino.Core().read_model(str(folder / "model.onnx")), nncf.Dataset(lines, values),
                          model_type=nncf.ModelType.TRANSFORMER, subset_size=len(lines))
    openvino.save_model(model, str(folder / "openvino-int8.xml"), compress_to_fp16=False)


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
    name, _ = SHAPES[args.shape]
    cls = getattr(transformers, name)
    if not checkpoint.exists():
        torch.manual_seed(0)
        cls(config_of(args.shape)).eval().save_pretrained(checkpoint)
        words = ["[PAD]", *(f"[unused{i}]" for i in range(99)), "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        words += [f"w{i}" for i in range(VOCABULARY - len(words))]
        (checkpoint / "vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
        (checkpoint / "tokenizer_config.json").write_text(json.dumps(
            {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": 512}), encoding="utf-8")

    def plain(attention):
        return Plain(cls.from_pretrained(checkpoint, attn_implementation=attention)).eval()

    inputs = INPUTS if name in TYPES else INPUTS[:2]
    example = (torch.full((1, 128), 1000), torch.ones(1, 128, dtype=torch.long), torch.zeros(1, 128, dtype=torch.long))[: len(inputs)]
    if not (folder / "trace.pt").exists():
        with torch.no_grad():
            torch.jit.save(torch.jit.trace(plain("sdpa" if cls._supports_sdpa else "eager"), example), str(folder / "trace.pt"))
        (folder / "vocab.txt").write_bytes((checkpoint / "vocab.txt").read_bytes())
    if not (folder / "model.onnx").exists():
        axes = {axis: {0: "batch", 1: "sequence"} for axis in [*inputs, "last_hidden_state"]}
        with torch.no_grad():
            torch.onnx.export(plain("eager"), example, str(folder / "model.onnx"), input_names=inputs,
                              output_names=["last_hidden_state"], dynamic_axes=axes, opset_version=17, dynamo=False)
    if not (folder / "model-int8.onnx").exists():
        from onnxruntime.quantization import QuantType, quantize_dynamic
        quantize_dynamic(str(folder / "model.onnx"), str(folder / "model-int8.onnx"), weight_type=QuantType.QInt8,
                         per_channel=True)
    if not (folder / "openvino-int8.xml").exists():
        quantize_openvino(folder, inputs)
    if name in ("BertModel", "XLMRobertaModel") and not (folder / "ctranslate2").exists():
        import ctranslate2
        ctranslate2.converters.TransformersConverter(str(checkpoint)).convert(str(folder / "ctranslate2"))
    print(folder)


if __name__ == "__main__":
    main()
