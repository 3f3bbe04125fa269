#!/usr/bin/env python3
"""models/unused.py: which weights a bundle may go without. Run: python3 -m unittest discover tests/python"""

import sys
import unittest
from pathlib import Path

import torch
import transformers

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "models"))

from unused import not_to_leave_out, own_heads  # noqa: E402

transformers.logging.set_verbosity_error()  # of classes that are made for the names of their weights alone
SIZES = {"vocab_size": 20, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}


def model(name, **config):
    kind = getattr(transformers, name)
    with torch.device("meta"):
        return kind(kind.config_class(**(SIZES | config)))


class UnusedTest(unittest.TestCase):
    def assertMayGo(self, one, *names):
        self.assertEqual(not_to_leave_out(one, names), [])

    def assertMayNotGo(self, one, *names):
        for name in names:  # each by itself
            self.assertEqual(not_to_leave_out(one, [name]), [name])

    def test_heads_of_other_tasks_by_their_whole_names(self):
        for name in ("BertModel", "BertForTokenClassification", "BertForMaskedLM"):
            self.assertMayGo(
                model(name), "cls.seq_relationship.weight", "cls.seq_relationship.bias", "qa_outputs.weight",
                "bert.pooler.dense.weight", "bert.embeddings.position_ids"
            )  # fmt: skip
        self.assertMayGo(model("BertModel"), "cls.predictions.transform.LayerNorm.weight", "classifier.weight")
        self.assertMayGo(model("ElectraForMaskedLM"), "discriminator_predictions.dense_prediction.weight")
        self.assertMayGo(model("AlbertModel"), "sop_classifier.classifier.weight", "predictions.dense.bias")
        self.assertMayGo(model("RobertaForSequenceClassification"), "roberta.pooler.dense.weight", "lm_head.layer_norm.bias")

    def test_adapters_and_prompts(self):
        for name in ("BertModel", "BertForMaskedLM", "BertForSequenceClassification"):
            self.assertMayNotGo(
                model(name), "bert.encoder.layer.0.attention.self.query.lora_A.weight", "bert.pooler.dense.lora_A.weight",
                "cls.predictions.decoder.lora_A.weight", "cls.predictions.transform.dense.lora_A.weight", "soft_prompt",
                "prompt_encoder.default.embedding.weight", "prefix_encoder.embedding.weight", "bert.prompt_embeddings.weight",
                "bert.invertible_adapters.x.weight", "bert.lora_scaling", "scalar_mix.gamma",
                "lora_A.bert.encoder.layer.0.attention.self.query.weight", "bert.encoder.layer.2.output.dense.weight"
            )  # fmt: skip

    def test_more_in_a_head_than_its_class_computes(self):
        self.assertMayNotGo(
            model("RobertaForSequenceClassification"), "classifier.dense.lora_A.weight", "classifier.norm.weight",
            "classifier.modules_to_save.default.dense.weight", "classifier.original_module.dense.weight",
            "classifier.temperature", "temperature", "log_temperature", "classifier2.weight"
        )  # fmt: skip

    def test_another_head_of_the_same_name(self):
        self.assertMayNotGo(model("RobertaForTokenClassification"), "classifier.dense.weight")
        self.assertMayNotGo(model("RobertaForSequenceClassification"), "classifier.weight")
        self.assertMayGo(model("RobertaModel"), "classifier.dense.weight", "classifier.weight")

    def test_what_published_files_have_and_no_class(self):
        names = ["mask_predictions.dense.weight", "lm_predictions.lm_head.bias"]
        self.assertMayGo(model("DebertaV2Model"), *names)
        self.assertMayNotGo(model("BertModel"), *names)
        self.assertMayGo(model("BertModel", architectures=["HF_ColBERT"]), "linear.weight")
        self.assertMayNotGo(model("BertModel"), "linear.weight")

    def test_a_module_that_holds_one_other_is_no_head_itself(self):
        self.assertEqual(own_heads(model("BertForMaskedLM")), ["cls.predictions"])
        self.assertEqual(own_heads(model("RobertaForMaskedLM")), ["lm_head"])
        self.assertEqual(own_heads(model("BertModel")), [])


if __name__ == "__main__":
    unittest.main()
