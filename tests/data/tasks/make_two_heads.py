#!/usr/bin/env python3
"""Makes two-heads.pt: a trace whose texts are classified twice, by a head of three labels and one of two. Needs torch and
transformers 5; its tokenizer is text-classification's."""

import io
import sys
from pathlib import Path

import torch
import transformers

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "models"))
from bundle import write_archive  # noqa: E402


class TwoHeads(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.bert, self.mood = model.bert, model.classifier
        self.topic = torch.nn.Linear(model.config.hidden_size, 2)

    def forward(self, input_ids, attention_mask, token_type_ids):
        pooled = self.bert(input_ids, attention_mask, token_type_ids).pooler_output
        return {"mood": self.mood(pooled), "topic": self.topic(pooled)}


def main():
    torch.manual_seed(0)
    model = transformers.BertForSequenceClassification.from_pretrained(HERE / "text-classification").eval()
    ids = torch.randint(5, model.config.vocab_size, (1, 9))
    inputs = (ids, torch.ones_like(ids), torch.zeros_like(ids))
    with torch.no_grad():
        traced = torch.jit.trace(TwoHeads(model).eval(), inputs, strict=False)
    archive = io.BytesIO()
    torch.jit.save(traced, archive)
    archive.seek(0)
    write_archive(archive, HERE / "two-heads.pt", {})


if __name__ == "__main__":
    main()
