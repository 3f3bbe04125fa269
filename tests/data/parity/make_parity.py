#!/usr/bin/env python3
"""Tiny random models of every architecture, each as a bundle (models/export.py) and as a bare trace, with golden files.

    python make_parity.py [NAME …]

README.md says what is what.
"""

import json
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import torch
import transformers
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path[:0] = [str(HERE.parent / "traces"), str(ROOT / "models")]
from bundle import write_archive  # noqa: E402
from common import decimals, randomize  # noqa: E402

warnings.filterwarnings("ignore")
transformers.logging.set_verbosity_error()

VOCAB_SIZE = 72
TRACED_LENGTH = 16
LENGTHS = (13, 1, 2, 24, 6)
SIZES = {
    "vocab_size": VOCAB_SIZE,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 40,
    "max_position_embeddings": 64,
}
OFFSET = SIZES | {"type_vocab_size": 1, "max_position_embeddings": 66, "pad_token_id": 1, "layer_norm_eps": 1e-5}
# name -> (model_type, configuration)
MODELS = {
    "bert_gelu": ("bert", SIZES),
    "bert_gelu_new": (
        "bert",
        SIZES | {"hidden_act": "gelu_new", "hidden_size": 40, "num_attention_heads": 5, "intermediate_size": 24},
    ),
    "bert_relu": ("bert", SIZES | {"hidden_act": "relu", "num_attention_heads": 2, "layer_norm_eps": 1e-3}),
    "roberta": ("roberta", OFFSET),
    "camembert": ("camembert", OFFSET),
    "xlm_roberta": ("xlm-roberta", OFFSET),
    "distilbert": (
        "distilbert",
        {"vocab_size": VOCAB_SIZE, "dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 40}
        | {"max_position_embeddings": 64},
    ),
    "electra": ("electra", SIZES | {"embedding_size": 24}),
    "albert": ("albert", SIZES | {"embedding_size": 16, "num_hidden_layers": 3, "pad_token_id": 0}),
    "mpnet": ("mpnet", SIZES | {"max_position_embeddings": 66, "pad_token_id": 1}),
}
ENCODER_BUNDLES = ("bert_gelu", "mpnet")  # with a pooler
NO_TRACE = ("camembert", "xlm_roberta")  # RoBERTa's code


def main(names):
    for name in names or MODELS:
        with tempfile.TemporaryDirectory() as folder, torch.no_grad():
            make(name, Path(folder))


def make(name, folder):
    model_type, sizes = MODELS[name]
    config = transformers.AutoConfig.for_model(model_type, **sizes)
    encoder = randomize(transformers.AutoModel.from_config(config), seed=1)
    masked_lm = randomize(transformers.AutoModelForMaskedLM.from_config(config), seed=2)
    masked_lm.base_model.load_state_dict(encoder.state_dict(), strict=False)
    masked_lm.tie_weights()
    has_types = getattr(config, "type_vocab_size", 0) > 1 and model_type != "mpnet"

    for task, model in {"masked-lm": masked_lm, "encoder": encoder}.items():
        if task == "encoder" and name not in ENCODER_BUNDLES:
            continue
        model.save_pretrained(folder / task)
        tokenizer(has_types, config.pad_token_id).save_pretrained(folder / task)
        output = HERE / (f"{name}.pt" if task == "masked-lm" else f"{name}_encoder.pt")
        command = [ROOT / "models" / "export.py", folder / task, "--output", output, "--task", task]
        subprocess.run([sys.executable, *map(str, command), "--length", str(TRACED_LENGTH)], check=True)
    if name not in NO_TRACE:
        save_trace(encoder, has_types, HERE / f"{name}_trace.pt")
    write_golden(name, encoder, masked_lm, has_types)


def tokenizer(has_types, pad_id):
    """A small WordPiece: BERT's template, or RoBERTa's where a model has no token types."""
    if pad_id == 0:
        special, roles = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], ("pad", "unk", "cls", "sep", "mask")
    else:
        special, roles = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"], ("cls", "pad", "sep", "unk", "mask")
    token = {f"{role}_token": text for role, text in zip(roles, special)}
    letters = "abcdefghijklmnopqrstuvwxyz"
    tokens = special + list(".,?!'") + list(letters) + [f"##{letter}" for letter in letters]
    backend = Tokenizer(models.WordPiece({text: i for i, text in enumerate(tokens)}, unk_token=token["unk_token"]))
    backend.normalizer = normalizers.BertNormalizer()
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    cls, sep = token["cls_token"], token["sep_token"]
    pair = f"{cls} $A {sep} $B:1 {sep}:1" if has_types else f"{cls} $A {sep} {sep} $B {sep}"
    backend.post_processor = processors.TemplateProcessing(
        single=f"{cls} $A {sep}",
        pair=pair,
        special_tokens=[(cls, tokens.index(cls)), (sep, tokens.index(sep))],
    )
    return transformers.PreTrainedTokenizerFast(tokenizer_object=backend, model_max_length=64, **token)


def save_trace(model, has_types, path):
    """As anybody traces one: no manifest, no tokenizer."""
    model.config.return_dict = False
    example = [torch.randint(5, VOCAB_SIZE, (1, TRACED_LENGTH)), torch.ones(1, TRACED_LENGTH, dtype=torch.long)]
    if has_types:
        example.append(torch.zeros(1, TRACED_LENGTH, dtype=torch.long))
    whole = path.with_suffix(".whole")
    torch.jit.trace(model, example, check_trace=False).save(str(whole))
    write_archive(whole, path, {})
    whole.unlink()
    model.config.return_dict = True


def write_golden(name, encoder, masked_lm, has_types):
    generator = torch.Generator().manual_seed(11)
    cases = []
    for length in LENGTHS:
        ids = torch.randint(5, VOCAB_SIZE, (1, length), generator=generator)
        first = length // 2 + 1 if has_types and length > 2 else length
        types = (torch.arange(length)[None] >= first).long()
        inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        if has_types:
            inputs["token_type_ids"] = types
        output = encoder(**inputs, output_hidden_states=True)
        logits = masked_lm(**inputs).logits
        outputs = {"all_encoder_layers": decimals(output.hidden_states[1:]), "logits": decimals(logits)}
        if getattr(output, "pooler_output", None) is not None:
            outputs["pooled_output"] = decimals(output.pooler_output)
        case = {"input_ids": ids[0].tolist(), "token_type_ids": types[0].tolist(), "attention_mask": [1] * length}
        cases.append(case | {"outputs": outputs})
    (HERE / f"{name}.json").write_text(json.dumps({"cases": cases}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
