#!/usr/bin/env python3
"""Compares our tokenizers with Hugging Face's (tokenizers 0.23.3) on generated tokenizer.json files.

    python tests/tokenizer/combinations.py --tool build/tests/tokenizer/tokenize_tool [--count 300] [--texts 400]
    python tests/tokenizer/combinations.py --sample tests/data/tokenizer/combinations.json   (the committed sample)

Every file is a random choice of a normalizer, a pre-tokenizer, a model, a post-processor, a decoder and added tokens, all
of which occur. Texts are those of differential.py: scraps of many scripts, marks, emoji, invalid UTF-8, pairs with every
truncation, split into words. Ids, offsets, types, masks, sequence ids, word ids, overflow and decoded text are compared.
A file that Hugging Face refuses must be refused; one that we alone refuse is counted apart, with the reason.
"""

import argparse
import base64
import collections
import functools
import json
import os
import random
import sys
import tempfile

sys.path.insert(0, os.path.dirname(__file__))
import differential  # noqa: E402
import tokenizers  # noqa: E402
from tokenizers import pre_tokenizers, trainers  # noqa: E402

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
GPT4 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN = GPT4.replace("{1,3}", "")
CLIP = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
BEHAVIORS = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]
WORDS = ["hello", "world", "don't", "state", "of", "the", "art", "http", "caf\u00e9", "naive", "\u041f\u0440\u0438\u0432\u0435\u0442", "\u6f22\u5b57", "123", "3.14", "Hello", "WORLD"]


def bert(rng):
    return {"type": "BertNormalizer", "clean_text": rng.random() < 0.7, "handle_chinese_chars": rng.random() < 0.7,
            "strip_accents": rng.choice([None, True, False]), "lowercase": rng.random() < 0.5}  # fmt: skip


def replace(rng):
    pattern = rng.choice([{"String": " "}, {"String": "``"}, {"String": "a"}, {"Regex": r"\s+"}, {"Regex": " {2,}"}, {"Regex": "[aeiou]"},
                          {"Regex": r"\s{2,}|[\n\r\t]"}, {"Regex": r"(?<=l)o|\d+"}, {"Regex": "x*"}])  # fmt: skip
    return {"type": "Replace", "pattern": pattern, "content": rng.choice(["", " ", "\u2581", '"', "<>", "\u00e9"])}


@functools.cache
def charsmap():
    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2
    import io

    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(WORDS * 20), model_writer=model, vocab_size=60, model_type="unigram",
                                             normalization_rule_name="nmt_nfkc_cf", hard_vocab_limit=False, minloglevel=2)  # fmt: skip
    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString(model.getvalue())
    return base64.b64encode(proto.normalizer_spec.precompiled_charsmap).decode()


NORMALIZERS = {
    "Bert": bert,
    "NFC": lambda rng: {"type": "NFC"},
    "NFD": lambda rng: {"type": "NFD"},
    "NFKC": lambda rng: {"type": "NFKC"},
    "NFKD": lambda rng: {"type": "NFKD"},
    "Lowercase": lambda rng: {"type": "Lowercase"},
    "StripAccents": lambda rng: {"type": "StripAccents"},
    "Strip": lambda rng: {"type": "Strip", "strip_left": rng.random() < 0.7, "strip_right": rng.random() < 0.7},
    "Nmt": lambda rng: {"type": "Nmt"},
    "Precompiled": lambda rng: {"type": "Precompiled", "precompiled_charsmap": charsmap()},
    "Replace": replace,
    "Prepend": lambda rng: {"type": "Prepend", "prepend": rng.choice(["\u2581", " ", "x\u00e9"])},
    "ByteLevel": lambda rng: {"type": "ByteLevel"},
}


def metaspace(rng):
    part = {"type": "Metaspace", "replacement": rng.choice(["\u2581"] * 4 + ["_"]), "prepend_scheme": rng.choice(["always", "first", "never"])}
    if rng.random() < 0.8:
        part["split"] = rng.random() < 0.7
    return part


def split(rng):
    pattern = rng.choice([{"Regex": GPT2}, {"Regex": GPT4}, {"Regex": QWEN}, {"Regex": CLIP}, {"String": " "}, {"String": "l"}, {"Regex": r"\d"},
                          {"Regex": r"\w+|[^\w\s]+"}, {"Regex": r"\p{Lu}?\p{Ll}+"}, {"Regex": "(?=[aeiou])"}])  # fmt: skip
    known = "Regex" in pattern and pattern["Regex"] in (GPT2, GPT4, QWEN)
    return {"type": "Split", "pattern": pattern, "behavior": "Isolated" if known and rng.random() < 0.7 else rng.choice(BEHAVIORS),
            "invert": not known and rng.random() < 0.4}  # fmt: skip


PRE_TOKENIZERS = {
    "Bert": lambda rng: {"type": "BertPreTokenizer"},
    "ByteLevel": lambda rng: {"type": "ByteLevel", "add_prefix_space": rng.random() < 0.5, "trim_offsets": True, "use_regex": rng.random() < 0.7},
    "Metaspace": metaspace,
    "Whitespace": lambda rng: {"type": "Whitespace"},
    "WhitespaceSplit": lambda rng: {"type": "WhitespaceSplit"},
    "Punctuation": lambda rng: {"type": "Punctuation", "behavior": rng.choice(BEHAVIORS)},
    "Digits": lambda rng: {"type": "Digits", "individual_digits": rng.random() < 0.5},
    "Split": split,
    "CharDelimiterSplit": lambda rng: {"type": "CharDelimiterSplit", "delimiter": rng.choice([" ", "-", "\u00e9"])},
    "UnicodeScripts": lambda rng: {"type": "UnicodeScripts"},
    "FixedLength": lambda rng: {"type": "FixedLength", "length": rng.randrange(1, 7)},
}


def sequence(rng, table, kind, member):
    """One of a table, none, or a Sequence, which may hold another."""
    roll = rng.random()
    if roll < 0.12:
        return None
    if roll < 0.62:
        return table[rng.choice(list(table))](rng)
    parts = [table[rng.choice(list(table))](rng) for _ in range(rng.randrange(1, 4))]
    if rng.random() < 0.2:
        parts.append({"type": kind, member: [table[rng.choice(list(table))](rng)]})
    return {"type": kind, member: parts}


def alphabet_of(normalizer, pre_tokenizer):
    """Words as the model will see them: what the stages make of a little text."""
    made = tokenizers.Tokenizer.from_str(json.dumps({"version": "1.0", "added_tokens": [], "normalizer": normalizer,
                                                     "pre_tokenizer": pre_tokenizer,
                                                     "model": {"type": "WordLevel", "vocab": {"u": 0}, "unk_token": "u"}}))  # fmt: skip
    texts = [" ".join(WORDS), "Hello world, it's 3.14 caf\u00e9s", "\u6f22\u5b57 \u041f\u0440\u0438\u0432\u0435\u0442 \U0001f600", *differential.SCRAPS[:60]]
    seen = collections.Counter()
    for text in texts:
        try:
            if made.normalizer is not None:
                text = made.normalizer.normalize_str(text)
            pieces = [p for p, _ in made.pre_tokenizer.pre_tokenize_str(text)] if made.pre_tokenizer is not None else [text]
        except BaseException as error:  # stages on which Hugging Face panics
            if isinstance(error, KeyboardInterrupt):
                raise
            continue
        seen.update(p for p in pieces if p)
    return seen


def train_bpe(seen, rng):
    suffix = rng.choice([None, None, None, "</w>"])
    prefix = rng.choice([None, None, None, "##"])
    vocab, merges = {}, []
    add = lambda token: vocab.setdefault(token, len(vocab))
    unk = rng.choice([None, "<unk>", "<unk>"])
    if unk:
        add(unk)
    words = []
    for word in sorted(seen):
        chars = [c if i == 0 or not prefix else prefix + c for i, c in enumerate(word)]
        if chars and suffix:
            chars[-1] += suffix
        words.append(chars)
    for chars in words:
        for c in chars:
            if rng.random() < 0.93:
                add(c)
    fallback = not suffix and not prefix and rng.random() < 0.3
    if fallback:
        for byte in range(256):
            if rng.random() < 0.99:
                add(f"<0x{byte:02X}>")
    for _ in range(160):
        pairs = collections.Counter((a, b) for chars in words for a, b in zip(chars, chars[1:]) if a in vocab and b in vocab)
        if not pairs:
            break
        (a, b), _n = max(pairs.items(), key=lambda item: (item[1], item[0]))
        whole = a + (b[len(prefix):] if prefix else b)
        add(whole)
        merges.append([a, b])
        for chars in words:
            i = 0
            while i + 1 < len(chars):
                if chars[i] == a and chars[i + 1] == b:
                    chars[i : i + 2] = [whole]
                i += 1
    return {"type": "BPE", "dropout": rng.choice([None, None, 0.0]), "unk_token": unk, "continuing_subword_prefix": prefix, "end_of_word_suffix": suffix,
            "fuse_unk": rng.random() < 0.5, "byte_fallback": fallback, "ignore_merges": rng.random() < 0.2, "vocab": vocab,
            "merges": merges if rng.random() < 0.5 or any(" " in t for m in merges for t in m) else [" ".join(m) for m in merges]}  # fmt: skip


def make_wordpiece(seen, rng):
    prefix = rng.choice(["##", "##", "@", ""])
    vocab = {}
    add = lambda token: vocab.setdefault(token, len(vocab))
    unk = "[UNK]"
    if rng.random() < 0.9:
        add(unk)
    for word in sorted(seen):
        if rng.random() < 0.3:
            add(word)
        for i in range(len(word)):
            for size in (1, 2, 3):
                if size == 1 or rng.random() < 0.4:
                    add((prefix if i else "") + word[i : i + size])
    return {"type": "WordPiece", "unk_token": unk, "continuing_subword_prefix": prefix, "max_input_chars_per_word": rng.choice([100, 100, 6]), "vocab": vocab}


def make_unigram(seen, rng):
    scores = {"<unk>": 0.0}
    for word in sorted(seen):
        for i in range(len(word)):
            for size in (1, 2, 3, 5):
                if rng.random() < 0.7:
                    scores.setdefault(word[i : i + size], round(-rng.random() * 10 - 6 / size, 4))
    fallback = rng.random() < 0.3
    vocab = [[t, s] for t, s in scores.items()]
    if fallback:
        vocab += [[f"<0x{byte:02X}>", -20.0] for byte in range(256)]
    return {"type": "Unigram", "unk_id": rng.choice([0, 0, 0, 0, None]), "vocab": vocab, "byte_fallback": fallback}


def make_wordlevel(seen, rng):
    words = [w for w in sorted(seen) if rng.random() < 0.8]
    vocab = {w: i for i, w in enumerate(words)}
    if rng.random() < 0.9:
        vocab["<unk>"] = len(vocab)
    return {"type": "WordLevel", "vocab": vocab, "unk_token": "<unk>"}


MODELS = {"BPE": train_bpe, "WordPiece": make_wordpiece, "Unigram": make_unigram, "WordLevel": make_wordlevel}


def added_tokens(rng, vocab):
    tokens = []
    names = ["[CLS]", "[SEP]", "[PAD]", "<s>", "</s>", "<mask>", "hello", "New Token", "[MASK]", " the", "caf\u00e9", "WORLD", "l"]
    for name in names:
        if rng.random() < 0.55:
            tokens.append({"id": vocab.get(name, len(vocab) + len(tokens) + rng.choice([0, 0, 0, 3])), "content": name, "single_word": rng.random() < 0.15,
                           "lstrip": rng.random() < 0.2, "rstrip": rng.random() < 0.2, "normalized": rng.random() < 0.35,
                           "special": rng.random() < 0.6})  # fmt: skip
    return tokens


def post_processor(rng, depth=0):
    roll = rng.random()
    cls, sep = ["[CLS]", rng.randrange(5)], ["[SEP]", rng.randrange(5)]
    if roll < 0.15 and depth == 0:
        return None
    if roll < 0.3:
        return {"type": "BertProcessing", "sep": sep, "cls": cls}
    if roll < 0.45:
        return {"type": "RobertaProcessing", "sep": sep, "cls": cls, "trim_offsets": rng.random() < 0.7, "add_prefix_space": rng.random() < 0.5}
    if roll < 0.55:
        return {"type": "ByteLevel", "add_prefix_space": rng.random() < 0.5, "trim_offsets": rng.random() < 0.7, "use_regex": True}
    if roll < 0.75 and depth < 2:
        return {"type": "Sequence", "processors": [post_processor(rng, depth + 1) for _ in range(rng.randrange(1, 4))]}
    special = lambda: {"SpecialToken": {"id": rng.choice(["A1", "B2"]), "type_id": rng.randrange(3)}}
    text = lambda name: {"Sequence": {"id": name, "type_id": rng.randrange(3)}}
    single = [special() for _ in range(rng.randrange(3))] + [text("A")] + [special() for _ in range(rng.randrange(3))]
    pair = [special() for _ in range(rng.randrange(2))] + [text("A"), special(), text("B")] + [special() for _ in range(rng.randrange(2))]
    if rng.random() < 0.15:
        pair[-2:] = [text("B"), special(), text("A")]
    return {"type": "TemplateProcessing", "single": single, "pair": pair,
            "special_tokens": {"A1": {"id": "A1", "ids": [1], "tokens": ["A1"]}, "B2": {"id": "B2", "ids": [2, 3], "tokens": ["B2", "B3"]}}}  # fmt: skip


DECODERS = {
    "WordPiece": lambda rng: {"type": "WordPiece", "prefix": rng.choice(["##", "@"]), "cleanup": rng.random() < 0.6},
    "ByteLevel": lambda rng: {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
    "Metaspace": metaspace,
    "BPEDecoder": lambda rng: {"type": "BPEDecoder", "suffix": "</w>"},
    "ByteFallback": lambda rng: {"type": "ByteFallback"},
    "Fuse": lambda rng: {"type": "Fuse"},
    "Strip": lambda rng: {"type": "Strip", "content": rng.choice([" ", "h"]), "start": rng.randrange(3), "stop": 0},
    "Replace": replace,
    "CTC": lambda rng: {"type": "CTC", "pad_token": "<pad>", "word_delimiter_token": "|", "cleanup": rng.random() < 0.5},
}


def document(seed):
    rng = random.Random(seed)
    normalizer = sequence(rng, NORMALIZERS, "Sequence", "normalizers")
    pre_tokenizer = sequence(rng, PRE_TOKENIZERS, "Sequence", "pretokenizers")
    model = MODELS[list(MODELS)[seed % len(MODELS)]](alphabet_of(normalizer, pre_tokenizer), rng)
    vocab = model["vocab"] if isinstance(model["vocab"], dict) else {t: i for i, (t, _) in enumerate(model["vocab"])}
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added_tokens(rng, vocab), "normalizer": normalizer,
            "pre_tokenizer": pre_tokenizer, "post_processor": post_processor(rng), "decoder": sequence(rng, DECODERS, "Sequence", "decoders"),
            "model": model}  # fmt: skip


def requests_of(rng, count, size, plain):
    yield from differential.fuzz_requests(rng, count * 3 // 4, plain)
    for i in range(count // 8):
        text = differential.random_text(rng)
        yield {"words": [w.encode().hex() for w in text.split(" ")], **({"pair_words": [w.encode().hex() for w in differential.random_text(rng).split()]} if i % 3 == 0 else {})}
        yield {"text": differential.random_text(rng).encode().hex(), "with_word_ids": True}
    yield from differential.decode_requests(rng, count // 8, size)


def compare(seed, count, tool, show):
    """(requests, wrong) or the reason why the file was refused."""
    made = document(seed)
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf8") as file:
        json.dump(made, file)
        file.flush()
        try:
            theirs = differential.Reference(file.name)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            theirs = None
        rng = random.Random(seed)
        size = theirs.hf.get_vocab_size() if theirs else 1
        requests = list(requests_of(rng, count, size, made["model"]["type"] != "Unigram")) if theirs else [{"text": ""}]
        for request in requests:
            if theirs and theirs.pad_id is None:
                request.pop("pad_to", None)
        try:
            answers = differential.Ours(tool, file.name).ask(requests)
        except differential.Refused as refused:
            return f"both refuse: {refused}" if theirs is None else f"we refuse: {refused}"
    if theirs is None:
        return "we alone accept"
    wrong = 0
    for request, answer in zip(requests, answers):
        found = differential.check(request, answer, theirs)
        if found:
            wrong += 1
            if wrong <= show:
                print(f"  {seed}: {differential.shown(request)}\n    {found}")
    return len(requests), wrong


def plain(request):
    """Texts as they stand, for the committed sample."""
    text = lambda value: bytes.fromhex(value).decode("utf8", "replace")
    plain = {k: text(v) if k in ("text", "pair") else [text(w) for w in v] if k in ("words", "pair_words") else v for k, v in request.items()}
    return plain, {k: v.encode().hex() if k in ("text", "pair") else [w.encode().hex() for w in v] if k in ("words", "pair_words") else v for k, v in plain.items()}


def write_sample(path, count):
    entries = []
    for seed in range(10000):
        made = document(seed)
        text = json.dumps(made, ensure_ascii=False, separators=(",", ":"))
        trims = '"trim_offsets":true' in json.dumps(made["post_processor"], separators=(",", ":"))
        astray = made["normalizer"] and trims and any(t["normalized"] and (t["lstrip"] or t["rstrip"]) for t in made["added_tokens"])
        if len(text) > 20000 or astray or '"x*"' in text:  # the last two: refused on purpose
            continue
        with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf8") as file:
            file.write(text)
            file.flush()
            theirs = differential.Reference(file.name)
        requests = []
        for request in requests_of(random.Random(seed), 24, theirs.hf.get_vocab_size(), made["model"]["type"] != "Unigram"):
            if "pad_to" in request or request.get("max_length", 99) < 12:
                continue
            shown, asked = plain(request)
            requests.append({**shown, "expected": theirs.expected(asked)})
        entries.append({"name": f"combination {seed}", "files": {"tokenizer.json": text}, "requests": requests})
        if len(entries) == count:
            break
    with open(path, "w", encoding="utf8") as file:
        file.write("[\n" + ",\n".join(json.dumps(e, separators=(",", ":")) for e in entries) + "\n]\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tool")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--texts", type=int, default=400)
    parser.add_argument("--show", type=int, default=2)
    parser.add_argument("--sample", help="the file to write the committed sample to")
    options = parser.parse_args()
    if tokenizers.__version__ != differential.PINNED:
        sys.exit(f"tokenizers {differential.PINNED} is needed, found {tokenizers.__version__}")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # panics' messages
    if options.sample:
        return write_sample(options.sample, 12)
    total = wrong = exact = 0
    refused = collections.Counter()
    bad = []
    for seed in range(options.first, options.first + options.count):
        found = compare(seed, options.texts, options.tool, options.show)
        if isinstance(found, str):
            refused[found.split(":")[0]] += 1
            if not found.startswith("both"):
                print(f"  {seed}: {found}", flush=True)
            continue
        total, wrong = total + found[0], wrong + found[1]
        exact += found[1] == 0
        if found[1]:
            bad.append(seed)
    print(f"{exact} of {options.count} files exact, {total - wrong} of {total} answers equal; refused: {dict(refused)}; differ: {bad}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
