#!/usr/bin/env python3
"""Tiny random checkpoints of every family that folders are read for, with Hugging Face's outputs.

    python tests/family/make_checkpoints.py [FOLDER [NAME…]]      default: tests/data/checkpoints, all of them

Positions inside attention ("relative_key") are what transformers 5 dropped: run under 4.57, this makes these alone; under 5, all
the others. JinaBERT is jina_bert.py's, folders as their makers publish them published.py's.

FOLDER/NAME/config.json and model.safetensors (or shards), as save_pretrained writes them, and FOLDER/NAME/expected.json:
{"made_with", "cases": [{"input_ids", "token_type_ids", "attention_mask"?, "hidden_states": [[...] a layer],
"pooled"?, "logits": {output: [...]}}]}, numbers row by row. bert-pretraining/bertrt_reference.json is `models/export.py FOLDER --reference --task masked-lm`'s.
"""

import inspect
import json
import sys
import warnings
from pathlib import Path

import torch
import transformers

import jina_bert
import published

HERE = Path(__file__).resolve().parent
warnings.filterwarnings("ignore")
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()

SIZES = {
    "vocab_size": 40,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 24,
}
DISTIL = {"vocab_size": 40, "dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 48, "max_position_embeddings": 24}
THREE = {"id2label": {"0": "neg", "1": "neutral", "2": "pos"}, "label2id": {"neg": 0, "neutral": 1, "pos": 2}}

# As DeBERTa's checkpoints are, and those of v3: logarithmic buckets, tokens' own projections for positions.
DISENTANGLED = {"relative_attention": True, "pos_att_type": "c2p|p2c", "position_biased_input": False, "layer_norm_eps": 1e-7}
V3 = {"position_buckets": 8, "max_relative_positions": -1, "share_att_key": True, "norm_rel_ebd": "layer_norm"}

# Rotary positions; ModernBERT's window is short enough to end within the texts.
ROTARY = SIZES | {"max_position_embeddings": 160, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
MODERN = ROTARY | {"num_hidden_layers": 4, "local_attention": 12, "cls_token_id": 1, "sep_token_id": 2}

STRETCHED = ROTARY | {"num_hidden_layers": 1, "vocab_size": 24, "hidden_size": 24, "num_attention_heads": 2, "intermediate_size": 16}
PUBLISHED = STRETCHED | {"intermediate_size": 256}  # what its feed-forward's width is a multiple of

LONG = {"max_position_embeddings": 560, "num_hidden_layers": 1, "vocab_size": 24}
PROTEIN = SIZES | {"pad_token_id": 1, "mask_token_id": 5}

DECODER = {"vocab_size": 24, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 8, "intermediate_size": 12,
           "max_position_embeddings": 40, "bos_token_id": 2, "eos_token_id": 1}

# Of bert-pretraining, which so has all that a folder can have.
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklm", *(f"##{letter}" for letter in "abcdefghij"),
              "the", "cat", "sat", "on", "mat", "dog", "ran", "far", "away", ".", ",", "?"]

# name -> (class, configuration, how it is saved)
MODELS = {
    "bert": ("BertModel", SIZES, {}),
    "bert-pretraining": ("BertForPreTraining", SIZES, {"vocabulary": True}),
    "bert-masked-lm-sharded": ("BertForMaskedLM", SIZES | {"hidden_act": "relu"}, {"max_shard_size": "12KB"}),
    "bert-sequence-bf16": ("BertForSequenceClassification", SIZES | THREE | {"hidden_act": "gelu_new"}, {"dtype": torch.bfloat16}),
    "bert-tokens-old-names": ("BertForTokenClassification", SIZES | THREE, {"old_names": True}),
    "bert-untied": ("BertForMaskedLM", SIZES | {"tie_word_embeddings": False, "layer_norm_eps": 1e-5}, {}),
    "roberta-sequence": ("RobertaForSequenceClassification", SIZES | THREE | {"type_vocab_size": 1, "pad_token_id": 1}, {}),
    "roberta-masked-lm": ("RobertaForMaskedLM", SIZES | {"type_vocab_size": 1, "hidden_act": "relu", "pad_token_id": 3}, {}),
    "camembert-answers": ("CamembertForQuestionAnswering", SIZES | {"type_vocab_size": 1}, {}),
    "xlm-roberta-tokens": ("XLMRobertaForTokenClassification", SIZES | THREE | {"type_vocab_size": 1}, {}),
    "data2vec-text": ("Data2VecTextModel", SIZES | {"type_vocab_size": 1}, {}),
    "distilbert-sequence": ("DistilBertForSequenceClassification", DISTIL | THREE, {}),
    "distilbert-masked-lm": ("DistilBertForMaskedLM", DISTIL | {"activation": "relu"}, {}),
    "electra-discriminator": ("ElectraForPreTraining", SIZES | {"embedding_size": 16}, {}),
    "electra-generator": ("ElectraForMaskedLM", SIZES | {"embedding_size": 16, "hidden_act": "relu"}, {}),
    "electra-choice-half": ("ElectraForMultipleChoice", SIZES | {"embedding_size": 32}, {"dtype": torch.float16}),
    "albert-pretraining": ("AlbertForPreTraining", SIZES | {"embedding_size": 16, "num_hidden_layers": 4, "num_hidden_groups": 2}, {}),
    "mpnet": ("MPNetModel", SIZES, {}),
    "mpnet-masked-lm": ("MPNetForMaskedLM", SIZES, {}),
    "ernie-tasks": ("ErnieModel", SIZES | {"use_task_id": True}, {}),
    "rembert-masked-lm": ("RemBertForMaskedLM", SIZES | {"input_embedding_size": 16, "output_embedding_size": 24}, {}),
    "deberta-sequence": ("DebertaForSequenceClassification", SIZES | THREE | DISENTANGLED | {"pooler_hidden_act": "tanh"}, {}),
    "deberta-masked-lm": ("DebertaForMaskedLM", SIZES | {"relative_attention": True, "pos_att_type": ["c2p", "p2c", "p2p"], "max_relative_positions": 6,
                          "type_vocab_size": 2, "embedding_size": 16}, {"lengths": (1, 4, 20)}),
    "deberta-v2": ("DebertaV2Model", SIZES | DISENTANGLED | {"conv_kernel_size": 3, "conv_act": "gelu", "conv_groups": 2}, {"lengths": (1, 4, 40)}),
    "deberta-v3-tokens": ("DebertaV2ForTokenClassification", SIZES | THREE | DISENTANGLED | V3, {"lengths": (1, 4, 70)}),
    "deberta-v3-masked-lm": ("DebertaV2ForMaskedLM", SIZES | DISENTANGLED | V3 | {"legacy": False}, {}),
    "deberta-v2-answers-half": ("DebertaV2ForQuestionAnswering", SIZES | {"position_buckets": 4, "type_vocab_size": 0, "pos_att_type": ["c2p"],
                                "relative_attention": True, "max_relative_positions": 16}, {"dtype": torch.float16}),
    "modernbert-masked-lm": ("ModernBertForMaskedLM", MODERN, {"lengths": (1, 4, 150)}),
    "modernbert-sequence-mean": ("ModernBertForSequenceClassification", MODERN | THREE | {"classifier_pooling": "mean", "norm_bias": True, "mlp_bias": True,
                                 "attention_bias": True, "classifier_bias": True, "classifier_activation": "relu", "local_attention": 2}, {"lengths": (1, 4, 40)}),
    "modernbert-tokens": ("ModernBertForTokenClassification", MODERN | THREE | {"global_attn_every_n_layers": 2}, {"dtype": torch.bfloat16}),
    "eurobert-masked-lm": ("EuroBertForMaskedLM", ROTARY | {"num_key_value_heads": 2}, {"lengths": (1, 4, 60)}),
    "eurobert-sequence-late": ("EuroBertForSequenceClassification", ROTARY | THREE | {"attention_bias": True, "mlp_bias": True}, {}),
    "nomic-masked-lm": ("NomicBertForMaskedLM", ROTARY, {"lengths": (1, 4, 60)}),
    "gte-sequence": ("GteForSequenceClassification", ROTARY | THREE | {"type_vocab_size": 0}, {}),
    "gte-masked-lm": ("GteForMaskedLM", ROTARY | {"type_vocab_size": 2, "hidden_act": "gelu_new"}, {}),
    "jina-v3-tokens": ("JinaEmbeddingsV3ForTokenClassification", ROTARY | THREE, {"lengths": (1, 3, 60)}),
    "roberta-prelayernorm-masked-lm": ("RobertaPreLayerNormForMaskedLM", SIZES, {}),
    "xlm-roberta-xl-tokens": ("XLMRobertaXLForTokenClassification", SIZES | THREE, {}),
    "megatron-pretraining": ("MegatronBertForPreTraining", SIZES, {}),
    # Beyond 512 tokens scores are worked on in blocks.
    "jina-masked-lm": ("JinaBertForMaskedLM", SIZES | LONG | {"num_attention_heads": 6, "hidden_size": 24}, {"lengths": (1, 4, 530)}),
    "jina": ("JinaBertModel", SIZES | {"feed_forward_type": "reglu"}, {"dtype": torch.float16}),
    "jina-sequence": ("JinaBertForSequenceClassification", SIZES | THREE, {}),
    "jina-code": ("JinaBertModel", SIZES | {"code": True, "num_attention_heads": 2}, {}),
    "bert-relative-key": ("BertModel", SIZES | {"position_embedding_type": "relative_key"}, {"transformers": "4"}),
    "roberta-relative-key-query": ("RobertaForMaskedLM", SIZES | LONG | {"type_vocab_size": 1, "hidden_size": 16, "intermediate_size": 12,
                                   "position_embedding_type": "relative_key_query"}, {"lengths": (1, 4, 530), "transformers": "4"}),
    "albert-relative-key-query": ("AlbertForSequenceClassification", SIZES | THREE | {"embedding_size": 16, "position_embedding_type": "relative_key_query"},
                                  {"transformers": "4"}),
    "esm-masked-lm": ("EsmForMaskedLM", PROTEIN | {"position_embedding_type": "rotary", "token_dropout": True, "max_position_embeddings": 160}, {"lengths": (1, 4, 60)}),
    "esm-sequence-half": ("EsmForSequenceClassification", PROTEIN | THREE | {"position_embedding_type": "rotary", "rope_theta": 500.0}, {"dtype": torch.float16}),
    "esm-absolute": ("EsmModel", PROTEIN | {"emb_layer_norm_before": True, "token_dropout": True}, {}),
    "roformer-masked-lm": ("RoFormerForMaskedLM", SIZES | {"max_position_embeddings": 160, "embedding_size": 16}, {"lengths": (1, 4, 150)}),
    "roformer-sequence-values": ("RoFormerForSequenceClassification", SIZES | THREE | {"rotary_value": True, "hidden_act": "relu"}, {"dtype": torch.bfloat16}),
    # Stretched to longer texts than those that they were made for, as transformers does it …
    "gte-tokens-yarn": ("GteForTokenClassification", STRETCHED | THREE | {"rope_parameters": {"rope_type": "yarn", "rope_theta": 500.0, "factor": 4.0,
                        "original_max_position_embeddings": 20, "truncate": False}}, {"lengths": (1, 4, 60)}),
    "eurobert-llama3": ("EuroBertModel", STRETCHED | {"rope_parameters": {"rope_type": "llama3", "rope_theta": 100.0, "factor": 8.0, "low_freq_factor": 1.0,
                        "high_freq_factor": 4.0, "original_max_position_embeddings": 40}}, {"lengths": (1, 4, 60)}),
    "jina-v3-dynamic": ("JinaEmbeddingsV3Model", STRETCHED | {"max_position_embeddings": 20, "rope_parameters": {"rope_type": "dynamic", "rope_theta": 100.0,
                        "factor": 8.0}}, {"lengths": (1, 20, 21, 130)}),
    # … and as the makers of two families publish theirs.
    "nomic-published": ("NomicBertModel", PUBLISHED | {"max_position_embeddings": 20, "rope_parameters": {"rope_type": "dynamic", "rope_theta": 1000.0, "factor": 2.0}},
                        {"lengths": (1, 20, 21, 80), "dtype": torch.float16, "published": (published.publish_nomic, {})}),
    "gte-published": ("GteModel", STRETCHED | {"type_vocab_size": 0, "rope_parameters": {"rope_type": "default", "rope_theta": 500.0}},
                      {"lengths": (1, 4, 60), "scale": {"factor": 2.0}, "published": (published.publish_gte, {"factor": 2.0})}),
    "gte-published-sequence": ("GteForSequenceClassification", STRETCHED | THREE | {"rope_parameters": {"rope_type": "default", "rope_theta": 500.0}},
                               {"lengths": (1, 4, 60), "scale": {"factor": 8.0, "mixed_b": 0.7}, "published": (published.publish_gte, {"factor": 8.0, "mixed_b": 0.7, "apart": True})}),
    "nomic-experts": ("NomicBertModel", PUBLISHED | {"num_hidden_layers": 4, "intermediate_size": 20, "hidden_act": "gelu", "type_vocab_size": 1,
                      "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0}},
                      {"lengths": (1, 4, 30), "experts": {"count": 5, "chosen": 2, "every": 2}, "published": (published.publish_nomic, {
                       "activation_function": "gelu", "mlp_fc1_bias": True, "mlp_fc2_bias": True, "num_experts": 5, "moe_top_k": 2, "moe_every_n_layers": 2,
                       "moe_normalize_expert_weights": False, "num_shared_experts": 0, "expert_choice_router": False, "ffn_div": 1})}),
    "embeddinggemma": ("Gemma3TextModel", {"vocab_size": 24, "hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 3, "num_key_value_heads": 1, "head_dim": 8,
                       "intermediate_size": 16, "max_position_embeddings": 160, "query_pre_attn_scalar": 20, "sliding_window": 12, "sliding_window_pattern": 3,
                       "use_bidirectional_attention": True, "pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 1}, {"lengths": (1, 4, 60)}),
    "qwen3-embedding": ("Qwen3Model", {"vocab_size": 24, "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 3, "num_key_value_heads": 1, "head_dim": 16,
                        "intermediate_size": 20, "max_position_embeddings": 320, "rope_parameters": {"rope_type": "default", "rope_theta": 1000.0},
                        "tie_word_embeddings": True, "bos_token_id": 2, "eos_token_id": 1}, {"lengths": (1, 4, 150), "dtype": torch.bfloat16}),
    # Decoders classify by the last token that is no padding, wherever that stands.
    "qwen3-sequence": ("Qwen3ForSequenceClassification", DECODER | THREE | {"pad_token_id": 5}, {"end": 5}),
    "qwen3-sequence-no-padding": ("Qwen3ForSequenceClassification", DECODER | THREE, {"end": 5}),
    "qwen3-tokens": ("Qwen3ForTokenClassification", DECODER | THREE, {"lengths": (1, 4, 20)}),
    "qwen3-answers": ("Qwen3ForQuestionAnswering", DECODER, {"lengths": (1, 4, 20)}),
    "embeddinggemma-sequence": ("Gemma3TextForSequenceClassification", DECODER | THREE | {"use_bidirectional_attention": True, "query_pre_attn_scalar": 8, "pad_token_id": 5},
                                {"end": 5}),
}


def randomize(model, seed):
    """Weights as large as a trained model's, so that every part shows in the outputs."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            values = torch.randn(parameter.shape, generator=generator) * 0.25
            if name.endswith("embed_positions.weight"):
                continue  # RoFormer's sines and cosines
            parameter.copy_(1 + values if parameter.ndim == 1 and "orm" in name and name.endswith("weight") else values)
    return model.eval()


def numbers(tensor):
    return [float(f"{value:.7g}") for value in tensor.flatten().tolist()]


def inputs_of(config, generator, lengths=(1, 4, 11)):
    """Texts of several lengths, and one with pads among its ids and holes in its mask."""
    types = max(1, getattr(config, "type_vocab_size", 1))
    masks = getattr(config, "token_dropout", False)  # ESM counts the masked tokens of a text
    pad = config.pad_token_id or 0
    for length in lengths:
        ids = torch.randint(4, config.vocab_size, (1, length), generator=generator)
        kinds = torch.randint(0, types, (1, length), generator=generator)
        if masks:
            ids[0, length // 2] = config.mask_token_id
            ids[0, 0] = 4
        yield ids, kinds, None
    ids = torch.randint(4, config.vocab_size, (1, 7), generator=generator)
    ids[0, 4] = pad
    mask = torch.ones(1, 7, dtype=torch.long)
    mask[0, 2] = 0
    yield ids, torch.zeros_like(ids), mask


def run(model, ids, kinds, mask):
    """One text through a model: what expected.json says of it."""
    arguments = {"input_ids": ids, "attention_mask": torch.ones_like(ids) if mask is None else mask}
    # Families without token types take no such argument.
    if "token_type_ids" in inspect.signature(model.forward).parameters and model.config.model_type != "mpnet":
        arguments["token_type_ids"] = kinds
    choice = "MultipleChoice" in type(model).__name__
    if choice:
        arguments = {name: value[None] for name, value in arguments.items()}
    with torch.no_grad():
        output = model(**arguments, output_hidden_states=True)
        states = list(output.hidden_states[1:])
        if transformers.__version__.startswith("4."):  # of some families, the last one before the final norm
            flat = {name: value.flatten(0, -2) for name, value in arguments.items()}
            states[-1] = model.base_model(**flat).last_hidden_state
    case = {"input_ids": ids[0].tolist(), "token_type_ids": kinds[0].tolist()}
    if mask is not None:
        case["attention_mask"] = mask[0].tolist()
    case["hidden_states"] = [numbers(state[0]) for state in states]
    if output.get("pooler_output") is not None:
        case["pooled"] = numbers(output["pooler_output"])
    case["logits"] = {name: numbers(value) for name, value in output.items() if name.endswith("logits")}
    return case


def save(model, folder, how):
    """As save_pretrained does it, and then as it was done in other times."""
    if "dtype" in how:
        model = model.to(how["dtype"])
    model.save_pretrained(folder, **({"max_shard_size": how["max_shard_size"]} if "max_shard_size" in how else {}))
    if how.get("old_names"):
        from safetensors.torch import load_file, save_file

        path = folder / "model.safetensors"
        weights = {
            name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): value
            for name, value in load_file(path).items()
        }
        weights["bert.embeddings.position_ids"] = torch.arange(model.config.max_position_embeddings)[None]
        save_file(weights, path, metadata={"format": "pt"})
    # The reference: stored values, computed in fp32; what a model makes itself (rotary frequencies) was never narrowed.
    return type(model).from_pretrained(folder, dtype=torch.float32).eval() if "dtype" in how else model


def make(folder, name, class_name, settings, how, seed):
    cls = getattr(jina_bert if class_name.startswith("JinaBert") else transformers, class_name)
    config = cls.config_class(**settings)
    model = cls(config)
    if "experts" in how:
        published.give_experts(model, **how["experts"])
    model = randomize(model, seed)
    model.tie_weights()
    folder = folder / name
    folder.mkdir(parents=True, exist_ok=True)
    model = save(model, folder, how)
    if "scale" in how:
        published.scale_gte(model, **how["scale"])
    if "published" in how:
        publish, settings = how["published"]
        publish(folder, **settings)
    generator = torch.Generator().manual_seed(seed + 1000)
    texts = list(inputs_of(config, generator, how.get("lengths", (1, 4, 11))))
    if "end" in how:
        for ids in ([6, 5, 7, 5, 5], [5, 5, 5]):
            texts.append((torch.tensor([ids]), torch.zeros(1, len(ids), dtype=torch.long), None))
    cases = [run(model, *inputs) for inputs in texts]
    made_with = f"transformers {transformers.__version__}, torch {torch.__version__.split('+')[0]}"
    if how.get("vocabulary"):
        (folder / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n")
    (folder / "expected.json").write_text(json.dumps({"made_with": made_with, "cases": cases}, separators=(",", ":")) + "\n")


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent / "data" / "checkpoints"
    names = sys.argv[2:]
    for seed, (name, (class_name, settings, how)) in enumerate(MODELS.items()):
        if how.get("transformers", "5") != transformers.__version__[0] or (names and name not in names):
            continue
        make(folder, name, class_name, settings, how, seed)


if __name__ == "__main__":
    main()
