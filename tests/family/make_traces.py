#!/usr/bin/env python3
"""Tiny random models as bare traces, with Hugging Face's outputs: NAME.pt and expected.json in FOLDER.

    python tests/family/make_traces.py [FOLDER]      default: tests/data/family_traces

Families whose traces the packed engine runs beside BERT's kin: norms in front, rotary positions, windows, gates, grouped
queries, disentangled attention, dropped tokens, hidden ones that start as zeros; eager and fused attention, with and without a mask. expected.json: {NAME: {"windows": of each layer,
"cases": as make_checkpoints.py has them, without the layers between}}.
"""

import inspect
import io
import json
import sys
import warnings
from pathlib import Path

import jina_bert
import torch
import transformers
from make_checkpoints import numbers, randomize

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "models"))
from bundle import write_archive  # noqa: E402

warnings.filterwarnings("ignore")
transformers.logging.set_verbosity_error()

TRACED = 14
SIZES = {
    "vocab_size": 40,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 24,
    "max_position_embeddings": 40,
    "pad_token_id": 1,
    "bos_token_id": 2,
    "eos_token_id": 2,
}
MODERN = SIZES | {"num_hidden_layers": 3, "local_attention": 12, "cls_token_id": 2, "sep_token_id": 2}
# As DeBERTa-v3's checkpoints are: logarithmic buckets, tokens' own projections for positions, none in the embeddings.
V3 = SIZES | {
    "relative_attention": True, "pos_att_type": ["c2p", "p2c"], "position_buckets": 8, "share_att_key": True,
    "norm_rel_ebd": "layer_norm", "position_biased_input": False, "type_vocab_size": 0, "max_position_embeddings": 24,
}  # fmt: skip
V2 = V3 | {"share_att_key": False, "norm_rel_ebd": "none", "position_biased_input": True, "position_buckets": -1, "max_relative_positions": 7,
           "max_position_embeddings": 40}
V1 = SIZES | {"relative_attention": True, "pos_att_type": ["c2p", "p2c"], "max_relative_positions": 9, "type_vocab_size": 2}
ESM = SIZES | {"position_embedding_type": "rotary", "mask_token_id": 5, "token_dropout": True}
BOTH = ("input_ids", "attention_mask")

# name -> (class, configuration, attention, inputs)
MODELS = {
    "megatron": ("MegatronBertModel", SIZES, "eager", (*BOTH, "token_type_ids")),
    "megatron-tokens": ("MegatronBertForTokenClassification", SIZES, "eager", BOTH),
    "prelayernorm-masked-lm": ("RobertaPreLayerNormForMaskedLM", SIZES, "sdpa", BOTH),
    "prelayernorm-ids": ("RobertaPreLayerNormModel", SIZES, "eager", ("input_ids",)),
    "xlm-roberta-xl-sequence": ("XLMRobertaXLForSequenceClassification", SIZES, "sdpa", BOTH),
    "modernbert": ("ModernBertModel", MODERN, "sdpa", BOTH),
    "modernbert-masked-lm": ("ModernBertForMaskedLM", MODERN, "eager", BOTH),
    "modernbert-mean": ("ModernBertForSequenceClassification", MODERN | {"classifier_pooling": "mean"}, "sdpa", BOTH),
    "modernbert-cls": ("ModernBertForSequenceClassification", MODERN | {"norm_bias": True, "mlp_bias": True, "attention_bias": True}, "sdpa", ("input_ids",)),
    "modernbert-positions": ("ModernBertForTokenClassification", MODERN, "sdpa", (*BOTH, "position_ids")),
    "eurobert": ("EuroBertModel", SIZES | {"num_key_value_heads": 2}, "sdpa", BOTH),
    "eurobert-ids": ("EuroBertForMaskedLM", SIZES | {"num_key_value_heads": 1}, "sdpa", ("input_ids",)),
    "eurobert-late": ("EuroBertForSequenceClassification", SIZES, "eager", BOTH),
    "nomic": ("NomicBertModel", SIZES, "sdpa", (*BOTH, "token_type_ids")),
    "gte-sequence": ("GteForSequenceClassification", SIZES | {"type_vocab_size": 0}, "eager", BOTH),
    "deberta-v3": ("DebertaV2Model", V3, "eager", BOTH),
    "deberta-v3-sequence": ("DebertaV2ForSequenceClassification", V3, "eager", ("input_ids",)),
    "deberta-v2-tokens": ("DebertaV2ForTokenClassification", V2, "eager", BOTH),
    "jina": ("JinaEmbeddingsV3Model", SIZES, "sdpa", BOTH),
    "esm": ("EsmModel", ESM | {"emb_layer_norm_before": True}, "sdpa", BOTH),
    "esm-absolute-tokens": ("EsmForTokenClassification", ESM | {"position_embedding_type": "absolute"}, "eager", BOTH),
    "esm-ids-masked-lm": ("EsmForMaskedLM", ESM, "eager", ("input_ids",)),
    "roformer": ("RoFormerModel", SIZES | {"embedding_size": 8}, "eager", (*BOTH, "token_type_ids")),
    "roformer-values-sequence": ("RoFormerForSequenceClassification", SIZES | {"rotary_value": True}, "eager", BOTH),
    "deberta": ("DebertaModel", V1, "eager", (*BOTH, "token_type_ids")),
    "deberta-tokens": ("DebertaForTokenClassification", V1 | {"embedding_size": 8, "position_biased_input": False, "pos_att_type": ["c2p"], "max_relative_positions": 40}, "eager", BOTH),
    "deberta-ids-sequence": ("DebertaForSequenceClassification", V1 | {"relative_attention": False}, "eager", ("input_ids",)),
    "qwen3": ("Qwen3Model", SIZES | {"head_dim": 8, "num_key_value_heads": 2, "use_cache": False}, "sdpa", BOTH),
    "alibi": ("JinaBertModel", SIZES, "eager", (*BOTH, "token_type_ids")),
    "alibi-code-sequence": ("JinaBertForSequenceClassification", SIZES | {"code": True, "num_attention_heads": 2}, "eager", (*BOTH, "token_type_ids")),
    "deberta-v2-convolved": ("DebertaV2Model", V2 | {"conv_kernel_size": 3, "conv_groups": 2, "conv_act": "gelu"}, "eager", BOTH),
}


class JinaTrace(torch.nn.Module):
    """A JinaBERT whose outputs are those that the tracer and cases_of know."""

    def __init__(self, model):
        super().__init__()
        self.model, self.config = model, model.config

    def forward(self, input_ids, attention_mask, token_type_ids):
        output = {name: value for name, value in self.model(input_ids, attention_mask, token_type_ids).items() if value is not None}
        states = output.pop("hidden_states")
        return output if type(self.model).__name__ != "JinaBertModel" else {"last_hidden_state": states[-1], **output}


def made(class_name, settings, attention, seed):
    jina = class_name.startswith("JinaBert")
    cls = getattr(jina_bert if jina else transformers, class_name)
    config = cls.config_class(**settings)
    config._attn_implementation = attention
    model = randomize(cls(config), seed)
    model.tie_weights()
    return JinaTrace(model) if jina else model


def arguments_of(model, takes, ids, mask=None, kinds=None):
    """What a model is given of one text: positions that are counted, types where it has them."""
    values = {
        "input_ids": ids,
        "attention_mask": torch.ones_like(ids) if mask is None else mask,
        "token_type_ids": torch.zeros_like(ids) if kinds is None else kinds,
        "position_ids": torch.arange(ids.shape[1])[None],
    }
    return {name: values[name] for name in takes}


def takes_of(model, takes):
    return tuple(name for name in takes if name in inspect.signature(model.forward).parameters)


def traced(model, takes, path):
    ids = torch.randint(4, model.config.vocab_size, (1, TRACED), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        trace = torch.jit.trace(model, example_kwarg_inputs=arguments_of(model, takes, ids), strict=False, check_trace=False)
    buffer = io.BytesIO()
    torch.jit.save(trace, buffer)
    buffer.seek(0)
    write_archive(buffer, path, {})


def cases_of(model, takes, seed, lengths):
    """Texts of several lengths, and one with pads among its ids and holes in its mask where there is one."""
    generator = torch.Generator().manual_seed(seed)
    cases = []
    for length in (*lengths, -9):
        ids = torch.randint(4, model.config.vocab_size, (1, abs(length)), generator=generator)
        kinds = torch.randint(0, max(1, getattr(model.config, "type_vocab_size", 1)), ids.shape, generator=generator)
        mask = torch.ones_like(ids)
        if getattr(model.config, "token_dropout", False):
            ids[0, 0] = 6  # of mask tokens alone nothing is left
        if length < 0:
            ids[0, 4] = model.config.pad_token_id or 0
            if "attention_mask" in takes:
                mask[0, 2] = mask[0, 6] = 0
        with torch.no_grad():
            output = model(**arguments_of(model, takes, ids, mask, kinds))
        case = {"input_ids": ids[0].tolist(), "attention_mask": mask[0].tolist()}
        if "token_type_ids" in takes:
            case["token_type_ids"] = kinds[0].tolist()
        if output.get("last_hidden_state") is not None:
            case["hidden"] = numbers(output["last_hidden_state"])
        if output.get("pooler_output") is not None:
            case["pooled"] = numbers(output["pooler_output"])
        case["logits"] = {name: numbers(value) for name, value in output.items() if name.endswith("logits")}
        cases.append(case)
    return cases


def windows_of(config):
    kinds = getattr(config, "layer_types", None) or ["full_attention"] * config.num_hidden_layers
    return [config.sliding_window if kind == "sliding_attention" else 0 for kind in kinds]


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent / "data" / "family_traces"
    folder.mkdir(parents=True, exist_ok=True)
    expected = {}
    for seed, (name, (class_name, settings, attention, takes)) in enumerate(MODELS.items()):
        model = made(class_name, settings, attention, seed)
        traced(model, takes, folder / f"{name}.pt")
        expected[name] = {"windows": windows_of(model.config), "cases": cases_of(model, takes, seed, (1, 3, 26))}
    (folder / "expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
