#!/usr/bin/env python3
"""Bundles of sentence-transformers folders. Run: python3 -m unittest discover tests/python"""

import json
import shutil
import tempfile
import unittest
from pathlib import Path

from safetensors.torch import load, load_file
from test_export import ROOT, entries, export

MODELS = ROOT / "tests/data/tasks"
MODULES = "extra/bertrt/modules/"


class SentenceExportTest(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = Path(self.temporary.name)
        self.addCleanup(self.temporary.cleanup)

    def bundle(self, checkpoint, task):
        output = self.folder / "bundle.pt"
        result = export(checkpoint, "--output", output, "--task", task)
        self.assertEqual(result.returncode, 0, result.stderr)
        return entries(output)

    def refusal(self, checkpoint, task):
        result = export(checkpoint, "--output", self.folder / "no.pt", "--task", task)
        self.assertEqual(result.returncode, 1)
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
        self.assertEqual(list(self.folder.glob("no.pt*")), [])
        return result.stderr

    def test_files_travel_as_they_are(self):
        files = self.bundle(MODELS / "sentence-mean", "sentence-embedding")
        names = [name.removeprefix(MODULES) for name in files if name.startswith(MODULES)]
        self.assertIn("modules.json", names)
        self.assertTrue(any(name.endswith("Dense/model.safetensors") for name in names), names)
        for name in names:
            self.assertEqual(files[MODULES + name], (MODELS / "sentence-mean" / name).read_bytes(), name)
        self.assertEqual(json.loads(files["extra/bertrt/manifest.json"])["task"], "sentence-embedding")

    def test_an_encoder_in_a_folder_of_its_own_and_pickled_weights(self):
        import torch

        moved = self.folder / "model"
        shutil.copytree(MODELS / "sentence-mean", moved)
        (moved / "0_Transformer").mkdir()
        for file in [one for one in moved.iterdir() if one.is_file()]:
            if file.name not in ("modules.json", "config_sentence_transformers.json", "expected.json"):
                file.rename(moved / "0_Transformer" / file.name)
        modules = json.loads((moved / "modules.json").read_text())
        modules[0]["path"] = "0_Transformer"
        (moved / "modules.json").write_text(json.dumps(modules))
        dense = next(moved.glob("*Dense"))
        weights = load_file(dense / "model.safetensors")
        torch.save(weights, dense / "pytorch_model.bin")
        (dense / "model.safetensors").unlink()
        files = self.bundle(moved, "sentence-embedding")
        found = load(files[f"{MODULES}{dense.name}/model.safetensors"])
        self.assertEqual({name: value.tolist() for name, value in found.items()},
                         {name: value.tolist() for name, value in weights.items()})  # fmt: skip

    def test_a_sparse_bundle_has_the_masked_lm_trace(self):
        manifest = json.loads(self.bundle(MODELS / "splade", "sparse")["extra/bertrt/manifest.json"])
        self.assertEqual(manifest["task"], "sparse")
        self.assertEqual(sorted(manifest["methods"]), ["encode", "forward", "head"])

    def test_modules_of_another_task_are_refused(self):
        self.assertIn("--task sparse fits", self.refusal(MODELS / "splade", "sentence-embedding"))
        self.assertIn("--task sentence-embedding fits", self.refusal(MODELS / "sentence-mean", "multi-vector"))
        self.assertIn("modules.json", self.refusal(MODELS / "feature-extraction", "multi-vector"))
        self.assertIn("StaticEmbedding", self.refusal(MODELS / "neighbour-static", "sentence-embedding"))
        self.assertIn("no folder", self.refusal(self.folder / "nowhere", "sparse"))


if __name__ == "__main__":
    unittest.main()
