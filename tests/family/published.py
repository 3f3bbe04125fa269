"""Folders as NomicBERT's and GTE's makers publish them: their own config.json, and code of theirs that auto_map names.

Transformers has classes of its own for both, which compute the same but for positions beyond what a model was trained on:
Nomic's base widens with the text (transformers' "dynamic"), GTE's is scaled once and for all ("ntk", of which transformers knows
nothing). So a model of those classes, changed where it must be, is the reference; its folder is rewritten here.
"""

import json

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional

NOMIC = "nomic-ai/nomic-bert-2048--"
GTE = "Alibaba-NLP/new-impl--"


def scale_gte(model, factor, mixed_b=None):
    """Gives a GteModel (or one with a head) frequencies of "ntk"; https://kexue.fm/archives/9706."""
    base = model.config.rope_parameters["rope_theta"]
    dim = model.config.hidden_size // model.config.num_attention_heads
    even = torch.arange(0, dim, 2).float() / dim
    if mixed_b is None:
        frequencies = 1.0 / ((base * factor) ** even) / factor ** (2 / dim)
    else:
        growth = torch.tensor(factor).log() / (dim / 2) ** mixed_b
        frequencies = 1.0 / (base**even) / (growth * torch.arange(1, dim // 2 + 1).float() ** mixed_b).exp()
    for module in model.modules():
        if hasattr(module, "original_inv_freq"):
            module.inv_freq.copy_(frequencies)
            module.original_inv_freq.copy_(frequencies)


class Plain(nn.Module):
    """A feed-forward without a gate, under Nomic's names."""

    def __init__(self, hidden, inner):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(hidden, inner), nn.Linear(inner, hidden)

    def forward(self, x):
        return self.fc2(functional.gelu(self.fc1(x)))


class Experts(nn.Module):
    """nomic-embed-text-v2-moe's: of all experts' results, each times its share, those of the largest shares count."""

    def __init__(self, hidden, inner, count, chosen):
        super().__init__()
        self.chosen = chosen
        self.router = nn.Module()
        self.router.layer = nn.Linear(hidden, count, bias=False)
        self.experts = nn.Module()
        self.experts.bias = nn.Parameter(torch.zeros(hidden))
        self.experts.mlp = nn.Module()
        self.experts.mlp.w1 = nn.Parameter(torch.zeros(count * inner, hidden))
        self.experts.mlp.w2 = nn.Parameter(torch.zeros(count * inner, hidden))

    def forward(self, x):
        shares = self.router.layer(x).softmax(-1)
        least = shares.topk(self.chosen).values[..., -1:]
        shares = torch.where(shares >= least, shares, 0)
        first, second = (w.unflatten(0, (shares.shape[-1], -1)) for w in (self.experts.mlp.w1, self.experts.mlp.w2))
        inner = functional.gelu(torch.einsum("...h,eih->...ei", x, first))
        return torch.einsum("...ei,eih,...e->...h", inner, second, shares) + self.experts.bias


def give_experts(model, count, chosen, every):
    """A NomicBertModel's feed-forwards as those of v2-moe."""
    config = model.config
    for i, layer in enumerate(model.base_model.layers):
        sizes = config.hidden_size, config.intermediate_size
        layer.mlp = Experts(*sizes, count, chosen) if i % every == 1 else Plain(*sizes)


def publish_nomic(folder, **changes):
    """config.json with GPT-2's names for what transformers' own class wrote there."""
    old = json.loads((folder / "config.json").read_text())
    rope = old["rope_parameters"]
    grows = rope["rope_type"] == "dynamic"
    settings = {
        "activation_function": {"silu": "swiglu", "gelu": "geglu"}[old["hidden_act"]],
        "architectures": old["architectures"],
        "attn_pdrop": 0.0,
        "auto_map": {"AutoConfig": NOMIC + "configuration_hf_nomic_bert.NomicBertConfig", "AutoModel": NOMIC + "modeling_hf_nomic_bert.NomicBertModel",
                     "AutoModelForMaskedLM": NOMIC + "modeling_hf_nomic_bert.NomicBertForPreTraining"},
        "bos_token_id": None,
        "causal": False,
        "dense_seq_output": True,
        "embd_pdrop": 0.0,
        "eos_token_id": None,
        "fused_bias_fc": True,
        "fused_dropout_add_ln": True,
        "initializer_range": 0.02,
        "layer_norm_epsilon": old["layer_norm_eps"],
        "max_trained_positions": old["max_position_embeddings"],
        "mlp_fc1_bias": False,
        "mlp_fc2_bias": False,
        "model_type": "nomic_bert",
        "n_embd": old["hidden_size"],
        "n_head": old["num_attention_heads"],
        "n_inner": old["intermediate_size"],
        "n_layer": old["num_hidden_layers"],
        "n_positions": 4 * old["max_position_embeddings"],
        "pad_vocab_size_multiple": 8,
        "parallel_block": False,
        "parallel_block_tied_norm": False,
        "prenorm": False,
        "qkv_proj_bias": False,
        "reorder_and_upcast_attn": False,
        "resid_pdrop": 0.0,
        "rotary_emb_base": rope["rope_theta"],
        "rotary_emb_fraction": 1.0,
        "rotary_emb_interleaved": False,
        "rotary_emb_scale_base": None,
        "rotary_scaling_factor": rope["factor"] if grows else None,
        "scale_attn_by_inverse_layer_idx": False,
        "scale_attn_weights": True,
        "summary_activation": None,
        "summary_first_dropout": 0.0,
        "summary_proj_to_labels": True,
        "summary_type": "cls_index",
        "summary_use_proj": True,
        "torch_dtype": "float32",
        "transformers_version": "4.34.0",
        "type_vocab_size": old["type_vocab_size"],
        "use_cache": True,
        "use_flash_attn": True,
        "use_rms_norm": False,
        "use_xentropy": True,
        "vocab_size": old["vocab_size"],
        **{name: old[name] for name in ("id2label", "label2id") if name in old},
    }
    (folder / "config.json").write_text(json.dumps(settings | changes, indent=2) + "\n")


def publish_gte(folder, factor, mixed_b=None, apart=False, **changes):
    """config.json of model_type "new"; `apart`: weights as "pack_qkv" false has them."""
    old = json.loads((folder / "config.json").read_text())
    dropped = ("rope_parameters", "model_type", "_experts_implementation", "dtype", "default_theta")
    settings = {name: value for name, value in old.items() if name not in dropped} | {
        "auto_map": {"AutoConfig": GTE + "configuration.NewConfig", "AutoModel": GTE + "modeling.NewModel",
                     "AutoModelForSequenceClassification": GTE + "modeling.NewForSequenceClassification"},
        "architectures": [name.replace("Gte", "New") for name in old["architectures"]],
        "layer_norm_type": "layer_norm",
        "logn_attention_clip1": False,
        "logn_attention_scale": False,
        "model_type": "new",
        "pack_qkv": not apart,
        "position_embedding_type": "rope",
        "rope_scaling": {"factor": factor, "type": "ntk"} | ({"mixed_b": mixed_b} if mixed_b else {}),
        "rope_theta": old["rope_parameters"]["rope_theta"],
        "torch_dtype": "float32",
        "transformers_version": "4.39.1",
        "unpad_inputs": False,
        "use_memory_efficient_attention": False,
    }
    (folder / "config.json").write_text(json.dumps(settings | changes, indent=2) + "\n")
    path = folder / "model.safetensors"
    weights = {}
    for name, value in load_file(path).items():
        if name.startswith("gte."):
            name = "new." + name.removeprefix("gte.")
        if apart and ".qkv_proj." in name:
            weights |= {name.replace("qkv_proj", f"{one}_proj"): part.contiguous() for one, part in zip("qkv", value.chunk(3))}
        else:
            weights[name] = value
    save_file(weights, path, metadata={"format": "pt"})
