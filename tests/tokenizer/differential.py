#!/usr/bin/env python3
"""Compares our tokenizers with Hugging Face's (tokenizers 0.23.3), token by token and offset by offset.

    python tests/tokenizer/differential.py --tool build/tests/tokenizer/tokenize_tool TOKENIZER... [--text FILE...]

TOKENIZER is a folder or a file that both sides load. Every text goes through both with ids, offsets, type ids, masks
and overflow compared: lines of the given files, twenty scripts and emoji, random strings made to hurt, invalid UTF-8,
pairs with every truncation, every code point alone, between letters and beside marks, and decoding. Prints one parity
line a tokenizer and the first differences. families.py makes a folder for each family.
"""

import argparse
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import unicodedata

# Where Hugging Face panics we look for an error of ours; its report is of no use here.
os.environ["RUST_BACKTRACE"] = "0"
import tokenizers  # noqa: E402

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "data", "bpe"))
from golden_cases import CONTRACTIONS, CONTROLS, EMOJI, SCRIPTS  # noqa: E402

PINNED = "0.23.3"

SCRAPS = [
    "hello", "Hello", "WORLD", "don't", "it's", "we've", "123", "3.14", "state-of-the-art", "https://a.b/c?d=e", "##ing", "\u00c5ngstr\u00f6m",
    "na\u00efve", "caf\u00e9", "\u0130stanbul", "stra\u00dfe", "\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2", "\u041f\u0440\u0438\u0432\u0435\u0442", "\u6f22\u5b57", "\ufa0a", "\u3072\u3089\u304c\u306a", "\ud55c\uad6d\uc5b4", "\u1112\u1161\u11ab",
    "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35", "\u0928\u092e\u0938\u094d\u0924\u0947", "\u0645\u0631\u062d\u0628\u0627", "\u05e9\u05dc\u05d5\u05dd", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f44d\U0001f3fd", "\U0001f1e9\U0001f1ea", "\u2028", "\u3000", "\u00a0", "\u200b", "\ufeff", "\u00ad",
    "\t", "\n", "\r\n", " ", "  ", "\x00", "\x01", "\x7f", "\x85", "\ufffd", "\u2018q\u2019", "\u2014", "\u2026", "\u00bf", "\u300c\u300d", "\u20ac", "\u00bd", "\u2460", "\ufb01", "\u212b",
    "a" * 99, "b" * 100, "c" * 101, "\u00e9" * 100, "\u6f22" * 3, "antidisestablishmentarianism", "x1y2z3", "_private_name", "__init__",
]  # fmt: skip
MARKS = [chr(c) for c in range(0x300, 0x1E94B) if unicodedata.combining(chr(c))]
SPECIAL = ["[CLS]", "[SEP]", "[MASK]", "[PAD]", "[UNK]", "<s>", "</s>", "<mask>", "<pad>", "<unk>", "[mask]", "[MASK", "<mask"]
PLANES = [(0, 0x80), (0x80, 0x250), (0x250, 0x600), (0x600, 0x1000), (0x1000, 0x3000), (0x3000, 0xD800), (0xE000, 0x10000),
          (0x10000, 0x20000), (0x20000, 0x30000), (0xE0000, 0x110000)]  # fmt: skip


def random_text(rng):
    parts = []
    for _ in range(rng.randrange(1, 14)):
        kind = rng.random()
        if kind < 0.35:
            parts.append(rng.choice(SCRAPS))
        elif kind < 0.5:
            low, high = rng.choice(PLANES)
            parts.append("".join(chr(rng.randrange(low, high)) for _ in range(rng.randrange(1, 4))))
        elif kind < 0.65:
            parts.append(rng.choice("aeinoy\u00e9\u00fc\u0958\uac01 .\u1112") + "".join(rng.choice(MARKS) for _ in range(rng.randrange(1, 5))))
        elif kind < 0.75:
            parts.append(rng.choice(SPECIAL))
        elif kind < 0.9:
            parts.append("".join(rng.choice("abcdefghijklmnopqrstuvwxyzABCDEXYZ0123456789") for _ in range(rng.randrange(1, 24))))
        else:
            parts.append(rng.choice("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"))
        if rng.random() < 0.5:
            parts.append(rng.choice([" ", " ", " ", "  ", "\n", "\u3000"]))
    text = "".join(parts)
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def random_bytes(rng):
    """Invalid UTF-8: text with bytes struck out, changed or put in."""
    data = bytearray(random_text(rng).encode())
    for _ in range(rng.randrange(1, 6)):
        if data:
            at = rng.randrange(len(data))
            action = rng.randrange(3)
            if action == 0:
                del data[at]
            elif action == 1:
                data[at] = rng.randrange(256)
            else:
                data[at:at] = bytes([rng.choice([0x80, 0xBF, 0xC0, 0xC2, 0xE0, 0xED, 0xF0, 0xF4, 0xFF, rng.randrange(128, 256)])])
    return bytes(data)


class Refused(Exception):
    """The tool did not load the tokenizer."""


class Ours:
    """tokenize_tool with a file of requests."""

    def __init__(self, tool, path):
        self.command = [tool, path]

    def ask(self, requests):
        with tempfile.TemporaryFile("w+") as given:
            given.writelines(json.dumps(r) + "\n" for r in requests)
            given.seek(0)
            done = subprocess.run(self.command, stdin=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode == 1 and not done.stdout:
            raise Refused(done.stderr.decode("utf8", "replace").strip())
        if done.returncode:
            raise RuntimeError(f"exit {done.returncode}: {done.stderr[:200]}")
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        assert len(answers) == len(requests)
        return answers


def load_reference(path):
    """Hugging Face's tokenizer, and the id that it pads with."""
    if os.path.isfile(path) and path.endswith(".json"):
        made = tokenizers.Tokenizer.from_file(path)
        return made, next((i for i in map(made.token_to_id, ("[PAD]", "<pad>")) if i is not None), None)
    import transformers

    folder = os.path.dirname(path) if os.path.isfile(path) else path
    if path.endswith("vocab.txt") and not os.path.exists(os.path.join(folder, "tokenizer_config.json")):
        tokens = [line.rstrip() for line in open(path, encoding="utf-8")]
        made = transformers.BertTokenizer(vocab={t: i for i, t in enumerate(tokens)})
    else:
        made = transformers.AutoTokenizer.from_pretrained(folder)
    return made.backend_tokenizer, made.pad_token_id


def flat(encoding, with_words=False):
    words = {"word_ids": [-1 if w is None else w for w in encoding.word_ids]} if with_words else {}
    return words | {
        "ids": encoding.ids,
        "type_ids": encoding.type_ids,
        "attention_mask": encoding.attention_mask,
        "special_tokens_mask": encoding.special_tokens_mask,
        "sequence_ids": [-1 if s is None else s for s in encoding.sequence_ids],
        "offsets": [list(o) for o in encoding.offsets],
    }


KEYS = ("ids", "type_ids", "attention_mask", "special_tokens_mask", "sequence_ids", "offsets")


class Reference:
    """Hugging Face's answers; bytes that are no UTF-8 are what Python makes of them, one U+FFFD a maximal subpart."""

    def __init__(self, path):
        self.hf, self.pad_id = load_reference(path)

    def words_answer(self, request):
        self.hf.encode_special_tokens = False
        words, pair = ([bytes.fromhex(w).decode() for w in request[key]] if key in request else None for key in ("words", "pair_words"))
        try:
            encoding = self.hf.encode(words, pair, is_pretokenized=True)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            return None
        return [flat(encoding, True)]

    def expected(self, request):
        """What the tool should answer; null for an error."""
        if "decode" in request:
            try:
                return self.hf.decode(request["decode"], skip_special_tokens=request["skip_special_tokens"])
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt):
                    raise
                return None
        return self.answer(request)

    def answer(self, request):
        hf = self.hf
        text = bytes.fromhex(request.get("text", "")).decode("utf-8", "replace")
        pair = bytes.fromhex(request["pair"]).decode("utf-8", "replace") if "pair" in request else None
        hf.no_truncation()
        hf.no_padding()
        if "words" in request:
            return self.words_answer(request)
        hf.encode_special_tokens = not request.get("parse_special_tokens", True)
        if request.get("pad_to") and self.pad_id is not None:
            hf.enable_padding(length=request["pad_to"], pad_id=self.pad_id)
        try:
            if request.get("max_length"):
                hf.enable_truncation(request["max_length"], stride=request.get("stride", 0), strategy=request["truncation"])
            encoding = hf.encode(text, pair, add_special_tokens=request.get("add_special_tokens", True))
        except BaseException as error:  # a panic of the Rust code is no Exception
            if isinstance(error, KeyboardInterrupt):
                raise
            return None
        with_words = request.get("with_word_ids", False)
        return [flat(encoding, with_words)] + [flat(o, with_words) for o in encoding.overflowing]


def difference(ours, theirs):
    """None where both agree, else what differs. Where Hugging Face fails we must fail."""
    if theirs is None:
        return None if "error" in ours else "an error expected"
    if "error" in ours and ours["message"].startswith("max_length: expected at least the"):
        return None  # Hugging Face's arithmetic wraps around and nothing is cut
    if "error" in ours and "a Replace that puts nothing before the text" in ours["message"]:
        return None  # its offsets go astray
    if "error" in ours:
        return "error: " + ours["message"]
    windows = [ours] + ours["overflowing"]
    if len(windows) != len(theirs):
        return f"{len(windows)} windows for {len(theirs)}"
    for i, (a, b) in enumerate(zip(windows, theirs)):
        for key in b:
            if a[key] != b[key]:
                return f"window {i}, {key}: ours {a[key][:40]} theirs {b[key][:40]}"
    return None


def text_requests(paths, limit):
    for path in paths:
        with open(path, "rb") as lines:
            for i, line in enumerate(lines):
                if i >= limit:
                    break
                yield {"text": line.rstrip(b"\n").hex()}


def fuzz_requests(rng, count, may_be_plain):
    for i in range(count):
        text = random_bytes(rng) if i % 4 == 3 else random_text(rng).encode()
        request = {"text": text.hex()}
        if i % 5 == 0:
            request["pair"] = random_text(rng).encode().hex()
        if i % 3 == 0:
            request["truncation"] = rng.choice(["longest_first", "only_first"] + ["only_second"] * ("pair" in request))
            request["max_length"] = rng.randrange(4, 40)
            request["stride"] = rng.choice([0, 0, 1, 2, 5])
        if i % 7 == 0:
            request["pad_to"] = rng.randrange(1, 60)
        if i % 11 == 0:
            request["add_special_tokens"] = False
        if i % 13 == 0 and may_be_plain:
            request["parse_special_tokens"] = False
        yield request


def case_requests(rng):
    """What the golden files hold: scripts, emoji, control characters, contractions; alone, joined and truncated."""
    texts = SCRIPTS + EMOJI + CONTROLS + CONTRACTIONS
    for text in texts:
        yield {"text": text.encode().hex()}
        yield {"text": (rng.choice(texts) + text + rng.choice(texts)).encode().hex()}
        for truncation in ("longest_first", "only_first", "only_second"):
            yield {"text": (text + " " + rng.choice(texts)).encode().hex(), "pair": rng.choice(texts).encode().hex(),
                   "truncation": truncation, "max_length": rng.randrange(6, 20), "stride": rng.randrange(3)}  # fmt: skip
    for length in (99, 100, 101, 1000, 5000):
        for letter in "a", "Z", "\u00e9", "\u6f22", "\U0001f600", "e\u0301":
            yield {"text": f"x {letter * length} y".encode().hex()}


def code_point_requests(step):
    """Planes 0 to 3 and the tags whole, of the others (private use, not assigned) every step-th."""
    together = []
    for c in itertools.chain(range(0xD800), range(0xE000, 0x40000), range(0x40000, 0xE0000, step), range(0xE0000, 0xE1000),
                             range(0xE1000, 0x110000, step)):  # fmt: skip
        char = chr(c)
        # Alone, between letters, and beside marks that have to be put in order.
        together.append(f"{char} a{char}b a\u0323{char}\u0301\u0323 {char}\u0327x")
        if len(together) == 16 or c < 0x80:
            yield {"text": " . ".join(together).encode().hex()}
            together = []
    yield {"text": " . ".join(together).encode().hex()}


def decode_requests(rng, count, size):
    for _ in range(count):
        yield {"decode": [rng.randrange(size) for _ in range(rng.randrange(1, 30))], "skip_special_tokens": rng.random() < 0.5}


def check(request, answer, theirs):
    """None, or what is wrong with the tool's answer."""
    expected = theirs.expected(request)
    if "decode" in request:
        if expected is None:
            return None if "error" in answer else "an error expected"
        return None if answer.get("text") == expected else f"{answer} for {expected!r}"
    found = difference(answer, expected)
    if found is None and "ids_only" in answer and "max_length" not in request:
        plain = theirs.answer({"text": request["text"], "add_special_tokens": False,
                               "parse_special_tokens": request.get("parse_special_tokens", True)})  # fmt: skip
        if answer["ids_only"] != plain[0]["ids"]:
            return "ids alone"
    return found


def shown(request):
    texts = {k: bytes.fromhex(v) if isinstance(v, str) else [bytes.fromhex(w) for w in v] for k, v in request.items() if k in ("text", "pair", "words", "pair_words")}
    return {**request, **texts}


CHUNK = 2000


def compare(name, requests, ours, theirs, report):
    """How many were compared, and how many of them differ."""
    total = wrong = 0
    requests = iter(requests)
    while chunk := list(itertools.islice(requests, CHUNK)):
        total += len(chunk)
        for request, answer in zip(chunk, ours.ask(chunk)):
            found = check(request, answer, theirs)
            if not found:
                continue
            wrong += 1
            if wrong <= report:
                print(f"  {name}: {shown(request)}\n    {found}")
    return total, wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tokenizers", nargs="+", metavar="TOKENIZER")
    parser.add_argument("--tool", required=True)
    parser.add_argument("--text", action="append", default=[], help="a file whose lines are compared")
    parser.add_argument("--lines", type=int, default=20000, help="lines of each file")
    parser.add_argument("--fuzz", type=int, default=20000, help="random texts")
    parser.add_argument("--code-point-step", type=int, default=1,
                        help="of planes without letters every n-th code point; 0: no code points at all")  # fmt: skip
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=int, default=5, help="differences to show of each kind")
    options = parser.parse_args()
    if tokenizers.__version__ != PINNED:
        sys.exit(f"tokenizers {PINNED} is needed, found {tokenizers.__version__}")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # panics' messages
    failed = False
    for path in options.tokenizers:
        theirs, ours = Reference(path), Ours(options.tool, path)
        rng = random.Random(options.seed)
        step = options.code_point_step
        parts = {
            "lines": text_requests(options.text, options.lines),
            "cases": case_requests(rng),
            # Hugging Face's unigram finds "<s>" as a piece even where special tokens are to be plain text; ours does not
            # let a text name them, on purpose.
            "fuzz": fuzz_requests(rng, options.fuzz, type(theirs.hf.model).__name__ != "Unigram"),
            "code points": code_point_requests(step) if step else [],
            "decode": decode_requests(rng, options.fuzz // 10, theirs.hf.get_vocab_size()),
        }
        total = equal = 0
        scores = []
        for name, requests in parts.items():
            count, wrong = compare(name, requests, ours, theirs, options.report)
            total, equal = total + count, equal + count - wrong
            scores.append(f"{name} {count - wrong}/{count}")
            failed |= wrong > 0
        print(f"{path}: parity {equal}/{total} ({', '.join(scores)})", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
