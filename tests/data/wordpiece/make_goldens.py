#!/usr/bin/env python3
"""Writes the golden files of the WordPiece tests from Hugging Face tokenizers 0.23.3.

    python tests/data/wordpiece/make_goldens.py

Beside this script: vocab.txt is bert-base-uncased's. Made here: small/ (tokenizers with a small vocabulary of their own
and other flags), cases.jsonl (requests with Hugging Face's answers) and code_points.txt (for every 256 code points a
digest of what each tokenizer makes of them, alone and between letters).
"""

import json
import os
import sys
import zlib

import tokenizers
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

HERE = os.path.dirname(os.path.abspath(__file__))
SCRIPTS = [
    "The quick brown fox jumps over the lazy dog; it didn't care (much) about 1,234.56 things.",
    "Le c\u0153ur d\u00e9\u00e7u mais l'\u00e2me plut\u00f4t na\u00efve, Lou\u00ffs r\u00eava de crapa\u00fcter en cano\u00eb.",
    "Falsches \u00dcben von Xylophonmusik qu\u00e4lt jeden gr\u00f6\u00dferen Zwerg, STRASSE und Stra\u00dfe.",
    "P\u0159\u00edli\u0161 \u017elu\u0165ou\u010dk\u00fd k\u016f\u0148 \u00fap\u011bl \u010f\u00e1belsk\u00e9 \u00f3dy.",
    "Pijamal\u0131 hasta ya\u011f\u0131z \u015fof\u00f6re \u00e7abucak g\u00fcvendi, \u0130stanbul'da I\u015f\u0131k.",
    "Ti\u1ebfng Vi\u1ec7t c\u00f3 nhi\u1ec1u d\u1ea5u: \u0111\u1ecb\u1ec1u \u1ea9m th\u1ef1c.",
    "\u0421\u044a\u0435\u0448\u044c \u0436\u0435 \u0435\u0449\u0451 \u044d\u0442\u0438\u0445 \u043c\u044f\u0433\u043a\u0438\u0445 \u0444\u0440\u0430\u043d\u0446\u0443\u0437\u0441\u043a\u0438\u0445 \u0431\u0443\u043b\u043e\u043a, \u0439\u043e\u0433.",
    "\u039e\u03b5\u03c3\u03ba\u03b5\u03c0\u03ac\u03b6\u03c9 \u03c4\u1f74\u03bd \u03c8\u03c5\u03c7\u03bf\u03c6\u03b8\u03cc\u03c1\u03b1 \u03b2\u03b4\u03b5\u03bb\u03c5\u03b3\u03bc\u03af\u03b1. \u03a3\u0399\u03a3\u03a5\u03a6\u039f\u03a3",
    "\u053f\u0580\u0576\u0561\u0574 \u0561\u057a\u0561\u056f\u056b \u0578\u0582\u057f\u0565\u056c \u0587 \u056b\u0576\u056e\u056b \u0561\u0576\u0570\u0561\u0576\u0563\u056b\u057d\u057f \u0579\u0568\u0576\u0565\u0580\u0589",
    "\u10d5\u10d4\u10de\u10ee\u10d8\u10e1 \u10e2\u10e7\u10d0\u10dd\u10e1\u10d0\u10dc\u10d8 \u1c95\u1c94\u1c9e\u1cae\u1c98\u1ca1",
    "\u05d3\u05d2 \u05e1\u05e7\u05e8\u05df \u05e9\u05d8 \u05d1\u05d9\u05dd \u05de\u05b0\u05d0\u05d5\u05bc\u05db\u05b0\u05d6\u05b8\u05d1, \u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd",
    "\u0646\u0635 \u062d\u0643\u064a\u0645 \u0644\u0647 \u0633\u0631 \u0642\u0627\u0637\u0639 \u0648\u0630\u0648 \u0634\u0623\u0646 \u0639\u0638\u064a\u0645\u060c \u0645\u064f\u062d\u064e\u0645\u0651\u064e\u062f\u061f",
    "\u090b\u0937\u093f\u092f\u094b\u0902 \u0915\u094b \u0938\u0924\u093e\u0928\u0947 \u0935\u093e\u0932\u0947 \u0926\u0941\u0937\u094d\u091f \u0915\u093c\u0932\u092e\u0964 \u0958\u0932\u092e",
    "\u0986\u09ae\u09bf \u09ac\u09be\u0982\u09b2\u09be\u09af\u09bc \u0997\u09be\u09a8 \u0997\u09be\u0987, \u09dc\u09dd\u09df\u0964",
    "\u0baf\u0bbe\u0bae\u0bb1\u0bbf\u0ba8\u0bcd\u0ba4 \u0bae\u0bca\u0bb4\u0bbf\u0b95\u0bb3\u0bbf\u0bb2\u0bc7 \u0ba4\u0bae\u0bbf\u0bb4\u0bcd\u0bae\u0bca\u0bb4\u0bbf",
    "\u0c86\u0ca6\u0cbf \u0cb6\u0c82\u0c95\u0cb0\u0cbe\u0c9a\u0cbe\u0cb0\u0ccd\u0caf\u0cb0\u0cc1, \u0c95\u0ccb\u0c97\u0cbf\u0cb2\u0cc6",
    "\u0e40\u0e1b\u0e47\u0e19\u0e21\u0e19\u0e38\u0e29\u0e22\u0e4c\u0e2a\u0e38\u0e14\u0e1b\u0e23\u0e30\u0e40\u0e2a\u0e23\u0e34\u0e10\u0e40\u0e25\u0e34\u0e28\u0e04\u0e38\u0e13\u0e04\u0e48\u0e32 \u0e01\u0e33",
    "\u179a\u1796\u17d2\u1799\u17c7 \u17a2\u1780\u17d2\u179f\u179a\u1781\u17d2\u1798\u17c2\u179a \u1019\u103c\u1014\u103a\u1019\u102c\u1005\u102c",
    "\u1200\u1208 \u120b\u1218 \u12a0\u121b\u122d\u129b\u1361 \u1363\u1362 \u12ed\u1205",
    "\u6c38\u548c\u4e5d\u5e74\uff0c\u6b72\u5728\u7678\u4e11\u3002\u5929\u5730\u7384\u9ec3\uff1b\ufa0a\u8c48\u66f4\u8eca\U0002070e\U0002f800",
    "\u3044\u308d\u306f\u306b\u307b\u3078\u3068 \u3061\u308a\u306c\u308b\u3092\u3001\u30ab\u30bf\u30ab\u30ca\u3002\uff76\uff9e\u30ac\u304c\u304b\u3099",
    "\ud0a4\uc2a4\uc758 \uace0\uc720\uc870\uac74\uc740 \uc785\uc220\ub07c\ub9ac \ub9cc\ub098\uc57c \ud558\uace0. \u1112\u1161\u11ab\u1100\u1173\u11af",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 \U0001f44d\U0001f3fd \U0001f1e9\U0001f1ea \u2764\ufe0f \u0031\ufe0f\u20e3 \U0001d54f\U0001d7d8 \u2460\u00bd\ufb01\u212b",
    "\u1d39\u1d43\u02b0 \u00c5 A\u030a \u01d5\u01d6 \u1e69 s\u0323\u0307 s\u0307\u0323 \u0344 \u1fbf \u037e \u2260 \u226f",
]  # fmt: skip
ODD = [
    "", " ", "   ", "\t\n\r \u00a0\u3000", "\x00", "a\x00b", "\x01\x02", "a\u200bb", "a\ufeffb", "a\u00adb", "\x85", "a\x85b", "\u2028a\u2029",
    "\ufffd", "a\ufffdb", "a\ufffd", "\ufffda \ufffd b", "a\u0301", "\u0301a", " \u0301 ", "!\u0301?", "\u0301\u0301\u0323", "a\u0315\u0300\u05ae\u0062",
    "a" * 99, "a" * 100, "a" * 101, "\u00e9" * 100, "\u00e9" * 101, "\uac01" * 33, "\uac01" * 34, "x" * 1000 + " y", "##a", "a##b", "[", "[[[", "[CLS", "[cls]",
    "don't won't it's", "a.b,c;d", "...", "--", "$100", "`~^|<>+=", "\u2018\u2019\u201c\u201d\u2026\u2014", "\u00a1\u00bf", "e\u0301\u0327", "e\u0327\u0301", "\u1e0d\u0307", "\u0f71\u0f72\u0f74\u0f71",
    "\u0130", "\u1e9e", "\u03a3\u03c2", "\ua7cb", "\u08d4", "\u2e45", "\U00011938", "\U0001e921", "\u13a0\uab70", "\u10d0\u1c90", "\u302ea", "a\u302e\u0301b", "\u1100\uac01\u11a8",
]  # fmt: skip
SPECIAL = [
    "[CLS] a [SEP]", "[MASK]", "a[MASK]b", "  [MASK]  ", "[SEP][SEP]", "x [PAD] y [UNK] z", "[mask] [Mask]", "Paris is the capital of [MASK].",
    "\u00e9[MASK]\u00e9", "[MASK", "[[MASK]]", "[MASK]\u0301", "\ufffd[MASK]\ufffd",
]  # fmt: skip
INVALID = [
    b"\x80", b"a\x80b", b"a\xc3", b"a\xc3 b", b"\xe2\x82", b"x\xe2\x82y", b"\xf0\x9f\x98", b"\xf0\x9f\x98a", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\xaf", b"\xe0\x80\xaf",
    b"\xff\xfe", b"caf\xc3\xa9\xff ol\xe9", b"\xe6\xbc\xa2\xe6\xbc", b"a\xcc\x81\xccb", b"[MASK]\xff[SEP]", b"\xf1\x80\x80\xc3\xa9", b"\xc3\x28", b"hello\xf0\x9f\x98 world\xe2",
]  # fmt: skip
FLAGS = {
    "cased": dict(lowercase=False),
    "lower_keep_accents": dict(lowercase=True, strip_accents=False),
    "strip_only": dict(lowercase=False, strip_accents=True),
    "no_chinese": dict(lowercase=True, handle_chinese_chars=False),
    "no_clean": dict(lowercase=True, clean_text=False),
}


def bert_like(vocab, **flags):
    tokenizer = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(**flags)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix="##")
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0",
        pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        special_tokens=[(t, tokenizer.token_to_id(t)) for t in ("[CLS]", "[SEP]")],
    )
    return tokenizer


def make_small():
    """A vocabulary learnt from the lines above, and tokenizers around it with other flags."""
    folder = os.path.join(HERE, "small")
    os.makedirs(folder, exist_ok=True)
    base = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    base.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=False)
    base.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=1600, min_frequency=1, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], show_progress=False
    )
    both = SCRIPTS + [s.lower() for s in SCRIPTS] + [normalizers.BertNormalizer().normalize_str(s) for s in SCRIPTS]
    base.train_from_iterator(both, trainer)
    # The trainer breaks ties in no fixed order: sorted, the file says what was used.
    learnt = base.get_vocab()
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + sorted(t for t in learnt if not t.startswith("[") or len(t) == 1)
    path = os.path.join(folder, "vocab.txt")
    if os.path.exists(path):
        tokens = open(path, encoding="utf-8").read().split("\n")[:-1]
    else:
        open(path, "w", encoding="utf-8").write("\n".join(tokens) + "\n")
    vocab = {t: i for i, t in enumerate(tokens)}
    made = {}
    for name, flags in FLAGS.items():
        made[name] = bert_like(vocab, **flags)
    added = bert_like(vocab, lowercase=True)
    added.add_tokens(
        [
            AddedToken("<left>", lstrip=True, normalized=False),
            AddedToken("<right>", rstrip=True, normalized=False),
            AddedToken("<both>", lstrip=True, rstrip=True, normalized=False),
            AddedToken("Word", single_word=True, normalized=False),
            AddedToken("Na\u00efve", normalized=True),
            AddedToken("<right><right>", normalized=False),
            AddedToken("Single One", single_word=True, normalized=True, lstrip=True),
        ]
    )
    made["added"] = added
    for name, tokenizer in made.items():
        tokenizer.save(os.path.join(folder, name + ".json"), pretty=False)
        # The vocabulary stands in vocab.txt; the tests put it back.
        data = json.load(open(os.path.join(folder, name + ".json"), encoding="utf-8"))
        data["model"]["vocab"] = {}
        with open(os.path.join(folder, name + ".json"), "w", encoding="utf-8") as out:
            json.dump(data, out, ensure_ascii=True)
            out.write("\n")
    return made


ADDED = [
    "a <left> b <right> c <both> d", "<left><right><both>", "  <left>  <right>  <both>  ", "Word words Word, aWord Word1 \u00e9Word Word", "word WORD", "naive Na\u00efve NA\u00cfVE na\u0131ve naives",
    "<right><right> <right>", "a  single one  single ones \u3000Single One", "x\u00a0<both>\u3000y", "[MASK]<left>[MASK]", "SINGLE ONE", "\ufffd<left>\ufffd Na\ufffd\u00efve",
]  # fmt: skip


def flat(encoding):
    """Offsets as one list of begins and ends, the others as strings of digits."""
    return {
        "ids": encoding.ids,
        "type_ids": "".join(map(str, encoding.type_ids)),
        "attention_mask": "".join(map(str, encoding.attention_mask)),
        "special_tokens_mask": "".join(map(str, encoding.special_tokens_mask)),
        "sequence_ids": "".join("-" if s is None else str(s) for s in encoding.sequence_ids),
        "offsets": [n for offset in encoding.offsets for n in offset],
    }


def answer(tokenizer, text, pair=None, max_length=0, truncation="longest_first", stride=0, pad_to=0, special=True, parse=True):
    """One line: the request and what Hugging Face gives. Offsets count code points."""
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = not parse
    if max_length:
        tokenizer.enable_truncation(max_length, stride=stride, strategy=truncation)
    if pad_to:
        tokenizer.enable_padding(length=pad_to, pad_id=tokenizer.token_to_id("[PAD]"))
    data = text if isinstance(text, bytes) else text.encode()
    second = None if pair is None else pair if isinstance(pair, bytes) else pair.encode()
    encoding = tokenizer.encode(
        data.decode("utf-8", "replace"), None if second is None else second.decode("utf-8", "replace"), add_special_tokens=special
    )
    line = {"text": data.hex()}
    if second is not None:
        line["pair"] = second.hex()
    if max_length:
        line |= {"max_length": max_length, "truncation": truncation, "stride": stride}
    if pad_to:
        line["pad_to"] = pad_to
    if not special:
        line["add_special_tokens"] = False
    if not parse:
        line["parse_special_tokens"] = False
    line |= flat(encoding)
    if encoding.overflowing:
        line["overflowing"] = [flat(o) for o in encoding.overflowing]
    return line


def cases(tokenizer, is_main):
    texts = SCRIPTS + ODD + SPECIAL + INVALID
    for text in texts:
        yield answer(tokenizer, text)
    if not is_main:
        return
    for text in SPECIAL + INVALID[-4:]:
        yield answer(tokenizer, text, parse=False)
        yield answer(tokenizer, text, special=False)
    for first in ("", "hello world", SCRIPTS[0], SPECIAL[7], b"a\xffb"):
        for second in ("", "yes", SCRIPTS[1], SPECIAL[0]):
            yield answer(tokenizer, first, second)
            yield answer(tokenizer, first, second, special=False, pad_to=12)
            for max_length in (3, 4, 5, 8, 15):
                yield answer(tokenizer, first, second, max_length=max_length, pad_to=10)
            yield answer(tokenizer, first, second, max_length=24, stride=3)
    for text in SCRIPTS[:2]:
        for max_length in (2, 3, 7, 12, 100):
            for stride in (0, 1, 4):
                if stride < max_length - 2 or stride == 0:
                    for truncation in ("longest_first", "only_first"):
                        yield answer(tokenizer, text, max_length=max_length, stride=stride, truncation=truncation, pad_to=max_length)
                    yield answer(tokenizer, "hi", text, max_length=max_length + 6, stride=stride, truncation="only_second")


def digest_lines(name, tokenizer):
    """For every 256 code points: a checksum of ids and offsets, alone and between letters. Equal neighbours share a line
    (tokenizer, first code point, number of blocks, checksum)."""
    runs = []
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = False
    for begin in range(0, 0x110000, 256):
        numbers = []
        for c in range(begin, begin + 256):
            if 0xD800 <= c < 0xE000:
                continue
            # Letters that are known keep an unknown character from hiding what it is split into.
            for text in (chr(c), f"a{chr(c)}b", f"a\u0323{chr(c)}\u0301"):
                encoding = tokenizer.encode(text, add_special_tokens=False)
                numbers.append(len(encoding.ids))
                for id_, (b, e) in zip(encoding.ids, encoding.offsets):
                    numbers += [id_, b, e]
        checksum = zlib.crc32(b"".join(n.to_bytes(4, "little") for n in numbers))
        if runs and runs[-1][2] == checksum:
            runs[-1][1] += 1
        else:
            runs.append([begin, 1, checksum])
    return [f"{name} {begin:x} {count} {checksum:08x}" for begin, count, checksum in runs]


def main():
    if tokenizers.__version__ != "0.23.3":
        sys.exit(f"tokenizers 0.23.3 is needed, found {tokenizers.__version__}")
    vocab = {line.rstrip(): i for i, line in enumerate(open(os.path.join(HERE, "vocab.txt"), encoding="utf-8"))}
    main_tokenizer = bert_like(vocab, lowercase=True)
    small = make_small()
    with open(os.path.join(HERE, "cases.jsonl"), "w", encoding="ascii") as out:
        for name, tokenizer in {"main": main_tokenizer, **small}.items():
            for line in cases(tokenizer, name == "main"):
                if name != "main":  # the flags change ids and offsets alone
                    line = {key: line[key] for key in ("text", "ids", "offsets")}
                out.write(json.dumps({"tokenizer": name} | line, separators=(",", ":")) + "\n")
        for text in ADDED:
            out.write(json.dumps({"tokenizer": "added"} | answer(small["added"], text), separators=(",", ":")) + "\n")
        for ids in ([101, 7592, 1010, 2088, 999, 102], [2123, 1005, 1056, 3844], [19204, 3989], [], [0, 103, 100], [2079, 2025, 2175]):
            for skip in (True, False):
                text = main_tokenizer.decode(ids, skip_special_tokens=skip)
                out.write(json.dumps({"tokenizer": "main", "decode": ids, "skip_special_tokens": skip, "expected": text}) + "\n")
    with open(os.path.join(HERE, "code_points.txt"), "w", encoding="ascii") as out:
        for name, tokenizer in {"main": main_tokenizer, **small}.items():
            if name != "added":
                out.writelines(line + "\n" for line in digest_lines(name, tokenizer))
    # What the test of a word of a megabyte takes for granted.
    encoding = main_tokenizer.encode("a" * (1 << 20))
    assert encoding.tokens == ["[CLS]", "[UNK]", "[SEP]"] and encoding.offsets[1] == (0, 1 << 20)


if __name__ == "__main__":
    main()
