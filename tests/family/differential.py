#!/usr/bin/env python3
"""Random configurations of every family, as folders, against Hugging Face: hidden states within 1e-5, logits 1e-4.

    python tests/family/differential.py PROGRAM [--count N] [--seed S]

Under transformers 4.57, families that have them there get positions of their own in attention ("relative_key",
"relative_key_query"): transformers 5 dropped them. --families names those that the version at hand has.

PROGRAM is the test program checkpoint_distance. Prints each folder that disagrees or is refused (config and message), and
a line of counts a family; the exit status is 1 unless every folder agrees, or is no further from Python in double precision than
three times what Python in fp32 is.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import torch
import transformers

import jina_bert
import published
from make_checkpoints import inputs_of, randomize, run

warnings.filterwarnings("ignore")
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()

HEADS = ["Model", "ForMaskedLM", "ForSequenceClassification", "ForTokenClassification", "ForQuestionAnswering", "ForMultipleChoice"]
FAMILIES = {
    "Bert": [*HEADS, "ForPreTraining", "ForNextSentencePrediction"],
    "Roberta": HEADS,
    "Camembert": HEADS,
    "XLMRoberta": HEADS,
    "Data2VecText": HEADS,
    "DistilBert": HEADS,
    "Electra": [*HEADS, "ForPreTraining"],
    "Albert": [*HEADS, "ForPreTraining"],
    "MPNet": HEADS,
    "Ernie": [*HEADS, "ForPreTraining", "ForNextSentencePrediction"],
    "RemBert": HEADS,
    "Deberta": HEADS[:-1],
    "DebertaV2": HEADS,
    "ModernBert": HEADS,
    "EuroBert": HEADS[:4],
    "NomicBert": HEADS[:4],
    "Gte": HEADS[:4],
    "JinaEmbeddingsV3": HEADS[:5],
    "RobertaPreLayerNorm": HEADS,
    "XLMRobertaXL": HEADS,
    "MegatronBert": [*HEADS, "ForPreTraining", "ForNextSentencePrediction"],
    "JinaBert": HEADS[:5],
    "Esm": HEADS[:4],
    "RoFormer": HEADS[:5],
    "Gemma3Text": ["Model", "ForSequenceClassification"],
    "Qwen3": ["Model", "ForSequenceClassification", "ForTokenClassification", "ForQuestionAnswering"],
}
ROTARY = ("Esm", "RoFormer", "ModernBert", "EuroBert", "NomicBert", "Gte", "JinaEmbeddingsV3", "Gemma3Text", "Qwen3")
# Whose attention reads distances, where Python has that.
RELATIVE = ("Bert", "Roberta", "Camembert", "XLMRoberta", "Data2VecText", "Electra", "Albert", "Ernie", "RobertaPreLayerNorm", "XLMRobertaXL", "MegatronBert")
HAS_RELATIVE = transformers.__version__.startswith("4.")
ACTIVATIONS = ["gelu", "gelu_new", "gelu_pytorch_tanh", "gelu_python", "gelu_fast", "gelu_accurate", "relu", "tanh", "linear"]
DTYPES = [torch.float32, torch.float32, torch.float16, torch.bfloat16]


def settings_of(family, cls, rng):
    """A random configuration, every key that the family's code reads."""
    heads = rng.choice([1, 2, 3, 4, 6])
    hidden = heads * rng.choice([4, 8, 12, 20])
    padding = rng.choice([0, 1, 1, 3])
    labels = rng.choice([1, 2, 3, 7])
    settings = {
        "vocab_size": rng.choice([23, 40, 64, 97]),
        "hidden_size": hidden,
        "num_hidden_layers": rng.choice([1, 2, 3]),
        "num_attention_heads": heads,
        "intermediate_size": rng.choice([7, 16, 40, 96]),
        "max_position_embeddings": rng.choice([18, 24, 33]),
        "type_vocab_size": rng.choice([1, 2, 3]),
        "hidden_act": rng.choice(ACTIVATIONS),
        "layer_norm_eps": rng.choice([1e-12, 1e-5, 1e-3]),
        "pad_token_id": padding,
        "tie_word_embeddings": rng.random() < 0.7,
        "num_labels": 2 if cls.__name__.endswith("QuestionAnswering") else labels,
    }
    if family == "DistilBert":
        names = {"hidden_size": "dim", "num_hidden_layers": "n_layers", "num_attention_heads": "n_heads",
                 "intermediate_size": "hidden_dim", "hidden_act": "activation"}
        settings = {names.get(key, key): value for key, value in settings.items() if key not in ("type_vocab_size", "layer_norm_eps")}
        settings["sinusoidal_pos_embds"] = rng.random() < 0.3
    if family in ("Electra", "Albert"):
        settings["embedding_size"] = rng.choice([8, 20, hidden])
    if family == "Albert":
        settings["num_hidden_layers"] = rng.choice([2, 4, 6])
        settings["num_hidden_groups"] = rng.choice([1, 2])
    if family == "RemBert":
        settings |= {"input_embedding_size": rng.choice([8, 20, hidden]), "output_embedding_size": rng.choice([8, 28])}
        del settings["tie_word_embeddings"]
    if family == "Ernie":
        settings |= {"use_task_id": rng.random() < 0.5, "task_type_vocab_size": rng.choice([1, 3])}
    if family == "MPNet":
        settings["relative_attention_num_buckets"] = rng.choice([32, 40])
        del settings["type_vocab_size"]
    if family in RELATIVE and HAS_RELATIVE:
        settings["position_embedding_type"] = rng.choice(["relative_key", "relative_key_query", "relative_key_query", "absolute"])
        settings["max_position_embeddings"] = rng.choice([24, 33, 70, 560])
    if family == "JinaBert":
        settings |= {"feed_forward_type": rng.choice(["geglu", "geglu", "reglu"]), "code": rng.random() < 0.4, "max_position_embeddings": 700}
    if family in ("Esm", "RoFormer"):
        turn_otherwise(settings, family, rng)
    elif family in ROTARY:
        turn(settings, family, rng)
    if family.startswith("Deberta"):
        disentangle(settings, family, cls.__name__, rng)
    return settings


def turn_otherwise(settings, family, rng):
    """Rotary positions that have no settings of their own, and absolute ones in their place."""
    settings["max_position_embeddings"] = 300
    if family == "RoFormer":
        settings["rotary_value"] = rng.random() < 0.4
        if rng.random() < 0.5:
            settings["embedding_size"] = rng.choice([8, 20])
    if family == "Esm":
        del settings["type_vocab_size"]
        settings |= {
            "position_embedding_type": rng.choice(["rotary", "rotary", "absolute"]),
            "emb_layer_norm_before": rng.choice([None, False, True]),
            "token_dropout": rng.random() < 0.6,
            "mask_token_id": 5,
        }
        if rng.random() < 0.5:
            settings["rope_theta"] = rng.choice([100.0, 5000.0])


def turn(settings, family, rng):
    """Rotary positions, and what stands around them."""
    heads = settings["num_attention_heads"]
    settings["max_position_embeddings"] = 300
    settings["hidden_act"] = rng.choice([*ACTIVATIONS, "silu"])
    for name in ("bos_token_id", "eos_token_id", "cls_token_id", "sep_token_id"):
        settings[name] = 2
    by_kind = family in ("ModernBert", "Gemma3Text")
    theta = scaled({"rope_theta": rng.choice([100.0, 1000.0, 10000.0]), "rope_type": "default"}, not by_kind and family != "Qwen3", rng)
    settings["rope_parameters"] = rng.choice([None, theta, theta])
    if theta["rope_type"] == "dynamic" and settings["rope_parameters"]:
        settings["max_position_embeddings"] = rng.choice([100, 160])  # less than the longest text
    if by_kind:
        settings["hidden_activation"] = settings.pop("hidden_act")
        settings["norm_eps" if family == "ModernBert" else "rms_norm_eps"] = settings.pop("layer_norm_eps")
        del settings["type_vocab_size"]
        if settings["rope_parameters"]:
            settings["rope_parameters"] = {"full_attention": theta, "sliding_attention": {"rope_theta": 77.0, "rope_type": "default"}}
    if family == "Gemma3Text":
        settings |= {
            "num_hidden_layers": rng.choice([1, 3, 7]),
            "head_dim": settings["hidden_size"] // heads,
            "num_key_value_heads": rng.choice([count for count in (1, 2, 3, heads) if heads % count == 0]),
            "query_pre_attn_scalar": rng.choice([4, 256]),
            "attention_bias": rng.random() < 0.4,
            "sliding_window": rng.choice([2, 3, 9, 64, 512]),
            "sliding_window_pattern": rng.choice([1, 2, 6]),
            "use_bidirectional_attention": True,
        }
    if family == "ModernBert":
        settings |= {
            "num_hidden_layers": rng.choice([1, 3, 5]),
            "local_attention": rng.choice([2, 3, 8, 20, 128, 129]),
            "global_attn_every_n_layers": rng.choice([1, 2, 3]),
            "classifier_pooling": rng.choice(["cls", "mean"]),
            "classifier_activation": rng.choice(ACTIVATIONS),
            **{name: rng.random() < 0.5 for name in ("attention_bias", "mlp_bias", "norm_bias", "classifier_bias", "decoder_bias")},
        }
    if family == "Qwen3":
        settings["rms_norm_eps"] = settings.pop("layer_norm_eps")
        del settings["type_vocab_size"]
        settings |= {
            "head_dim": rng.choice([2, 4, 8, 16, 32]),
            "num_key_value_heads": rng.choice([count for count in (1, 2, 3, heads) if heads % count == 0]),
            "attention_bias": rng.random() < 0.4,
        }
    if family == "EuroBert":
        settings["rms_norm_eps"] = settings.pop("layer_norm_eps")
        del settings["type_vocab_size"]
        settings |= {
            "num_key_value_heads": rng.choice([count for count in (1, 2, 3, heads) if heads % count == 0]),
            "attention_bias": rng.random() < 0.5,
            "mlp_bias": rng.random() < 0.5,
            "classifier_pooling": rng.choice(["bos", "mean", "late"]),
        }
    if family == "Gte":
        settings["type_vocab_size"] = rng.choice([0, 1, 2])
    if family == "NomicBert":
        settings["intermediate_size"] = rng.choice([16, 40, 256])


def scaled(theta, alone, rng):
    """One of the ways in which a model is stretched to longer texts."""
    way = rng.choice(["default", "linear", "yarn", "llama3", *(["dynamic"] if alone else [])])
    factor = {"rope_type": way, "factor": rng.choice([1.5, 2.0, 4.0])}
    if way == "default":
        return theta
    if way == "dynamic":
        factor["factor"] = rng.choice([4.0, 8.0])
    if way == "yarn":
        factor["original_max_position_embeddings"] = rng.choice([16, 32, 150])
        optional = {"attention_factor": 0.7, "beta_fast": 8.0, "beta_slow": 2.0, "mscale": 0.7, "mscale_all_dim": 1.3}
        factor |= {name: value for name, value in optional.items() if rng.random() < 0.4}
        if alone and rng.random() < 0.4:
            factor["truncate"] = False
    if way == "llama3":
        factor |= {"original_max_position_embeddings": rng.choice([16, 64, 150]), "low_freq_factor": rng.choice([1.0, 0.5]), "high_freq_factor": rng.choice([2.0, 4.0])}
    return theta | factor


def disentangle(settings, family, name, rng):
    """DeBERTa's own settings; buckets only where they end beyond the exact ones, an embedding size that the head can read."""
    hidden = settings["hidden_size"]
    settings |= {
        "max_position_embeddings": rng.choice([70, 80, 96]),
        "type_vocab_size": rng.choice([0, 0, 2, 3]),
        "layer_norm_eps": rng.choice([1e-7, 1e-5, 1e-3]),
        "relative_attention": rng.random() < 0.85,
        "max_relative_positions": rng.choice([-1, -1, 5, 16, 33, 100]),
        "pos_att_type": rng.choice([None, [], ["c2p"], ["p2c"], ["c2p", "p2c"], ["p2c", "c2p"], "c2p|p2c", "C2P | p2c", ["c2p", "p2c", "p2p"], ["c2p", "p2c"]]),
        "position_biased_input": rng.random() < 0.5,
        "pooler_hidden_act": rng.choice(ACTIVATIONS),
        "legacy": rng.random() < 0.6,
    }
    if rng.random() < 0.5 and not (name.endswith("MaskedLM") and not settings["legacy"]):
        settings["embedding_size"] = rng.choice([8, 20, hidden])
    if family == "DebertaV2":
        reach = settings["max_relative_positions"] if settings["max_relative_positions"] > 0 else settings["max_position_embeddings"]
        settings |= {
            "position_buckets": rng.choice([-1, *(buckets for buckets in (4, 7, 8, 16, 32, 60) if buckets // 2 + 2 <= reach)]),
            "share_att_key": rng.random() < 0.5,
            "norm_rel_ebd": rng.choice(["none", "layer_norm", "Layer_Norm|x"]),
            "conv_kernel_size": rng.choice([0, 0, 1, 3, 5]),
            "conv_groups": rng.choice([groups for groups in (1, 2, 3) if hidden % groups == 0]),
            "conv_act": rng.choice(ACTIVATIONS),
        }
        if rng.random() < 0.3:
            settings["attention_head_size"] = hidden // settings["num_attention_heads"]


def class_of(family, head):
    return getattr(jina_bert if family == "JinaBert" else transformers, family + head)


def lengths_of(family, settings):
    """Of texts: among them what only long ones show."""
    if family.startswith("Deberta"):
        return 1, 3, 17, 70
    if family in ROTARY:
        return 1, 3, 17, 260
    if family == "JinaBert":
        return 1, 3, 17, 600
    if "position_embedding_type" in settings:
        return 1, 4, 11, settings["max_position_embeddings"] - 4
    return 1, 4, 11


def difference(exact, found, width):
    """Of rows `width` wide, each relative to its largest exact value of at least 1."""
    exact, found = torch.tensor(exact).view(-1, width), torch.tensor(found).view(-1, width)
    return float(((exact - found).abs().amax(1) / exact.abs().amax(1).clamp(min=1)).max())


def make(folder, family, rng, seed, head=None):
    """One folder; what it is made of, for the report."""
    head = head or rng.choice(FAMILIES[family])
    cls = class_of(family, head)
    settings = settings_of(family, cls, rng)
    config = cls.config_class(**settings)
    pooler = {}
    if head == "Model" and family in ("Bert", "Roberta", "Camembert", "XLMRoberta", "Data2VecText", "Albert", "MPNet", "Ernie"):
        pooler = {"add_pooling_layer": rng.random() < 0.7}
    config._attn_implementation = rng.choice(["eager", "sdpa"] if cls._supports_sdpa else ["eager"])
    model = randomize(cls(config, **pooler), seed)
    model.tie_weights()
    dtype = rng.choice(DTYPES)
    shards = rng.choice([None, None, "8KB"])
    model = model.to(dtype)
    model.save_pretrained(folder, **({"max_shard_size": shards} if shards else {}))
    if dtype != torch.float32:  # what a model makes itself (rotary frequencies) was never narrowed
        model = cls.from_pretrained(folder, dtype=torch.float32, **pooler).eval()
    way = settings.get("rope_parameters") or {"rope_type": "default"}
    if family == "Gte" and not shards and way["rope_type"] == "default" and rng.random() < 0.7:  # as its makers publish it
        ntk = {"factor": rng.choice([1.0, 2.0, 8.0]), "mixed_b": rng.choice([None, 0.6, 1.3])}
        if ntk["factor"] != 1:
            published.scale_gte(model, **ntk)
        published.publish_gte(folder, **ntk, apart=rng.random() < 0.5)
        settings["published"] = ntk
    if family == "NomicBert" and head == "Model" and settings["hidden_act"] in ("silu", "gelu") and way["rope_type"] in ("default", "dynamic"):
        if settings["intermediate_size"] % 256 == 0:
            published.publish_nomic(folder, n_positions=8 * config.max_position_embeddings)
            settings["published"] = True
    model = model.double()  # so that Python's own rounding does not count
    generator = torch.Generator().manual_seed(seed)
    inputs = list(inputs_of(config, generator, lengths_of(family, settings)))
    cases = [run(model, *one) for one in inputs]
    own = [run(model.float(), *one) for one in inputs]  # what fp32 makes of it in Python
    width = len(cases[0]["hidden_states"][0]) // len(cases[0]["input_ids"])
    rounding = max(difference(a, b, width) for case, mine in zip(cases, own) for a, b in zip(case["hidden_states"], mine["hidden_states"]))
    (folder / "expected.json").write_text(json.dumps({"cases": cases, "rounding": rounding}))
    return {"class": cls.__name__, "dtype": str(dtype), "shards": shards, **pooler, **settings}


def distances(program, folders):
    """What PROGRAM finds for each folder."""
    lines = subprocess.run([program, *map(str, folders)], check=True, capture_output=True, text=True).stdout.splitlines()
    assert len(lines) == len(folders)
    found = [json.loads(line) for line in lines]
    return [one | {"rounding": json.loads((folder / "expected.json").read_text())["rounding"]} for one, folder in zip(found, folders)]


def agrees(found):
    return "error" not in found and found["values"] > 0 and found["hidden"] <= 1e-5 and found["logits"] <= 1e-4


def as_far_as_python(found):
    """Beyond the bounds, but so is Python in fp32: random weights that make much of the last bit (saturated softmax)."""
    return "error" not in found and found["values"] > 0 and max(found["hidden"], found["logits"] / 10) <= 3 * found["rounding"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--families", nargs="+", default=list(FAMILIES), choices=list(FAMILIES))
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    torch.set_num_threads(1)
    good = dict.fromkeys(FAMILIES, 0)
    bad = dict.fromkeys(FAMILIES, 0)
    rounded = dict.fromkeys(FAMILIES, 0)
    worst = dict.fromkeys(FAMILIES, (0.0, 0.0))
    root = Path(tempfile.mkdtemp())
    try:
        made = []
        for i in range(arguments.count):
            family = rng.choice(arguments.families)
            made.append((family, root / str(i), make(root / str(i), family, rng, arguments.seed * 100000 + i)))
        for (family, _, settings), found in zip(made, distances(arguments.program, [one[1] for one in made]), strict=True):
            if agrees(found):
                good[family] += 1
                worst[family] = (max(worst[family][0], found["hidden"]), max(worst[family][1], found["logits"]))
            elif as_far_as_python(found):
                rounded[family] += 1
            else:
                bad[family] += 1
                print(json.dumps({"found": found, "settings": settings}))
    finally:
        shutil.rmtree(root)
    for family in arguments.families:
        hidden, logits = worst[family]
        far = f", {rounded[family]} are as far off as Python in fp32" if rounded[family] else ""
        print(f"{family}: {good[family]} agree{far}, {bad[family]} do not; hidden {hidden:.1e}, logits {logits:.1e}")
    return 1 if any(bad.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
