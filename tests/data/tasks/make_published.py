#!/usr/bin/env python3
"""Tiny random models laid out as published ones are that no class of today's saved, and Python's answers.

    python make_published.py OUTPUT

Stanford's ColBERT (HF_ColBERT, artifact.metadata, weights as torch.save wrote them before 1.6), PyLate's ColBERT before
and after it named its model_type, and OpenSearch's sparse models (a Router). Needs torch, transformers 5 and
sentence-transformers 6.2. expected.json as make_embedding_neighbours.py's.
"""

import json
import os
import shutil
import sys
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")
os.environ["HF_HUB_OFFLINE"] = "1"
import numpy as np  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402
from safetensors.torch import save_file  # noqa: E402
from sentence_transformers import MultiVectorEncoder, SparseEncoder  # noqa: E402

transformers.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
torch.set_num_threads(1)

OUT = Path(sys.argv[1])
WORDS = "the sea is blue and deep who reads old books a small green boat sails ##s ##ing ##er , . ! ? - : [ ] q d".split()
SPECIAL = ["[PAD]", "[unused0]", "[unused1]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
TOKENS = list(dict.fromkeys(SPECIAL + list("abcdefghijklmnopqrstuvwxyz") + ["##" + c for c in "abcdefghijklmnopqrstuvwxyz"] + WORDS))
TEXTS = ["The sea is blue.", "", "who reads old books, boats?", "a [unused0] boat [Q] [MASK] - deep !", "the small green boat sails " * 5]
NAMED = {"unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]"}
H = 16
CONFIG = {"hidden_act": "gelu", "hidden_size": H, "intermediate_size": 24, "layer_norm_eps": 1e-12, "max_position_embeddings": 40, "model_type": "bert", "num_attention_heads": 2, "num_hidden_layers": 2, "pad_token_id": 0, "type_vocab_size": 2, "vocab_size": len(TOKENS)}


def write(folder, name, content):
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(content if isinstance(content, str) else json.dumps(content, indent=1) + "\n")


def new(name):
    shutil.rmtree(OUT / name, ignore_errors=True)
    (OUT / name).mkdir(parents=True)
    return OUT / name


def tokenizer(folder, added=()):
    tokens = {str(TOKENS.index(t)): {"content": t, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": True} for t in NAMED.values()}
    for i, token in enumerate(added):
        tokens[str(len(TOKENS) + i)] = {"content": token, "lstrip": False, "normalized": True, "rstrip": False, "single_word": False, "special": False}
    write(folder, "vocab.txt", "\n".join(TOKENS) + "\n")
    write(folder, "tokenizer_config.json", {"added_tokens_decoder": tokens, **NAMED, "do_lower_case": True, "model_max_length": 38, "tokenizer_class": "BertTokenizer"})
    write(folder, "special_tokens_map.json", NAMED)


def weights(cls, seed, prefix="", **more):
    model = getattr(transformers, cls)(transformers.AutoConfig.for_model(**(CONFIG | more)))
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in model.named_parameters():
            noise = torch.randn(value.shape, generator=generator)
            value.copy_(1 + 0.1 * noise if "norm.weight" in name.lower() else 0.4 * noise)
    return {prefix + name: value.clone() for name, value in model.state_dict().items()}


def plain(value):
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, torch.Tensor):
        value = value.detach().numpy()
    if isinstance(value, np.ndarray):
        return [plain(one) for one in value] if value.ndim else plain(value[()])
    return float(str(np.float32(value))) if isinstance(value, (np.floating, float)) else value


def finish(folder, task, cases, **more):
    write(folder, "expected.json", json.dumps({"task": task, **more, "cases": cases}, ensure_ascii=False) + "\n")
    print(folder.name, sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) // 1000, "kB")


def multi_vector(folder):
    model = MultiVectorEncoder(str(folder), device="cpu")
    queries, documents = model.encode_query(TEXTS), model.encode_document(TEXTS)
    cases = [{"method": name, "inputs": TEXTS, "result": plain([np.asarray(one) for one in rows])} for name, rows in (("encode_query", queries), ("encode_document", documents))]
    finish(folder, "multi-vector-neighbour", cases, maxsim=plain(model.similarity(queries, documents)))


def stanford(name, old, **metadata):
    folder = new(name)
    write(folder, "config.json", {"architectures": ["HF_ColBERT"], **CONFIG})
    tokenizer(folder)
    state = weights("BertModel", 1, "bert.") | {"linear.weight": torch.randn(6, H, generator=torch.Generator().manual_seed(2)), "bert.embeddings.position_ids": torch.arange(40)[None]}
    if old:
        torch.save(state, folder / "pytorch_model.bin", _use_new_zipfile_serialization=False)
    else:
        save_file(state, folder / "model.safetensors")
    if metadata:
        write(folder, "artifact.metadata", metadata | {"nbits": 1, "similarity": "cosine", "checkpoint": "/x", "index_path": None, "gpus": 8})
    multi_vector(folder)


def pylate(name, added=(), **settings):
    folder = new(name)
    size = len(TOKENS) + len(added)
    write(folder, "config.json", {"architectures": ["BertModel"], **CONFIG, "vocab_size": size})
    tokenizer(folder, added)
    save_file(weights("BertModel", 3, vocab_size=size), folder / "model.safetensors")
    write(folder, "modules.json", [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}, {"idx": 1, "name": "1", "path": "1_Dense", "type": "pylate.models.Dense.Dense"}])
    write(folder, "1_Dense/config.json", {"in_features": H, "out_features": 6, "bias": False, "activation_function": "torch.nn.modules.linear.Identity"})
    save_file({"linear.weight": torch.randn(6, H, generator=torch.Generator().manual_seed(4))}, folder / "1_Dense/model.safetensors")
    write(folder, "sentence_bert_config.json", {"max_seq_length": 37, "do_lower_case": False})
    write(folder, "config_sentence_transformers.json", {"__version__": {"sentence_transformers": "4.0.2"}, "prompts": {}, "default_prompt_name": None, "similarity_fn_name": "MaxSim"} | settings)
    multi_vector(folder)


def router(name, at_root):
    folder = new(name)
    document = "" if at_root else "document_0_MLMTransformer"
    paths = {document: "MLMTransformer", "query_0_SparseStaticEmbedding": "SparseStaticEmbedding", "document_1_SpladePooling": "SpladePooling"}
    write(folder, "modules.json", [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Router"}])
    write(folder, "router_config.json", {"types": {path: f"sentence_transformers.sparse_encoder.models.{kind}" for path, kind in paths.items()}, "structure": {"query": ["query_0_SparseStaticEmbedding"], "document": [document, "document_1_SpladePooling"]}, "parameters": {"default_route": "document", "allow_empty_key": True}})
    write(folder, "config_sentence_transformers.json", {"model_type": "SparseEncoder", "__version__": {"sentence_transformers": "5.0.0"}, "prompts": {"query": "", "document": ""}, "default_prompt_name": None, "similarity_fn_name": "dot", "max_active_dims": None if at_root else 4})
    write(folder / document, "config.json", {"architectures": ["BertForMaskedLM"], **CONFIG})
    save_file({key: value for key, value in weights("BertForMaskedLM", 5).items() if key != "cls.predictions.decoder.weight"}, folder / document / "model.safetensors")
    write(folder / document, "sentence_bert_config.json", {"max_seq_length": 38, "do_lower_case": False})
    write(folder / "document_1_SpladePooling", "config.json", {"pooling_strategy": "max", "activation_function": "log1p_relu", "word_embedding_dimension": len(TOKENS)})
    write(folder / "query_0_SparseStaticEmbedding", "config.json", {"frozen": False})
    table = torch.rand(len(TOKENS), generator=torch.Generator().manual_seed(6))
    table[::5] = 0
    save_file({"weight": table}, folder / "query_0_SparseStaticEmbedding/model.safetensors")
    for one in (folder / document, folder / "query_0_SparseStaticEmbedding"):
        tokenizer(one)
    model = SparseEncoder(str(folder), device="cpu")
    cases = []
    for method in ("encode", "encode_query", "encode_document"):
        rows = getattr(model, method)(TEXTS, convert_to_sparse_tensor=False, convert_to_tensor=True)
        cases.append({"method": method, "inputs": TEXTS, "arguments": {}, "result": [{"indices": [int(i) for i in row.nonzero()[:, 0]], "values": plain(row[row != 0])} for row in rows], "similarity": plain(model.similarity(rows, rows)), "decode": plain(model.decode(rows, top_k=4))})
    finish(folder, "sparse-neighbour", cases)


stanford("published-colbert-old", True, query_token_id="[unused0]", doc_token_id="[unused1]", query_maxlen=12, doc_maxlen=20, attend_to_mask_tokens=False, mask_punctuation=True)
stanford("published-colbert-bare", False)
pylate("published-pylate", added=("[Q] ", "[D] "), model_type="ColBERT", query_prefix="[Q] ", document_prefix="[D] ", query_length=12, document_length=20, do_query_expansion=True, attend_to_expansion_tokens=True, skiplist_words=None)
pylate("published-pylate-unnamed", query_prefix="[unused0]", document_prefix="[unused1]", query_length=9, document_length=20, attend_to_expansion_tokens=False, skiplist_words=[",", "boat"], prompts={"query": "who ", "document": "[unused1]the "})
pylate("published-pylate-unexpanded", model_type="ColBERT", query_prefix="q ", document_prefix="", query_length=9, do_query_expansion=False)
router("published-router", False)
router("published-router-root", True)
