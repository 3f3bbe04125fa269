"""What the code of some classes computes, in operators that can be traced and that the library has. The proof compares with the
classes as they are."""

import contextlib
import math
import types


def rewrite(model):
    """Puts these into `model`, a copy that is there to be traced."""
    for module in model.modules():
        if type(module).__name__ in REWRITTEN:
            REWRITTEN[type(module).__name__](module, model.config)
    return model


def _with_real_numbers(transform, config):
    transform.fourier_transform = _real_fourier


def _real_fourier(rows):
    """The real part of FNet's Fourier transform over tokens and values, without complex numbers."""
    import torch

    def waves(count):
        steps = torch.arange(count, dtype=torch.float64)
        turns = steps.unsqueeze(1) * steps / count
        angles = (turns - turns.floor()) * (2 * math.pi)  # small ones: the float of a large one has lost its fraction
        return angles.cos().float(), angles.sin().float()

    (token_cos, token_sin), (value_cos, value_sin) = waves(rows.shape[1]), waves(rows.shape[2])
    return token_cos @ rows @ value_cos - token_sin @ rows @ value_sin


def _with_one_language(output, config):
    output.lang_adapter = types.MethodType(_adapt, output)
    output.language = config.default_language


def _adapt(self, lang_ids, hidden_states):
    """X-MOD's adapter of the default language, the only one that is asked for where a caller gives no languages."""
    residual = hidden_states
    if self.adapter_layer_norm is not None:
        hidden_states = self.adapter_layer_norm(hidden_states)
    elif self.adapter_reuse_layer_norm:
        hidden_states = self.LayerNorm(hidden_states)
    if self.ln_before_adapter:
        residual = hidden_states
    return self.adapter_modules[self.language](hidden_states) + residual


REWRITTEN = {"FNetBasicFourierTransform": _with_real_numbers, "XmodOutput": _with_one_language}


@contextlib.contextmanager
def plain_masks():
    """Some masks are made by torch.vmap, which cannot be traced; by broadcasting they are the same, as the proof sees."""
    from transformers import masking_utils as masks

    kept = masks._vmap_expansion_sdpa, masks.TransformGetItemToIndex
    masks._vmap_expansion_sdpa = lambda mask: lambda *ranges: mask(*masks._non_vmap_expansion_sdpa(*ranges))
    masks.TransformGetItemToIndex = contextlib.nullcontext
    try:
        yield
    finally:
        masks._vmap_expansion_sdpa, masks.TransformGetItemToIndex = kept


@contextlib.contextmanager
def whole_table_of_distances(config):
    """Where DeBERTa's texts may be longer than its table of distances reaches, the first version's code asks by a Python
    `if` which of the two is shorter, and the answer for the traced length would be every text's. The whole table is right
    for all: the rows that a short text does not reach are read by none of its distances."""
    from transformers.models.deberta import modeling_deberta as code

    reach = getattr(config, "max_relative_positions", None) or 0
    if config.model_type != "deberta" or not 0 < reach < config.max_position_embeddings:
        yield
        return
    import torch

    kept = code.compute_attention_span
    code.compute_attention_span = lambda queries, keys, span: torch.tensor(span)
    try:
        yield
    finally:
        code.compute_attention_span = kept
