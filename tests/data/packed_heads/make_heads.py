#!/usr/bin/env python3
"""Tiny random models with a head, as bare traces, with Hugging Face's outputs: NAME.pt and heads.json.

    python make_heads.py

Every way in which a head of the family is built: classifiers on the pooler and on a dense layer of their own (tanh,
GELU, ReLU), on every token, on the next sentence, spans, and the masked-lm heads' names. heads.json:
{NAME: {"input_ids", "outputs": [flat values of each output tensor]}}.
"""

import io
import json
import sys
import warnings
from pathlib import Path

import torch
import transformers

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "models"))
from bundle import write_archive  # noqa: E402

warnings.filterwarnings("ignore")
transformers.logging.set_verbosity_error()

SIZES = {
    "vocab_size": 40,
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "max_position_embeddings": 32,
    "num_labels": 3,
}
DISTILBERT = {"vocab_size": 40, "dim": 16, "n_layers": 1, "n_heads": 2, "hidden_dim": 24, "max_position_embeddings": 32}
# name -> (model_type, class, configuration)
MODELS = {
    "bert_sequence": ("bert", transformers.BertForSequenceClassification, SIZES),
    "bert_token": ("bert", transformers.BertForTokenClassification, SIZES),
    "bert_span": ("bert", transformers.BertForQuestionAnswering, SIZES | {"num_labels": 2}),
    "bert_next": ("bert", transformers.BertForNextSentencePrediction, SIZES | {"num_labels": 2}),
    "albert_sequence": ("albert", transformers.AlbertForSequenceClassification, SIZES | {"embedding_size": 8}),
    "roberta_sequence": ("roberta", transformers.RobertaForSequenceClassification, SIZES | {"type_vocab_size": 1}),
    "electra_sequence": ("electra", transformers.ElectraForSequenceClassification, SIZES | {"embedding_size": 8}),
    "distilbert_sequence": ("distilbert", transformers.DistilBertForSequenceClassification, DISTILBERT),
    "electra_masked_lm": ("electra", transformers.ElectraForMaskedLM, SIZES | {"embedding_size": 8}),
    "distilbert_masked_lm": ("distilbert", transformers.DistilBertForMaskedLM, DISTILBERT),
}


def main():
    golden = {}
    for seed, (name, (model_type, cls, sizes)) in enumerate(MODELS.items()):
        torch.manual_seed(seed)
        model = cls(transformers.AutoConfig.for_model(model_type, **sizes, return_dict=False)).eval()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.normal_(0, 0.4)
            model.tie_weights()
            ids = torch.randint(2, 40, (1, 9))
            outputs = model(ids, torch.ones_like(ids))
            trace = torch.jit.trace(model, (ids, torch.ones_like(ids)), check_trace=False)
        buffer = io.BytesIO()
        torch.jit.save(trace, buffer)
        buffer.seek(0)
        write_archive(buffer, HERE / f"{name}.pt", {})
        values = [[float(f"{value:.7g}") for value in output.flatten()] for output in outputs]
        golden[name] = {"input_ids": ids[0].tolist(), "outputs": values}
    (HERE / "heads.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
