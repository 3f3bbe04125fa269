"""Makes the archives of this folder: small files with everything that the reader must understand, and files that are
something else. Needs torch and safetensors. Run it here: python make_archives.py
"""

import io
import json
import sys
import warnings
import zipfile
from pathlib import Path
from typing import Dict, List, Optional, Tuple

import safetensors.torch
import torch

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "models"))
from bundle import write_archive  # noqa: E402

warnings.filterwarnings("ignore")


class Everything(torch.nn.Module):
    """Every kind of tensor and attribute that a module can carry in an archive."""

    counts: List[int]
    words: Dict[str, int]
    pair: Tuple[int, str]
    maybe: Optional[int]
    flags: List[bool]
    weights: List[float]
    tensors: List[torch.Tensor]

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(3)
        self.plain = torch.nn.Linear(3, 2)
        self.tied = torch.nn.Linear(3, 2)
        self.tied.weight = self.plain.weight
        base = torch.arange(12, dtype=torch.float32).reshape(3, 4) / 8
        self.register_buffer("base", base)
        self.register_buffer("transposed", base.t())
        self.register_buffer("part", base[1:, 1:3])
        self.register_buffer("expanded", torch.tensor([[1.5], [2.5]]).expand(2, 3))
        self.register_buffer("scalar", torch.tensor(0.25))
        self.register_buffer("empty", torch.zeros(0, 4))
        values = torch.tensor([0.0, -0.0, 1.0, -2.5, 65504.0, 6e-8, 6.1e-5, float("inf"), float("-inf"), 3.140625])
        self.register_buffer("as_half", values.half())
        self.register_buffer("as_bfloat", values.bfloat16())
        self.register_buffer("as_double", torch.randn(5, generator=generator, dtype=torch.float64))
        for name in ("int64", "int32", "int16", "int8", "uint8", "bool"):
            self.register_buffer("as_" + name, torch.tensor([[0, 1], [1, 0]]).to(getattr(torch, name)))
        self.register_buffer("as_complex", torch.tensor([1 + 2j, 3 - 4j]))
        self.counts, self.words, self.pair = [1, -2, 2**40], {"b": 1, "a": 2}, (7, "seven\n\u00e9")
        self.maybe, self.flags, self.weights = None, [True, False], [0.5, -1e300]
        self.tensors = [torch.ones(2)]
        self.number, self.ratio, self.text, self.device = -5, 0.125, "a text", torch.device("cpu")

    def forward(self, input_ids: torch.Tensor, scale: float = 2.0) -> Dict[str, torch.Tensor]:
        total = self.base.sum() + self.plain(torch.ones(3)).sum() + self.tied(torch.ones(3)).sum()
        return {"first": input_ids * scale, "second": total + self.number}

    @torch.jit.export
    def pairs(self, x: Optional[torch.Tensor], y: List[int]) -> Tuple[torch.Tensor, List[torch.Tensor]]:
        return torch.zeros(len(y)), self.tensors


def values_of(tensor):
    if tensor.dtype.is_floating_point:
        return [repr(value) for value in tensor.float().flatten().tolist()]
    return None


def save(module, name, extra=None):
    buffer = io.BytesIO()
    torch.jit.save(module, buffer)
    write_archive(buffer, HERE / name, extra or {})


def everything():
    module = torch.jit.script(Everything())
    manifest = json.dumps({"format_version": 1, "architecture": "toy", "unknown": {"ignored": [1, 2]}})
    save(module, "everything.pt", {"bertrt/manifest.json": manifest.encode(), "notes.txt": b"hello"})
    golden = {
        name: {"dtype": str(tensor.dtype).removeprefix("torch."), "shape": list(tensor.shape), "values": values_of(tensor)}
        for name, tensor in [*module.named_parameters(remove_duplicate=False), *module.named_buffers()]
    }
    (HERE / "everything.json").write_text(json.dumps(golden, indent=0) + "\n")
    repack("everything.pt", "deflated.pt", zipfile.ZIP_DEFLATED, False)
    repack("everything.pt", "zip64.pt", zipfile.ZIP_STORED, True)


def repack(source, target, compression, zip64):
    """The same entries as other zip writers would write them."""
    with zipfile.ZipFile(HERE / source) as old, zipfile.ZipFile(HERE / target, "w", compression) as new:
        if zip64:
            zipfile.ZIP_FILECOUNT_LIMIT = 1  # so that the end records are zip64 as well
        for entry in old.infolist():
            info = zipfile.ZipInfo(entry.filename, date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = compression
            with new.open(info, "w", force_zip64=zip64) as file:
                file.write(old.read(entry))
    zipfile.ZIP_FILECOUNT_LIMIT = (1 << 16) - 1


class TwoInputs(torch.nn.Module):
    def forward(self, input_ids, attention_mask):
        return torch.relu(input_ids.float()) * attention_mask


def traced():
    """The smallest trace: what the damage tests cut and bend at every place."""
    ids = torch.tensor([[1, 2, 3]])
    save(torch.jit.trace(TwoInputs(), (ids, torch.ones_like(ids))), "small.pt")


def others():
    linear = torch.nn.Linear(4, 4)
    torch.save(linear.state_dict(), HERE / "state_dict.pt")
    torch.save(linear.state_dict(), HERE / "state_dict_old.pt", _use_new_zipfile_serialization=False)
    safetensors.torch.save_file(linear.state_dict(), HERE / "weights.safetensors")
    # An ONNX model without a library for it: ir_version 8, producer "x", an opset import.
    (HERE / "model.onnx").write_bytes(b"\x08\x08\x12\x01x\x3a\x05\x12\x03abc\x42\x02\x10\x11")


if __name__ == "__main__":
    torch.manual_seed(0)
    everything()
    traced()
    others()
