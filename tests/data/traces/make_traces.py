#!/usr/bin/env python3
"""Traces of tiny random models by transformers 5, in the many shapes in which people save them, and some hostile files.

    python make_traces.py

README.md lists each file and what a session must do with it.
"""

import warnings

import torch
import transformers
from common import HERE, SIZES, TRACED_LENGTH, VOCAB_SIZE, randomize, save, seed_example, vocabulary, write_golden
from toys import write_toys

warnings.filterwarnings("ignore")
transformers.logging.set_verbosity_error()

IDS, TYPES = (torch.tensor([values]) for values in seed_example())
MASK = torch.ones_like(IDS)
POSITIONS = torch.arange(TRACED_LENGTH)[None]


class Rearranged(torch.nn.Module):
    """A model whose forward is another's."""

    def __init__(self, bert):
        super().__init__()
        self.bert = bert

    def encode(self, **inputs):
        return self.bert(**inputs, output_hidden_states=True, return_dict=True)


class Tensor(Rearranged):
    def forward(self, input_ids, attention_mask, token_type_ids):
        return self.encode(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).last_hidden_state


class Layers(Rearranged):
    def forward(self, input_ids, attention_mask, token_type_ids):
        output = self.encode(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
        return list(output.hidden_states[1:]), output.pooler_output


class Permuted(Rearranged):
    def forward(self, token_type_ids, attention_mask, input_ids):
        output = self.encode(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
        return output.last_hidden_state, output.pooler_output


class IdsOnly(Rearranged):
    def forward(self, input_ids):
        output = self.encode(input_ids=input_ids)
        return output.last_hidden_state, output.pooler_output


class IdsTypes(Rearranged):
    def forward(self, input_ids, token_type_ids):
        output = self.encode(input_ids=input_ids, token_type_ids=token_type_ids)
        return output.last_hidden_state, output.pooler_output


class Positions(Rearranged):
    def forward(self, input_ids, attention_mask, token_type_ids, position_ids):
        output = self.encode(
            input_ids=input_ids,
            attention_mask=attention_mask,
            token_type_ids=token_type_ids,
            position_ids=position_ids,
        )
        return output.last_hidden_state, output.pooler_output


class Vector(Rearranged):
    def forward(self, input_ids, attention_mask, token_type_ids):
        output = self.encode(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
        return torch.nn.functional.normalize(output.last_hidden_state[:, 0], dim=1)


class Sentence(Rearranged):
    def forward(self, input_ids, attention_mask, token_type_ids):
        states = self.encode(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).last_hidden_state
        return {"token_embeddings": states, "sentence_embedding": torch.nn.functional.normalize(states[:, 0], dim=1)}


class Pooler(Rearranged):
    def forward(self, input_ids, attention_mask, token_type_ids):
        return self.encode(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).pooler_output


class ShortNames(Rearranged):
    def forward(self, x, m):
        return self.encode(input_ids=x, attention_mask=m).last_hidden_state


class Louder(torch.nn.Linear):
    """Computes what its weights alone do not tell."""

    def forward(self, x):
        return 1.25 * super().forward(x)


def config(**more):
    return transformers.BertConfig(vocab_size=VOCAB_SIZE, **SIZES, **more)


def bert(**more):
    """The one encoder behind every bert_*.pt here; bert.json has its outputs."""
    return randomize(transformers.BertModel(config(**more)))


def trace(model, name, inputs, strict=True):
    save(torch.jit.trace(model, inputs, strict=strict, check_trace=False), name)


def write_encoders():
    # The tutorial's call, unchanged: the second argument is attention_mask since transformers 2.
    trace(bert(return_dict=False), "bert_trap", [IDS, TYPES])
    trace(bert(return_dict=False), "bert_tuple", (IDS, MASK, TYPES))
    trace(bert(return_dict=False, output_hidden_states=True), "bert_hidden_states", (IDS, MASK, TYPES))
    trace(bert(), "bert_dict", (IDS, MASK, TYPES), strict=False)
    trace(bert(return_dict=False), "bert_ids_mask", (IDS, MASK))
    trace(Tensor(bert()), "bert_tensor", (IDS, MASK, TYPES))
    trace(Vector(bert()), "bert_vector", (IDS, MASK, TYPES))
    trace(Sentence(bert()), "bert_sentence", (IDS, MASK, TYPES), strict=False)
    trace(Pooler(bert()), "bert_pooler", (IDS, MASK, TYPES))
    trace(ShortNames(bert()), "bert_short_names", (IDS, MASK))
    trace(Layers(bert()), "bert_layers", (IDS, MASK, TYPES), strict=False)
    trace(Permuted(bert()), "bert_permuted", (TYPES, MASK, IDS))
    trace(IdsOnly(bert()), "bert_ids_only", (IDS,))
    trace(IdsTypes(bert()), "bert_ids_types", (IDS, TYPES))
    trace(Positions(bert()), "bert_positions", (IDS, MASK, TYPES, POSITIONS))
    trace(bert(return_dict=False), "bert_int32", (IDS.int(), MASK.int(), TYPES.int()))
    trace(bert(return_dict=False), "bert_batch2", tuple(torch.cat([x, x]) for x in (IDS, MASK, TYPES)))

    model = bert()

    def run(ids, types):
        output = model(ids, token_type_ids=types, output_hidden_states=True)
        return {"all_encoder_layers": output.hidden_states[1:], "pooled_output": output.pooler_output}

    write_golden("bert", run)

    def run_one_segment(ids, types):
        return run(ids, torch.zeros_like(types))

    write_golden("bert_one_segment", run_one_segment)  # for bert_trap, bert_ids_only, bert_ids_mask


def write_scaled():
    """A trace whose code disagrees with its weights, under the names that every BERT has."""
    model = bert(return_dict=False)
    model.encoder.layer[1].output.dense.__class__ = Louder
    trace(model, "bert_scaled", (IDS, MASK, TYPES))

    def run(ids, types):
        hidden, pooled = model(ids, token_type_ids=types)
        return {"all_encoder_layers": [hidden], "pooled_output": pooled}

    write_golden("bert_scaled", run)


def write_heads():
    heads = {
        "bert_masked_lm": (transformers.BertForMaskedLM, {}),
        "bert_classify": (transformers.BertForSequenceClassification, {"num_labels": 3}),
        "bert_ner": (transformers.BertForTokenClassification, {"num_labels": 5}),
        "bert_qa": (transformers.BertForQuestionAnswering, {}),
    }
    for name, (kind, more) in heads.items():
        model = randomize(kind(config(**more)))
        model.tie_weights()
        trace(model, name, (IDS, MASK, TYPES), strict=False)
        write_golden(name, lambda ids, types, model=model: dict(model(ids, token_type_ids=types)))


def write_longformer():
    """Its windows are cut to the traced length: silently wrong at longer lengths, an exception at some shorter ones."""
    sizes = transformers.LongformerConfig(
        vocab_size=VOCAB_SIZE, attention_window=4, pad_token_id=0, return_dict=False, **SIZES
    )
    model = randomize(transformers.LongformerModel(sizes))
    trace(model, "longformer", (IDS, MASK))

    def run(ids, types):
        hidden, pooled = model(ids, torch.ones_like(ids))[:2]
        return {"all_encoder_layers": [hidden], "pooled_output": pooled}

    write_golden("longformer", run, lengths=(2, 7))


class Boxes(torch.nn.Module):
    def __init__(self, layoutlm):
        super().__init__()
        self.layoutlm = layoutlm

    def forward(self, input_ids, bbox, attention_mask, token_type_ids):
        return self.layoutlm(
            input_ids=input_ids, bbox=bbox, attention_mask=attention_mask, token_type_ids=token_type_ids
        )[:2]


def boxes(length):
    """Token i stands at (i, 20 - i / 2), as wide as its number's last digit and 3 high."""
    return torch.tensor([[[i, 20 - i // 2, i + i % 10, 23 - i // 2] for i in range(length)]])


def write_layoutlm():
    sizes = transformers.LayoutLMConfig(vocab_size=VOCAB_SIZE, max_2d_position_embeddings=64, return_dict=False, **SIZES)
    model = randomize(transformers.LayoutLMModel(sizes))
    trace(Boxes(model), "layoutlm", (IDS, boxes(TRACED_LENGTH), MASK, TYPES))

    def run(ids, types):
        hidden, pooled = model(ids, bbox=boxes(ids.shape[1]), token_type_ids=types)[:2]
        return {"all_encoder_layers": [hidden], "pooled_output": pooled}

    write_golden("layoutlm", run)


def main():
    (HERE / "vocab.txt").write_text("\n".join(vocabulary()) + "\n")
    write_encoders()
    write_scaled()
    write_heads()
    write_longformer()
    write_layoutlm()
    write_toys()


if __name__ == "__main__":
    main()
