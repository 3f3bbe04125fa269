"""Weights of a checkpoint that its model did not take: which may be left out, and which would make another model of it."""

import copy
import inspect
import sys

# Buffers of old checkpoints: they count up from 0, or are 0.
BUFFERS = ("position_ids", "token_type_ids")
# What no class of transformers has, and pretraining left in published files: (family, start of the names). As src/family.
LEFT_OVER = (
    ("deberta", "lm_predictions.lm_head."),
    ("deberta-v2", "lm_predictions.lm_head."),
    ("deberta-v2", "mask_predictions."),
    ("deberta-v2", "deberta.embeddings.word_embeddings._weight"),
    ("deberta-v2", "deberta.embeddings.position_embeddings._weight"),
)
PROJECTION = ("HF_ColBERT", "linear.weight")  # of the class that published ColBERT models have


def not_to_leave_out(model, names):
    """Those of `names` that are not weights of another head that the family has, by their whole names, or a known buffer.

    Below a head of the model itself every name counts: another head of the same name computes another thing.
    """
    names = [name for name in names if name.split(".")[-1] not in BUFFERS]
    if not names:
        return []
    known = names_of_family(model)
    own = tuple(f"{head}." for head in own_heads(model))
    return sorted(name for name in names if name.startswith(own) or not (name in known or left_over(model.config, name)))


def left_over(config, name):
    if (PROJECTION[0] in (config.architectures or ())) and name == PROJECTION[1]:
        return True
    return any(config.model_type == family and name.startswith(start) for family, start in LEFT_OVER)


def own_heads(model):
    """The model's modules beside its encoder, by name; of a module that only holds another one, that one."""
    heads = []
    for name, module in model.named_children() if model.base_model is not model else ():
        if module is model.base_model:
            continue
        children = list(module.named_children())
        while len(children) == 1 and not list(module.parameters(recurse=False)):
            name, module = f"{name}.{children[0][0]}", children[0][1]
            children = list(module.named_children())
        heads.append(name)
    return heads


def names_of_family(model):
    """Of all weights that transformers' classes for this configuration have, the encoder's with and without its prefix."""
    import torch

    known = set()
    module = sys.modules[type(model.base_model).__module__]
    for _, kind in inspect.getmembers(module, inspect.isclass):
        if getattr(kind, "config_class", None) is not type(model.config) or kind.__module__ != module.__name__:
            continue
        try:
            with torch.device("meta"):
                one = kind(copy.deepcopy(model.config))
        except Exception:  # noqa: BLE001 a class that this configuration does not do for has no weights to leave out
            continue
        names = set(one.state_dict())
        known |= names
        if one.base_model is one:
            known |= {f"{one.base_model_prefix}.{name}" for name in names}
    return known
