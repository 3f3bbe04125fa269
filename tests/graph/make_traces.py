#!/usr/bin/env python3
"""Tiny real traces of many families and heads, with what libtorch itself gives for a text alone.

    python make_traces.py OUTPUT [NAME …]        (torch 2.13, transformers 5)

Writes OUTPUT/NAME.pt and OUTPUT/NAME.json: inputs (names in forward's order), cases [{length, ids, mask, types, outputs | error}].
outputs are flattened in the trace's order, each {name, shape, type, data}, non-finite numbers as strings. Half traces are widened
by .float() for the reference. Traced at 14 tokens unless the name says otherwise; cases have 5, 14, 23 and 40 tokens.
"""

import json
import math
import os
import sys
import warnings

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
warnings.filterwarnings("ignore")

import torch
import transformers as T

torch.set_num_threads(1)
VOCABULARY, TRACED, LENGTHS = 96, 14, (5, 14, 23, 40)
BASE = dict(vocab_size=VOCABULARY, hidden_size=64, num_hidden_layers=2, num_attention_heads=4, intermediate_size=96,
            max_position_embeddings=64, pad_token_id=1)  # fmt: skip
SPECIAL = {
    "distilbert": dict(vocab_size=VOCABULARY, dim=64, n_layers=2, n_heads=4, hidden_dim=96, max_position_embeddings=64),
    "albert": dict(embedding_size=32, num_hidden_groups=1, inner_group_num=1),
    "electra": dict(embedding_size=32),
    "mobilebert": dict(embedding_size=32, intra_bottleneck_size=32, true_hidden_size=32, num_feedforward_networks=2),
    "deberta": dict(relative_attention=True, pos_att_type=["c2p", "p2c"], position_biased_input=False, max_relative_positions=-1),
    "deberta-v2": dict(relative_attention=True, pos_att_type=["c2p", "p2c"], position_buckets=16, norm_rel_ebd="layer_norm",
                       share_att_key=True, position_biased_input=False, max_relative_positions=-1),
    "modernbert": dict(global_attn_every_n_layers=2, local_attention=8, bos_token_id=3, eos_token_id=4, cls_token_id=3, sep_token_id=4),
    "convbert": dict(embedding_size=64, conv_kernel_size=9, head_ratio=2),
    "longformer": dict(attention_window=[8, 8]),
    "luke": dict(entity_vocab_size=8, entity_emb_size=16),
    "big_bird": dict(attention_type="original_full"),
    "squeezebert": dict(embedding_size=64),
    "esm": dict(position_embedding_type="rotary", mask_token_id=5, token_dropout=False),
    "roformer": dict(embedding_size=64, rotary_value=False),
    "funnel": dict(vocab_size=VOCABULARY, d_model=64, n_head=4, d_head=16, d_inner=96, block_sizes=[1, 1]),
    "reformer": None,
    "xlm": dict(vocab_size=VOCABULARY, emb_dim=64, n_layers=2, n_heads=4, max_position_embeddings=64, n_words=VOCABULARY),
    "nystromformer": dict(segment_means_seq_len=64, num_landmarks=64),
    "eurobert": dict(num_key_value_heads=4, head_dim=16, max_position_embeddings=128),
    "nomic_bert": dict(),
    "fnet": dict(),
    "xlm-roberta-xl": dict(max_position_embeddings=80),
    "yoso": dict(max_position_embeddings=80, use_expectation=True),
}  # fmt: skip
FAMILIES = ("albert bert big_bird camembert convbert data2vec-text deberta deberta-v2 distilbert electra ernie esm eurobert flaubert fnet funnel "
            "ibert layoutlm longformer luke markuplm megatron-bert mobilebert modernbert mpnet nomic_bert nystromformer rembert "
            "roberta roberta-prelayernorm roformer splinter squeezebert xlm xlm-roberta xlm-roberta-xl yoso").split()  # fmt: skip
HEADS = {
    "mlm": T.AutoModelForMaskedLM, "seqcls": T.AutoModelForSequenceClassification, "tok": T.AutoModelForTokenClassification,
    "qa": T.AutoModelForQuestionAnswering, "pre": T.AutoModelForPreTraining,
}  # fmt: skip
DICT_HEADS = ("big_bird", "convbert", "esm", "eurobert", "layoutlm", "modernbert")  # their heads read the encoder's output by name
TRACES = {}


def spread(model):
    """Weights spread as trained ones are, so that a difference shows."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            noise = torch.randn(weight.shape, generator=generator)
            weight.copy_(noise * 0.15 if weight.dim() >= 2 else 1 + 0.1 * noise if "norm.weight" in name.lower() else 0.1 * noise)
    return model.eval()


def config_of(family, **changes):
    special = SPECIAL.get(family, {})
    whole = dict(special) if special.get("dim") or special.get("d_model") or special.get("emb_dim") else {**BASE, **special}
    return T.AutoConfig.for_model(family, **{**whole, "return_dict": False, **changes})


def sample(length):
    generator = torch.Generator().manual_seed(length)
    ids = torch.randint(6, VOCABULARY, (1, length), generator=generator)
    ids[0, 0], ids[0, -1] = 3, 4
    if length > 6:
        ids[0, length // 2] = 4
    types = torch.zeros_like(ids)
    types[0, length // 2 :] = 1 if length > 6 else 0
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids), "token_type_ids": types}


def flatten(value, prefix=""):
    if isinstance(value, torch.Tensor):
        return [(prefix or "0", value)]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, (list, tuple)) else ()
    return [pair for key, item in items for pair in flatten(item, f"{prefix}.{key}" if prefix else str(key))]


def plain(tensor):
    return [x if math.isfinite(x) else str(x) for x in tensor.flatten().tolist()]


def run(module, names, length):
    inputs = sample(length)
    case = {"length": length, "ids": inputs["input_ids"][0].tolist(), "mask": inputs["attention_mask"][0].tolist(),
            "types": inputs["token_type_ids"][0].tolist()}  # fmt: skip
    try:
        with torch.no_grad():
            result = module(*(inputs[name] for name in names))
        case["outputs"] = [{"name": name, "shape": list(x.shape), "type": str(x.dtype), "data": plain(x)} for name, x in flatten(result)]
    except RuntimeError as error:
        case["error"] = str(error).strip().splitlines()[-1]
    return case


def save(folder, name, model, names=None, half=None, frozen=False, strict=True, keywords=False, traced=TRACED):
    import inspect

    if names is None:
        known = inspect.signature(model.forward).parameters
        names = [n for n in known if n in ("input_ids", "attention_mask", "token_type_ids")]
    inputs = sample(traced)
    if keywords:
        module = torch.jit.trace(model, example_kwarg_inputs={n: inputs[n] for n in keywords}, strict=strict, check_trace=False)
    else:
        model.forward = positional(model, names)
        module = torch.jit.trace(model, tuple(inputs[n] for n in names), strict=strict, check_trace=False)
    if half:
        module = module.to(half)
    if frozen:
        module = torch.jit.freeze(module.eval())
    path = os.path.join(folder, name + ".pt")
    torch.jit.save(module, path)
    loaded = torch.jit.load(path)
    if half:
        loaded = loaded.float()
    with open(os.path.join(folder, name + ".json"), "w") as file:
        json.dump({"inputs": names, "cases": [run(loaded, names, length) for length in LENGTHS]}, file)


def positional(model, names):
    """forward with the named inputs alone, in this order (a trace takes its inputs by position)."""
    inner = type(model).forward
    parameters = ", ".join(names)
    scope = {"inner": inner, "model": model}
    exec(f"def forward({parameters}):\n  return inner(model, {', '.join(f'{n}={n}' for n in names)})", scope)
    return scope["forward"]


def add(name, make, **options):
    TRACES[name] = (make, options)


def family(name, head=None, **changes):
    def make():
        torch.manual_seed(0)
        config = config_of(name, **({"return_dict": True} if name in DICT_HEADS and head else {}), **changes)
        return spread((HEADS[head] if head else T.AutoModel).from_config(config))

    return make


for each in FAMILIES:
    add(each, family(each))
    for kind in HEADS:
        if each in ("bert", "roberta", "distilbert", "electra", "albert", "modernbert", "mpnet", "deberta-v2", "camembert") or kind == "mlm":
            add(f"{each}-{kind}", family(each, kind), strict=each not in DICT_HEADS)
for each in ("bert", "roberta", "distilbert", "electra", "albert", "mpnet", "modernbert", "deberta", "deberta-v2", "nomic_bert"):
    add(f"{each}-eager", family(each, attn_implementation="eager"))
    add(f"{each}-half", family(each), half=torch.float16)
    add(f"{each}-bfloat", family(each), half=torch.bfloat16)
    add(f"{each}-frozen", family(each), frozen=True)
    add(f"{each}-mlm-frozen", family(each, "mlm"), frozen=True, strict=each not in DICT_HEADS)
    add(f"{each}-states", family(each, output_hidden_states=True))
    add(f"{each}-attentions", family(each, attn_implementation="eager", output_attentions=True, output_hidden_states=True))
for each in ("bert", "roberta", "distilbert", "modernbert"):
    add(f"{each}-dict", family(each, return_dict=True), strict=False)
add("bert-relu", family("bert", hidden_act="relu"))
add("bert-gelu-new", family("bert", hidden_act="gelu_new"))
add("bert-silu", family("bert", hidden_act="silu"))
add("bert-ids-only", family("bert"), names=["input_ids"])
add("bert-mask-types", family("bert"), names=["input_ids", "token_type_ids", "attention_mask"])
add("bert-keywords", family("bert"), keywords=["token_type_ids", "attention_mask", "input_ids"], names=["input_ids", "attention_mask", "token_type_ids"])
add("bert-keywords-2", family("bert"), keywords=["attention_mask", "input_ids"], names=["input_ids", "attention_mask"])
add("bert-training", lambda: family("bert")().train())
add("longformer-40", family("longformer"), traced=40)


class Pooled(torch.nn.Module):
    """An encoder and what people put behind one."""

    def __init__(self, model, give):
        super().__init__()
        self.model, self.give = model, give

    def forward(self, input_ids, attention_mask, token_type_ids=None):
        types = {} if token_type_ids is None else {"token_type_ids": token_type_ids}
        return self.give(self.model(input_ids, attention_mask=attention_mask, **types)[0], attention_mask)


def mean(x, mask):
    weights = mask.unsqueeze(-1).expand(x.size()).float()
    return (x * weights).sum(1) / torch.clamp(weights.sum(1), min=1e-9)


THREE = ["input_ids", "attention_mask", "token_type_ids"]
BEHIND = {
    "mean": mean,
    "mean-normalized": lambda x, mask: torch.nn.functional.normalize(mean(x, mask), p=2, dim=1),
    "cls-normalized": lambda x, mask: torch.nn.functional.normalize(x[:, 0], p=2.0, dim=-1),
    "max": lambda x, mask: x.masked_fill(mask.unsqueeze(-1) == 0, -1e9).max(1).values,
    "last": lambda x, mask: x[torch.arange(x.size(0)), mask.sum(1) - 1],
    "splade": lambda x, mask: torch.max(torch.log1p(torch.relu(x)) * mask.unsqueeze(-1), dim=1).values,
    "softmax": lambda x, mask: torch.nn.functional.log_softmax(x / 0.07, dim=-1),
    "topk": lambda x, mask: torch.topk(x, 3, dim=-1),
    "sigmoid-mean": lambda x, mask: {"scores": torch.sigmoid(x.mean(1)), "states": x},
}
for each, give in BEHIND.items():
    add(f"behind-{each}", lambda give=give: Pooled(family("bert", "mlm" if give is BEHIND["splade"] else None)(), give), names=THREE, strict=False)


def main():
    folder, wanted = sys.argv[1], sys.argv[2:]
    os.makedirs(folder, exist_ok=True)
    for name, (make, options) in TRACES.items():
        if wanted and name not in wanted:
            continue
        try:
            save(folder, name, make(), **options)
            print("made", name, flush=True)
        except Exception as error:  # a family that this transformers lacks, or that cannot be traced
            print("left out", name, type(error).__name__, str(error).strip().splitlines()[-1:] or "", flush=True)


main()
