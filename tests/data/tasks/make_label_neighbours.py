#!/usr/bin/env python3
"""Tiny random checkpoints of families whose tokenizers keep their types to themselves (model_input_names), and Python's
answers about pairs and long contexts.

    python make_label_neighbours.py OUTPUT --qa-source UNPACKED_WHEEL

Needs what make_golden.py needs, which lies beside it; the checkpoints are those of tests/tasks/task_models.py.
"""

import argparse
import shutil
import sys
from pathlib import Path

import make_golden as golden
import transformers

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tasks"))
import task_models  # noqa: E402

TEXTS = ["the sea is blue and deep", "who reads old books ?", "Angela Merkel lives near Berlin", "don't", "", "東京 a"]
LONG = "Angela Merkel lives near Berlin and reads old books . a small green boat sails far under stars . " * 5


def named(folder, name):
    shutil.move(folder, golden.OUT / name)
    return golden.OUT / name


def question_answering(family, name, padding_side="right"):
    folder, model, tok = task_models.folder_of(golden.OUT, family, "qa", "ForQuestionAnswering", None, 3)
    if padding_side == "left":
        tok = transformers.AutoTokenizer.from_pretrained(folder, padding_side="left")
        tok.save_pretrained(folder)
    pipe = golden.old_question_answering(model, tok)
    ways = [{}, {"top_k": 3}, {"max_seq_len": 30, "doc_stride": 6, "top_k": 2}, {"align_to_words": False, "top_k": 2}]
    questions = TEXTS[1:3] + (["where 東京 é lives Angela Merkel ?"] if padding_side == "left" else [])
    asked = [(q, c, a) for q in questions for c in (TEXTS[0], LONG) for a in ways]
    cases = [{"question": q, "context": c, "arguments": a, **golden.attempt(lambda: pipe(q, c, **a))} for q, c, a in asked]
    golden.write(named(folder, name), {"task": "question-answering", "cases": cases})


def text_classification(family, name):
    labels = task_models.LABELS["classes"]
    folder, model, tok = task_models.folder_of(golden.OUT, family, "classify", "ForSequenceClassification", labels, 3)
    pipe = transformers.pipeline("text-classification", model=model, tokenizer=tok)
    pairs = [{"text": a, "text_pair": b} for a, b in zip(TEXTS, TEXTS[1:] + TEXTS[:1])]
    cases = [golden.case(one, {"top_k": None}, lambda: pipe(one, top_k=None)) for one in TEXTS + pairs]
    golden.write(named(folder, name), {"task": "text-classification", "cases": cases})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path)
    parser.add_argument("--qa-source", type=Path, required=True)
    options = parser.parse_args()
    golden.OUT, golden.QA_SOURCE, golden.R = options.output, options.qa_source, golden.RECIPE
    question_answering("XLMRoberta", "question-answering-xlm-roberta")
    question_answering("Bert", "question-answering-pads-left", "left")
    text_classification("Albert", "text-classification-albert")


if __name__ == "__main__":
    main()
