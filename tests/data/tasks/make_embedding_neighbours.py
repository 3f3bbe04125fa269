#!/usr/bin/env python3
"""Tiny random sentence-transformers models with the settings that make_golden.py's have not, and Python's answers.

    python make_embedding_neighbours.py OUTPUT

Needs torch, transformers 5 and sentence-transformers 6.2. Each folder's expected.json has cases: a method, its texts and
arguments, and the result.
"""
import json, os, shutil, sys, warnings
from pathlib import Path
warnings.filterwarnings("ignore"); os.environ["HF_HUB_OFFLINE"] = "1"
import numpy as np, torch, transformers
from safetensors.torch import save_file
from transformers import AutoTokenizer, BertConfig, BertForMaskedLM, BertModel, BertTokenizer, PreTrainedTokenizerFast, RobertaConfig, RobertaModel
from sentence_transformers import MultiVectorEncoder, SentenceTransformer, SparseEncoder
from sentence_transformers.base.modules import Dense, Normalize, Transformer
from sentence_transformers.multi_vector_encoder.modules import MultiVectorMask
from sentence_transformers.sentence_transformer import modules as M
from sentence_transformers.sparse_encoder.modules import MLMTransformer, SparseStaticEmbedding, SpladePooling
from sentence_transformers.util import quantize_embeddings
transformers.logging.set_verbosity_error(); transformers.utils.logging.disable_progress_bar(); torch.set_num_threads(1)

OUT = Path(sys.argv[1]); OUT.mkdir(parents=True, exist_ok=True)
WORDS = "the sea is blue and deep who reads old books a small green boat sails far under stars we write short notes Berlin Paris Ada BIG ##s ##ing ##er question passage find , . ! ? - :".split()
TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + list("abcdefghijklmnopqrstuvwxyzABP") + ["##" + c for c in "abcdefghijklmnopqrstuvwxyz"] + WORDS
TOKENS = list(dict.fromkeys(TOKENS))
TEXTS = ["The sea is blue .", "", "   ", "Ada reads old books in Berlin , BIG ones !", "İstanbul ΣΑΣ [MASK] naïve", "a small green boat sails far under stars " * 5]
H = 16

def randomize(model, seed, scale=0.4):
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in model.named_parameters():
            noise = torch.randn(value.shape, generator=g); value.copy_(1 + 0.1 * noise if "norm.weight" in name.lower() else scale * noise)
    return model.eval()

def bert(name, cls=BertModel, seed=1, lower=True, limit=40, **more):
    folder = OUT / ("work-" + name); folder.mkdir(parents=True, exist_ok=True)
    randomize(cls(BertConfig(vocab_size=len(TOKENS), hidden_size=H, num_hidden_layers=more.pop("layers", 2), num_attention_heads=2, intermediate_size=24, max_position_embeddings=40, **more)), seed).save_pretrained(folder)
    (folder / "vocab.txt").write_text("".join(t + "\n" for t in TOKENS))
    BertTokenizer.from_pretrained(folder, do_lower_case=lower, model_max_length=limit).save_pretrained(folder)
    return str(folder)

def plain(v):
    if isinstance(v, (list, tuple)): return [plain(x) for x in v]
    if isinstance(v, torch.Tensor): v = v.detach().cpu().numpy()
    if isinstance(v, np.ndarray): return [plain(x) for x in v] if v.ndim else plain(v[()])
    if isinstance(v, np.floating): return float(str(np.float32(v)))
    return int(v) if isinstance(v, np.integer) else v

def finish(name, task, cases, **more):
    (OUT / name / "expected.json").write_text(json.dumps({"task": task, **more, "cases": []})[:-3] + "[\n" + ",\n".join(json.dumps(c, ensure_ascii=False) for c in cases) + "\n]}\n")
    print(name, sum(f.stat().st_size for f in (OUT / name).rglob("*") if f.is_file()) // 1000, "kB", flush=True)

def dense_model(name, modules, prompts=None, texts=TEXTS, edit=None, ways=(), **more):
    folder = OUT / name
    SentenceTransformer(modules=modules, prompts=prompts or {}, **more).save(str(folder), create_model_card=False)
    if edit: edit(folder)
    st = SentenceTransformer(str(folder)); cases = []
    for way in ({}, {"normalize_embeddings": True}, {"truncate_dim": 5}, {"truncate_dim": 5, "normalize_embeddings": True}, {"method": "encode_query"}, {"method": "encode_document"}) + tuple(ways):
        arguments = {k: v for k, v in way.items() if k != "method"}; method = way.get("method", "encode")
        cases.append({"method": method, "inputs": texts, "arguments": arguments, "result": plain(getattr(st, method)(texts, **arguments))})
    cases.append({"method": "encode", "inputs": [], "arguments": {}, "result": []})
    e = st.encode(texts)
    for p in ("int8", "uint8", "binary", "ubinary"): cases.append({"method": "encode", "inputs": texts, "arguments": {"precision": p}, "result": plain(quantize_embeddings(e, p))})
    finish(name, "sentence-embedding", cases, similarity=plain(st.similarity(e[:4], e[:4])), similarity_fn=st.similarity_fn_name)

def edit_json(path, change):
    value = json.loads(path.read_text()) if path.exists() else {}
    change(value); path.write_text(json.dumps(value, indent=1))

def dense(out, seed, **more):
    d = Dense(more.pop("width", H), out, **more); randomize(d, seed, 0.3); return d

# prompts null, a default prompt, Dense without bias and a residual one, truncate_dim in the model's files behind a Normalize
def null_prompts(f):
    edit_json(f / "config_sentence_transformers.json", lambda c: c.update(prompts={"query": None, "find": "find : "}, truncate_dim=6))
dense_model("neighbour-dense", [Transformer(bert("dense")), M.Pooling(H, "mean"), dense(12, 5, bias=False, activation_function=torch.nn.Tanh()), dense(12, 6, width=12, activation_function=torch.nn.GELU(), use_residual=True), Normalize()], {"find": "find : "}, edit=null_prompts, default_prompt_name="find", ways=[{"prompt_name": "find"}, {"prompt": ""}])

# booleans of old configs, several true, old module names, max_seq_length in sentence_bert_config.json
def old(f):
    edit_json(f / "1_Pooling/config.json", lambda c: (c.clear(), c.update(word_embedding_dimension=H, pooling_mode_cls_token=True, pooling_mode_mean_tokens=True, pooling_mode_max_tokens=True, pooling_mode_mean_sqrt_len_tokens=False, pooling_mode_lasttoken=True)))
    edit_json(f / "sentence_bert_config.json", lambda c: (c.clear(), c.update(max_seq_length=9, do_lower_case=False)))
    modules = json.loads((f / "modules.json").read_text())
    for m in modules: m["type"] = "sentence_transformers.models." + m["type"].split(".")[-1]
    (f / "modules.json").write_text(json.dumps(modules))
dense_model("neighbour-old", [Transformer(bert("old", seed=2)), M.Pooling(H, "mean")], edit=old)

# do_lower_case in front of a tokenizer that keeps case
def lower(f): edit_json(f / "sentence_bert_config.json", lambda c: (c.clear(), c.update(max_seq_length=30, do_lower_case=True)))
dense_model("neighbour-lower", [Transformer(bert("lower", seed=3, lower=False)), M.Pooling(H, "max"), M.LayerNorm(H)], edit=lower)

# weightedmean without the prompt, and the other modes without it
dense_model("neighbour-weighted", [Transformer(bert("weighted", seed=4), max_seq_length=12), M.Pooling(H, ("weightedmean", "cls", "lasttoken", "max", "mean_sqrt_len_tokens"), include_prompt=False)], {"query": "question : ", "document": "passage the sea is blue and deep who reads old books a small : "}, similarity_fn_name="euclidean", ways=[{"prompt_name": "query"}, {"prompt": "the "}])

# layers summed with weights
def all_layers(f): edit_json(f / "config.json", lambda c: c.update(output_hidden_states=True))
mix = M.WeightedLayerPooling(H, num_hidden_layers=3, layer_start=2, layer_weights=torch.nn.Parameter(torch.tensor([0.5, 2.0])))
dense_model("neighbour-layers", [Transformer(bert("layers", seed=5, layers=3)), mix, M.Pooling(H, "mean")], edit=all_layers, similarity_fn_name="manhattan")

# RoBERTa's positions, no max_seq_length, no tokenizer limit: texts that fit
def roberta():
    folder = OUT / "work-roberta"; folder.mkdir()
    from tokenizers import Tokenizer, models, trainers, pre_tokenizers, decoders, processors
    t = Tokenizer(models.BPE()); t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False); t.decoder = decoders.ByteLevel()
    t.train_from_iterator(TEXTS, trainers.BpeTrainer(vocab_size=300, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"], initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False))
    t.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    PreTrainedTokenizerFast(tokenizer_object=t, bos_token="<s>", eos_token="</s>", pad_token="<pad>", unk_token="<unk>", mask_token="<mask>", cls_token="<s>", sep_token="</s>").save_pretrained(folder)
    randomize(RobertaModel(RobertaConfig(vocab_size=300, hidden_size=H, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24, max_position_embeddings=66, type_vocab_size=1)), 6).save_pretrained(folder)
    return str(folder)
dense_model("neighbour-roberta", [Transformer(roberta()), M.Pooling(H, "cls"), Normalize()], similarity_fn_name="dot")

# a residual that has a weight of its own, since the layer gives another width; a masked-language head's logits pooled in the hidden states' place
dense_model("neighbour-residual", [Transformer(bert("residual", seed=20)), M.Pooling(H, "mean"), dense(10, 21, use_residual=True), dense(7, 22, width=10, bias=False, activation_function=torch.nn.Identity(), use_residual=True)])
dense_model("neighbour-logits", [Transformer(bert("logits", BertForMaskedLM, seed=23), transformer_task="fill-mask"), M.Pooling(len(TOKENS), ("mean", "max")), dense(6, 24, width=2 * len(TOKENS), activation_function=torch.nn.Identity()), Normalize()])

# tables of word vectors
tokenizer = AutoTokenizer.from_pretrained(OUT / "work-old")
table = torch.randn(len(TOKENS), H, generator=torch.Generator().manual_seed(7))
dense_model("neighbour-static", [M.StaticEmbedding(tokenizer, embedding_weights=table), Normalize()], {"query": "question : "})
def model2vec(f):
    p = f / "0_StaticEmbedding/model.safetensors"; p = p if p.exists() else f / "model.safetensors"
    g = torch.Generator().manual_seed(8)
    save_file({"embeddings": torch.randn(20, H, generator=g), "mapping": torch.randint(0, 20, (len(TOKENS),), generator=g), "weights": torch.rand(len(TOKENS), generator=g, dtype=torch.float64)}, p)
dense_model("neighbour-model2vec", [M.StaticEmbedding(tokenizer, embedding_weights=table)], edit=model2vec)

# sparse: both rules once more, a limit of active columns, weights of tokens
def sparse_model(name, modules, ways=({},), edit=None, prompts=None):
    folder = OUT / name; SparseEncoder(modules=modules, prompts=prompts or {}).save(str(folder), create_model_card=False)
    if edit: edit(folder)
    se = SparseEncoder(str(folder)); cases = []
    for way in ways:
        arguments = {k: v for k, v in way.items() if k != "method"}; method = way.get("method", "encode")
        e = getattr(se, method)(TEXTS, convert_to_sparse_tensor=False, convert_to_tensor=True, **arguments)
        cases.append({"method": method, "inputs": TEXTS, "arguments": arguments, "result": [{"indices": [int(i) for i in r.nonzero()[:, 0]], "values": plain(r[r != 0])} for r in e], "similarity": plain(se.similarity(e, e)), "decode": plain(se.decode(e, top_k=4))})
    finish(name, "sparse-neighbour", cases)
sparse_model("neighbour-splade", [MLMTransformer(bert("mlm", BertForMaskedLM, seed=9), max_seq_length=11), SpladePooling(pooling_strategy="max", activation_function="log1p_relu")], ways=({}, {"max_active_dims": 3}, {"method": "encode_query"}), edit=lambda f: edit_json(f / "config_sentence_transformers.json", lambda c: c.update(max_active_dims=20)), prompts={"query": "find : "})
weights = torch.rand(len(TOKENS), generator=torch.Generator().manual_seed(10)); weights[::7] = 0
sparse_model("neighbour-idf", [SparseStaticEmbedding(tokenizer, weight=weights)], prompts={"query": "find : "}, ways=({}, {"method": "encode_query"}))

# multi-vector: attending expansion, a skip list for both sides, lengths of their own, ids that alone are kept
def multi_model(name, parts, prompts, edit=None):
    folder = OUT / name; MultiVectorEncoder(modules=parts, prompts=prompts).save(str(folder), create_model_card=False)
    if edit: edit(folder)
    m = MultiVectorEncoder(str(folder)); q, d = m.encode_query(TEXTS), m.encode_document(TEXTS)
    cases = [{"method": "encode_query", "inputs": TEXTS, "result": plain([np.asarray(x) for x in q])}, {"method": "encode_document", "inputs": TEXTS, "result": plain([np.asarray(x) for x in d])}]
    finish(name, "multi-vector-neighbour", cases, maxsim=plain(m.similarity(q, d)))
def token_dense(out, seed, **more): return dense(out, seed, module_input_name="token_embeddings", **more)
multi_model("neighbour-colbert", [Transformer(bert("colbert", seed=11), query_expansion={"strategy": "fixed", "length": 14, "attend": True, "token": None}, document_length=10), token_dense(10, 12, bias=False, activation_function=torch.nn.Identity()), MultiVectorMask(skiplist_words=[",", ".", "notthere"], skiplist_tasks=["document", "query"]), Normalize(module_input_name="token_embeddings")], {"query": "question : ", "document": "passage : "})
multi_model("neighbour-colbert-kept", [Transformer(bert("kept", seed=13), query_length=7), token_dense(10, 14, activation_function=torch.nn.Tanh()), MultiVectorMask(keep_only_token_ids=list(range(5, 80)))], {"query": "", "document": ""})
# logits of a masked-language head as token rows, which a Dense with a projected residual reads
multi_model("neighbour-colbert-logits", [Transformer(bert("colbert-logits", BertForMaskedLM, seed=25), transformer_task="fill-mask", query_expansion={"strategy": "fixed", "length": 9, "attend": False, "token": None}), token_dense(8, 26, width=len(TOKENS), bias=False, use_residual=True), MultiVectorMask(skiplist_words=[","]), Normalize(module_input_name="token_embeddings")], {"query": "", "document": ""})
# queries that are filled up to a length, and not cut to it: to query_length, or to the model's own length
for name, limit in (("min", None), ("min-cut", 12)):
    multi_model("neighbour-colbert-" + name, [Transformer(bert(name, seed=19), query_expansion={"strategy": "min", "length": 9, "attend": name == "min-cut", "token": None}, query_length=limit), token_dense(10, 12, bias=False, activation_function=torch.nn.Identity()), MultiVectorMask(skiplist_words=[","]), Normalize(module_input_name="token_embeddings")], {"query": "question : ", "document": ""})

# the other families, each as dense, multi-vector and, with a masked-lm head, sparse model
def wordpiece(folder):
    (folder / "vocab.txt").write_text("".join(t + "\n" for t in TOKENS)); BertTokenizer.from_pretrained(folder, do_lower_case=True, model_max_length=40).save_pretrained(folder)
    return len(TOKENS)
def unigram(folder):
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
    t = Tokenizer(models.Unigram()); t.normalizer = normalizers.NFKC(); t.pre_tokenizer = pre_tokenizers.Metaspace(); t.decoder = decoders.Metaspace()
    t.train_from_iterator(TEXTS * 3, trainers.UnigramTrainer(vocab_size=120, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"], unk_token="<unk>", show_progress=False))
    t.post_processor = processors.TemplateProcessing(single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    PreTrainedTokenizerFast(tokenizer_object=t, bos_token="<s>", eos_token="</s>", pad_token="<pad>", unk_token="<unk>", mask_token="<mask>", cls_token="<s>", sep_token="</s>", model_max_length=30).save_pretrained(folder)
    return t.get_vocab_size()
SMALL = dict(num_hidden_layers=2, num_attention_heads=2, intermediate_size=24)
def distilbert(n): return transformers.DistilBertConfig(vocab_size=n, dim=H, n_layers=2, n_heads=2, hidden_dim=24, max_position_embeddings=40)
def electra(n): return transformers.ElectraConfig(vocab_size=n, embedding_size=12, hidden_size=H, max_position_embeddings=40, **SMALL)
def mpnet(n): return transformers.MPNetConfig(vocab_size=n, hidden_size=H, max_position_embeddings=42, **SMALL)
def xlmr(n): return transformers.XLMRobertaConfig(vocab_size=n, hidden_size=H, max_position_embeddings=42, type_vocab_size=1, **SMALL)
def family(name, cls, config, tokenizer):
    folder = OUT / ("work-" + name); folder.mkdir(); randomize(cls(config(tokenizer(folder))), len(name)).save_pretrained(folder)
    return str(folder)
for name, cls, config, tokenizer in (("distilbert", transformers.DistilBertModel, distilbert, wordpiece), ("electra", transformers.ElectraModel, electra, wordpiece), ("mpnet", transformers.MPNetModel, mpnet, unigram), ("xlm-roberta", transformers.XLMRobertaModel, xlmr, unigram)):
    base = family(name, cls, config, tokenizer)
    dense_model("neighbour-" + name, [Transformer(base), M.Pooling(H, "mean"), Normalize()], {"query": "question : "}, texts=TEXTS[:4])
    multi_model("neighbour-colbert-" + name, [Transformer(base, query_expansion={"strategy": "fixed", "length": 14, "attend": False, "token": None}), token_dense(10, 12, bias=False, activation_function=torch.nn.Identity()), MultiVectorMask(skiplist_words=[",", "."]), Normalize(module_input_name="token_embeddings")], {"query": "question : ", "document": ""})
for name, cls, config, tokenizer in (("distilbert", transformers.DistilBertForMaskedLM, distilbert, wordpiece), ("xlm-roberta", transformers.XLMRobertaForMaskedLM, xlmr, unigram)):
    sparse_model("neighbour-splade-" + name, [MLMTransformer(family("mlm-" + name, cls, config, tokenizer), max_seq_length=11), SpladePooling()])

# BGE-M3's kind: two linear layers beside the encoder. Its own code, once more in torch
base = Path(family("hybrid", transformers.XLMRobertaModel, xlmr, unigram)); folder = OUT / "neighbour-hybrid"; shutil.copytree(base, folder)
g = torch.Generator().manual_seed(20)
linear = {n: {"weight": torch.randn(out, H, generator=g), "bias": torch.randn(out, generator=g)} for n, out in (("sparse", 1), ("colbert", 12))}
for n, state in linear.items(): torch.save(state, folder / f"{n}_linear.pt")
tok, model, cases = AutoTokenizer.from_pretrained(folder), transformers.XLMRobertaModel.from_pretrained(folder).eval(), []
for text in TEXTS:
    e = tok(text, truncation=True, return_tensors="pt")
    with torch.no_grad(): h = model(**e).last_hidden_state[0]
    unit = torch.nn.functional.normalize; weights = {}
    for i, w in zip(e["input_ids"][0].tolist(), torch.relu(h @ linear["sparse"]["weight"].T + linear["sparse"]["bias"])[:, 0]):
        if w > 0 and i not in (tok.cls_token_id, tok.eos_token_id, tok.pad_token_id, tok.unk_token_id): weights[i] = max(weights.get(i, 0), float(w))
    rows = unit(h[1:] @ linear["colbert"]["weight"].T + linear["colbert"]["bias"], dim=-1)
    cases.append({"text": text, "dense": plain(unit(h[0], dim=-1)), "indices": sorted(weights), "values": plain([np.float32(weights[i]) for i in sorted(weights)]), "rows": plain(rows)})
finish("neighbour-hybrid", "hybrid-neighbour", cases)
for d in OUT.glob("work-*"): shutil.rmtree(d)
