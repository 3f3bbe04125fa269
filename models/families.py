"""What can be exported: families by tasks, with the engine that runs the bundle."""

from proof import ExportError

# model_type -> the way positions are counted. All of them run on the packed engine.
POSITION_SCHEMES = {
    "bert": "absolute", "distilbert": "absolute", "electra": "absolute", "albert": "absolute",
    "ernie": "absolute", "rembert": "absolute", "roberta": "offset", "camembert": "offset", "xlm-roberta": "offset",
    "data2vec-text": "offset", "mpnet": "relative", "megatron-bert": "absolute", "roberta-prelayernorm": "offset",
    "xlm-roberta-xl": "offset", "modernbert": "absolute", "eurobert": "absolute", "nomic_bert": "absolute",
    "gte": "absolute", "jina_embeddings_v3": "absolute", "roformer": "absolute", "deberta": "absolute", "deberta-v2": "absolute",
}  # fmt: skip
# Whose heads read a text in a way of their own: the last token's row.
LEFT_OUT = {"multiple-choice": ["roformer"]}
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


def families_of(task):
    """The families that transformers has a class for this task of."""
    import transformers

    mapping = getattr(transformers, TASKS[TRACED_AS.get(task, task)][0])._model_mapping
    known = {config.model_type for config in mapping.keys()}
    return [family for family in POSITION_SCHEMES if family in known and family not in LEFT_OUT.get(task, [])]


def table():
    """Families by tasks, and the engine that serves the bundle; '-': transformers has no such class."""
    served = {task: families_of(task) for task in TASKS}
    width = max(map(len, POSITION_SCHEMES))
    lines = [" " * width + "  " + "  ".join(TASKS)]
    for family in POSITION_SCHEMES:
        cells = [("packed" if family in served[task] else "-").ljust(len(task)) for task in TASKS]
        lines.append(f"{family.ljust(width)}  {'  '.join(cells)}".rstrip())
    lines.append("Other families: a checkpoint folder may run as it stands (docs/families.md), or a trace on the graph engine.")
    return "\n".join(lines)


def check(family, task, checkpoint):
    """@raises ExportError with what there is, for a family or a task of it that cannot be exported."""
    known = families_of(task)
    if family in known:
        return
    if family not in POSITION_SCHEMES:
        everything = ", ".join(POSITION_SCHEMES)
        hint = "a folder may run without a bundle (bertrt inspect FOLDER), a trace on the graph engine"
        raise ExportError(f"{checkpoint} is a {family} model; exported can be {everything} (--list shows their tasks); {hint}")
    tasks = ", ".join(one for one in TASKS if family in families_of(one))
    raise ExportError(f"transformers has no {family} for {task}: {family} goes with {tasks}, and {task} with {', '.join(known)}")
