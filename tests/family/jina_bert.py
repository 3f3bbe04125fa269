"""JinaBERT in PyTorch: what jina-embeddings-v2 and jina-embeddings-v2-base-code compute.

Transformers has no such model, and Jina's own code is a repository of the hub. Written from what it is known to compute:
BERT's layers without a table of positions; scores lose a slope times the distance between query and key, before the softmax
(ALiBi in both directions, a slope for each head as in its paper); a feed-forward of two halves of which one is activated and
multiplied with the other. The first kind activates the first half and normalizes the sum behind it. The second ("code") norms
queries and keys over all heads, adds the layer's input twice around attention, and activates the second half.
"""

import json
import math

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional as F
from transformers.activations import ACT2FN

DEFAULTS = {"vocab_size": 30522, "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072, "hidden_act": "gelu",
            "max_position_embeddings": 512, "type_vocab_size": 2, "layer_norm_eps": 1e-12, "pad_token_id": 0, "tie_word_embeddings": True}


class JinaBertConfig:
    """What config.json says, with Python's attributes."""

    model_type = "bert"

    def __init__(self, code=False, num_labels=2, **settings):
        self.code = code
        self.num_labels = num_labels
        self.settings = {"model_type": "bert", "position_embedding_type": "alibi", "feed_forward_type": "geglu", **DEFAULTS, **settings}
        if "id2label" in settings:
            self.num_labels = len(settings["id2label"])

    def __getattr__(self, name):
        try:
            return self.__dict__["settings"][name]
        except KeyError:
            raise AttributeError(name) from None


def slopes(heads):
    """ALiBi's, of a power of two; else those of the next lower one, filled up with every other one of the next higher."""
    power = 2 ** math.floor(math.log2(heads))
    first = 2.0 ** (-8.0 / power)
    found = [first ** (i + 1) for i in range(power)]
    return found if power == heads else found + slopes(2 * power)[0::2][: heads - power]


def linear(inner, outer, bias=True):
    return nn.Linear(inner, outer, bias=bias)


class Layer(nn.Module):
    def __init__(self, config):
        super().__init__()
        hidden, inner, eps = config.hidden_size, config.intermediate_size, config.layer_norm_eps
        self.heads, self.inner, self.code = config.num_attention_heads, inner, config.code
        self.act = F.gelu if config.feed_forward_type == "geglu" else F.relu
        own = nn.Module()
        own.query, own.key, own.value = linear(hidden, hidden), linear(hidden, hidden), linear(hidden, hidden)
        output = nn.Module()
        output.dense, output.LayerNorm = linear(hidden, hidden), nn.LayerNorm(hidden, eps)
        self.attention = nn.Module()
        setattr(self.attention, "self", own)
        self.attention.output = output
        self.mlp = nn.Module()
        if config.code:
            own.layer_norm_q, own.layer_norm_k = nn.LayerNorm(hidden, eps), nn.LayerNorm(hidden, eps)
            self.layer_norm_1, self.layer_norm_2 = nn.LayerNorm(hidden, eps), nn.LayerNorm(hidden, eps)
            self.mlp.up_gated_layer, self.mlp.down_layer = linear(hidden, 2 * inner, False), linear(inner, hidden)
        else:
            self.mlp.gated_layers, self.mlp.wo, self.mlp.layernorm = linear(hidden, 2 * inner, False), linear(inner, hidden), nn.LayerNorm(hidden, eps)

    def attend(self, x, bias):
        own = getattr(self.attention, "self")
        query, key, value = own.query(x), own.key(x), own.value(x)
        if self.code:
            query, key = own.layer_norm_q(query), own.layer_norm_k(key)
        query, key, value = (one.unflatten(-1, (self.heads, -1)).transpose(1, 2) for one in (query, key, value))
        scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1]) + bias
        return (scores.softmax(-1) @ value).transpose(1, 2).flatten(2)

    def forward(self, x, bias):
        output = self.attention.output
        attended = output.LayerNorm(output.dense(self.attend(x, bias)) + x)
        if self.code:
            attended = self.layer_norm_1(x + attended)
            up, gate = self.mlp.up_gated_layer(attended).split(self.inner, -1)
            return self.layer_norm_2(attended + self.mlp.down_layer(up * self.act(gate)))
        gate, up = self.mlp.gated_layers(attended).split(self.inner, -1)
        return self.mlp.layernorm(attended + self.mlp.wo(self.act(gate) * up))


class Bert(nn.Module):
    """The encoder, below its prefix."""

    def __init__(self, config, pooler):
        super().__init__()
        self.embeddings = nn.Module()
        self.embeddings.word_embeddings = nn.Embedding(config.vocab_size, config.hidden_size)
        self.embeddings.token_type_embeddings = nn.Embedding(config.type_vocab_size, config.hidden_size)
        self.embeddings.LayerNorm = nn.LayerNorm(config.hidden_size, config.layer_norm_eps)
        self.encoder = nn.Module()
        self.encoder.layer = nn.ModuleList(Layer(config) for _ in range(config.num_hidden_layers))
        self.slopes = slopes(config.num_attention_heads)
        self.pooler = None
        if pooler:
            self.pooler = nn.Module()
            self.pooler.dense = linear(config.hidden_size, config.hidden_size)

    def forward(self, ids, kinds, mask):
        embeddings = self.embeddings
        x = embeddings.LayerNorm(embeddings.word_embeddings(ids) + embeddings.token_type_embeddings(kinds))
        places = torch.arange(ids.shape[1])
        distance = (places[None] - places[:, None]).abs()
        bias = -torch.tensor(self.slopes).to(x.dtype)[:, None, None] * distance
        bias = bias[None] + (1 - mask[:, None, None, :].to(x.dtype)) * torch.finfo(x.dtype).min
        states = [x]
        for layer in self.encoder.layer:
            states.append(layer(states[-1], bias))
        pooled = torch.tanh(self.pooler.dense(states[-1][:, 0])) if self.pooler else None
        return states, pooled


class Output(dict):
    __getattr__ = dict.__getitem__


class JinaBertModel(nn.Module):
    """The bare encoder; the classes below have it under "bert." and a head."""

    config_class = JinaBertConfig
    _supports_sdpa = False
    pools = True

    def __init__(self, config, add_pooling_layer=True):
        super().__init__()
        self.config = config
        self.bert = Bert(config, add_pooling_layer and self.pools)
        self.add_head(config)

    def add_head(self, config):
        pass

    def logits(self, states, pooled):
        return {}

    def tie_weights(self):
        pass

    def forward(self, input_ids, attention_mask, token_type_ids, output_hidden_states=True):
        states, pooled = self.bert(input_ids, token_type_ids, attention_mask)
        bare = type(self) is JinaBertModel
        return Output(hidden_states=states, pooler_output=pooled if bare else None, **self.logits(states[-1], pooled))

    def weights(self):
        bare = type(self) is JinaBertModel
        return {name.removeprefix("bert.") if bare else name: value.contiguous() for name, value in self.state_dict().items()}

    def save_pretrained(self, folder, max_shard_size=None):
        folder.mkdir(parents=True, exist_ok=True)
        repository = "jinaai/jina-bert-v2-qk-post-norm" if self.config.code else "jinaai/jina-bert-implementation"
        classes = {"AutoConfig": f"{repository}--configuration_bert.JinaBertConfig", "AutoModel": f"{repository}--modeling_bert.JinaBertModel"}
        settings = {**self.config.settings, "architectures": [type(self).__name__], "auto_map": classes, "emb_pooler": "mean", "attn_implementation": "torch"}
        if "id2label" not in settings:
            settings["id2label"] = {str(i): f"LABEL_{i}" for i in range(self.config.num_labels)}
        (folder / "config.json").write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n")
        weights = self.weights()
        if self.config.tie_word_embeddings:
            weights.pop("cls.predictions.decoder.weight", None)
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})

    @classmethod
    def from_pretrained(cls, folder, dtype=torch.float32, **arguments):
        settings = json.loads((folder / "config.json").read_text())
        code = "qk-post-norm" in settings["auto_map"]["AutoModel"]
        model = cls(JinaBertConfig(code=code, **settings), **arguments)
        stored = load_file(folder / "model.safetensors")
        bare = cls is JinaBertModel
        missing = model.load_state_dict({f"bert.{name}" if bare else name: value.to(dtype) for name, value in stored.items()}, strict=False)
        assert not missing.unexpected_keys and missing.missing_keys in ([], ["cls.predictions.decoder.weight"]), missing
        model.tie_weights()
        return model


class JinaBertForMaskedLM(JinaBertModel):
    pools = False

    def add_head(self, config):
        head = nn.Module()
        head.transform = nn.Module()
        head.transform.dense = linear(config.hidden_size, config.hidden_size)
        head.transform.LayerNorm = nn.LayerNorm(config.hidden_size, config.layer_norm_eps)
        head.decoder = linear(config.hidden_size, config.vocab_size, False)
        head.bias = nn.Parameter(torch.zeros(config.vocab_size))
        self.cls = nn.Module()
        self.cls.predictions = head
        self.tie_weights()

    def tie_weights(self):
        if self.config.tie_word_embeddings:
            self.cls.predictions.decoder.weight = self.bert.embeddings.word_embeddings.weight

    def logits(self, states, pooled):
        head = self.cls.predictions
        return {"logits": head.decoder(head.transform.LayerNorm(ACT2FN[self.config.hidden_act](head.transform.dense(states)))) + head.bias}


class JinaBertForSequenceClassification(JinaBertModel):
    def add_head(self, config):
        self.classifier = linear(config.hidden_size, config.num_labels)

    def logits(self, states, pooled):
        return {"logits": self.classifier(pooled)}


class JinaBertForTokenClassification(JinaBertModel):
    pools = False

    def add_head(self, config):
        self.classifier = linear(config.hidden_size, config.num_labels)

    def logits(self, states, pooled):
        return {"logits": self.classifier(states)}


class JinaBertForQuestionAnswering(JinaBertModel):
    pools = False

    def add_head(self, config):
        self.qa_outputs = linear(config.hidden_size, 2)

    def logits(self, states, pooled):
        start, end = self.qa_outputs(states).unbind(-1)
        return {"start_logits": start, "end_logits": end}
