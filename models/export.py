#!/usr/bin/env python3
"""Makes one bertrt bundle of a Hugging Face checkpoint: trace, tokenizer, description and self-test in one .pt file.

    python models/export.py CHECKPOINT --output NAME.pt --task masked-lm [--length 128] [--dtype float16]
    python models/export.py FOLDER --reference
    python models/export.py --list

A checkpoint folder runs as it stands and needs no bundle. --reference only writes what Python computes of a few texts into
it, for `bertrt verify FOLDER` to compare with. --list prints the families that can be exported, for which tasks, and the
engine that runs such a bundle.

CHECKPOINT is a folder or a hub name. Needs torch and transformers 5. The file is loaded again and compared with the
checkpoint at several lengths and batch sizes before it gets its name; the range that was proven is written into it.
"""

import argparse
import contextlib
import copy
import inspect
import io
import json
import os
import sys
import warnings
from pathlib import Path

from bundle import READ_BY_FILES, tokenizer_files, write_archive
from families import ALLOWED, FAMILIES, TASKS, TRACED_AS, check, served, table
from halves import halve, round_to
from heads import HEAD_MODULE, logits_of
from proof import ExportError, check_written, layers, max_length, prove, run_with_encoder, sample, selftest
from quantized import halve_tables, quantize, with_integers
from reference import write_reference
from rewritten import plain_masks, rewrite, whole_table_of_distances
from sentence import SentenceFiles
from unused import not_to_leave_out

FORMAT_VERSION = 1
HALVES = ("float16", "bfloat16")
USUAL_LONGEST = 512  # in tokens, of a model that has no limit
LONGEST_PROVEN = 8192  # of one that has a greater one
LONGEST_REASON = 400  # in characters, of what transformers says
PRODUCER = "bertrt 0.1.0"


def main(arguments=None):
    options = parse(arguments)
    try:
        import torch
        import transformers
    except ImportError as error:
        return fail(f"{error}; install it: pip install 'transformers>=5' and a CPU build of torch")
    warnings.filterwarnings("ignore")  # the tracer's doubts are settled by the comparison below
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.manual_seed(0)
    try:
        with torch.no_grad():
            if options.list:
                print(table())
            elif options.reference:
                parts = (load_model, load_tokenizer, describe, methods)
                print(f"wrote {write_reference(options.checkpoint, options.task, *parts)}")
            else:
                export(options)
    except (ExportError, OSError, ValueError, RuntimeError) as error:
        return fail(str(error))
    return 0


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", nargs="?", help="folder or hub name of a Hugging Face checkpoint")
    parser.add_argument("--output", type=Path, metavar="NAME.pt")
    parser.add_argument("--task", choices=list(TASKS))
    parser.add_argument("--list", action="store_true", help="print what can be exported, and the engine that runs it")
    parser.add_argument("--reference", action="store_true", help="write bertrt_reference.json into the folder instead")
    parser.add_argument("--length", type=int, help="traced length in tokens (default: 128, or the model's if shorter)")
    parser.add_argument("--dtype", choices=["float32", *HALVES, "int8"], default="float32", help="of the stored weights")
    parser.add_argument("--tokenizer", help="folder or hub name, when the checkpoint has no tokenizer of its own")
    options = parser.parse_args(arguments)
    if options.list:
        return options
    if not options.checkpoint:
        parser.error("a CHECKPOINT is needed (or --list)")
    if options.length is not None and options.length < 2:
        parser.error(f"--length must be at least 2, not {options.length}")
    if options.reference:
        if options.output:
            parser.error("--reference writes into the folder itself, and takes no --output")
        return options
    if not options.output or not options.task:
        parser.error("--output and --task are needed (or --reference)")
    if options.output.is_dir() or not options.output.parent.is_dir():
        parser.error(f"--output must name a file in a folder that exists, not {options.output}")
    return options


@contextlib.contextmanager
def one_line(what, config=None):
    """Around calls of transformers and torch, which throw of all kinds for a checkpoint that is not as it should be."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 it is told, by its kind where the words alone say little
        if "trust_remote_code" in str(error):
            raise ExportError(f"{what}: Python code of its author's own, which is not run; what can be is in --list") from error
        kind = "" if isinstance(error, (OSError, ValueError, RuntimeError)) else f"{type(error).__name__}: "
        values = config.to_dict().items() if config is not None and isinstance(error, KeyError) else ()
        keys = [key for key, value in values if error.args and value == error.args[0]]  # an activation, say
        hint = f" ({' and '.join(keys)} in config.json)" if keys else ""
        raise ExportError(f"{what}: {kind}{str(error)[:LONGEST_REASON]}{hint}") from error


def fail(message):
    print(f"export.py: {' '.join(message.split())}", file=sys.stderr)
    return 1


def export(options):
    import torch

    if options.task in TRACED_AS and not Path(options.checkpoint).is_dir():
        raise ExportError(f"no folder {options.checkpoint}: for {options.task} a checkpoint is a folder, with its modules")
    modules = SentenceFiles(options.checkpoint, options.task)
    head = TRACED_AS.get(options.task, options.task)
    model = load_model(modules.folder, head)
    tokenizer = load_tokenizer(options.tokenizer or modules.folder)
    config = describe(model.config)
    longest = max_length(config)
    if options.dtype == "int8" and served()[options.task][model.config.model_type] != "packed":
        raise ExportError(
            f"--dtype int8 is for bundles that the packed engine runs, and a {model.config.model_type} for {options.task} "
            "runs on the graph engine, which computes in fp32; float16 and bfloat16 make it smaller"
        )
    length = min(options.length or 128, longest)
    if options.length and options.length > longest:
        raise ExportError(f"--length {options.length} is more than the model takes ({longest})")
    if len(tokenizer) > config["vocab_size"]:
        raise ExportError(f"the tokenizer has {len(tokenizer)} tokens, the model's embedding {config['vocab_size']}")
    integers = {}
    if options.dtype in HALVES:
        round_to(model, getattr(torch, options.dtype))
    elif options.dtype == "int8":
        integers = quantize(model)

    manifest = {
        "format_version": FORMAT_VERSION,
        "producer": f"{PRODUCER}, transformers {version('transformers')}, torch {version('torch')}",
        "architecture": model.config.model_type,
        "task": options.task,
        "config": config,
        "labels": labels(model.config, head),
        "label_ids": label_ids(model.config, head),
        "problem_type": problem_type(model.config, head),
        "activation": activation(model.config, head),
        "dtype": options.dtype,
        "traced": {"batch": 1, "length": length},
        "methods": methods(model, head),
    }
    traced = manifest | {"task": head}
    print(f"tracing {manifest['architecture']} for {options.task}, length {length} …")
    archive = trace(model, traced, integers)
    stripped = io.BytesIO()
    write_archive(archive, stripped, {})
    manifest["lengths"] = prove(stripped, model, traced, FAMILIES[model.config.model_type].limited)
    extra = {
        "bertrt/manifest.json": to_json(manifest),
        "bertrt/selftest.json": to_json(selftest(model, traced | {"lengths": manifest["lengths"]}, tokenizer)),
    }
    for name, data in tokenizer_files(tokenizer, options.tokenizer or modules.folder).items():
        extra[f"bertrt/tokenizer/{name}"] = data
    extra |= modules.entries
    partial = options.output.with_name(f"{options.output.name}.{os.getpid()}.partial")
    try:
        write_archive(stripped, partial, extra)
        check_written(partial, manifest, extra)
        os.replace(partial, options.output)
    finally:
        partial.unlink(missing_ok=True)
    print(f"wrote {options.output}: {options.output.stat().st_size / 1e6:.1f} MB, {', '.join(extra)}")


# --- the checkpoint ---------------------------------------------------------------------------------------------------


def load_model(checkpoint, task):
    """The checkpoint as Hugging Face loads it, in fp32 and evaluation mode; no weight left out that counts."""
    import torch
    import transformers

    if checkpoint.startswith((".", "/", "~")) and not Path(checkpoint).is_dir():
        raise ExportError(f"no folder {checkpoint}")
    if (Path(checkpoint) / "adapter_config.json").exists():
        raise ExportError(f"{checkpoint} holds an adapter (LoRA or the like) beside its model; merge it first")
    with one_line(f"{checkpoint}: config.json"):
        config = transformers.AutoConfig.from_pretrained(checkpoint, trust_remote_code=False)  # else it asks
    check(config.model_type, task, checkpoint)
    family = FAMILIES[config.model_type]
    for key, values in (ALLOWED | family.allowed).items():
        value = getattr(config, key, None)
        if value is not None and value not in values:
            raise ExportError(f"{checkpoint} has {key} {value}; exported can be {' and '.join(map(str, values))}")
    if getattr(config, "quantization_config", None) is not None:
        raise ExportError(f"{checkpoint} has a quantization_config; exported can be weights that are plain numbers")
    auto = getattr(transformers, family.encoder if task == "encoder" else TASKS[task][0])
    # Weights of another shape are told below; transformers would only refer to a report that it prints.
    settings = {"dtype": torch.float32, "output_loading_info": True, "ignore_mismatched_sizes": True}
    settings["trust_remote_code"] = False
    if family.eager:
        settings["attn_implementation"] = "eager"
    with one_line(f"{checkpoint}: transformers cannot load it", config):
        model, info = auto.from_pretrained(checkpoint, **settings)
        missing = sorted(info["missing_keys"])
        no_pooler = bool(missing) and all(name.startswith("pooler.") for name in missing)
        if task == "encoder" and no_pooler and has_choice_of_pooler(model):
            model, info = auto.from_pretrained(checkpoint, add_pooling_layer=False, **settings)
            missing = sorted(info["missing_keys"])
    for name, found, wanted in sorted(info["mismatched_keys"]):
        raise ExportError(
            f"{checkpoint}: its configuration makes {name} {list(wanted)}, and the weights have {list(found)}"
        )
    if missing:
        raise ExportError(f"{checkpoint} has no weights for task {task}: {missing[0]} and {len(missing) - 1} more")
    left = not_to_leave_out(model, info["unexpected_keys"])
    if left:
        more = f" and {len(left) - 1} more" if len(left) > 1 else ""
        raise ExportError(
            f"{checkpoint} has weights that transformers leaves out and that belong to no other head of a "
            f"{config.model_type}, so that the bundle would be another model: {left[0]}{more} (an adapter or a prompt that is "
            "not merged, a head of the author's own, an attention that is no longer supported)"
        )
    check_padding(model, checkpoint)
    model.config.use_cache = False  # a decoder that embeds keeps nothing for a next token
    return model.eval()


def has_choice_of_pooler(model):
    return "add_pooling_layer" in inspect.signature(type(model).__init__).parameters


def check_padding(model, checkpoint):
    """@raises ExportError where the model computes with an id of padding that its configuration does not name."""
    from transformers.modeling_layers import GenericForSequenceClassification

    if getattr(model.config, "pad_token_id", None) is not None:
        return
    why = ""
    if FAMILIES[model.config.model_type].positions == "offset":
        why = "positions are counted from it"
    elif isinstance(model, GenericForSequenceClassification):
        why = "its head reads the last token that is no padding"
    if why:
        raise ExportError(f"{checkpoint}: config.json has no pad_token_id, and {why}; set it to the tokenizer's")


def labels(config, task):
    """The classifier's labels, in the order of its outputs."""
    if task not in ("sequence-classification", "token-classification"):
        return []
    return [str(config.id2label.get(i, f"LABEL_{i}")) for i in range(config.num_labels)]


def label_ids(config, task):
    """label2id in the checkpoint's own order, which says what stands for entailment."""
    if task not in ("sequence-classification", "token-classification"):
        return []
    return [[str(label), int(index)] for label, index in (config.label2id or {}).items()]


def activation(config, task):
    """A cross-encoder's activation, a dotted torch class, where the checkpoint names one; else None."""
    if task != "sequence-classification":
        return None
    own = getattr(config, "sentence_transformers", None)
    own = own if isinstance(own, dict) else {}
    old = getattr(config, "sbert_ce_default_activation_function", None)
    return own.get("activation_fn") or old or getattr(config, "sbert_ce_default_activation_fn", None)


def problem_type(config, task):
    """How Hugging Face reads a text classifier's outputs, where the checkpoint says it; else None."""
    return getattr(config, "problem_type", None) if task == "sequence-classification" else None


def load_tokenizer(checkpoint):
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(checkpoint, trust_remote_code=False)
        if type(tokenizer).__name__ not in READ_BY_FILES:
            tokenizer.backend_tokenizer
    except Exception as error:
        raise ExportError(f"no tokenizer in {checkpoint} ({str(error).splitlines()[0]}); name one with --tokenizer")
    return tokenizer


def describe(config):
    """The sizes in Hugging Face's usual names, whatever names the architecture has for them."""

    def value(*names, default=None):
        return next((getattr(config, name) for name in names if getattr(config, name, None) is not None), default)

    hidden = value("dim", "hidden_size")
    sizes = {
        "hidden_size": hidden,
        "num_hidden_layers": value("n_layers", "num_hidden_layers"),
        "num_attention_heads": value("n_heads", "num_attention_heads"),
        "intermediate_size": value("hidden_dim", "intermediate_size"),
        "vocab_size": config.vocab_size,
        "max_position_embeddings": longest_text(config),
        "type_vocab_size": value("type_vocab_size", default=0),
        "embedding_size": value("embedding_size", "input_embedding_size", default=hidden),
        "hidden_act": value("activation", "hidden_act", "hidden_activation"),
        "layer_norm_eps": value("layer_norm_eps", "norm_eps", "rms_norm_eps", default=1e-12),
        "pad_token_id": value("pad_token_id", default=0),
        "position_scheme": FAMILIES[config.model_type].positions,
    }
    for name in ("num_hidden_groups", "inner_group_num", "relative_attention_num_buckets"):
        if value(name) is not None:
            sizes[name] = value(name)
    return sizes


def longest_text(config):
    """In tokens and the positions that a family leaves out: the longest that is compared."""
    longest = getattr(config, "max_position_embeddings", None) or 0
    return min(longest, LONGEST_PROVEN) if longest > 0 else USUAL_LONGEST


def methods(model, task):
    taken = inspect.signature(model.base_model.forward).parameters
    inputs = ["input_ids"] + (["attention_mask"] if "attention_mask" in taken else [])
    if "token_type_ids" in taken and describe(model.config)["type_vocab_size"] > 1:
        inputs.append("token_type_ids")
    outputs = ["all_encoder_layers"]
    if task != "masked-lm" and getattr(model.base_model, "pooler", None) is not None:
        outputs.append("pooled_output")
    if task != "masked-lm":
        return {"forward": {"inputs": inputs, "outputs": outputs + TASKS[task][1]}}
    return {
        "forward": {"inputs": inputs, "outputs": ["logits"]},
        "encode": {"inputs": inputs, "outputs": outputs},
        "head": {"inputs": ["hidden_rows"], "outputs": ["logits"]},
    }


# --- tracing ----------------------------------------------------------------------------------------------------------


def traceable(model, task):
    """A copy of `model` with exactly the methods that methods() lists.

    A subclass of Hugging Face's own class, so that parameters keep Hugging Face's names in the trace. The tracer takes
    the names of a trace's inputs from the signature of the method, hence named() below.
    """
    original = type(model)
    listed = methods(model, task)
    pooled = ["pooler_output"] if "pooled_output" in listed.get("encode", listed["forward"])["outputs"] else []

    def encode(self, **inputs):
        run = self.base_model if self.base_model is not self else lambda **x: original.forward(self, **x)
        output = run(**inputs, output_hidden_states=True, return_dict=True)
        return (layers(output, output.last_hidden_state), *(output[name] for name in pooled))

    def encode_and_head(self, **inputs):
        # One pass for both, so that the trace holds the encoder once: what the head is given by the encoder is kept.
        if task == "multiple-choice":  # a pair by itself is a question with one choice
            inputs = {name: value.unsqueeze(1) for name, value in inputs.items()}
        run = lambda: original.forward(self, **inputs, output_hidden_states=True, return_dict=True)  # noqa: E731
        output, encoded = run_with_encoder(self, run)
        own = (layers(output, encoded.last_hidden_state), *(encoded[name] for name in pooled))
        return own + tuple(output[name] for name in TASKS[task][1])

    def logits(self, **inputs):
        if HEAD_MODULE in self._modules:  # the class's own forward would look for it by its first name
            return logits_of(self, self.base_model(**inputs, return_dict=True).last_hidden_state)
        return original.forward(self, **inputs, return_dict=True).logits

    def named(run):
        names = listed["forward"]["inputs"]

        def method(self, *arguments):
            return run(self, **dict(zip(names, arguments, strict=True)))

        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        method.__signature__ = inspect.Signature([inspect.Parameter(name, kind) for name in ("self", *names)])
        return method

    if task == "encoder":
        body = {"forward": named(encode)}
    elif task != "masked-lm":
        body = {"forward": named(encode_and_head)}
    else:
        body = {"forward": named(logits), "encode": named(encode), "head": lambda self, hidden_rows: logits_of(self, hidden_rows)}
    # Hugging Face looks up which modules record hidden states by the class's full name.
    body |= {"__module__": original.__module__, "__qualname__": original.__qualname__}
    copied = copy.deepcopy(model)  # `model` stays as it was: the reference
    copied.__class__ = type(original.__name__, (original,), body)
    if "head" in body and "head" in copied._modules:
        copied.add_module(HEAD_MODULE, copied._modules.pop("head"))
    return copied


def trace(model, manifest, integers):
    """The traced module, saved, as a binary file in memory. integers: quantize()'s, for layers that are stored so."""
    import torch

    example = sample(manifest["config"], 1, manifest["traced"]["length"])
    arguments = {"hidden_rows": torch.randn(2, manifest["config"]["hidden_size"]), **example}
    inputs = {
        name: tuple(arguments[argument] for argument in method["inputs"])
        for name, method in manifest["methods"].items()
    }
    own = rewrite(with_integers(traceable(model, manifest["task"]), integers))
    what = f"{manifest['architecture']} for {manifest['task']} cannot be traced"
    with plain_masks(), whole_table_of_distances(model.config), one_line(what):
        traced = torch.jit.trace_module(own, inputs, check_trace=False)
    if manifest["dtype"] in HALVES:
        halve(traced, model, getattr(torch, manifest["dtype"]))  # after tracing: else it would hold constants in halves
    elif manifest["dtype"] == "int8":
        halve_tables(traced, model)
    archive = io.BytesIO()
    torch.jit.save(traced, archive)
    return archive


def to_json(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def version(package):
    return sys.modules[package].__version__.split("+")[0]


if __name__ == "__main__":
    sys.exit(main())
