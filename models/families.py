"""What can be exported: families by tasks, with the engine that runs the bundle."""

from dataclasses import dataclass, field

from proof import ExportError


@dataclass(frozen=True)
class Family:
    """A model_type of transformers; scripts/export_engines.py holds each line to what `bertrt` says of such bundles."""

    engine: str = "packed"  # that runs its bundles
    positions: str = "absolute"  # how they are counted
    without: dict = field(default_factory=dict)  # task: why it cannot be exported
    allowed: dict = field(default_factory=dict)  # key of config.json: values that can be exported; beside ALLOWED
    limited: bool = False  # whether its trace may be right for some lengths alone, or for one text at a time
    encoder: str = "AutoModel"  # class of transformers' automatic ones for the encoder alone
    eager: bool = False  # whether its class has no other attention, or none that can be traced


ALLOWED = {"position_embedding_type": ("absolute",)}
TEXT_ENCODER = "AutoModelForTextEncoding"
DECODER_TOO = dict.fromkeys(["sequence-classification", "question-answering"], "its class for it has a decoder")
SEPARATORS = "its class looks for a question's end in the ids of every text"
FAMILIES = {
    "bert": Family(),
    "distilbert": Family(),
    "electra": Family(),
    "albert": Family(),
    "ernie": Family(),
    "rembert": Family(),
    "roberta": Family(positions="offset"),
    "camembert": Family(positions="offset"),
    "xlm-roberta": Family(positions="offset"),
    "data2vec-text": Family(positions="offset"),
    "mpnet": Family(positions="relative", eager=True),
    "megatron-bert": Family(),
    "roberta-prelayernorm": Family(positions="offset"),
    "xlm-roberta-xl": Family(positions="offset"),
    "modernbert": Family(),
    "eurobert": Family(),
    "nomic_bert": Family(),
    "gte": Family(),
    "jina_embeddings_v3": Family(),
    "roformer": Family(without={"multiple-choice": "its head reads a text's last token, which padding would be"}),
    "deberta": Family(),
    "deberta-v2": Family(),
    "big_bird": Family(
        allowed={"attention_type": ("original_full",)},
        without={"question-answering": "its trace changes a shape in place, which no engine reads"},
    ),
    "bert-generation": Family(),
    "clip_text_model": Family("graph"),
    "convbert": Family("graph"),
    "dpr": Family(allowed={"projection_dim": (0,)}),
    "embedding_gemma2_text": Family("graph"),
    "esm": Family(positions="offset", allowed={"position_embedding_type": ("absolute", "rotary")}),
    "esmc": Family("graph"),
    "flaubert": Family("graph"),
    "fnet": Family("graph"),
    "gemma3_text": Family("graph"),
    "ibert": Family(positions="offset", allowed={"quant_mode": (False,)}),
    "layoutlm": Family("graph"),
    "layoutlmv3": Family("graph", "offset"),
    "lilt": Family("graph", "offset"),
    "longformer": Family(
        "graph", "offset", limited=True, without=dict.fromkeys(["question-answering", "multiple-choice"], SEPARATORS)
        | {"sequence-classification": "its first token attends to all, by indexes that only a run finds"}
    ),
    "luke": Family(positions="offset"),
    "markuplm": Family("graph", "offset"),
    "mobilebert": Family("graph"),
    "mra": Family("graph"),
    "neomme": Family("graph"),
    "nystromformer": Family("graph"),
    "qwen3": Family(),
    "roc_bert": Family("graph"),
    "splinter": Family(),
    "squeezebert": Family("graph"),
    "mt5": Family("graph", encoder=TEXT_ENCODER, without=DECODER_TOO),
    "t5": Family("graph", encoder=TEXT_ENCODER, without=DECODER_TOO),
    "umt5": Family("graph", encoder=TEXT_ENCODER, without=DECODER_TOO),
    "tapas": Family("graph"),
    "ultrabert": Family(),
    "xlm": Family("graph"),
    "xlnet": Family("graph"),
    "xmod": Family("graph", "offset"),
}
# task -> (class of transformers' automatic ones, names of the outputs of its head)
TASKS = {
    "encoder": ("AutoModel", []),
    "masked-lm": ("AutoModelForMaskedLM", ["logits"]),
    "sequence-classification": ("AutoModelForSequenceClassification", ["logits"]),
    "token-classification": ("AutoModelForTokenClassification", ["logits"]),
    "question-answering": ("AutoModelForQuestionAnswering", ["start_logits", "end_logits"]),
    "next-sentence": ("AutoModelForNextSentencePrediction", ["logits"]),
    "multiple-choice": ("AutoModelForMultipleChoice", ["logits"]),
    "sentence-embedding": ("AutoModel", []),
    "sparse": ("AutoModelForMaskedLM", ["logits"]),
    "multi-vector": ("AutoModel", []),
}
# task -> the task whose trace it has: what comes behind it, modules do by the files that travel along
TRACED_AS = {"sentence-embedding": "encoder", "sparse": "masked-lm", "multi-vector": "encoder"}
# What transformers has encoders of beside these, and why they cannot be exported.
REFUSED = {
    "bros": "every word needs its box (bbox) on a page beside its text",
    "canine": "the number of rows between its two ends is written into the trace, and its tokenizer is Python code",
    "funnel": "a trace is right for texts of its own length alone, and padding changes what its pools give",
    "layoutlmv2": "it needs a picture of the page beside the text",
    "openai_privacy_filter": "which experts take how many tokens is written into the trace",
    "perceiver": "its rows are not those of tokens",
    "reformer": "its hashes are random, anew for each run",
    "yoso": "its attention is a Python function that torch cannot save in a trace",
}


def served():
    """{task: {family: engine}} of all that can be exported."""
    import transformers

    found = {}
    for task, (name, _) in TASKS.items():
        known = getattr(transformers, name)._model_mapping._model_mapping  # {model_type: class's name}
        fit = {family: one for family, one in FAMILIES.items() if family in known and task not in one.without}
        found[task] = {family: one.engine for family, one in fit.items()}
    return found


def table():
    """Families by tasks, and the engine that serves the bundle; '-': transformers has no such class, or see below."""
    engines = served()
    width = max(map(len, FAMILIES))
    lines = [" " * width + "  " + "  ".join(TASKS)]
    for family in FAMILIES:
        cells = [engines[task].get(family, "-").ljust(len(task)) for task in TASKS]
        lines.append(f"{family.ljust(width)}  {'  '.join(cells)}".rstrip())
    reasons = [f"{family} for {task}: {why}" for family, one in FAMILIES.items() for task, why in one.without.items()]
    lines += ["", "A rare activation, or Qwen3 with windows, runs on the graph engine; `bertrt inspect BUNDLE` tells."]
    lines += ["", "Not exported:", *reasons, *(f"{family}: {why}" for family, why in REFUSED.items())]
    return "\n".join(lines)


def check(family, task, checkpoint):
    """@raises ExportError with what there is, for a family or a task of it that cannot be exported."""
    engines = served()
    if family in engines[task]:
        return
    if family in REFUSED:
        raise ExportError(f"{checkpoint} is a {family} model, which cannot be exported: {REFUSED[family]} (--list shows what can)")
    if family not in FAMILIES:
        raise ExportError(f"{checkpoint} is a {family} model; exported can be {', '.join(FAMILIES)} (--list shows their tasks)")
    if task in FAMILIES[family].without:
        raise ExportError(f"{family} cannot be exported for {task}: {FAMILIES[family].without[task]}")
    tasks = ", ".join(one for one in TASKS if family in engines[one])
    others = ", ".join(engines[task])
    raise ExportError(f"transformers has no {family} for {task}: {family} goes with {tasks}, and {task} with {others}")
