#!/usr/bin/env python3
"""Writes model files that each tell one lie: python3 make_files.py FOLDER

FOLDER/files.json lists them: {"file", "expect"}. expect is "answer" for sound files, which must run (they show that the
others fail for their lie alone), "refuse" for those that must end with an error when they are run, "either" for those
that may be answered, but cleanly. Needs Python alone. See run_files.py, docs/security.md.
"""

import json
import random
import struct
import sys
import zipfile
import zlib
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUNDLE = HERE.parent / "data" / "parity" / "bert_relu.pt"
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "hello", "world"]
WIDTH = 4


# --- pickles, opcode by opcode ----------------------------------------------------------------------------------------


def string(value):
    data = value.encode() if isinstance(value, str) else value
    return b"X" + struct.pack("<I", len(data)) + data


def integer(value):
    return b"\x8a\x08" + (value % 2**64).to_bytes(8, "little")


def tuple_of(*items):
    return b"(" + b"".join(items) + b"t"


def named(module, name):
    return f"c{module}\n{name}\n".encode()


def module_object(name, **attributes):
    pairs = b"".join(string(key) + value for key, value in attributes.items())
    return named("__torch__", name) + b")\x81}(" + pairs + b"ub"


def tensor(key="0", shape=(2, 2), strides=None, offset=0, elements=4, storage="FloatStorage", device="cpu"):
    if strides is None:
        strides = [1] * len(shape)
        for axis in range(len(shape) - 2, -1, -1):
            strides[axis] = strides[axis + 1] * max(1, min(shape[axis + 1], 2**31))
    record = tuple_of(string("storage"), named("torch", storage), string(key), string(device), integer(elements)) + b"Q"
    hooks = named("collections", "OrderedDict") + b")R"
    sizes = tuple_of(*map(integer, shape)), tuple_of(*map(integer, strides))
    return named("torch._utils", "_rebuild_tensor_v2") + tuple_of(record, integer(offset), *sizes, b"\x89", hooks) + b"R"


def pickled(value):
    return b"\x80\x02" + value + b"."


# --- zip archives, field by field -------------------------------------------------------------------------------------


class Entry:
    """One file of an archive. Every keyword that is given replaces what would be true."""

    def __init__(self, name, data=b"", **lies):
        self.name = name.encode() if isinstance(name, str) else name
        self.data = data.encode() if isinstance(data, str) else data
        self.lies = lies

    def get(self, key, truth):
        return self.lies.get(key, truth)

    def stored(self):
        if self.get("method", 0) != 8 or "stored" in self.lies:
            return self.get("stored", self.data)
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        return packer.compress(self.data) + packer.flush()

    def common(self, where):
        """The thirteen fields of the directory and of the local header, from the flags to the sizes."""
        stored = self.stored()
        truth = {"flags": 0, "method": 0, "crc": zlib.crc32(self.data), "packed": len(stored), "size": len(self.data)}
        values = {key: self.get(f"{where}_{key}", self.get(key, value)) for key, value in truth.items()}
        return struct.pack("<HHIIII", values["flags"], values["method"], 0, values["crc"], values["packed"], values["size"])

    def local(self):
        name, extra = self.get("local_name", self.name), self.get("local_extra", b"")
        lengths = struct.pack("<HH", len(name), len(extra))
        head = b"PK\3\4" + struct.pack("<H", 20) + self.common("local") + lengths + name + extra
        return head + self.stored() + self.get("behind", b"")

    def directory(self, at):
        extra = self.get("extra", b"")
        head = b"PK\1\2" + struct.pack("<HH", 0x314, 20) + self.common("directory")
        rest = struct.pack("<HHHHHII", len(self.name), len(extra), 0, 0, 0, self.get("attributes", 0), self.get("at", at))
        return head + rest + self.name + extra


def pack(entries, prefix=b"", suffix=b"", comment=b"", count=None, wide=None):
    """The bytes of an archive; wide: None, or the small end record's (count, size, offset) beside a 64-bit one."""
    body, directory = bytearray(prefix), bytearray()
    for entry in entries:
        directory += entry.directory(len(body))
        body += entry.local()
    number = len(entries) if count is None else count
    small = (number, len(directory), len(body))
    end = b""
    if wide is not None:
        end_at = len(body) + len(directory)
        end = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, number, number, len(directory), len(body))
        end += struct.pack("<IIQI", 0x07064B50, 0, end_at, 1)
        small = wide
    end += struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, small[0], small[0], small[1], small[2], len(comment)) + comment
    return bytes(body + directory + end + suffix)


# --- a sound trace: an embedding, and a line that a lie can replace ---------------------------------------------------

CODE = """class M(Module):
  __parameters__ = ["w", ]
  __buffers__ = []
  w : Tensor
  training : bool
{attributes}  def forward(self: __torch__.M,
    input_ids: Tensor,
    attention_mask: Tensor,
    token_type_ids: Tensor) -> Tensor:
    w = self.w
    x = torch.embedding(w, input_ids)
{lines}
    return x
"""


def code(lines="pass_ = torch.add(x, 0)", attributes=""):
    indented = "\n".join("    " + line for line in lines.split("\n"))
    return CODE.format(lines=indented, attributes=attributes)


def weights():
    generator = random.Random(3)
    return b"".join(struct.pack("<f", generator.uniform(-1, 1)) for _ in range(len(WORDS) * WIDTH))


def trace(source=None, data=None, constants=None, **attributes):
    """The entries of the sound trace by name, with other code, another data.pkl, or further attributes."""
    held = {"w": tensor("0", (len(WORDS), WIDTH), elements=len(WORDS) * WIDTH), "training": b"\x89", **attributes}
    files = {
        "data.pkl": pickled(module_object("M", **held)) if data is None else data,
        "code/__torch__.py": code() if source is None else source,
        "constants.pkl": pickled(b")") if constants is None else constants,
        "data/0": weights(),
        "version": "3\n",
        "byteorder": "little",
    }
    return {name: Entry("t/" + name, content) for name, content in files.items()}


def packed(files, **end):
    return pack(list(files.values()), **end)


# --- the lies ---------------------------------------------------------------------------------------------------------


def changed(name, **lies):
    files = trace()
    files[name].lies.update(lies)
    return packed(files)


def with_entry(name, data=b"x", **lies):
    return packed(trace() | {"more": Entry(name, data, **lies)})


def zip_files():
    name = "code/__torch__.py"
    for file in ("code/__torch__.py", "data.pkl", "constants.pkl", "data/0"):
        yield f"folder-attribute-{file.split('/')[0]}", "refuse", changed(file, attributes=0x10)
    yield "label-attribute", "refuse", changed(name, attributes=0x08)
    yield "link-attribute", "refuse", changed(name, attributes=0xA1FF0000)
    for flag in (0x1, 0x20, 0x40, 0x2000, 0x8000):
        yield f"flags-{flag:x}", "refuse", changed(name, flags=flag)
    yield "streamed-without-descriptor", "refuse", changed(name, flags=8, local_crc=0, local_packed=0, local_size=0)
    lie = struct.pack("<IIII", 0x08074B50, 1, 2, 3)
    yield "streamed-descriptor-lies", "refuse", changed(name, flags=8, behind=lie)
    for field, value in (("flags", 0x800), ("method", 8), ("crc", 1), ("packed", 1), ("size", 1), ("name", b"t/code/x.py")):
        yield f"local-{field}-differs", "refuse", changed(name, **{"local_" + field: value})
    yield "crc-of-code", "refuse", changed(name, crc=1)
    yield "crc-of-weights", "refuse", changed("data/0", crc=1)
    yield "size-of-a-gigabyte", "refuse", changed(name, size=1 << 30)
    yield "packed-beyond-the-end", "refuse", changed("byteorder", packed=1 << 24, size=1 << 24)
    yield "method-12", "refuse", changed(name, method=12)
    yield "deflate-of-nonsense", "refuse", changed(name, method=8, stored=b"\xff" * 64)
    yield "deflated", "answer", changed(name, method=8)
    yield "overlap", "refuse", changed("data/0", at=0)
    yield "second-name-in-extra", "refuse", changed(name, extra=b"\x75\x70\x05\x00\x01abcd")
    yield "extra-cut", "refuse", changed(name, extra=b"\x99\x99\xff\x00a")
    wide = struct.pack("<HHQQ", 1, 16, 1 << 63, 1 << 63)
    ones = {"size": 0xFFFFFFFF, "packed": 0xFFFFFFFF}
    yield "size-of-2^63", "refuse", changed(name, extra=wide, local_extra=wide, **ones)
    yield "gap", "refuse", changed(name, behind=b"hidden")
    yield "prefix", "refuse", packed(trace(), prefix=b"#!/bin/sh\n")
    yield "prefix-like-an-entry", "refuse", packed(trace(), prefix=Entry("t/code/__torch__.py", "x").local())
    yield "suffix", "refuse", packed(trace(), suffix=b"x")
    yield "comment-is-an-end", "refuse", packed(trace(), comment=b"PK\5\6" + bytes(18))
    yield "archive-in-a-comment", "refuse", pack([], comment=packed(trace()))
    yield "comment", "answer", packed(trace(), comment=b"made by hand")
    yield "count-too-small", "refuse", packed(trace(), count=2)
    yield "count-too-large", "refuse", packed(trace(), count=60000)
    yield "wide-end", "answer", packed(trace(), wide=(0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF))
    yield "wide-end-differs", "refuse", packed(trace(), wide=(2, 0xFFFFFFFF, 0xFFFFFFFF))
    yield "wide-end-offset-differs", "refuse", packed(trace(), wide=(0xFFFF, 0xFFFFFFFF, 0))
    yield "bomb-unread", "either", with_entry("t/more", bytes(1 << 26), method=8)
    yield "bomb-extra", "refuse", with_entry("t/extra/zeros", bytes(1 << 26), method=8)
    yield "bomb-code", "refuse", with_entry("t/code/z.py", b"(" * (40 << 20), method=8)
    many = {f"e{i}": Entry(f"t/extra/{i}") for i in range(60000)}
    yield "entries-60000", "either", packed(trace() | many)
    sound = packed(trace())
    for part in range(1, 12):
        yield f"cut-{part}", "refuse", sound[: len(sound) * part // 12]


def name_files():
    bad = {
        "dots": "t/../../x", "double-slash": "t/code//x.py", "absolute": "/t/x", "backslash": "t\\x", "zero": "t/a\0b",
        "escape": "t/code/\x1b[31mred.py", "line-end": "t/a\nb", "direction": "t/a\u202eb", "c1": "t/a\u009bb",
        "not-utf8": b"t/\xff\xfe", "overlong": b"t/\xc0\xaf", "twice": "t/code/__torch__.py", "empty": "",
        "case-twice": "t/CODE/__torch__.py", "case-folder": "t/Code/x.py", "another-root": "u/x", "no-root": "x",
    }  # fmt: skip
    for what, name in bad.items():
        yield f"name-{what}", "refuse", with_entry(name)
    yield "name-first-root", "refuse", packed({"first": Entry("u/x")} | trace())
    yield "folders", "answer", packed({"t": Entry("t/", attributes=0x41ED0010)} | trace())


def pickle_files():
    def data(pickle):
        return packed(trace(data=pickle))

    def attribute(value):
        return packed(trace(more=value))

    yield "call-of-system", "refuse", data(pickled(named("os", "system") + tuple_of(string("touch WRITTEN")) + b"R"))
    yield "call-of-eval", "refuse", data(pickled(named("builtins", "eval") + tuple_of(string("1")) + b"R"))
    yield "call-of-load", "refuse", data(pickled(named("torch", "load") + b")R"))
    yield "protocol-4", "refuse", data(b"\x80\x04\x8c\x02os\x8c\x06system\x93.")
    for what, pickle in {
        "empty": b"", "no-stop": b"\x80\x02N", "text-lies": pickled(b"X\xff\xff\xff\xffabc"), "no-mark": pickled(b"t"),
        "memo-far": pickled(b"Nr\xff\xff\xff\x7f"), "memo-empty": pickled(b"h\7"), "build-on-none": pickled(b"N}b"),
        "two-values": pickled(b"NN"), "a-number": pickled(b"K\1"), "long-of-255": pickled(b"\x8a\xff" + bytes(255)),
    }.items():  # fmt: skip
        yield f"pickle-{what}", "refuse", data(pickle)
    yield "marks", "refuse", data(pickled(b"(" * (12 << 20)))
    yield "lists", "refuse", data(pickled(b"(" + b"]" * (12 << 20) + b"t"))
    yield "pickle-17-million", "refuse", data(pickled(b"N" * (17 << 20)))
    for depth in (1000, 4000000):
        yield f"tuples-{depth}", "refuse", attribute(b")" + b"\x85" * depth)
        yield f"constants-{depth}", "refuse", packed(trace(constants=pickled(b"()" + b"\x85" * depth + b"t")))
    yield "list-of-itself", "refuse", attribute(b"]q\1h\1a")
    yield "module-of-itself", "refuse", data(pickled(named("__torch__", "M") + b")\x81q\1}(" + string("a") + b"h\1ub"))
    doubled = b"(Nq\0" + b"h\0h\0\x86q\0" * 60 + b"t"
    yield "values-2^60", "refuse", attribute(doubled)
    tower = module_object("M", w=tensor())
    for level in range(60):
        tower += bytes([ord("q"), level])
        tower = named("__torch__", "M") + b")\x81}(" + string("a") + tower + string("b") + bytes([ord("h"), level]) + b"ub"
    yield "modules-2^60", "refuse", data(pickled(tower))
    long_name = string("n" * (1 << 20)) + b"q\1"
    names = b"".join(b"h\1" + named("__torch__", "M") + b")\x81}b" for _ in range(1000))
    yield "long-names", "refuse", data(pickled(named("__torch__", "M") + b")\x81}(" + long_name + b"N" + names + b"ub"))


def tensor_files():
    def lying(**numbers):
        return packed(trace(more=tensor(**numbers)) | {"data/1": Entry("t/data/1", bytes(16))})

    sound = {"key": "1"}
    yield "tensor", "either", lying(**sound)
    for what, numbers in {
        "numel-large": {"elements": 600000000}, "numel-small": {"elements": 3}, "numel-negative": {"elements": -4},
        "numel-2^62": {"elements": 1 << 62}, "other-type": {"storage": "DoubleStorage"},
        "unknown-type": {"storage": "EvilStorage"}, "complex-lies": {"storage": "ComplexFloatStorage"},
        "shape-large": {"shape": (5,)}, "shape-2^62": {"shape": (1 << 62,)}, "shape-product": {"shape": (1 << 32, 1 << 32)},
        "shape-negative": {"shape": (-1,)}, "shape-empty-2^62": {"shape": (0, 1 << 62)}, "rank-1000": {"shape": (1,) * 1000},
        "strides-few": {"shape": (2, 2), "strides": (1,)}, "stride-2^62": {"shape": (2,), "strides": (1 << 62,)},
        "stride-negative": {"shape": (2,), "strides": (-1,)}, "offset": {"offset": 1}, "offset-negative": {"offset": -1},
        "offset-2^62": {"offset": 1 << 62}, "key-missing": {"key": "9"}, "key-outside": {"key": "../version"},
        "expanded-2^33": {"shape": (1 << 33,), "strides": (0,)},
    }.items():  # fmt: skip
        yield f"tensor-{what}", "refuse", lying(**(sound | numbers))
        nested = b"](" + tensor(**(sound | numbers)) + b"e"
        yield f"in-a-list-{what}", "refuse", packed(trace(more=nested) | {"data/1": Entry("t/data/1", bytes(16))})
    lie = pickled(tuple_of(tensor("0", (600000000,), elements=600000000)))
    yield "constant-lies", "refuse", packed(trace(constants=lie) | {"c": Entry("t/constants/0", bytes(16))})


def example_files():
    """Examples of inputs are recorded without their values: what their shapes say is held to nothing."""
    for name, shape in {"sound": (1, 5), "2^18": (1, 1 << 18), "2^19": (1, 1 << 19), "2^31": (1, 1 << 31), "texts": (1 << 24, 5), "2^35": (1 << 5, 1 << 30)}.items():
        for kind in ("LongStorage", "FloatStorage", "ByteStorage", "CharStorage", "ShortStorage", "DoubleStorage", "BoolStorage"):
            examples = [tensor(str(i), shape, strides=(0, 1), elements=0, storage=kind if i == 1 else "LongStorage") for i in range(3)]
            record = pickled(b"}(" + string("forward") + b"](" + b"".join(examples) + b"eu")
            ordinary = name in ("sound", "2^18")
            yield f"example-{name}-{kind}", "answer" if name == "sound" else "either" if ordinary else "refuse", packed(trace() | {"examples": Entry("t/traced_inputs.pkl", record)})


def code_files():
    use = "\nx = torch.add(x, torch.mul(torch.sum(y), 0.))"
    for what, lines in {
        "save": 'torch.save(x, "WRITTEN")', "save-by-ops": 'ops.aten.save(x, "WRITTEN")', "save-of-a-value": 'x.save("WRITTEN")',
        "save-renamed": 'f = x.save\nf("WRITTEN")', "save-as-float": 'float = x.save\ny = float("WRITTEN")',
        "save-by-getattr": 'getattr(x, "save")("WRITTEN")', "from-file": 'y = torch.from_file("/etc/passwd", False, 4)' + use,
        "strides": "y = torch.as_strided(x, [1000000], [1], 0)" + use, "set": "y = torch.set_(torch.ones([2]), x)" + use,
        "reinterpret": "y = ops.inductor._reinterpret_tensor(x, [1000000], [1], 0)" + use,
        "resize": "y = (torch.ones([2])).resize_([100000])" + use, "weight-norm": "y = torch._weight_norm(x, x, 0)" + use,
        "endless": "while True:\n  x = torch.add(x, 1)", "doubling": "l = [1]\nfor i in range(60):\n  l = torch.add(l, l)",
        "repeated-ids": "z = torch.as_strided(input_ids, [1000000000], [0])\ny = torch.embedding(w, z)" + use,
        "long-sum": "y = torch.as_strided(x, [100000000000], [0])" + use,
        "many-adds": "y = torch.zeros([30000000])\n" + "\n".join(["y = torch.add(y, 1)"] * 200) + use,
        "many-positions": "y = torch.arange(4000000)\n" + "\n".join(["y = torch.add(y, 1)"] * 2000) + use,
        "long-product": "y = torch.expand(torch.ones([1]), [20000, 20000])\ny = torch.matmul(y, y)" + use,
        "long-sort": "y = torch.sort(torch.as_strided(x, [100000000], [0]))[0]" + use,
        "terabytes": "x = torch.ones([1099511627776])", "output-terabytes": "x = torch.expand(x, [1 << 40, 4, 4])",
        "divide-by-0": "a = torch.len(torch.size(x))\nx = torch.add(x, torch.floordiv(a, torch.sub(a, 3)))",
        "raise": 'ops.prim.RaiseException("one\\ntwo\\nthree")',
        "unwritten": "l = uninitialized(List[int])\nx = torch.add(x, torch.len(l))", "unknown": "y = torch.no_such(x)",
        "undefined": "x = nowhere", "no-end-of-text": 'y = "abc', "no-end-of-bracket": "y = (((", "nonsense": ") = [} 1 2",
    }.items():  # fmt: skip
        yield f"code-{what}", "refuse", packed(trace(code(lines)))
    for what, lines in {
        "parentheses": "y = " + "(" * 50000 + "x" + ")" * 50000, "minuses": "y = " + "- " * 100000 + "x",
        "calls": "y = " + "torch.neg(" * 50000 + "x" + ")" * 50000, "types": "y = annotate(" + "List[" * 50000,
        "ifs": "\n".join("  " * i + "if True:" for i in range(1000)), "sum": "y = " + " + ".join(["x"] * 50000),
        "lines": "\n".join(["x = torch.add(x, 1)"] * 100000), "names": "\n".join(f"y = torch.f{i}(x)" for i in range(30000)),
        "cast": "b = unchecked_cast(__torch__.B, x)",
        "long-name": "y = torch." + "f" * 3000000 + "(x)", "print": 'for i in range(1000):\n  print("SPAM", i)',
    }.items():  # fmt: skip
        yield f"code-{what}", "either", packed(trace(code(lines)))
    yield "code-zero-bytes", "either", packed(trace(code() + "\0\0"))
    yield "code-empty", "refuse", packed(trace(""))
    yield "code-other-class", "refuse", packed(trace("class N(Module):\n  training : bool\n"))
    setstate = "class E(Module):\n  def __setstate__(self: __torch__.E, s: int) -> NoneType:\n    torch.save(s, \"WRITTEN\")\n"
    held = named("__torch__", "E") + b")\x81K\1b"
    yield "setstate", "either", packed(trace(setstate + code(attributes="  e : __torch__.E\n"), e=held))


def bundle_files():
    with zipfile.ZipFile(BUNDLE) as archive:
        parts = {name.split("/", 1)[1]: archive.read(name) for name in archive.namelist()}
    own = "extra/bertrt/"

    def bundle(**files):
        renamed = {own + name.replace("__", "/").replace("_json", ".json"): data for name, data in files.items()}
        raw = {name: data if isinstance(data, bytes) else json.dumps(data).encode() for name, data in renamed.items()}
        return pack([Entry("b/" + name, data) for name, data in (parts | raw).items()])

    def edited(name, *path, value):
        document = json.loads(parts[own + name])
        place = document
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
        return bundle(**{name.replace(".json", "_json"): document})

    yield "bundle", "answer", bundle()
    for what, text in {"empty": b"", "deep": b"[" * 100000, "list": b"[]", "cut": parts[own + "manifest.json"][:100],
                       "not-utf8": b'{"format_version": 1, "task": "\xff"}', "nan": b'{"format_version": NaN}',
                       "key-twice": b'{"format_version": 1, "format_version": 1}'}.items():  # fmt: skip
        yield f"manifest-{what}", "refuse", bundle(manifest_json=text)
        yield f"self-test-{what}", "refuse", bundle(selftest_json=text)
    for value in (0, 2, -1, 1.5, "1", None, 1 << 64):
        yield f"manifest-version-{value}", "refuse", edited("manifest.json", "format_version", value=value)
    for key in ("hidden_size", "num_hidden_layers", "num_attention_heads", "vocab_size", "max_position_embeddings"):
        for value in (0, 2147483647):
            yield f"manifest-{key}-{value}", "either", edited("manifest.json", "config", key, value=value)
        for value in (-1, "x", [], 1.5):
            yield f"manifest-{key}-{value}", "refuse", edited("manifest.json", "config", key, value=value)
    yield "manifest-escape", "refuse", edited("manifest.json", "task", value="\x1b[2Jred\n")
    yield "manifest-labels", "either", edited("manifest.json", "labels", value=["a"] * 900000)
    case = ("cases", 0)
    hidden = (*case, "last_hidden_state")
    for what, path, value in (
        ("no-cases", ("cases",), []), ("no-rows", (*hidden, "rows"), []), ("no-data", (*hidden, "data"), []),
        ("rows-beyond", (*hidden, "rows"), [1000000] * 3), ("rows-2^64", (*hidden, "rows"), [2**64 - 1] * 3),
        ("rows-negative", (*hidden, "rows"), [-1] * 3), ("infinite", (*hidden, "data", 0, 0), 1e39),
        ("ids-empty", (*case, "input_ids"), []), ("ids-huge", (*case, "input_ids"), [2**31 - 1]),
        ("types-few", (*case, "token_type_ids"), [0]), ("text-number", (*case, "text"), 5),
    ):  # fmt: skip
        yield f"self-test-{what}", "refuse", edited("selftest.json", *path, value=value)
    wrong = max((name for name in parts if name.startswith("data/")), key=lambda name: len(parts[name]))
    yield "weights-of-nonsense", "either", pack([Entry("b/" + n, bytes(len(d)) if n == wrong else d) for n, d in parts.items()])
    for name in [name for name in parts if name.startswith(own + "tokenizer/")]:
        for what, data in (("empty", b""), ("cut", parts[name][: len(parts[name]) // 2]), ("nonsense", b"\xff\xfe\0{[" * 99)):
            lied = parts | {name: data}
            yield f"tokenizer-{name.rsplit('/')[-1]}-{what}", "either", pack([Entry("b/" + n, d) for n, d in lied.items()])


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(WORDS) + "\n")
    listed = [("trace", "answer", packed(trace()))]
    for kind in (zip_files, name_files, pickle_files, tensor_files, example_files, code_files, bundle_files):
        listed += kind()
    files = []
    for name, expect, data in listed:
        file = name.replace(" ", "-") + ".pt"
        (folder / file).write_bytes(data)
        files.append({"file": file, "expect": expect})
    assert len({entry["file"] for entry in files}) == len(files), "two files of one name"
    (folder / "files.json").write_text(json.dumps(files, indent=0))
    print(f"{len(files)} files")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
