#!/usr/bin/env python3
"""Writes folders.json: small checkpoints' folders of every kind that AutoTokenizer tells apart, and what it makes of them.

    PYTHONPATH=tests/tokenizer python tests/data/tokenizer/make_folders.py      (transformers 5.23.0, tokenizers 0.23.3)

Each entry holds the files, as texts by their names, and requests as tests/tokenizer/tokenize_tool takes them, with what
Hugging Face answers (null: it refuses); "refused" instead where it takes no such folder.
"""

import json
import os
import pathlib
import tempfile

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
os.environ["RUST_BACKTRACE"] = "0"
import differential  # noqa: E402
import tokenizers  # noqa: E402
import transformers  # noqa: E402

LETTERS = "abcdehilnorstuw."
WORDPIECE = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS, *("##" + c for c in LETTERS), "hello", "world", "Hello", "the", "##ed"]
FUNNEL = ["<pad>", "<unk>", "<cls>", "<sep>", "<mask>", *WORDPIECE[5:]]
BYTES = {t: i for i, t in enumerate(["<s>", "<pad>", "</s>", "<unk>", "<mask>", *tokenizers.pre_tokenizers.ByteLevel.alphabet(), "he", "ll", "hell", "\u0120w"])}
MERGES = "#version: 0.2\nh e\nl l\nhe ll\n\u0120 w\n"
TEXTS = ["Hello world", "the \u00e9 HELLO[MASK]ed", "a [NEW] b new token <mask> [new]", "  two\twords  ", "hello </s> <|endoftext|>"]


def special(id, content, **more):
    return {"id": id, "content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True, **more}


def bert_json(**more):
    steps = lambda *names: [{"Sequence": {"id": n, "type_id": int(n == "B")}} if n in "AB" else {"SpecialToken": {"id": n, "type_id": 0}} for n in names]
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [special(i, WORDPIECE[i]) for i in range(5)],
            "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": {"type": "TemplateProcessing", "single": steps("[CLS]", "A", "[SEP]"), "pair": steps("[CLS]", "A", "[SEP]", "B", "[SEP]"),
                               "special_tokens": {t: {"id": t, "ids": [WORDPIECE.index(t)], "tokens": [t]} for t in ("[CLS]", "[SEP]")}},
            "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
            "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
                      "vocab": {t: i for i, t in enumerate(WORDPIECE)}}, **more}  # fmt: skip


VOCAB = "\n".join(WORDPIECE) + "\n"
BERT = {"vocab.txt": VOCAB}
JSON = {"tokenizer.json": bert_json()}
BPE = {"vocab.json": BYTES, "merges.txt": MERGES}


def named(name, **more):
    return {"tokenizer_config.json": {"tokenizer_class": name, **more}}


PADDING = {"strategy": "BatchLongest", "direction": "Left", "pad_to_multiple_of": None, "pad_id": 4, "pad_type_id": 1, "pad_token": "[MASK]"}
FOLDERS = {
    "a class of its own stages": {"vocab.txt": "\n".join(FUNNEL) + "\n", **named("FunnelTokenizer")},
    "a class of an older name": {**BERT, **named("ElectraTokenizerFast", do_lower_case=False)},
    "a class that needs another program": {**BERT, **named("BertJapaneseTokenizer", word_tokenizer_type="mecab")},
    "a class that nobody knows": {**JSON, **named("MyOwnTokenizer", pad_token="[PAD]")},
    "no class": {**JSON, "config.json": {}},
    "null for a class": {**BERT, "tokenizer_config.json": {"tokenizer_class": None}, "config.json": {"model_type": "bert"}},
    "a model type": {**BERT, "config.json": {"model_type": "splinter"}},
    "a class against a model type": {**BPE, **named("RobertaTokenizer"), "config.json": {"model_type": "deberta"}},
    "a model type whose class is wrong on the hub": {**JSON, **named("BertTokenizer", do_lower_case=False), "config.json": {"model_type": "modernbert"}},
    "config.json's class": {**BERT, "config.json": {"tokenizer_class": "BertTokenizerFast", "model_type": "funnel"}},
    "settings beside tokenizer.json": {**JSON, **named("BertTokenizer", do_lower_case=False)},
    "settings that the class does not read": {**JSON, **named("PreTrainedTokenizerFast", do_lower_case=False, mask_token="[MASK]", pad_token="[PAD]")},
    "sides against tokenizer.json": {"tokenizer.json": bert_json(padding=PADDING), **named("BertTokenizer", padding_side="right", truncation_side="left")},
    "padding of tokenizer.json": {"tokenizer.json": bert_json(padding=PADDING), **named("PreTrainedTokenizerFast")},
    "padding of a lone tokenizer.json": {"tokenizer.json": bert_json(padding=PADDING)},
    "ids with a gap": {"tokenizer.json": bert_json(added_tokens=[special(i, WORDPIECE[i]) for i in range(5)] + [special(900, "[NEW]", special=False)])},
    "ids out of order": {"tokenizer.json": bert_json(added_tokens=[special(901, "[NEW]"), special(900, "new token"), *(special(i, WORDPIECE[i]) for i in range(5))])},
    "added_tokens.json": {**BERT, **named("BertTokenizer"), "added_tokens.json": {"[NEW]": 70, "new token": 60}},
    "added_tokens_decoder": {**JSON, **named("BertTokenizer", added_tokens_decoder={"42": {"content": "[NEW]", "lstrip": True, "special": True}}),
                             "special_tokens_map.json": {"mask_token": "<mask>"}},
    "special_tokens_map.json": {**BERT, **named("BertTokenizer"), "special_tokens_map.json": {"mask_token": {"content": "<mask>", "lstrip": True}, "additional_special_tokens": ["[NEW]"]}},
    "extra tokens": {**BERT, **named("BertTokenizer", additional_special_tokens=["[NEW]"], image_token="new token")},
    "a token set to null": {**BERT, **named("BertTokenizer", sep_token=None)},
    "no mask in the vocabulary": {"vocab.txt": VOCAB.replace("[MASK]\n", ""), **named("BertTokenizer")},
    "a byte order mark": {"vocab.txt": "\ufeff" + VOCAB, **named("BertTokenizer")},
    "special tokens as text": {**BERT, **named("BertTokenizer", split_special_tokens=True)},
    "GPT-2": {**BPE, **named("GPT2Tokenizer", pad_token="<pad>")},
    "CLIP": {**BPE, **named("CLIPTokenizer", unk_token="<unk>", pad_token="<pad>")},
    "OpenAI's first": {**BPE, **named("OpenAIGPTTokenizer", pad_token="<pad>")},
    "LUKE": {**BPE, **named("LukeTokenizer", entity_token_1={"__type": "AddedToken", **{k: v for k, v in special(0, "[NEW]", lstrip=True).items() if k not in ("id", "special")}},
                            entity_mask_token="new token", clean_up_tokenization_spaces=True)},
    "Blenderbot": {**BPE, **named("BlenderbotTokenizer")},
    "CodeGen": {**BPE, **named("CodeGenTokenizer", pad_token="<pad>")},
    "tokens at both ends": {**BPE, **named("GPT2Tokenizer", add_bos_token=True, add_eos_token=True, eos_token="</s>", pad_token="<pad>")},
    "an empty line among the merges": {**BPE, "merges.txt": MERGES + "\n", **named("RobertaTokenizer")},
    "a side that is none": {**BERT, **named("BertTokenizer", padding_side="middle")},
}  # fmt: skip


def requests():
    for text in TEXTS:
        yield {"text": text}
    yield {"text": TEXTS[0], "pair": TEXTS[2]}
    yield {"text": TEXTS[3], "pair": TEXTS[1], "max_length": 9, "truncation": "longest_first", "stride": 1}
    yield {"text": "a b", "pad_to": 9}
    yield {"text": TEXTS[2], "add_special_tokens": False}
    yield {"decode": [7, 5, 3, 41, 40, 2], "skip_special_tokens": True}


class Folder(differential.Reference):
    def __init__(self, path):
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(path)
        self.hf = self.tokenizer.backend_tokenizer

    def expected(self, request):
        try:
            if "decode" in request:
                return self.tokenizer.decode(request["decode"], skip_special_tokens=request["skip_special_tokens"])
            call = {"add_special_tokens": request.get("add_special_tokens", True)}
            if "pad_to" in request:
                call |= {"padding": "max_length", "max_length": request["pad_to"]}
            if "max_length" in request:
                call |= {"truncation": request["truncation"], "max_length": request["max_length"], "stride": request["stride"], "return_overflowing_tokens": True}
            first = self.tokenizer(request["text"], request.get("pair"), **call).encodings[0]
            return [differential.flat(first)] + [differential.flat(o) for o in first.overflowing]
        except Exception:
            return None


def lone(path):
    reference = differential.Reference(path)
    padding = reference.hf.padding
    reference.pad_id = padding["pad_id"] if padding else reference.pad_id
    answer = reference.answer

    def padded(request):
        found = answer({k: v.encode().hex() if k in ("text", "pair") else v for k, v in request.items()})
        return found

    reference.answer = padded
    return reference


def main():
    assert transformers.__version__ == "5.23.0" and tokenizers.__version__ == differential.PINNED
    entries = []
    for name, files in FOLDERS.items():
        texts = {n: v if isinstance(v, str) else json.dumps(v, ensure_ascii=False, separators=(",", ":")) for n, v in files.items()}
        entry = {"name": name, "files": texts}
        with tempfile.TemporaryDirectory() as folder:
            for n, text in texts.items():
                pathlib.Path(folder, n).write_text(text, encoding="utf8")
            try:
                is_lone = list(files) == ["tokenizer.json"]
                made = lone(os.path.join(folder, "tokenizer.json")) if is_lone else Folder(folder)
                wanted = [r for r in requests() if not (is_lone and "pad_to" in r)]
                entry["requests"] = [{**r, "expected": made.expected(r)} for r in wanted]
            except Exception:
                entry["refused"] = True
        entries.append(entry)
    lines = ",\n".join(json.dumps(e, separators=(",", ":")) for e in entries)
    pathlib.Path(__file__).with_name("folders.json").write_text("[\n" + lines + "\n]\n")
    print(len(entries), sum("refused" in e for e in entries))


if __name__ == "__main__":
    main()
