#!/usr/bin/env python3
"""Whether models/families.py says the truth: a bundle of every family and task, by models/export.py, run by the command line.

    python scripts/export_engines.py build/bin/bertrt [--families esm …] [--tasks encoder …] [--dtype float16]

Needs torch and transformers 5. Makes a tiny random model of each family, exports it for each task, and asks of each bundle:
which engine runs it (is it the one that `export.py --list` names?), does it pass `bertrt verify`, and are its outputs Python's at
lengths other than the traced one? A line for each; fails unless all of it agrees.
"""

import argparse
import contextlib
import io
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "models"), str(ROOT / "scripts")]
import torch  # noqa: E402
import transformers  # noqa: E402
import export  # noqa: E402
from families import FAMILIES, TASKS, TRACED_AS, served  # noqa: E402
from family_traces import LENGTHS, TRACED, WORDS, run, worst_of  # noqa: E402
from proof import reference_outputs  # noqa: E402

LIMIT = 1e-5  # of the largest value, at least 1
SIZES = {
    "vocab_size": 60,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 40,
    "pad_token_id": 1,
}
ROTARY = {"bos_token_id": 2, "eos_token_id": 3}
DECODER = ROTARY | {"head_dim": 8, "num_key_value_heads": 2}
# Keys that a family's config.json has beside SIZES; None for one of those that it does not know.
SETTINGS = {
    "albert": {"embedding_size": 16},
    "big_bird": {"attention_type": "original_full"},
    "clip_text_model": ROTARY,
    "convbert": {"embedding_size": 32, "head_ratio": 2},
    "deberta": {"relative_attention": True, "pos_att_type": ["c2p", "p2c"]},
    "deberta-v2": {"relative_attention": True, "pos_att_type": ["c2p", "p2c"], "position_buckets": 8, "share_att_key": True},
    "electra": {"embedding_size": 16},
    "embedding_gemma2_text": DECODER,
    "esm": {"position_embedding_type": "rotary", "mask_token_id": 7, "token_dropout": True, "emb_layer_norm_before": False},
    "eurobert": ROTARY,
    "flaubert": {"bos_index": 2, "eos_index": 3, "pad_index": 1, "unk_index": 4, "mask_index": 5},
    "gemma3_text": DECODER | {"use_bidirectional_attention": True},
    "gte": ROTARY,
    "jina_embeddings_v3": ROTARY,
    "layoutlmv3": {"coordinate_size": 6, "shape_size": 4, "input_size": 32, "patch_size": 16},
    "lilt": {"hidden_size": 48},
    "longformer": {"attention_window": 8},
    "luke": {"entity_vocab_size": 10, "entity_emb_size": 8},
    "markuplm": {"xpath_unit_hidden_size": 8, "max_depth": 5},
    "mobilebert": {"embedding_size": 16, "true_hidden_size": 16, "intra_bottleneck_size": 16},
    "modernbert": {"local_attention": 6, "cls_token_id": 2, "sep_token_id": 3} | ROTARY,
    "nomic_bert": ROTARY,
    "nystromformer": {"segment_means_seq_len": 4, "num_landmarks": 4},
    "qwen3": DECODER,
    "rembert": {"input_embedding_size": 16, "output_embedding_size": 16},
    "roc_bert": {"pronunciation_embed_dim": 8, "shape_embed_dim": 8, "pronunciation_vocab_size": 10, "shape_vocab_size": 12},
    "roformer": {"embedding_size": 32},
    "splinter": {"question_token_id": 6},
    "squeezebert": {"embedding_size": 32},
    **dict.fromkeys(["mt5", "t5", "umt5"], {"d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 2, "num_heads": 4}),
    "ultrabert": ROTARY,
    "xlm": {"bos_index": 2, "eos_index": 3, "pad_index": 1, "unk_index": 4, "mask_index": 5},
    "xlnet": {"d_inner": 48, "d_head": 8, "max_position_embeddings": None},
    "xmod": {"languages": ["en_XX", "de_DE"], "default_language": "en_XX", "adapter_reduction_factor": 2},
}  # fmt: skip
PROTEINS = ["<cls>", "<pad>", "<eos>", "<unk>", *"LAGVSERTIDPKQNFYMHWCXBUZO.-", "<null_1>", "<mask>"]


def checkpoint(family, task, folder):
    """A random model, its weights as large as trained ones, with a small tokenizer."""
    auto = getattr(transformers, FAMILIES[family].encoder if task == "encoder" else TASKS[task][0])
    keys = {key: value for key, value in (SIZES | SETTINGS.get(family, {})).items() if value is not None}
    config = transformers.AutoConfig.for_model(family, **keys)
    settings = {"attn_implementation": "eager"} if FAMILIES[family].eager else {}
    torch.manual_seed(5)
    model = auto.from_config(config, **settings).eval()
    with torch.no_grad():
        for name, value in model.named_parameters():
            if value.ndim > 1:
                value.normal_(0, 0.15)
            elif name.endswith("bias"):
                value.normal_(0, 0.1)
    model.save_pretrained(folder)
    words, tokenizer = (PROTEINS, "EsmTokenizer") if family == "esm" else (WORDS, "BertTokenizer")
    (folder / "vocab.txt").write_text("\n".join(words) + "\n")
    getattr(transformers, tokenizer).from_pretrained(folder).save_pretrained(folder)


def make_bundle(folder, task, path, dtype):
    """What the exporter printed if it failed, else nothing."""
    arguments = [folder, "--output", path, "--task", task, "--length", TRACED, "--dtype", dtype]
    printed = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(printed):
        failed = export.main(list(map(str, arguments)))
    return printed.getvalue().strip() if failed else ""


ROLES = {"token_logits": "logits", "text_logits": "logits", "start_logits": "start_logits", "end_logits": "end_logits"}


def largest_difference(outputs, wanted):
    """Over all outputs that both have, relative to the largest value of at least 1."""
    states = [one for one in outputs if one["role"] == "hidden_state"]
    pairs = [(one, wanted[ROLES[one["role"]]]) for one in outputs if one["role"] in ROLES]
    pairs += [(states[-1], wanted["layers"][-1])] if states else []
    pairs += [(one, wanted["pooled"]) for one in outputs if one["role"] == "pooled_output"]
    missing = {"logits", "start_logits", "end_logits"} & set(wanted) - {ROLES.get(one["role"]) for one in outputs}
    if missing or not pairs:
        return float("inf")
    return worst_of(pairs)


def compare(program, path, model, task):
    """(engine, {length: difference or why it does not run})."""
    manifest = {"task": task, "methods": export.methods(model, task), "config": export.describe(model.config)}
    engine, found = "", {}
    for length in LENGTHS:
        ids = torch.randint(8, 30, (1, length), generator=torch.Generator().manual_seed(length))
        answer, why = run(program, path, "auto", ids[0].tolist())
        if answer is None:
            found[length] = why
            continue
        engine = answer["engine"]
        inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "token_type_ids": torch.zeros_like(ids)}
        with torch.no_grad():
            found[length] = largest_difference(answer["outputs"], reference_outputs(model, manifest, inputs))
    return engine, found


def row(program, family, task, dtype, expected, root):
    folder, path = root / f"{family}-{task}", root / f"{family}-{task}.pt"
    folder.mkdir()
    try:
        checkpoint(family, task, folder)
    except Exception as error:  # noqa: BLE001 whatever a family's code throws
        return f"no model: {type(error).__name__}: {str(error).splitlines()[0][:160]}", False
    why = make_bundle(folder, task, path, dtype)
    if why:
        refused = dtype == "int8" and expected != "packed" and "int8 is for bundles that the packed engine runs" in why
        return f"not exported: {why[:400]}", refused
    model = export.load_model(str(folder), task)
    with torch.no_grad():
        if dtype in export.HALVES:
            export.round_to(model, getattr(torch, dtype))
        elif dtype == "int8":
            export.quantize(model)
    engine, found = compare(program, path, model, task)
    verified = subprocess.run([program, "verify", path], capture_output=True, text=True)
    values = [value for value in found.values() if isinstance(value, float)]
    shown = ", ".join(f"{length}: {value:.0e}" if isinstance(value, float) else f"{length}: no" for length, value in found.items())
    good = engine == expected and verified.returncode == 0 and bool(values) and max(values) <= LIMIT
    problem = "" if verified.returncode == 0 else f" VERIFY {(verified.stderr.strip() or verified.stdout)[-300:]}"
    for length, value in found.items():
        problem += f" [{length}: {value[-200:]}]" if isinstance(value, str) else ""
    return f"{engine}{'' if engine == expected else f' (the list says {expected})'}; {shown}{problem}", good


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bertrt", help="the command line")
    parser.add_argument("--families", nargs="+", default=list(FAMILIES))
    parser.add_argument("--tasks", nargs="+", default=[task for task in TASKS if task not in TRACED_AS])
    parser.add_argument("--dtype", default="float32")
    options = parser.parse_args()
    agree = True
    engines = served()
    for family in options.families:
        for task in options.tasks:
            if family in engines[task]:
                with tempfile.TemporaryDirectory() as root:
                    line, good = row(options.bertrt, family, task, options.dtype, engines[task][family], Path(root))
                print(f"{'' if good else '!! '}{family}, {task}: {line}", flush=True)
                agree = agree and good
    return 0 if agree else 1


if __name__ == "__main__":
    sys.exit(main())
