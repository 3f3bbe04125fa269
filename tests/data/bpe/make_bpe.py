#!/usr/bin/env python3
"""Makes the byte-level BPE test data: small vocabularies, and what Hugging Face gives with them.

    pip install tokenizers==0.23.3 transformers==5.23.0 && python3 make_bpe.py

The vocabulary is trained on Python's own reference texts (pydoc_data) and on the sentences of golden_cases.py.
"""

import json
import pathlib
import pydoc_data.topics

import tokenizers
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from golden_cases import EMOJI, SCRIPTS, golden, write

HERE = pathlib.Path(__file__).parent


def corpus() -> list[str]:
    lines = [line for text in pydoc_data.topics.topics.values() for line in text.splitlines()]
    return lines + [sentence for sentence in SCRIPTS + EMOJI for _ in range(30)]


def train(folder: pathlib.Path, special: list[str], size: int) -> None:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=special, show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(corpus(), trainer)
    folder.mkdir(exist_ok=True)
    tokenizer.model.save(str(folder))


def main() -> None:
    assert tokenizers.__version__ == "0.23.3" and transformers.__version__ == "5.23.0"
    roberta, deberta = HERE / "roberta", HERE / "deberta"
    train(roberta, ["<s>", "<pad>", "</s>", "<unk>", "<mask>"], 1300)
    names = ["<s>", "</s>", "<mask>"]
    plain = transformers.RobertaTokenizer.from_pretrained(roberta)
    write(roberta / "golden.json", golden(plain._tokenizer, names, True))
    prefixed = transformers.RobertaTokenizer.from_pretrained(roberta, add_prefix_space=True)
    write(roberta / "golden_prefix_space.json", golden(prefixed._tokenizer, names, True, 100))
    train(deberta, ["[CLS]", "[PAD]", "[SEP]", "[UNK]", "[MASK]"], 700)
    tokenizer = transformers.DebertaTokenizer.from_pretrained(deberta)
    (deberta / "tokenizer_config.json").write_text('{"tokenizer_class": "DebertaTokenizer"}\n')
    write(deberta / "golden.json", golden(tokenizer._tokenizer, ["[CLS]", "[SEP]", "[MASK]"], False, 50))
    # tokenizer.json as the hub's checkpoints have it: the mask takes the space before it, bytes are missing from the
    # vocabulary, words may be looked up whole.
    settings = json.loads(plain._tokenizer.to_str())
    for token in settings["added_tokens"]:
        token["lstrip"] = token["content"] == "<mask>"
    gone = {"Ã", "Ċ", "x"}
    vocab = {t: i for t, i in settings["model"]["vocab"].items() if not any(g in t for g in gone)}
    settings["model"]["vocab"] = vocab
    settings["model"]["merges"] = [m for m in settings["model"]["merges"] if all(t in vocab for t in (*m, "".join(m)))]
    for name, changes in (("dropped", {}), ("unknown", {"unk_token": "<unk>"}), ("fused", {"unk_token": "<unk>", "fuse_unk": True, "ignore_merges": True})):
        folder = HERE / f"json_{name}"
        folder.mkdir(exist_ok=True)
        settings["model"].update(changes)
        text = json.dumps(settings, ensure_ascii=False, separators=(",", ":"))
        (folder / "tokenizer.json").write_text(text + "\n")
        write(folder / "golden.json", golden(Tokenizer.from_str(text), names, False, 50))


if __name__ == "__main__":
    main()
