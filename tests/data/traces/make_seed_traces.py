#!/usr/bin/env python3
"""traced_bert.pt as the two editions of the tutorial made it, by their own code and the libraries of their day.

    pip install --no-deps --target OLD pytorch-transformers==1.2.0       (or pytorch-pretrained-bert==0.6.2)
    pip install --no-deps --target OLD boto3 botocore s3transfer jmespath sacremoses joblib cloudpickle regex six \
        python-dateutil urllib3 requests idna charset-normalizer certifi click
    mkdir OLD/tensorboardX && touch OLD/tensorboardX/__init__.py
    PYTHONPATH=OLD python make_seed_traces.py pytorch_transformers       (or pytorch_pretrained_bert)
"""

import importlib
import sys
import tempfile
from pathlib import Path

import torch
from common import SIZES, VOCAB_SIZE, randomize, save, vocabulary, write_golden

library = sys.argv[1]
module = importlib.import_module(library)
BertModel, BertTokenizer, BertConfig = module.BertModel, module.BertTokenizer, module.BertConfig

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "vocab.txt"
    path.write_text("\n".join(vocabulary()) + "\n")
    enc = BertTokenizer(str(path))

# --- the tutorial's code, with our sizes ---
text = "[CLS] Who was Jim Henson ? [SEP] Jim Henson was a puppeteer [SEP]"
tokenized_text = enc.tokenize(text)

# Masking one of the input tokens
masked_index = 8
tokenized_text[masked_index] = "[MASK]"
indexed_tokens = enc.convert_tokens_to_ids(tokenized_text)
segments_ids = [0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1]

# Creating a dummy input
tokens_tensor = torch.tensor([indexed_tokens])
segments_tensors = torch.tensor([segments_ids])
dummy_input = [tokens_tensor, segments_tensors]

flag = {"torchscript": True} if library == "pytorch_transformers" else {}  # the older one has no such flag to set
config = BertConfig(vocab_size_or_config_json_file=VOCAB_SIZE, **SIZES, **flag)
model = randomize(BertModel(config))
model.eval()
traced_model = torch.jit.trace(model, [tokens_tensor, segments_tensors])
# --- end of the tutorial's code ---

save(traced_model, library)


def run(ids, types):
    hidden, pooled = model(ids, types)[:2]
    return {"all_encoder_layers": hidden if isinstance(hidden, list) else [hidden], "pooled_output": pooled}


write_golden(library, run)
