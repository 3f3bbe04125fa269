"""Texts that a subword tokenizer has to get right, and what Hugging Face gives for them, as JSON for the C++ tests.

Offsets are written in bytes, as the library counts them. The digests cover every code point: one for each 256, so that
a difference can be found: CRC-32 over the tokens' ids and offsets, made the same way in subword_golden.cc.
"""

import codecs
import json
import random
import struct
import zlib

SCRIPTS = [
    "The quick brown fox jumps over the lazy dog; it's 1,234.56 dollars, isn't it?",
    "Le café est très bon, déjà vu à Noël; garçon, où êtes-vous?",
    "Die Straße ist größer als früher, Fußgänger!",
    "Türkçe İstanbul'da ışık konuşulur.",
    "Język polski: łódź, źdźbło, żółw.",
    "Tiếng Việt là ngôn ngữ của người Việt.",
    "Москва — столица России, крупнейший город.",
    "Українська мова: ґанок, їжак, об'єкт.",
    "Η ελληνική γλώσσα, ΟΔΥΣΣΕΥΣ ς σ.",
    "العربية لُغَة سامية واسعة الانتشار، ١٢٣",
    "עברית היא שפה שמית, שָׁלוֹם",
    "हिन्दी भारत की राजभाषा है। १२३",
    "বাংলা ভাষা একটি ভাষা",
    "தமிழ் மொழி தமிழர்களின் மொழி",
    "ภาษาไทยเป็นภาษาราชการ น้ำ",
    "ქართული ენა Ⴀ Ა",
    "Հայերեն լեզու և",
    "አማርኛ ቋንቋ",
    "東京は日本の首都です。人口は約千四百万人。カタカナ ｶﾞ",
    "中华人民共和国首都北京是一座历史名城。繁體中文",
    "한국어는 대한민국의 공용어입니다. 각 가",
    "ភាសាខ្មែរ မြန်မာဘာသာ ພາສາລາວ",
    "ᏣᎳᎩ ᐃᓄᒃᑎᑐᑦ ᚠᚢᚦ 𐌰𐌱 𐐷",
]
EMOJI = ["😀", "👍🏽", "👨‍👩‍👧‍👦", "🇩🇪🇫🇷", "❤️", "1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "a😀b 👩🏾‍🚀!", "☺︎ ☺️", "©\u200d®"]
CONTROLS = [
    "", " ", "  ", "\t", "\n", "\r\n", "a\r\nb", "a\tb", "a\x00b", "\x00", "\x01a", "a\x01", " \x01a", "\x7f", "a\x85b", "\xa0a\xa0b",
    "a\u200bb", "\u200b", "\ufeffabc", "abc\ufeff", "a\u200d b", "\u200dab", "x \u200dy", "\u0301a", "a \u0301b", "\u2028a", "\u3000a\u3000",
    "\u180e", "a\u2060b", "\u00ada", "\u0600 1", "\u0600x\u0301", "\U000e0001a", "\ufffd", "a\ufffdb", "\ufffe", "\U0010ffff", "\u1680a",
    "a" + "\u0301" * 40, "e\u0323\u0307", "q\u0307\u0323", "\u0344", "ﬃ\u0301 ½ ㎏ ﷺ", "¨ a¨b", "``quoted'' ''a``", "'''", "`` ''",
]
CONTRACTIONS = [
    "it's we're I've I'm you'll he'd can't", "IT'S 'S 's'", "'s", " 's", "''s", "a'sb", "'re've", "'r", "'l", "'ll'll", "!'s", "x'",
    "1's", "  's", "a  b", "a   b", " a", "  a", "a ", "a  ", "a\n\nb", "a \n b", "\n a", "a\u3000\u3000b", " \n", "x\t\ty",
    "¹²3४", "a1b2", "_a_", "foo_bar.baz(qux)", "http://a.b/c?d=e&f", "▁a▁▁b", "a ▁b", "Ġa", "<0x41>",
]


def fuzz(count: int, seed: int) -> list[str]:
    draw = random.Random(seed)
    pools = [
        "abcdefghijklmnopqrstuvwxyzABC", "0123456789", "  \t\n\r\xa0\u2003\u3000\x85\u200b\ufeff", "'\"`.,!?-_()[]{}<>/|@#$%&*~+=",
        "éèàñüßÄÖİıſœÆøð", "日本語中文漢字한국어カタカナﾊﾝ", "العربيةעבריתहिन्दीไทยខ្មែរ", "😀👍🏽🇩🇪\u200d❤️", "\u0301\u0308\u0323\u200d\u0338\u093c\u0e33",
        "ﬁ½²①Ⅳ㎏™℃ªº…ﷺＡ１", "\x00\x01\x7f\xad\u0600\u200e\ufffd\U000e0001\U0010ffff", "ЖдщΩλΣςΆ", "▁",
    ]
    texts = []
    for _ in range(count):
        parts = []
        for _ in range(draw.choice([1, 2, 3, 5, 8, 20])):
            k = draw.random()
            if k < 0.12:
                parts.append(draw.choice(["'s", "'re", "'ll", "n't", "``", "''", "  "]))
            elif k < 0.3:
                parts.append(" ")
            else:
                pool = draw.choice(pools) if k < 0.7 else pools[0]
                parts.append("".join(draw.choice(pool) for _ in range(draw.choice([1, 1, 2, 4]))))
        texts.append("".join(parts))
    return texts


INVALID = [
    b"\x80", b"a\xffb", b"\xc3", b"\xc3 a", b"\xe2\x82", b"\xe2\x82a", b"\xf0\x9f\x98", b"\xf0\x9f\x98 \xf0", b"\xed\xa0\x80", b"\xc0\x80",
    b"\xf5\x80\x80\x80", b"caf\xe9 \xe2\x28\xa1", b"\xf4\x90\x80\x80x", b"ok \xf0\x80\x80 ok", b"\xef\xbb\xbfbom \xfe\xff",
]


def decode_with_places(data: bytes) -> tuple[str, list[tuple[int, int]]]:
    """Text with U+FFFD for each maximal invalid subpart, and the bytes that each character stands for."""
    bad: dict[int, int] = {}

    def handler(error: UnicodeDecodeError):
        bad[error.start] = error.end
        return "\ufffd", error.end

    codecs.register_error("places", handler)
    text = data.decode("utf-8", errors="places")
    places, at = [], 0
    for c in text:
        end = bad[at] if at in bad else at + len(c.encode())
        places.append((at, end))
        at = end
    return text, places


def byte_offsets(offsets, places):
    end = places[-1][1] if places else 0
    begins = [p[0] for p in places] + [end]
    return [[begins[a], begins[b] if b == a else places[b - 1][1]] for a, b in offsets]


def places_of(text: str) -> list[tuple[int, int]]:
    places, at = [], 0
    for c in text:
        size = len(c.encode())
        places.append((at, at + size))
        at += size
    return places


def one(tokenizer, text: str, places=None) -> dict:
    encoding = tokenizer.encode(text, add_special_tokens=False)
    return {"ids": encoding.ids, "offsets": byte_offsets(encoding.offsets, places or places_of(text)),
            "decoded": tokenizer.decode(encoding.ids, skip_special_tokens=True)}


def digests(tokenizer, inside: bool) -> str:
    """Of each page of 256 code points, as words of their own or inside words."""
    result = []
    for page in range(0, 0x110000, 256):
        points = [c for c in range(page, page + 256) if not 0xD800 <= c < 0xE000]
        text = " ".join(f"ab{chr(c)}cd {chr(c)}1" if inside else chr(c) for c in points)
        encoding = tokenizer.encode(text, add_special_tokens=False)
        numbers = []
        for id_, (begin, end) in zip(encoding.ids, byte_offsets(encoding.offsets, places_of(text))):
            numbers += (id_, begin, end)
        result.append(f"{zlib.crc32(struct.pack(f'<{len(numbers)}I', *numbers)):08x}")
    return "".join(result)


def window(encoding, text: str, pair: str | None) -> dict:
    places = [places_of(text), places_of(pair or "")]
    offsets = []
    for sequence, offset in zip(encoding.sequence_ids, encoding.offsets):
        offsets += byte_offsets([offset], places[sequence]) if sequence is not None else [[0, 0]]
    return {"ids": encoding.ids, "types": encoding.type_ids, "offsets": offsets, "special": encoding.special_tokens_mask,
            "sequences": [-1 if s is None else s for s in encoding.sequence_ids]}


def templates(tokenizer, words: list[str]) -> list[dict]:
    long, short = " ".join(words), " ".join(words[:4])
    cases = []
    for text, pair in ((short, None), ("", None), (short, long), (long, short), (long, "")):
        cases.append((text, pair, 0, "none", 0))
    for length in (8, 13):
        for stride in (0, 2) if length > 8 else (0, 1):
            cases.append((long, None, length, "longest_first", stride))
            cases.append((long, None, length, "only_first", stride))
            for strategy in ("longest_first", "only_first", "only_second"):
                text, pair = (long, short) if strategy != "only_second" else (short, long)
                cases.append((text, pair, length + 12 if strategy != "longest_first" else length, strategy, stride))
    result = []
    for text, pair, length, strategy, stride in cases:
        if length:
            tokenizer.enable_truncation(length, stride=stride, strategy=strategy)
        else:
            tokenizer.no_truncation()
        try:
            encoding = tokenizer.encode(text, pair)
        except BaseException:  # the other text alone is too long
            continue
        finally:
            tokenizer.no_truncation()
        result.append({"text": text, "pair": pair, "max_length": length, "truncation": strategy, "stride": stride,
                       **window(encoding, text, pair), "overflowing": [window(o, text, pair) for o in encoding.overflowing]})
    return result


def golden(tokenizer, special: list[str], with_digests: bool, fuzz_count: int = 150) -> dict:
    mask = special[-1]
    texts = SCRIPTS + EMOJI + CONTROLS + CONTRACTIONS + fuzz(fuzz_count, 7)
    texts += [f"a {mask} b", f"a{mask}b", f"  {mask}  {mask}.", f"{special[0]}x {special[1]}", f"x　{mask}　y", special[0]]
    result = {"texts": [{"text": text, **one(tokenizer, text)} for text in texts], "invalid": []}
    for data in INVALID:
        text, places = decode_with_places(data)
        case = one(tokenizer, text, places)
        del case["decoded"]
        result["invalid"].append({"hex": data.hex(), **case})
    result["templates"] = templates(tokenizer, ("Hello, world! it's a café déjà vu ").split() + [mask, "日本語", "end"])
    if with_digests:
        result["alone"] = digests(tokenizer, False)
        result["inside"] = digests(tokenizer, True)
    return result


def write(path, value) -> None:
    """One case a line, ASCII only."""
    parts = []
    for key, content in value.items():
        if isinstance(content, list):
            lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in content)
            parts.append(f"{json.dumps(key)}:[\n{lines}\n]")
        else:
            parts.append(f"{json.dumps(key)}:{json.dumps(content)}")
    path.write_text("{" + ",\n".join(parts) + "}\n")
