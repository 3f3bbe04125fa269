"""Traces of the kinds that are easily taken for something else: tests/data/kinds/NAME.pt, and kinds.json with what each gives.

    python tests/session/make_kinds.py tests/data/kinds        (torch 2.13, transformers 5)

Small random models; every output is checked at lengths other than the traced one, each text alone. `packed`: whether the
encoder inside is one that the packed engine knows. `torchscript`: not where an output is as long as a batch's longest text, whatever
it was padded to: libtorch's engine refuses that; and it takes inputs one by one alone. `roles` are in the order of the outputs.
"""

import json
import os
import sys
import zipfile

import torch
from torch.ao.quantization import default_dynamic_qconfig, per_channel_dynamic_qconfig, quantize_dynamic
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from transformers import BertConfig, BertForMaskedLM, BertModel, RobertaConfig, RobertaModel

HIDDEN, VOCABULARY, TRACED = 16, 40, 12
SHAPE = dict(vocab_size=VOCABULARY, hidden_size=HIDDEN, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24,
             max_position_embeddings=32)  # fmt: skip
KINDS = []


def spread(model):
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            noise = torch.randn(weight.shape, generator=generator)
            weight.copy_(0.3 * noise if weight.dim() > 1 else 1 + 0.1 * noise if "Norm.weight" in name else 0.1 * noise)
    return model.eval()


class Wrap(torch.nn.Module):
    def __init__(self, model, give, layer=None, **options):
        super().__init__()
        self.model, self.give, self.layer, self.options = model, give, layer, options

    def forward(self, input_ids, attention_mask, token_type_ids):
        out = self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids, return_dict=True, **self.options)
        return self.give(out, attention_mask) if self.layer is None else self.give(out, attention_mask, self.layer)


class OtherNames(Wrap):
    """As people call their inputs who wrap a model in one of their own."""

    def forward(self, ids, mask, seg):
        return super().forward(ids, mask, seg)


class ChosenRows(Wrap):
    """The states of one word, wherever it stands: how many, the ids decide (one row alone would be taken for
    one text). The mask is of bools, and called as people call it."""

    def forward(self, ids, mask, seg):
        return super().forward(ids, mask, seg)[ids == 25]


class IdsAlone(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids):
        return self.model(input_ids=input_ids, return_dict=True)[:2]


class DictOfInputs(Wrap):
    """As sentence-transformers' modules take them."""

    def forward(self, features):
        return super().forward(features["input_ids"], features["attention_mask"], features["token_type_ids"])


class ListOfInputs(Wrap):
    """As a data loader's batches are."""

    def forward(self, batch):
        ids, mask, seg = batch
        return super().forward(ids, mask, seg)


class ById(Wrap):
    """Masks, types and positions that ids decide: of few ids, so that made-up texts of a large vocabulary have none."""

    def __init__(self, model, what):
        super().__init__(model, None)
        self.what = what
        self.register_buffer("keep", (torch.arange(model.config.vocab_size) != 7).long())

    def forward(self, input_ids, attention_mask, token_type_ids):
        second = ((input_ids == 9).cumsum(1) > 1).long()
        positions = torch.arange(input_ids.shape[1], device=input_ids.device)[None]
        if self.what == "stop_words":
            attention_mask = attention_mask * self.keep[input_ids]
        elif self.what == "types":
            token_type_ids = second
        else:
            positions = positions * (1 - second)
        return self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids, position_ids=positions).last_hidden_state


class TypesBySeparator(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, token_type_ids):
        ends = (input_ids == 3).long()
        types = ends.cumsum(1) - ends - (token_type_ids * 0)
        return self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=types).last_hidden_state


def packed_sequences(recurrent):
    """A recurrent layer over the tokens of a mask, as taggers pack and pad them."""

    def run(output, mask, layer):
        lengths = mask.sum(1).cpu()
        packed = pack_padded_sequence(output.last_hidden_state, lengths, batch_first=True, enforce_sorted=False)
        return pad_packed_sequence(layer(packed)[0], batch_first=True)[0]

    return run, spread(recurrent)


def text_cnn(output, mask, layers):
    states = output.last_hidden_state.transpose(1, 2)
    return torch.cat([layer(states).relu().amax(-1) for layer in layers], -1)


def banned(output, mask):
    output.logits[:, :, :3] = float("-inf")
    return output.logits


class ClippedGelu(torch.nn.Module):
    def forward(self, x):
        return torch.nn.functional.gelu(x).clamp(max=0.4)


def text(length, seed, mask=torch.long):
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(5, VOCABULARY, (1, length), generator=generator)
    types = (torch.arange(length) * 2 >= length).long()[None]
    return ids, torch.ones(1, length, dtype=mask), types


def flatten(value, name=""):
    if torch.is_tensor(value):
        return [(name or "0", value)]
    items = value.items() if isinstance(value, dict) else enumerate(value)
    return [pair for key, item in items for pair in flatten(item, f"{name}.{key}" if name else str(key))]


def numbers(tensor):
    return [float(f"{x:.7g}") if abs(x) < float("inf") else str(x) for x in tensor.double().flatten().tolist()]


def kind(folder, name, model, roles, packed, change=None, torchscript=True, mask=torch.long, rows=False, together=None, put=(),
         traced=TRACED, lengths=(7, 12, 19)):  # fmt: skip
    path = os.path.join(folder, name + ".pt")
    with torch.no_grad():
        inputs = lambda *text: (text[:1] if isinstance(model, IdsAlone) else text) if together is None else (together(*text),)
        trace = torch.jit.trace(model, inputs(*text(traced, 0, mask)), strict=False, check_trace=False)
        torch.jit.save(trace, path)
        if change:
            change(path)
        cases = []
        for seed, length in enumerate(lengths, 1):
            ids, seen, types = text(length, seed, mask)
            for place, word in put:
                ids[0, place] = word
            given = [(n, x if rows else x[0]) for n, x in flatten(trace(*inputs(ids, seen, types)))]  # rows: of no text's axis
            outputs = [{"name": n, "shape": list(x.shape), "data": numbers(x)} for n, x in given]
            cases.append({"ids": ids[0].tolist(), "types": types[0].tolist(), "outputs": outputs})
    small(path)
    KINDS.append({"name": name, "packed": packed, "roles": roles, "cases": cases, "torchscript": torchscript})


def small(path):
    with zipfile.ZipFile(path) as archive:
        entries = [(i.filename, archive.read(i)) for i in archive.infolist() if not i.filename.endswith(".debug_pkl")]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)


def freeze(path):
    torch.jit.save(torch.jit.freeze(torch.jit.load(path).eval()), path)


def main(folder):
    config = lambda **changes: BertConfig(**{**SHAPE, **changes})
    encoder = lambda **changes: spread(BertModel(config(**changes)))
    masked = lambda **changes: spread(BertForMaskedLM(config(**changes)))
    head = spread(torch.nn.Linear(HIDDEN, HIDDEN))  # as many labels as hidden units
    H, P, T, X, O = "hidden_state", "pooled_output", "token_logits", "text_logits", "other"
    kind(folder, "encoder", Wrap(encoder(), lambda o, m: (o.last_hidden_state, o.pooler_output)), [H, P], True)
    kind(folder, "pooled_first", Wrap(encoder(), lambda o, m: (o.pooler_output, o.last_hidden_state)), [P, H], True)
    kind(folder, "all_layers", Wrap(encoder(), lambda o, m: {"h": tuple(o.hidden_states)}, output_hidden_states=True), [H] * 3, True)
    kind(folder, "doubled_layer", Wrap(encoder(), lambda o, m: (2 * o.hidden_states[1], o.hidden_states[2]), output_hidden_states=True), [O, H], True)
    kind(folder, "causal", Wrap(masked(is_decoder=True), lambda o, m: o.logits), [T], False)
    kind(folder, "clipped_gelu", Wrap(clipped(encoder()), lambda o, m: o.last_hidden_state), [H], False)
    kind(folder, "token_labels", Wrap(encoder(), lambda o, m, l: l(o.last_hidden_state), head), [T], True)
    kind(folder, "text_labels", Wrap(encoder(), lambda o, m, l: l(o.pooler_output), head), [X], True)
    kind(folder, "temperature", Wrap(masked(), lambda o, m: (o.logits / 2).masked_fill(torch.arange(VOCABULARY) < 2, float("-inf"))), [T], True)
    kind(folder, "probabilities", Wrap(masked(), lambda o, m: o.logits.softmax(-1)), [O], True)
    kind(folder, "splade", Wrap(masked(), lambda o, m: (torch.log1p(torch.relu(o.logits)) * m.unsqueeze(-1)).max(1).values), [O], True)
    kind(folder, "sentence", Wrap(encoder(), lambda o, m: torch.nn.functional.normalize(o.last_hidden_state.mean(1), dim=-1)), [O], True)
    kind(folder, "last_token", Wrap(encoder(), lambda o, m: o.last_hidden_state[:, -1]), [O], True)
    kind(folder, "spans", Wrap(encoder(), lambda o, m, l: tuple(x.squeeze(-1) for x in l(o.last_hidden_state)[..., :2].split(1, -1)), spread(torch.nn.Linear(HIDDEN, 2))), ["start_logits", "end_logits"], True)
    kind(folder, "scaled_layer", Wrap(scaled(encoder()), lambda o, m: o.last_hidden_state), [H], False)
    kind(folder, "eager", Wrap(encoder(attn_implementation="eager"), lambda o, m: o.last_hidden_state), [H], True)
    kind(folder, "frozen", Wrap(masked(), lambda o, m: o.logits), [T], True, freeze)
    # Each token sees its neighbours, masked or not: what stands behind a text counts.
    kind(folder, "convolution", Wrap(encoder(), lambda o, m, l: o.last_hidden_state + l(o.last_hidden_state.transpose(1, 2)).transpose(1, 2),
         spread(torch.nn.Conv1d(HIDDEN, HIDDEN, 5, padding=2))), [O], True)
    kind(folder, "other_names", OtherNames(encoder(), lambda o, m: (o.last_hidden_state, o.pooler_output)), [H, P], True)
    kind(folder, "lstm", Wrap(encoder(), *packed_sequences(torch.nn.LSTM(HIDDEN, 6, 2, batch_first=True, bidirectional=True))), [O], True,
         torchscript=False)
    kind(folder, "gru_state", OtherNames(encoder(), lambda o, m, l: l(o.last_hidden_state)[1][-1], spread(torch.nn.GRU(HIDDEN, 6, batch_first=True))), [O], True)
    kind(folder, "text_cnn", Wrap(encoder(), text_cnn, spread(torch.nn.ModuleList(torch.nn.Conv1d(HIDDEN, 3, k) for k in (2, 3, 4)))), [O], True)
    kind(folder, "transformer_head", Wrap(encoder(), lambda o, m, l: l(o.last_hidden_state, src_key_padding_mask=m == 0),
         spread(torch.nn.TransformerEncoderLayer(HIDDEN, 2, 24, batch_first=True))), [O], True)
    # In eval mode without gradients it leaves masked tokens out, and has no answer where they stand among the others.
    kind(folder, "transformer_encoder_head", Wrap(encoder(), lambda o, m, l: l(o.last_hidden_state, src_key_padding_mask=m == 0),
         spread(torch.nn.TransformerEncoder(torch.nn.TransformerEncoderLayer(HIDDEN, 2, 24, batch_first=True), 1))), [O], False, torchscript=False)
    kind(folder, "bool_mask", OtherNames(encoder(), lambda o, m: (o.last_hidden_state * m.unsqueeze(-1)).sum(1) / m.sum(1, keepdim=True)), [O], True, mask=torch.bool)
    kind(folder, "chosen_rows", ChosenRows(encoder(), lambda o, m: o.last_hidden_state), [O], True, torchscript=False, mask=torch.bool, rows=True)
    states = lambda o, m: (o.last_hidden_state, o.pooler_output)
    kind(folder, "dict_of_inputs", DictOfInputs(encoder(), states), [H, P], True, torchscript=False,
         together=lambda ids, mask, types: {"token_type_ids": types, "attention_mask": mask, "input_ids": ids})
    kind(folder, "list_of_inputs", ListOfInputs(encoder(), states), [H, P], True, torchscript=False, together=lambda *text: list(text))
    # Token types that separators decide: as few of them as texts have.
    kind(folder, "types_by_separator", TypesBySeparator(encoder()), [H], False, put=[(2, 3)])
    # An encoder that the packed engine knows, but for what it reads.
    for what in ("stop_words", "types", "positions"):
        kind(folder, f"{what}_by_id", ById(encoder(vocab_size=2000), what), [H], False, put=[(1, 9), (3, 9), (4, 7)])
    kind(folder, "byte_mask", OtherNames(encoder(), states), [H, P], True, mask=torch.uint8)
    kind(folder, "banned_in_place", Wrap(masked(), banned), [T], True)
    kind(folder, "normalized_layers", Wrap(encoder(), lambda o, m: [torch.nn.functional.normalize(h, dim=-1) for h in o.hidden_states],
         output_hidden_states=True), [O] * 3, True)
    # A table of positions that the traced text fills, and tables that end early.
    kind(folder, "as_long_as_its_table", IdsAlone(encoder(max_position_embeddings=19)), [H, P], True, traced=19)
    few = RobertaConfig(**{**SHAPE, "max_position_embeddings": 8, "type_vocab_size": 2, "pad_token_id": 1})
    for traced, lengths in ((4, (2, 4, 6)), (6, (1, 3, 6))):
        kind(folder, f"few_positions_{traced}", Wrap(spread(RobertaModel(few)), states), [H, P], True, traced=traced, lengths=lengths)
    # Layers whose weights are integers, and what they are given, too, while they run (without torchscript: its own class).
    last = lambda o, m: o.last_hidden_state
    labels = lambda: Wrap(encoder(), lambda o, m, l: l(o.pooler_output), spread(torch.nn.Linear(HIDDEN, 3)))
    kind(folder, "quantized", quantized(Wrap(encoder(), last)), [H], False, torchscript=False)
    kind(folder, "quantized_rows", quantized(labels(), per_channel_dynamic_qconfig), [X], False, torchscript=False)
    kind(folder, "quantized_frozen", quantized(labels()), [X], False, freeze, torchscript=False)
    kind(folder, "quantized_head", head_quantized(labels()), [X], True, torchscript=False)
    kind(folder, "half_layers", quantize_dynamic(labels(), {torch.nn.Linear}, torch.float16), [X], True, torchscript=False)
    with open(os.path.join(folder, "kinds.json"), "w", encoding="utf8") as file:
        json.dump(KINDS, file, separators=(",", ":"))


def quantized(model, how=default_dynamic_qconfig):
    return quantize_dynamic(model, {torch.nn.Linear: how}, torch.qint8)


def head_quantized(model):
    model.layer = quantized(torch.nn.Sequential(model.layer))
    return model


def clipped(model):
    for layer in model.encoder.layer:
        layer.intermediate.intermediate_act_fn = ClippedGelu()
    return model


def scaled(model):
    """Layer scale: what a layer's attention gives is halved before the residual sum."""

    class Half(torch.nn.Module):
        def __init__(self, dense):
            super().__init__()
            self.dense = dense

        def forward(self, x):
            return 0.5 * self.dense(x)

    for layer in model.encoder.layer:
        layer.attention.output.dense = Half(layer.attention.output.dense)
    return model


if __name__ == "__main__":
    main(sys.argv[1])
