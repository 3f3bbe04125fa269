#!/usr/bin/env python3
"""models/export.py on tiny checkpoints. Run: python3 -m unittest discover tests/python"""

import json
import struct
import subprocess
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path

import torch
import transformers
from tokenizers import ByteLevelBPETokenizer

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "models"))

import bundle  # noqa: E402

SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 40,
}


def export(*arguments):
    return subprocess.run(
        [sys.executable, ROOT / "models/export.py", *map(str, arguments)], capture_output=True, text=True, check=False
    )


def bert_checkpoint(folder):
    words = "[PAD] [UNK] [CLS] [SEP] [MASK] paris is the capital of . ? jim ##s".split()
    (folder / "vocab.txt").write_text("\n".join(words) + "\n")
    config = transformers.BertConfig(vocab_size=20_000, **SIZES)  # large beside the rest: a second copy would show
    transformers.BertForMaskedLM(config).save_pretrained(folder)
    transformers.BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    return folder


def entries(path):
    with zipfile.ZipFile(path) as archive:
        return {name.split("/", 1)[1]: archive.read(name) for name in archive.namelist()}


class ExportTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = Path(cls.temporary.name)
        (cls.folder / "bert").mkdir()
        cls.checkpoint = bert_checkpoint(cls.folder / "bert")
        cls.output = cls.folder / "bert.pt"
        cls.result = export(cls.checkpoint, "--output", cls.output, "--task", "masked-lm", "--dtype", "float16")

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def test_succeeds_and_prints_the_comparison(self):
        self.assertEqual(self.result.returncode, 0, self.result.stderr)
        for case in ("batch 1, length   1", "batch 1, length  40", "batch 3, length   7"):
            self.assertIn(case, self.result.stdout)

    def test_manifest(self):
        manifest = json.loads(entries(self.output)["extra/bertrt/manifest.json"])
        self.assertEqual(manifest["format_version"], 1)
        self.assertEqual(manifest["traced"], {"batch": 1, "length": 40})
        self.assertEqual((manifest["lengths"]["min"], manifest["lengths"]["max"]), (1, 40))
        self.assertEqual(manifest["methods"]["encode"]["outputs"], ["all_encoder_layers"])
        self.assertEqual(manifest["config"]["hidden_size"], 32)

    def test_tied_weights_are_stored_once_and_in_halves(self):
        sizes = [len(data) for name, data in entries(self.output).items() if name.startswith("data/")]
        self.assertEqual(sizes.count(20_000 * 32 * 2), 1)

    def test_no_debug_records_and_no_paths(self):
        for name, data in entries(self.output).items():
            self.assertFalse(name.endswith(".debug_pkl"), name)
            for path in (str(ROOT), str(self.folder), str(Path.home()), str(Path(torch.__file__).parent)):
                self.assertNotIn(path.encode(), data, name)

    def test_data_is_aligned_as_torch_does(self):
        raw = self.output.read_bytes()
        with zipfile.ZipFile(self.output) as archive:
            for entry in archive.infolist():
                name, extra = struct.unpack("<HH", raw[entry.header_offset + 26 : entry.header_offset + 30])
                self.assertEqual((entry.header_offset + 30 + name + extra) % 64, 0, entry.filename)

    def test_self_test_is_what_the_checkpoint_gives(self):
        model = transformers.BertForMaskedLM.from_pretrained(self.checkpoint).half().float().eval()
        cases = json.loads(entries(self.output)["extra/bertrt/selftest.json"])["cases"]
        self.assertEqual(len(cases), 3)
        for case in cases:
            with torch.no_grad():
                inputs = {name: torch.tensor([case[name]]) for name in ("input_ids", "token_type_ids")}
                output = model(**inputs, output_hidden_states=True)
            hidden, logits = case["last_hidden_state"], case["logits"]
            expected = output.hidden_states[-1][0, hidden["rows"]]
            self.assertLess((expected - torch.tensor(hidden["data"])).abs().max().item(), 1e-6)
            expected = output.logits[0, logits["rows"]][:, logits["columns"]]
            self.assertLess((expected - torch.tensor(logits["data"])).abs().max().item(), 1e-6)

    def test_plain_tokenizer_travels_as_vocab_txt(self):
        files = entries(self.output)
        self.assertEqual(files["extra/bertrt/tokenizer/vocab.txt"], (self.checkpoint / "vocab.txt").read_bytes())
        self.assertNotIn("extra/bertrt/tokenizer/tokenizer.json", files)

    def test_settings_of_a_tokenizer_travel(self):
        settings = {"truncation_side": "left", "clean_up_tokenization_spaces": True, "split_special_tokens": True,
                    "model_input_names": ["input_ids", "attention_mask"]}  # fmt: skip
        tokenizer = transformers.AutoTokenizer.from_pretrained(self.checkpoint, **settings)
        config = json.loads(bundle.tokenizer_files(tokenizer, self.checkpoint)["tokenizer_config.json"])
        self.assertEqual({name: config.get(name) for name in settings}, settings)
        usual = transformers.AutoTokenizer.from_pretrained(self.checkpoint)
        config = json.loads(bundle.tokenizer_files(usual, self.checkpoint)["tokenizer_config.json"])
        self.assertFalse({"truncation_side", "split_special_tokens", "model_input_names"} & config.keys())

    def test_encoder_of_a_masked_lm_checkpoint_has_no_invented_pooler(self):
        output = self.folder / "encoder.pt"
        result = export(self.checkpoint, "--output", output, "--task", "encoder", "--length", 16)
        self.assertEqual(result.returncode, 0, result.stderr)
        manifest = json.loads(entries(output)["extra/bertrt/manifest.json"])
        self.assertEqual(manifest["methods"]["forward"]["outputs"], ["all_encoder_layers"])
        self.assertEqual(manifest["traced"]["length"], 16)

    def test_roberta_with_byte_level_bpe(self):
        folder = self.folder / "roberta"
        folder.mkdir()
        trainer = ByteLevelBPETokenizer()
        special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
        trainer.train_from_iterator(["Paris is the capital of France"] * 9, vocab_size=300, special_tokens=special)
        trainer.save_model(str(folder))
        transformers.RobertaTokenizer.from_pretrained(folder).save_pretrained(folder)
        config = transformers.RobertaConfig(
            vocab_size=320, type_vocab_size=1, **(SIZES | {"max_position_embeddings": 42})
        )
        transformers.RobertaForMaskedLM(config).save_pretrained(folder)
        output = self.folder / "roberta.pt"
        result = export(folder, "--output", output, "--task", "masked-lm")
        self.assertEqual(result.returncode, 0, result.stderr)
        files = entries(output)
        manifest = json.loads(files["extra/bertrt/manifest.json"])
        self.assertEqual(manifest["methods"]["forward"]["inputs"], ["input_ids", "attention_mask"])
        self.assertEqual(manifest["lengths"]["max"], 40)
        self.assertIn("extra/bertrt/tokenizer/merges.txt", files)

    def test_integers_are_those_of_the_library_and_tables_are_halves(self):
        output = self.folder / "int8.pt"
        result = export(self.checkpoint, "--output", output, "--task", "masked-lm", "--dtype", "int8")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(json.loads(entries(output)["extra/bertrt/manifest.json"])["dtype"], "int8")
        stored = dict(torch.jit.load(output).named_parameters())
        model = transformers.BertForMaskedLM.from_pretrained(self.checkpoint)
        for name, weight in model.named_parameters():
            if name.endswith(("query.weight", "dense.weight")) and "encoder.layer" in name:
                scale = weight.abs().amax(1, keepdim=True) / 127
                self.assertTrue(torch.equal(stored[f"{name}_scale"], scale), name)
                self.assertTrue(torch.equal(stored[name], torch.round(weight * (1 / scale)).to(torch.int8)), name)
        self.assertEqual(stored["bert.embeddings.word_embeddings.weight"].dtype, torch.float16)
        self.assertEqual(stored["cls.predictions.transform.dense.weight"].dtype, torch.float32)

    def test_words_that_no_other_layer_has_are_integers(self):
        output = self.folder / "int8_encoder.pt"
        result = export(self.checkpoint, "--output", output, "--task", "encoder", "--dtype", "int8")
        self.assertEqual(result.returncode, 0, result.stderr)
        stored = dict(torch.jit.load(output).named_parameters())
        words = transformers.BertModel.from_pretrained(self.checkpoint).embeddings.word_embeddings.weight
        scale = words.abs().amax(1, keepdim=True) / 127
        name = "embeddings.word_embeddings.weight"
        self.assertTrue(torch.equal(stored[f"{name}_scale"], scale))
        # A row of zeros, padding's, has no scale.
        integers = torch.round(words * torch.where(scale > 0, 1 / scale, 0.0)).to(torch.int8)
        self.assertTrue(torch.equal(stored[name], integers))
        self.assertEqual(stored["embeddings.position_embeddings.weight"].dtype, torch.float16)

    def test_list_shows_families_tasks_engines_and_reasons(self):
        result = export("--list")
        self.assertEqual(result.returncode, 0, result.stderr)
        rows = {line.split()[0]: line.split()[1:] for line in result.stdout.splitlines() if line}
        self.assertEqual(set(rows["bert"]), {"packed"})
        self.assertEqual(set(rows["convbert"]), {"graph", "-"})
        self.assertIn("-", rows["distilbert"])  # no next sentence
        self.assertIn("canine: the number of rows", result.stdout)
        self.assertIn("roformer for multiple-choice: its head", result.stdout)

    def test_what_cannot_be_exported_is_refused_with_what_can(self):
        def refusal(config, task):
            folder = self.folder / config.model_type
            config.save_pretrained(folder)
            result = export(folder, "--output", self.folder / "no.pt", "--task", task)
            self.assertEqual(result.returncode, 1)
            self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
            return result.stderr

        self.assertRegex(refusal(transformers.FunnelConfig(), "encoder"), "funnel model, which cannot be .* padding changes")
        self.assertRegex(refusal(transformers.GPT2Config(), "encoder"), "gpt2 model; exported can be bert, .*mpnet")
        self.assertRegex(refusal(transformers.LongformerConfig(), "question-answering"), "longformer cannot .* question's end")
        self.assertRegex(refusal(transformers.DistilBertConfig(), "next-sentence"), "no distilbert for next.*with bert, ernie")

    def test_halves_of_both_kinds(self):
        output = self.folder / "bfloat16.pt"
        result = export(self.checkpoint, "--output", output, "--task", "encoder", "--dtype", "bfloat16")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(json.loads(entries(output)["extra/bertrt/manifest.json"])["dtype"], "bfloat16")
        self.assertEqual({value.dtype for value in torch.jit.load(output).parameters()}, {torch.bfloat16})

    def test_failures_are_one_line_and_leave_nothing(self):
        output = self.folder / "no.pt"
        cases = {
            2: [[], ["--task", "encoder"], ["--task", "poetry", "--output", output], ["--length", "0"]],
            1: [["--task", "encoder", "--output", output, "--length", 41]],
        }
        for code, lists in cases.items():
            for arguments in lists:
                self.assertEqual(export(self.checkpoint, *arguments).returncode, code, arguments)
        result = export(self.folder / "nowhere", "--task", "encoder", "--output", output)
        self.assertEqual(result.returncode, 1)
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
        self.assertEqual([path.name for path in self.folder.glob("no.pt*")], [])


class EdgesTest(unittest.TestCase):
    """Checkpoints that must be refused with their reason, or make bundles that load for all that."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        self.output = self.folder / "out.pt"

    def checkpoint(self, cls=transformers.BertForMaskedLM, extra=(), **config):
        folder = self.folder / "checkpoint"
        folder.mkdir()
        bert_checkpoint(folder)
        model = cls(transformers.BertConfig(**({"vocab_size": 20, **SIZES} | config)))
        weights = model.state_dict() | {name: torch.ones(2) for name in extra}
        model.save_pretrained(folder, state_dict=weights)
        return folder

    def refusal(self, folder, task="masked-lm"):
        result = export(folder, "--output", self.output, "--task", task)
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
        self.assertFalse(self.output.exists())
        return result.stderr

    def bundle(self, folder, task="masked-lm"):
        result = export(folder, "--output", self.output, "--task", task)
        self.assertEqual(result.returncode, 0, result.stderr)
        files = entries(self.output)
        return [json.loads(files[f"extra/bertrt/{name}.json"]) for name in ("manifest", "selftest")]

    def test_weights_of_the_encoder_that_nobody_takes(self):
        name = "bert.encoder.layer.1.attention.self.query.lora_A.weight"
        self.assertIn(name, self.refusal(self.checkpoint(extra=[name])))

    def test_an_adapter_beside_the_model(self):
        folder = self.checkpoint()
        (folder / "adapter_config.json").write_text("{}")
        self.assertIn("adapter", self.refusal(folder))

    def test_a_configuration_that_transformers_does_not_take(self):
        folder = self.checkpoint()
        right = json.loads((folder / "config.json").read_text())
        for wrong, told in (
            ({"hidden_act": "poem"}, "'poem' .hidden_act in config.json"),
            ({"layer_norm_eps": 0}, "config.json: .*layer_norm_eps"),
            ({"quantization_config": {"quant_method": "gptq", "bits": 4}}, "quantization_config"),
            ({"type_vocab_size": 3}, r"token_type_embeddings.weight \[3, 32\], and the weights have \[2, 32\]"),
        ):
            with self.subTest(**wrong):
                (folder / "config.json").write_text(json.dumps(right | wrong))
                self.assertRegex(self.refusal(folder), told)

    def test_a_head_that_looks_for_padding_without_its_id(self):
        config = transformers.Qwen3Config(vocab_size=20, head_dim=8, num_key_value_heads=2, pad_token_id=None, **SIZES)
        folder = self.save(transformers.Qwen3ForSequenceClassification(config))
        self.assertIn("no pad_token_id", self.refusal(folder, "sequence-classification"))

    def test_distances_that_reach_less_far_than_texts(self):
        distances = {"relative_attention": True, "max_relative_positions": 16, "pos_att_type": ["c2p", "p2c"]}
        folder = self.save(transformers.DebertaModel(transformers.DebertaConfig(vocab_size=20, **distances, **SIZES)))
        result = export(folder, "--output", self.output, "--task", "encoder", "--length", 8)
        self.assertEqual(result.returncode, 0, result.stderr)
        lengths = json.loads(entries(self.output)["extra/bertrt/manifest.json"])["lengths"]
        self.assertEqual((lengths["min"], lengths["max"]), (1, 40))

    def test_relative_positions(self):
        folder = self.checkpoint()
        config = json.loads((folder / "config.json").read_text()) | {"position_embedding_type": "relative_key"}
        (folder / "config.json").write_text(json.dumps(config))
        self.assertIn("relative_key", self.refusal(folder))

    def test_heads_may_be_left_out(self):
        folder = self.checkpoint(extra=["cls.seq_relationship.weight", "bert.pooler.dense.bias"])
        self.bundle(folder)

    def test_a_module_that_is_called_as_the_trace_calls_a_method(self):
        folder = self.folder / "checkpoint"
        folder.mkdir()
        bert_checkpoint(folder)
        special = {"cls_token_id": 2, "sep_token_id": 3, "pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3}
        config = transformers.ModernBertConfig(vocab_size=20, global_attn_every_n_layers=2, **special, **SIZES)
        transformers.ModernBertForMaskedLM(config).save_pretrained(folder)
        manifest, _ = self.bundle(folder)
        self.assertEqual(manifest["methods"]["head"], {"inputs": ["hidden_rows"], "outputs": ["logits"]})

    def test_frequencies_of_rotary_positions_are_never_rounded(self):
        special = {"bos_token_id": 2, "eos_token_id": 3, "pad_token_id": 0}
        decoder = special | {"head_dim": 8, "num_key_value_heads": 2}
        esm = {"position_embedding_type": "rotary", "mask_token_id": 4, "pad_token_id": 0}
        for dtype, config in (
            (torch.float16, transformers.ModernBertConfig(vocab_size=20, cls_token_id=2, sep_token_id=3, **special, **SIZES)),
            (torch.bfloat16, transformers.EuroBertConfig(vocab_size=20, mask_token_id=4, **special, **SIZES)),
            (torch.float16, transformers.EsmConfig(vocab_size=20, **esm, **SIZES)),
            (torch.bfloat16, transformers.Gemma3TextConfig(vocab_size=20, use_bidirectional_attention=True, **decoder, **SIZES)),
        ):
            with self.subTest(model=config.model_type):
                folder = self.folder / config.model_type
                folder.mkdir()
                bert_checkpoint(folder)
                transformers.AutoModel.from_config(config).save_pretrained(folder)
                name = str(dtype).removeprefix("torch.")
                result = export(folder, "--output", self.output, "--task", "encoder", "--length", 16, "--dtype", name)
                self.assertEqual(result.returncode, 0, result.stderr)
                # As transformers loads a checkpoint in halves.
                loaded = transformers.AutoModel.from_pretrained(folder, dtype=dtype)
                expected = {name: value for name, value in loaded.named_buffers() if name.endswith("inv_freq")}
                found = dict(torch.jit.load(self.output).named_buffers())
                used = [name for name in expected if name in found]
                self.assertTrue(used)
                for name in used:
                    self.assertTrue(torch.equal(found[name], expected[name].float()), name)
                model = transformers.AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
                for value in model.parameters():
                    value.data = value.data.to(dtype).float()
                case = json.loads(entries(self.output)["extra/bertrt/selftest.json"])["cases"][0]
                with torch.no_grad():
                    states = model(input_ids=torch.tensor([case["input_ids"]])).last_hidden_state
                wanted = states[0, case["last_hidden_state"]["rows"]]
                self.assertLess((wanted - torch.tensor(case["last_hidden_state"]["data"])).abs().max().item(), 1e-6)

    def test_integers_of_a_model_without_tables_of_positions_and_types(self):
        special = {"cls_token_id": 2, "sep_token_id": 3, "pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3}
        config = transformers.ModernBertConfig(vocab_size=20, global_attn_every_n_layers=2, **special, **SIZES)
        folder = self.save(transformers.ModernBertModel(config))
        result = export(folder, "--output", self.output, "--task", "encoder", "--dtype", "int8")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual({value.dtype for value in torch.jit.load(self.output).parameters()}, {torch.int8, torch.float32})

    def test_words_that_a_head_multiplies_with_are_halves(self):
        config = transformers.DebertaV2Config(vocab_size=20, legacy=False, **SIZES)
        folder = self.save(transformers.DebertaV2ForMaskedLM(config))
        result = export(folder, "--output", self.output, "--task", "masked-lm", "--dtype", "int8")
        self.assertEqual(result.returncode, 0, result.stderr)
        stored = dict(torch.jit.load(self.output).named_parameters())
        self.assertEqual(stored["deberta.embeddings.word_embeddings.weight"].dtype, torch.float16)

    def test_one_token_type(self):
        _, selftest = self.bundle(self.checkpoint(type_vocab_size=1))
        for case in selftest["cases"]:
            self.assertEqual(set(case["token_type_ids"]), {0})

    def test_three_positions(self):
        manifest, selftest = self.bundle(self.checkpoint(max_position_embeddings=3))
        self.assertEqual(manifest["lengths"]["max"], 3)
        self.assertEqual([len(case["input_ids"]) for case in selftest["cases"]], [3])

    def test_a_classifier_of_texts(self):
        names = ["no", "perhaps", "yes"]
        folder = self.checkpoint(
            transformers.BertForSequenceClassification,
            id2label=dict(enumerate(names)),
            problem_type="single_label_classification",
        )
        manifest, selftest = self.bundle(folder, "sequence-classification")
        self.assertEqual((manifest["labels"], manifest["problem_type"]), (names, "single_label_classification"))
        self.assertEqual(
            manifest["methods"]["forward"]["outputs"], ["all_encoder_layers", "pooled_output", "logits"]
        )
        model = transformers.BertForSequenceClassification.from_pretrained(folder).eval()
        case = selftest["cases"][0]
        with torch.no_grad():
            logits = model(**{name: torch.tensor([case[name]]) for name in ("input_ids", "token_type_ids")}).logits
        self.assertLess((logits - torch.tensor(case["text_logits"]["data"])).abs().max().item(), 1e-5)

    def test_a_reference_beside_a_folder(self):
        folder = self.checkpoint(transformers.BertForTokenClassification)
        result = export(folder, "--reference")
        self.assertEqual(result.returncode, 0, result.stderr)
        cases = json.loads((folder / "bertrt_reference.json").read_text())["cases"]
        self.assertTrue(cases)
        for case in cases:
            self.assertIn("logits", case)  # the task is the one that config.json's class has
        self.assertEqual(export(folder, "--reference", "--output", self.output).returncode, 2)
        self.assertEqual(export(self.folder / "nowhere", "--reference").returncode, 1)

    def save(self, model):
        folder = self.folder / "checkpoint"
        folder.mkdir()
        bert_checkpoint(folder)
        model.save_pretrained(folder)
        return folder

    def test_a_family_of_the_graph_engine(self):
        config = transformers.ConvBertConfig(vocab_size=20, embedding_size=32, head_ratio=2, **SIZES)
        folder = self.save(transformers.ConvBertForMaskedLM(config))
        manifest, selftest = self.bundle(folder)
        self.assertEqual(manifest["lengths"]["max"], 40)
        self.assertTrue(selftest["cases"])
        self.output.unlink()
        result = export(folder, "--output", self.output, "--task", "masked-lm", "--dtype", "int8")
        self.assertEqual(result.returncode, 1)
        self.assertIn("int8 is for bundles that the packed engine runs", result.stderr)

    def test_a_trace_of_some_lengths_says_which(self):
        sizes = SIZES | {"max_position_embeddings": 42}
        config = transformers.LongformerConfig(vocab_size=20, attention_window=8, pad_token_id=1, **sizes)
        folder = self.save(transformers.LongformerForTokenClassification(config))
        result = export(folder, "--output", self.output, "--task", "token-classification", "--length", 14)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("right for ", result.stdout)
        lengths = json.loads(entries(self.output)["extra/bertrt/manifest.json"])["lengths"]
        self.assertEqual((lengths["min"], lengths["max"]), (9, 16))  # two windows
        self.assertRegex(lengths["why"], "batches 1: .*length 1[,: ].*one at a time")

    def test_a_trace_of_one_length_takes_shorter_texts_padded(self):
        sizes = SIZES | {"max_position_embeddings": 42}
        config = transformers.LongformerConfig(vocab_size=20, attention_window=8, pad_token_id=1, **sizes)
        folder = self.save(transformers.LongformerForTokenClassification(config))
        manifest, selftest = self.bundle(folder, "token-classification")
        lengths = manifest["lengths"]
        self.assertEqual((lengths["min"], lengths["max"]), (40, 40))  # whole windows: nothing is padded in the trace
        self.assertTrue(all(len(case["input_ids"]) < 40 for case in selftest["cases"]))

    def test_a_tokenizer_in_python_that_the_library_reads(self):
        config = transformers.EsmConfig(vocab_size=33, position_embedding_type="rotary", mask_token_id=32, pad_token_id=1, **SIZES)
        words = ["<cls>", "<pad>", "<eos>", "<unk>", *"LAGVSERTIDPKQNFYMHWCXBUZO.-", "<null_1>", "<mask>"]
        folder = self.folder / "esm"
        transformers.EsmForMaskedLM(config).save_pretrained(folder)
        (folder / "vocab.txt").write_text("\n".join(words) + "\n")
        transformers.EsmTokenizer.from_pretrained(folder).save_pretrained(folder)
        self.bundle(folder)
        files = entries(self.output)
        self.assertEqual(files["extra/bertrt/tokenizer/vocab.txt"].decode().split("\n")[:33], words)
        self.assertIn(b"EsmTokenizer", files["extra/bertrt/tokenizer/tokenizer_config.json"])

    def test_other_heads(self):
        for cls, task, keys in (
            (transformers.BertForTokenClassification, "token-classification", {"logits"}),
            (transformers.BertForQuestionAnswering, "question-answering", {"start_logits", "end_logits"}),
            (transformers.BertForNextSentencePrediction, "next-sentence", {"text_logits"}),
        ):
            with self.subTest(task=task):
                self.setUp()
                _, selftest = self.bundle(self.checkpoint(cls), task)
                heads = {"logits", "text_logits", "start_logits", "end_logits"}
                self.assertEqual(set(selftest["cases"][0]) & heads, keys)


if __name__ == "__main__":
    unittest.main()
