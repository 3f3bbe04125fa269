#!/usr/bin/env python3
"""The committed traces do what tests/data/*/README.md says. Run: python3 -m unittest discover tests/python"""

import json
import re
import unittest
import zipfile
from pathlib import Path

import torch

DATA = Path(__file__).resolve().parents[1] / "data"
TRACES = DATA / "traces"
NAMES = {"i": "input_ids", "m": "attention_mask", "t": "token_type_ids"}
# trace -> (inputs in order, golden file)
ANY_LENGTH = {
    "pytorch_pretrained_bert": ("it", "pytorch_pretrained_bert"),
    "pytorch_transformers": ("it", "pytorch_transformers"),
    "bert_trap": ("im", "bert_one_segment"),
    "bert_tuple": ("imt", "bert"),
    "bert_dict": ("imt", "bert"),
    "bert_tensor": ("imt", "bert"),
    "bert_layers": ("imt", "bert"),
    "bert_hidden_states": ("imt", "bert"),
    "bert_permuted": ("tmi", "bert"),
    "bert_ids_mask": ("im", "bert_one_segment"),
    "bert_ids_only": ("i", "bert_one_segment"),
    "bert_ids_types": ("it", "bert"),
    "bert_int32": ("imt", "bert"),
    "bert_batch2": ("imt", "bert"),
}
PADDED = ("longformer", "toy_slice", "toy_rows", "toy_fixed")


def load(path):
    return torch.jit.load(path).eval()


def cases(path):
    return json.loads(path.read_text())["cases"]


def tensors(case, letters, kind=torch.long, length=0):
    padding = [0] * max(0, length - len(case["input_ids"]))
    return [torch.tensor([case[NAMES[letter]] + padding], dtype=kind) for letter in letters]


def last_hidden_state(output):
    while not torch.is_tensor(output):
        if isinstance(output, dict):
            output = output["last_hidden_state"]
        else:
            output = output[-1 if isinstance(output, list) else 0]
    return output[0]


def distance(found, expected):
    expected = torch.tensor(expected)
    return (found - expected).abs().max().item() if found.shape == expected.shape else float("inf")


torch.set_grad_enabled(False)


class TracesTest(unittest.TestCase):
    def test_own_length(self):
        for name, (letters, golden) in ANY_LENGTH.items():
            module = load(TRACES / f"{name}.pt")
            kind = torch.int32 if name == "bert_int32" else torch.long
            for case in cases(TRACES / f"{golden}.json"):
                found = last_hidden_state(module(*tensors(case, letters, kind)))
                self.assertLess(distance(found, case["outputs"]["all_encoder_layers"][-1]), 1e-5, name)

    def test_the_trap_takes_segments_as_mask(self):
        module, case = load(TRACES / "bert_trap.pt"), cases(TRACES / "bert_one_segment.json")[0]
        found = last_hidden_state(module(*tensors(case, "it")))
        self.assertGreater(distance(found, case["outputs"]["all_encoder_layers"][-1]), 0.1)

    def test_fixed_shapes_are_right_when_padded_and_only_then(self):
        for name in PADDED:
            module = load(TRACES / f"{name}.pt")
            for case in cases(TRACES / f"{name}.json"):
                length = len(case["input_ids"])
                found = last_hidden_state(module(*tensors(case, "im", length=14)))[:length]
                self.assertLess(distance(found, case["outputs"]["all_encoder_layers"][-1]), 1e-5, name)
            long = torch.arange(40)[None] % 60 + 30
            try:
                rows = last_hidden_state(module(long, torch.ones_like(long)))
            except RuntimeError:
                continue
            alone = last_hidden_state(module(long[:, :14], torch.ones(1, 14, dtype=torch.long)))
            if name == "toy_slice":  # silently wrong: what stands behind the traced length does not reach the front
                self.assertEqual(len(rows), 40)
                self.assertLess((rows[:14] - alone).abs().max().item(), 1e-5)
            elif name == "toy_rows":
                self.assertEqual(len(rows), 14)
            else:
                self.assertEqual(name, "longformer")  # silently wrong: far tokens lose their neighbours

    def test_parity(self):
        for path in sorted((DATA / "parity").glob("*.json")):
            module = load(path.with_suffix(".pt"))
            typed = path.stem.startswith(("bert", "electra", "albert"))
            for case in cases(path):
                inputs = tensors(case, "imt" if typed else "im")
                layers = module.encode(*inputs)[0]
                expected = case["outputs"]["all_encoder_layers"]
                self.assertEqual(len(layers), len(expected), path.name)
                for layer, values in zip(layers, expected):
                    self.assertLess(distance(layer[0], values), 1e-5, path.name)
                self.assertLess(distance(module(*inputs)[0], case["outputs"]["logits"]), 1e-4, path.name)

    def test_nothing_tells_where_it_was_made(self):
        here = re.escape(str(DATA.parents[1]).encode())
        paths = re.compile(rb"/(home|root|usr|tmp|Users)/|" + here)
        for path in [*TRACES.glob("*.pt*"), *(DATA / "parity").glob("*.pt")]:
            with zipfile.ZipFile(path) as archive:
                for entry in archive.namelist():
                    self.assertFalse(entry.endswith(".debug_pkl"), path.name)
                    self.assertIsNone(paths.search(archive.read(entry)), f"{path.name}: {entry}")


if __name__ == "__main__":
    unittest.main()
