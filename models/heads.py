"""The head of a masked-language model by itself: from hidden rows [N, hidden] to logits [N, vocabulary]."""

from proof import ExportError

# What a module is called in a trace that has the name of the trace's method.
HEAD_MODULE = "prediction_head"


def logits_of(model, rows):
    """As the forward of the model's class does it, by the modules that it has for it."""
    parts = model._modules
    if "generator_predictions" in parts:  # ELECTRA, ConvBERT
        return model.generator_lm_head(model.generator_predictions(rows))
    if "vocab_projector" in parts:  # DistilBERT
        return model.vocab_projector(model.vocab_layer_norm(model.activation(model.vocab_transform(rows))))
    if "decoder" in parts:  # ModernBERT
        return model.decoder(parts.get(HEAD_MODULE, parts.get("head"))(rows))
    if "unembedding_projection" in parts:  # NeoMME
        return model.lm_head(rows @ model.unembedding_projection.weight)
    if "lm_predictions" in parts:  # DeBERTa, where config.json has "legacy": false
        return model.lm_predictions(rows, model.base_model.embeddings.word_embeddings)
    if "pred_layer" in parts:  # XLM
        return model.pred_layer(rows)[0]
    for name in ("cls", "lm_head", "predictions"):
        if parts.get(name) is not None:
            return parts[name](rows)
    raise ExportError(f"{type(model).__name__} has no head of a kind that can be exported (its parts: {', '.join(parts)})")
