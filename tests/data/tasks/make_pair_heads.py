#!/usr/bin/env python3
"""Tiny checkpoints with heads that transformers has no pipeline for, and Python's answers: next sentence, multiple choice.

    python make_pair_heads.py OUTPUT [--recipe RECIPE.json]

Takes what it needs of make_golden.py, which lies beside it.
"""

import argparse
import json
from pathlib import Path

import torch
from transformers import BertConfig, BertForMultipleChoice, BertForNextSentencePrediction, BertForPreTraining

import make_golden as golden


def next_sentence(name, cls):
    folder, model, tok = golden.checkpoint(name, cls, BertConfig(**golden.sizes()), 21)
    texts = golden.R["texts"][:4]
    cases = []
    for a, b in [(x, y) for x in texts for y in (*texts, golden.R["long"])]:
        for arguments in ({}, {"truncation": True}):
            def answer():
                output = model(**tok(a, b, return_tensors="pt", **arguments))
                logits = output.logits if hasattr(output, "logits") else output.seq_relationship_logits
                return logits.softmax(-1)[0]

            cases.append({"text": a, "pair": b, "arguments": arguments, **golden.attempt(answer)})
    golden.write(folder, {"task": "next-sentence", "cases": cases})


def multiple_choice():
    folder, model, tok = golden.checkpoint("multiple-choice", BertForMultipleChoice, BertConfig(**golden.sizes()), 23)
    cases = []
    for text in golden.R["texts"][:3]:
        for choices in (golden.R["documents"], golden.R["documents"][:1], golden.R["documents"] + [golden.R["long"]]):
            for arguments in ({}, {"truncation": True}):
                def answer():
                    encoded = tok([text] * len(choices), choices, return_tensors="pt", padding=True, **arguments)
                    return model(**{k: v.unsqueeze(0) for k, v in encoded.items()}).logits.softmax(-1)[0]

                cases.append({"text": text, "choices": choices, "arguments": arguments, **golden.attempt(answer)})
    golden.write(folder, {"task": "multiple-choice", "cases": cases})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path)
    parser.add_argument("--recipe", type=Path)
    options = parser.parse_args()
    golden.OUT = options.output
    golden.R = golden.RECIPE | (json.loads(options.recipe.read_text()) if options.recipe else {})
    torch.manual_seed(golden.R["seed"])
    with torch.no_grad():
        next_sentence("next-sentence", BertForNextSentencePrediction)
        next_sentence("next-sentence-pretraining", BertForPreTraining)
        multiple_choice()


if __name__ == "__main__":
    main()
