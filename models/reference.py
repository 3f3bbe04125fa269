"""What Python computes of a checkpoint folder, kept in the folder: `bertrt verify FOLDER` compares with it."""

import json
import os
from pathlib import Path

from proof import ExportError, selftest

NAME = "bertrt_reference.json"
# The end of a class's name -> the task whose outputs are kept
ENDINGS = {
    "ForMaskedLM": "masked-lm",
    "ForSequenceClassification": "sequence-classification",
    "ForTokenClassification": "token-classification",
    "ForQuestionAnswering": "question-answering",
    "ForNextSentencePrediction": "next-sentence",
}


def task_of(folder):
    """By `architectures`; the encoder alone for classes with other heads."""
    names = json.loads((folder / "config.json").read_text()).get("architectures") or [""]
    return next((task for ending, task in ENDINGS.items() if names[0].endswith(ending)), "encoder")


def write_reference(folder, task, load_model, load_tokenizer, describe, methods):
    """Runs the checkpoint's own class on a few texts, and writes FOLDER/bertrt_reference.json; its path."""
    folder = Path(folder)
    if not (folder / "config.json").is_file():
        raise ExportError(f"--reference is for a checkpoint folder, and {folder} has no config.json")
    task = task or task_of(folder)
    model = load_model(str(folder), task)
    manifest = {"task": task, "config": describe(model.config), "methods": methods(model, task)}
    tests = selftest(model, manifest, load_tokenizer(str(folder)))
    path = folder / NAME
    partial = path.with_name(f"{NAME}.{os.getpid()}.partial")
    try:
        partial.write_text(json.dumps(tests, ensure_ascii=False, separators=(",", ":"), allow_nan=False), encoding="utf-8")
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return path
