#!/usr/bin/env python3
"""Makes a folder of tokenizer files for every family, for differential.py to compare.

    python tests/tokenizer/families.py OUTPUT --train TEXT [--size 16000]

The WordPiece families take bert-base-uncased's vocabulary from tests/data. The byte-level BPE and the sentencepiece
models are trained on TEXT, so compare them on another one. Each family comes twice: NAME with the files of its first
checkpoints (vocab.txt, spiece.model, …) and a tokenizer_config.json that names its class, NAME-json with the
tokenizer.json that transformers 5.23.0 makes of them.
"""

import argparse
import json
import pathlib

import sentencepiece
import tokenizers
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

VOCAB = pathlib.Path(__file__).parent.parent / "data" / "wordpiece" / "vocab.txt"
# Name -> class and what its tokenizer_config.json says beside it.
WORDPIECE = {
    "bert": ("BertTokenizer", {}),
    "bert-cased": ("BertTokenizer", {"do_lower_case": False}),
    "bert-accents": ("BertTokenizer", {"strip_accents": False, "tokenize_chinese_chars": False}),
    "distilbert": ("DistilBertTokenizer", {}),
    "electra": ("ElectraTokenizer", {}),
    "mobilebert": ("MobileBertTokenizer", {}),
    "layoutlm": ("LayoutLMTokenizer", {}),
    "mpnet": ("MPNetTokenizer", {}),
}
BPE = {
    "roberta": ("RobertaTokenizer", {}),
    "roberta-prefix": ("RobertaTokenizer", {"add_prefix_space": True}),
    "longformer": ("LongformerTokenizer", {}),
    "deberta": ("DebertaTokenizer", {}),
}
UNIGRAM = {
    "albert": ("AlbertTokenizer", {}),
    "albert-cased": ("AlbertTokenizer", {"do_lower_case": False, "keep_accents": True}),
    "xlm-roberta": ("XLMRobertaTokenizer", {}),
    "camembert": ("CamembertTokenizer", {}),
}


def configure(folder, name, config):
    """Writes the settings, and the same tokenizer as one tokenizer.json in a folder beside it."""
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": name, **config}) + "\n")
    made = getattr(transformers, name).from_pretrained(folder)
    made.save_pretrained(folder.with_name(folder.name + "-json"))


def wordpiece_vocab(name):
    tokens = VOCAB.read_text(encoding="utf-8").split("\n")[:-1]
    if name != "MPNetTokenizer":
        return tokens
    # MPNet: four tokens of its own before BERT's, the mask behind them.
    return ["<s>", "<pad>", "</s>", "<unk>", *tokens, "<mask>"]


def train_bpe(folder, text, special, size):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.train([text], trainers.BpeTrainer(vocab_size=size, special_tokens=special, show_progress=False,
                                                initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))  # fmt: skip
    tokenizer.model.save(str(folder))


def train_unigram(target, text, size, **options):
    with open(text, encoding="utf-8") as lines, open(target, "wb") as file:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(lines.read().split("\n")), model_writer=file, model_type="unigram", vocab_size=size,
            hard_vocab_limit=False, character_coverage=0.9995, minloglevel=2, **options)  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--train", required=True, help="the text that BPE and unigram are trained on")
    parser.add_argument("--size", type=int, default=16000, help="of the trained vocabularies")
    options = parser.parse_args()
    assert tokenizers.__version__ == "0.23.3" and transformers.__version__ == "5.23.0"
    for family, (name, config) in WORDPIECE.items():
        folder = options.output / family
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "vocab.txt").write_text("\n".join(wordpiece_vocab(name)) + "\n", encoding="utf-8")
        configure(folder, name, config)
    for family, (name, config) in BPE.items():
        folder = options.output / family
        folder.mkdir(parents=True, exist_ok=True)
        special = ["[CLS]", "[PAD]", "[SEP]", "[UNK]", "[MASK]"]
        if name != "DebertaTokenizer":
            special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
        train_bpe(folder, options.train, special, options.size)
        configure(folder, name, config)
    models_of = {}
    for family, (name, config) in UNIGRAM.items():
        folder = options.output / family
        folder.mkdir(parents=True, exist_ok=True)
        is_albert = name == "AlbertTokenizer"
        if is_albert not in models_of:
            target = folder / "trained"
            if is_albert:
                train_unigram(target, options.train, options.size, pad_id=0, unk_id=1, bos_id=-1, eos_id=-1,
                              control_symbols=["[CLS]", "[SEP]"], normalization_rule_name="nmt_nfkc_cf",
                              user_defined_symbols=["[MASK]", "(", ")", '"', "-", ".", "–", "£", "€"])  # fmt: skip
            else:
                train_unigram(target, options.train, options.size, normalization_rule_name="nmt_nfkc")
            models_of[is_albert] = target.read_bytes()
            target.unlink()
        (folder / ("spiece.model" if is_albert else "sentencepiece.bpe.model")).write_bytes(models_of[is_albert])
        configure(folder, name, config)


if __name__ == "__main__":
    main()
