"""Traces and bundles of tiny random models of many families, run by build/bin/bertrt and compared with Python: for families.py."""

import inspect
import json
import subprocess
import sys
from pathlib import Path

import torch
import transformers

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "family"))
import differential  # noqa: E402
from make_traces import JinaTrace  # noqa: E402

TRACED = 14
LENGTHS = (1, 5, TRACED, 20)
WORDS = ["<pad>", "[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz", *(f"##{c}" for c in "abcdefghij")]
SIZES = {
    "vocab_size": 60,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 40,
    "pad_token_id": 1,
}
DISTIL = {"vocab_size": 60, "dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 48, "max_position_embeddings": 40}
ROTARY = {"bos_token_id": 2, "eos_token_id": 2}
# Keys that families have beside SIZES; also families that are read from no folder.
OTHERS = {
    "BigBird": {"attention_type": "original_full"},
    "ConvBert": {"embedding_size": 32, "head_ratio": 2},
    "Deberta": {"relative_attention": True, "pos_att_type": ["c2p", "p2c"]},
    "DebertaV2": {"relative_attention": True, "pos_att_type": ["c2p", "p2c"], "position_buckets": 8, "share_att_key": True},
    "EuroBert": ROTARY,
    "Gemma3Text": ROTARY | {"head_dim": 8, "num_key_value_heads": 2, "use_bidirectional_attention": True, "use_cache": False},
    "Qwen3": ROTARY | {"head_dim": 8, "num_key_value_heads": 2, "use_cache": False},
    "Gte": ROTARY,
    "JinaEmbeddingsV3": ROTARY,
    "NomicBert": ROTARY,
    "Esm": {"position_embedding_type": "rotary", "mask_token_id": 7, "token_dropout": True},
    "FNet": {},
    "IBert": {},
    "LayoutLM": {},
    "Longformer": {"attention_window": 8},
    "MegatronBert": {},
    "MobileBert": {"embedding_size": 16, "true_hidden_size": 16, "intra_bottleneck_size": 16},
    "ModernBert": {"local_attention": 6, "cls_token_id": 2, "sep_token_id": 3, "bos_token_id": 2, "eos_token_id": 3},
    "RoFormer": {"embedding_size": 32},
    "RobertaPreLayerNorm": {},
    "Splinter": {},
    "SqueezeBert": {"embedding_size": 32},
    "XLMRobertaXL": {},
}


def settings_of(family):
    if family == "DistilBert":
        return DISTIL
    if family == "Albert":
        return SIZES | {"embedding_size": 16}
    if family == "Electra":
        return SIZES | {"embedding_size": 16}
    if family == "RemBert":
        return SIZES | {"input_embedding_size": 16, "output_embedding_size": 16}
    return SIZES | OTHERS.get(family, {})


def model_of(family):
    """A random model, its weights as large as trained ones."""
    cls = differential.class_of(family, "Model")
    config = cls.config_class(**settings_of(family))
    config._attn_implementation = "eager" if family == "MPNet" else None
    torch.manual_seed(5)
    model = cls(config).eval()
    with torch.no_grad():
        for name, value in model.named_parameters():
            if value.ndim > 1:
                value.normal_(0, 0.15)
            elif name.endswith("bias"):
                value.normal_(0, 0.1)
    return JinaTrace(model) if family == "JinaBert" else model


def arguments_of(model, ids):
    given = {"input_ids": ids}
    if "attention_mask" in inspect.signature(model.forward).parameters:  # FNet has none
        given["attention_mask"] = torch.ones_like(ids)
    return given | ({"token_type_ids": torch.zeros_like(ids)} if isinstance(model, JinaTrace) else {})


def outputs_of(model, ids):
    with torch.no_grad():
        return model(**arguments_of(model, torch.tensor([ids])))


def save_trace(model, path):
    ids = torch.randint(5, 60, (1, TRACED))
    arguments = arguments_of(model, ids)
    with torch.no_grad():
        traced = torch.jit.trace(model, example_kwarg_inputs=arguments, strict=False, check_trace=False)
    torch.jit.save(traced, path)


def export_bundle(model, folder, path):
    """By models/export.py, of the model saved as a folder with a small tokenizer; what it said if it did not."""
    if isinstance(model, JinaTrace):
        return "transformers has no class of it"
    model.save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(WORDS) + "\n")
    transformers.BertTokenizer.from_pretrained(folder).save_pretrained(folder)
    command = [sys.executable, ROOT / "models" / "export.py", folder, "--output", path, "--task", "encoder", "--length", str(TRACED)]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stderr.strip().removeprefix("export.py: ")


def run(program, path, engine, ids):
    command = [program, "run", "--model", path, "--engine", engine, "--json", "--ids", ",".join(map(str, ids))]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if done.returncode != 0:
        return None, done.stderr.strip().removeprefix("bertrt: ")
    return json.loads(done.stdout), ""


def largest_difference(found, wanted):
    """Of the last hidden state, and the pooled output where Python has one; relative to the largest value of at least 1."""
    states = [one for one in found["outputs"] if one["role"] == "hidden_state" or one["name"] == "last_hidden_state"]
    if not states:
        return float("inf")
    pairs = [(states[-1], wanted["last_hidden_state"])]
    pooled = [one for one in found["outputs"] if one["role"] == "pooled_output"]
    if wanted.get("pooler_output") is not None and pooled:
        pairs.append((pooled[0], wanted["pooler_output"]))
    return worst_of(pairs)


def worst_of(pairs):
    """The largest difference of an output's data from a tensor, relative to the largest value of at least 1."""
    worst = 0.0
    for mine, theirs in pairs:
        values = torch.tensor(mine["data"])
        if values.numel() != theirs.numel() or not values.isfinite().all():
            return float("inf")
        worst = max(worst, float((values - theirs.flatten()).abs().max() / max(1.0, float(theirs.abs().max()))))
    return worst


def compare(program, path, engine, model):
    """(largest difference, lengths that ran, engine that ran them) or (None, why not, "")."""
    worst, lengths, ran = 0.0, [], ""
    for length in LENGTHS:
        ids = torch.randint(5, 60, (length,), generator=torch.Generator().manual_seed(length)).tolist()
        found, why = run(program, path, engine, ids)
        if found is None:
            if lengths:
                continue
            return None, why, ""
        ran = found["engine"]
        worst = max(worst, largest_difference(found, outputs_of(model, ids)))
        lengths.append(length)
    return worst, lengths, ran


def cell(result, name_engine=False, limit=1e-5):
    worst, rest, ran = result
    if worst is None:
        return "no"
    shown = f"{worst:.0e}" if worst <= limit else f"**{worst:.0e}**"
    return f"{f'{ran}: ' if name_engine else ''}{shown} at {', '.join(map(str, rest))}"


def trace_or_say(model, path):
    """save_trace(), whose errors say whose they are: some are a word of PyTorch's own C++ and no more."""
    try:
        save_trace(model, path)
    except Exception as error:  # noqa: BLE001
        raise RuntimeError(f"torch.jit.trace fails ({str(error).splitlines()[0][:60]})") from error


def row(program, family, folder):
    """Cells: trace on packed, trace on graph, bundle on the engine that is chosen; and whether all that ran agrees."""
    try:
        model = model_of(family)
    except Exception as error:  # noqa: BLE001 whatever a family's code throws is what the table says
        return [f"no model: {str(error).splitlines()[0][:80]}", "", ""], False
    path = folder / f"{family}.pt"
    try:
        trace_or_say(model, path)
        results = [compare(program, path, engine, model) for engine in ("packed", "graph")]
        cells = [cell(result) for result in results]
    except Exception as error:  # noqa: BLE001
        results, cells = [], [f"no trace: {str(error).splitlines()[0][:80]}", ""]
    (folder / family).mkdir()
    bundle = folder / f"{family}-bundle.pt"
    why = export_bundle(model, folder / family, bundle)
    results.append((None, why, "") if why else compare(program, bundle, "auto", model))
    for result in results:
        if result[0] is None:
            print(f"{family}: {result[1]}", file=sys.stderr)
    agree = all(worst is None or worst <= 1e-5 for worst, _, _ in results)
    return [*cells, cell(results[-1], name_engine=True)], agree
