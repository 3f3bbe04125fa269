#!/usr/bin/env python3
"""Writes ties.json: unigram tokenizers in which several ways to cut a word are equally good but for the last bit.

    python tests/data/tokenizer/make_ties.py      (transformers 5.24.0, tokenizers 0.23.3)

Entries as folders.json has them (make_folders.py). Which way wins depends on how the scores of tokenizer.json are
rounded: tokenizers rounds more than once, and the classes that build their own model take the numbers of Python's json.
"""

import json
import os
import pathlib
import tempfile

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
import tokenizers  # noqa: E402
import transformers  # noqa: E402

# Read by tokenizers, the score of x is one bit more than in Python: where the odd ones stand is another place then.
VOCAB = [["<s>", 0.0], ["<pad>", 0.0], ["</s>", 0.0], ["<unk>", 0.0], ["\u2581", -1.968600754027218],
         ["xxxx", -4.119088691113879], ["x", -9.188857052510805], ["<mask>", 0.0],
         *([t, 0.0] for t in ("[CLS]", "[SEP]", "[MASK]", "[PAD]", "[UNK]", "<cls>", "<sep>"))]  # fmt: skip
# Scores of the kind that a trainer writes, for marks that stand in runs behind a word.
MARKS = VOCAB[:5] + [["a", -3.2080413827918354], ["-", -6.377018041498431], ["--", -8.114372905127183], ["----", -9.03312785162947],
                     ["=", -7.112358712349871], ["===", -9.771238971239871], [".", -4.281237861283761], ["<mask>", 0.0]]  # fmt: skip
RUNS = ["x" * n for n in (5, 10, 13, 17, 22, 30)]
BEHIND = [word + mark * n for word in ("a", "a.", "a=.") for mark in "-=" for n in (5, 7, 11, 18)]
CLASSES = [None, "PreTrainedTokenizerFast", "TokenizersBackend", "FNetTokenizer", "XLMRobertaTokenizer",
           "T5Tokenizer", "AlbertTokenizer", "DebertaV2Tokenizer", "CamembertTokenizer", "BarthezTokenizer", "BigBirdTokenizer",
           "RemBertTokenizer", "MBartTokenizer", "XLNetTokenizer"]  # fmt: skip


def document(vocab, split=False):
    metaspace = {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True}
    steps = {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, metaspace]}
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
            "pre_tokenizer": steps if split else metaspace, "post_processor": None, "decoder": None,
            "model": {"type": "Unigram", "unk_id": 3, "vocab": vocab, "byte_fallback": False}}  # fmt: skip


def flat(encoding):
    return {"ids": encoding.ids, "type_ids": encoding.type_ids, "attention_mask": encoding.attention_mask,
            "special_tokens_mask": encoding.special_tokens_mask, "offsets": [list(o) for o in encoding.offsets],
            "sequence_ids": [-1 if s is None else s for s in encoding.sequence_ids]}  # fmt: skip


def entry(name, files, texts):
    files = {n: json.dumps(v, ensure_ascii=False, separators=(",", ":")) for n, v in files.items()}
    with tempfile.TemporaryDirectory() as folder:
        for n, text in files.items():
            pathlib.Path(folder, n).write_text(text, encoding="utf8")
        if len(files) == 1:
            made = tokenizers.Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
            encode = made.encode
        else:
            loaded = transformers.AutoTokenizer.from_pretrained(folder)
            encode = lambda text: loaded(text).encodings[0]  # noqa: E731
        requests = [{"text": t, "expected": [flat(encode(t))]} for t in texts]
    return {"name": name, "files": files, "requests": requests}


def main():
    assert transformers.__version__ == "5.24.0" and tokenizers.__version__ == "0.23.3"
    entries = [entry("a lone file", {"tokenizer.json": document(VOCAB)}, RUNS),
               entry("runs behind a word", {"tokenizer.json": document(MARKS, split=True)}, BEHIND)]  # fmt: skip
    for name in CLASSES:
        named = {"tokenizer_class": name} if name else {}
        files = {"tokenizer.json": document(VOCAB), "tokenizer_config.json": {"unk_token": "<unk>", **named}}
        if name is None:
            files["config.json"] = {"model_type": "xlm-roberta"}
        entries.append(entry(name or "a folder that names no class", files, RUNS))
    lines = ",\n".join(json.dumps(e, ensure_ascii=False, separators=(",", ":")) for e in entries)
    pathlib.Path(__file__).with_name("ties.json").write_text("[\n" + lines + "\n]\n", encoding="utf8")
    print("\n".join(f"{e['name']}: {e['requests'][2]['expected'][0]['ids']}" for e in entries))


if __name__ == "__main__":
    main()
