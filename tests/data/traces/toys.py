"""Modules that are no BERT: shapes frozen at the traced length, things that must be refused, hostile files."""

import torch
from common import HERE, TRACED_LENGTH, VOCAB_SIZE, save, seed_example, write_golden
from torch import nn

HIDDEN = 16
IDS = torch.tensor([seed_example()[0]])
MASK = torch.ones_like(IDS)


class Toy(nn.Module):
    """Every token's vector plus the mean of the real ones: the mask matters, as in an encoder."""

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(3)
        self.words = nn.Embedding(VOCAB_SIZE, HIDDEN)
        self.words.weight.data.copy_(torch.randn(VOCAB_SIZE, HIDDEN, generator=generator))

    def mix(self, input_ids, attention_mask, window=None):
        vectors = self.words(input_ids)
        weights = attention_mask[:, :window, None].float()
        return vectors + (vectors[:, :window] * weights).sum(1, keepdim=True) / weights.sum(1, keepdim=True)

    def forward(self, input_ids, attention_mask):
        return self.mix(input_ids, attention_mask)


class Slice(Toy):
    """The mean runs over a constant number of tokens: right up to the traced length, silently wrong above it."""

    def forward(self, input_ids, attention_mask):
        return self.mix(input_ids, attention_mask, window=TRACED_LENGTH)


class Rows(Toy):
    """A constant number of rows whatever comes in."""

    def forward(self, input_ids, attention_mask):
        mixed = self.mix(input_ids, attention_mask)
        room = torch.zeros(1, TRACED_LENGTH, HIDDEN).expand(mixed.shape[0], -1, -1)
        return torch.cat([mixed, room], 1)[:, :TRACED_LENGTH]


class Fixed(Toy):
    """As old traces fail: "The size of tensor a (7) must match the size of tensor b (14)"."""

    def forward(self, input_ids, attention_mask):
        ramp = torch.linspace(0, 1, TRACED_LENGTH)[None, :, None]
        return self.mix(input_ids, attention_mask) + ramp


class NotText(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(8, 8)

    def forward(self, pixels):
        return self.linear(pixels)


class WritesWhenLoaded(nn.Module):
    """Runs aten::save from __setstate__, that is inside torch::jit::load."""

    def __init__(self):
        super().__init__()
        self.training = False

    @torch.jit.export
    def __getstate__(self):
        return (torch.zeros(1), self.training)

    @torch.jit.export
    def __setstate__(self, state: tuple[torch.Tensor, bool]):
        self.training = state[1]
        torch.save(state[0], "bertrt_hostile_model_ran")

    def forward(self, input_ids, attention_mask):
        return input_ids.float()


class WritesWhenRun(nn.Module):
    def forward(self, input_ids, attention_mask):
        torch.save(input_ids, "bertrt_hostile_model_ran")
        return input_ids.float()


class Scaled(Toy):
    """Needs an operator that no libtorch has, as a model compiled by a vendor's SDK does."""

    def forward(self, input_ids, attention_mask):
        return torch.ops.bertrt_test.scale(self.mix(input_ids, attention_mask), 2.0)


def trace(module, name, inputs=(IDS, MASK)):
    save(torch.jit.trace(module, inputs, check_trace=False), name)


def golden(module, name, lengths):
    def run(ids, types):
        return {"all_encoder_layers": [module(ids, torch.ones_like(ids))]}

    write_golden(name, run, lengths)


def golden_padded(module, name, lengths):
    """For modules that are right only when padded to the traced length."""

    def run(ids, types):
        length = ids.shape[1]
        padding = (0, TRACED_LENGTH - length)
        padded = nn.functional.pad(ids, padding)
        mask = nn.functional.pad(torch.ones_like(ids), padding)
        return {"all_encoder_layers": [module(padded, mask)[:, :length]]}

    write_golden(name, run, lengths)


def write_toys():
    trace(Slice(), "toy_slice")
    golden(Toy(), "toy_slice", (2, 7))
    trace(Rows(), "toy_rows")
    golden(Toy(), "toy_rows", (2, 7))
    trace(Fixed(), "toy_fixed")
    golden_padded(Fixed(), "toy_fixed", (2, 7))

    trace(NotText(), "not_text", (torch.randn(1, 8),))
    torch.save(Toy().state_dict(), HERE / "state_dict.pt")
    exported = torch.export.export(Toy(), (IDS, MASK))
    for node in exported.graph.nodes:  # source paths of this machine
        for key in ("stack_trace", "nn_module_stack", "source_fn_stack", "torch_fn", "from_node"):
            node.meta.pop(key, None)
    torch.export.save(exported, HERE / "exported.pt2")

    save(torch.jit.script(WritesWhenLoaded()), "hostile_setstate")
    save(torch.jit.script(WritesWhenRun()), "hostile_save")

    library = torch.library.Library("bertrt_test", "DEF")
    library.define("scale(Tensor x, float factor) -> Tensor")
    library.impl("scale", lambda x, factor: x * factor, "CompositeExplicitAutograd")
    trace(Scaled(), "custom_operator")
    golden(Scaled(), "custom_operator", (2, 7, 33))
