#!/usr/bin/env python3
"""Makes the unigram test data: small sentencepiece models, and what Hugging Face gives with them.

    pip install tokenizers==0.23.3 transformers==5.23.0 sentencepiece protobuf && python3 make_unigram.py

The models are trained on Python's own reference texts (pydoc_data) and on the sentences of golden_cases.py.
"""

import json
import pathlib
import pydoc_data.topics
import sys

import sentencepiece
import tokenizers
import transformers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "bpe"))
from golden_cases import EMOJI, SCRIPTS, golden, write  # noqa: E402


def train(target: pathlib.Path, **options) -> None:
    lines = [line for text in pydoc_data.topics.topics.values() for line in text.splitlines() if line.strip()]
    lines += [sentence for sentence in SCRIPTS + EMOJI for _ in range(30)]
    target.parent.mkdir(exist_ok=True)
    with open(target, "wb") as file:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(lines), model_writer=file, model_type="unigram", hard_vocab_limit=False,
            character_coverage=0.9995, minloglevel=2, **options)


def main() -> None:
    assert tokenizers.__version__ == "0.23.3" and transformers.__version__ == "5.23.0"
    albert, xlm = HERE / "albert", HERE / "xlm_roberta"
    train(albert / "spiece.model", vocab_size=1800, pad_id=0, unk_id=1, bos_id=-1, eos_id=-1,
          control_symbols=["[CLS]", "[SEP]", "[MASK]"], user_defined_symbols=["(", ")", "–", "£", "€"],
          normalization_rule_name="nmt_nfkc_cf")
    train(xlm / "sentencepiece.bpe.model", vocab_size=2000, normalization_rule_name="nmt_nfkc")
    square, angle = ["[CLS]", "[SEP]", "[MASK]"], ["<s>", "</s>", "<mask>"]
    load = transformers.AlbertTokenizer.from_pretrained
    write(albert / "golden.json", golden(load(albert)._tokenizer, square, True))
    cased = load(albert, do_lower_case=False, keep_accents=True)
    write(albert / "golden_cased.json", golden(cased._tokenizer, square, False, 50))
    load = transformers.XLMRobertaTokenizer.from_pretrained
    write(xlm / "golden.json", golden(load(xlm)._tokenizer, angle, True))
    camembert = transformers.CamembertTokenizer.from_pretrained(xlm)
    write(xlm / "golden_camembert.json", golden(camembert._tokenizer, angle, False, 50))
    # A tokenizer.json that is put together otherwise: no map, one Metaspace over the whole text, bytes for what is
    # unknown.
    vocab = [["<unk>", 0.0], ["<s>", 0.0], ["</s>", 0.0], ["<mask>", 0.0]]
    vocab += [[f"<0x{b:02X}>", -12.0] for b in range(256)]
    seen = {piece for piece, _ in vocab}
    pieces = json.loads(load(xlm)._tokenizer.to_str())["model"]["vocab"]
    vocab += [[piece, score] for piece, score in pieces[4:900] if piece not in seen]
    for name, scheme, fallback in (("first", "first", True), ("never", "never", False)):
        tokenizer = Tokenizer(models.Unigram(list(map(tuple, vocab)), 0, fallback))
        tokenizer.normalizer = normalizers.Sequence([
            normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase(), normalizers.Strip(False, True),
            normalizers.Replace(Regex(" {2,}"), "▁" if fallback else " ")])
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace("▁", prepend_scheme=scheme, split=fallback)
        tokenizer.decoder = decoders.Metaspace("▁", prepend_scheme=scheme)
        tokenizer.add_special_tokens(["<s>", "</s>", AddedToken("<mask>", lstrip=True, special=True)])
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<s> $A </s>", pair="<s> $A </s> $B:1 </s>:1", special_tokens=[("<s>", 1), ("</s>", 2)])
        folder = HERE / f"json_{name}"
        folder.mkdir(exist_ok=True)
        (folder / "tokenizer.json").write_text(tokenizer.to_str() + "\n")
        write(folder / "golden.json", golden(tokenizer, angle, False, 100))


if __name__ == "__main__":
    main()
