"""--dtype int8: the encoder's products as integers with a scale for each row, the numbers that the library itself makes of
fp32 weights when it is asked for int8, so that a bundle of them loads without that work and answers the same."""

from proof import ExportError

GREATEST = 127.0


def of_encoder(model, kind, is_wanted):
    """{name in the model: module} of the encoder's modules of a kind, chosen by their names in the encoder."""
    inside = {id(module) for name, module in model.base_model.named_modules() if isinstance(module, kind) and is_wanted(name)}
    return {name: module for name, module in model.named_modules() if id(module) in inside}


def encoder_layers(model):
    """The linear layers that the library multiplies in int8: those inside the encoder's blocks."""
    import torch

    return of_encoder(model, torch.nn.Linear, lambda name: "pooler" not in name and "embedding" not in name)


def tables(model):
    """What positions and types are looked up in, and words where another layer has the same weights: the library keeps
    them in halves beside int8 layers."""
    import torch

    found = of_encoder(model, torch.nn.Embedding, lambda name: "embed" in name)  # embeddings, embed_tokens
    return {name: table for name, table in found.items() if table is not words(model)}


def words(model):
    """The table of words, which the library keeps in int8 where nothing else has its weights; None where something has."""
    import torch

    table = model.base_model.get_input_embeddings()
    if type(table) is not torch.nn.Embedding:  # a kind of its own computes more
        return None
    if "lm_predictions" in model._modules:  # DeBERTa's head, where config.json has "legacy": false, multiplies with it
        return None
    owners = [name for name, weight in model.named_parameters(remove_duplicate=False) if weight is table.weight]
    return table if len(owners) == 1 else None


def rounded_rows(name, weight):
    """int8 of weight [rows, columns] and scales [rows, 1], and what the two stand for."""
    import torch

    scales = weight.abs().amax(dim=1, keepdim=True) / GREATEST
    if not torch.isfinite(scales).all():
        raise ExportError(f"{name}.weight has values that are no finite numbers, which int8 cannot hold")
    inverse = torch.where(scales > 0, 1.0 / scales, torch.zeros_like(scales))
    integers = torch.round(weight * inverse).clamp(-GREATEST, GREATEST).to(torch.int8)
    return (integers, scales), integers.to(torch.float32) * scales


def quantize(model):
    """Rounds the model's weights to what the bundle will hold; {name of a layer or table: (int8 [rows, columns], scales [rows, 1])}.

    The model itself goes on computing in fp32, with the rounded weights: the reference of every comparison.
    """
    import torch

    found = {}
    for name, layer in encoder_layers(model).items():
        found[name], rounded = rounded_rows(name, layer.weight.detach())
        layer.weight.copy_(rounded)
    if not found:
        raise ExportError("this model has no layers that --dtype int8 would store as integers")
    table = words(model)
    for name in [name for name, module in model.named_modules() if table is not None and module is table]:
        found[name], rounded = rounded_rows(name, table.weight.detach())
        table.weight.copy_(rounded)
    for name, table in tables(model).items():
        table.weight.copy_(table.weight.half().float())
        if not torch.isfinite(table.weight).all():
            raise ExportError(f"{name}.weight has values beyond those of halves, which --dtype int8 stores tables in")
    return found


def with_integers(model, quantized):
    """Puts layers and tables that hold the integers in the place of `model`'s own, for the tracer."""
    import torch

    class Int8Linear(torch.nn.Module):
        def __init__(self, weight, scale, bias):
            super().__init__()
            self.weight = torch.nn.Parameter(weight, requires_grad=False)
            self.weight_scale = torch.nn.Parameter(scale, requires_grad=False)
            self.bias = bias

        def forward(self, x):
            return torch.nn.functional.linear(x, self.weight.to(torch.float32) * self.weight_scale, self.bias)

    class Int8Embedding(torch.nn.Module):
        def __init__(self, weight, scale, padding_idx):
            super().__init__()
            self.weight = torch.nn.Parameter(weight, requires_grad=False)
            self.weight_scale = torch.nn.Parameter(scale, requires_grad=False)
            self.padding_idx = padding_idx

        def forward(self, ids):  # rows first: the whole table is never made wide
            rows = torch.nn.functional.embedding(ids, self.weight, self.padding_idx).to(torch.float32)
            return rows * torch.nn.functional.embedding(ids, self.weight_scale, self.padding_idx)

    for name, (weight, scale) in quantized.items():
        parent, _, last = name.rpartition(".")
        layer = model.get_submodule(name)
        if isinstance(layer, torch.nn.Embedding):
            stored = Int8Embedding(weight, scale, layer.padding_idx)
        else:
            stored = Int8Linear(weight, scale, layer.bias)
        setattr(model.get_submodule(parent), last, stored)
    return model


def halve_tables(traced, model):
    """The traced module's tables in halves, a decoder that is tied to one along with it."""
    tied = {traced.get_parameter(f"{name}.weight").data_ptr() for name in tables(model)}
    for parameter in traced.parameters():
        if parameter.data_ptr() in tied:
            parameter.data = parameter.data.half()
