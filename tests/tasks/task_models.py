"""Random checkpoints of every family with every head, each with a tokenizer of its family's kind, and random texts: what
scripts/task_differences.py asks Python and the command line about."""

import json
import random
from dataclasses import dataclass
from pathlib import Path

import make_golden as golden
import torch
import transformers

POSITIONS = 72
LABELS = {
    "classes": ["no", "yes", "maybe", "LABEL_3"],
    "inference": ["neutral", "Entailment", "contradiction"],
    "one": ["LABEL_0"],
    "entities": ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "ORG"],
}


@dataclass
class Family:
    """A family's name, the kind of its tokenizer and what its configuration has beside the sizes."""

    name: str
    tokenizer: str
    more: dict


ROTARY = {"max_position_embeddings": 2048}
DISENTANGLED = {"relative_attention": True, "pos_att_type": ["c2p", "p2c"], "position_biased_input": False, "type_vocab_size": 0}
BUCKETS = {"position_buckets": 8, "share_att_key": True, "norm_rel_ebd": "layer_norm", "legacy": False}
FAMILIES = {
    "Bert": Family("bert", "wordpiece", {}),
    "DistilBert": Family("distilbert", "wordpiece", {}),
    "Electra": Family("electra", "wordpiece", {"embedding_size": 16}),
    "Ernie": Family("ernie", "wordpiece", {}),
    "MegatronBert": Family("megatron-bert", "wordpiece", {}),
    "NomicBert": Family("nomic_bert", "wordpiece", ROTARY),
    "Gte": Family("gte", "wordpiece", ROTARY | {"type_vocab_size": 2}),
    "MPNet": Family("mpnet", "mpnet", {}),
    "Roberta": Family("roberta", "bpe", {"type_vocab_size": 1}),
    "Data2VecText": Family("data2vec-text", "bpe", {"type_vocab_size": 1}),
    "RobertaPreLayerNorm": Family("roberta-prelayernorm", "bpe", {"type_vocab_size": 1}),
    "ModernBert": Family("modernbert", "bpe", ROTARY | {"local_attention": 12, "num_hidden_layers": 4}),
    "EuroBert": Family("eurobert", "bpe", ROTARY),
    "Deberta": Family("deberta", "deberta", DISENTANGLED | {"pooler_hidden_act": "gelu"}),
    "DebertaV2": Family("deberta-v2", "deberta-v2", DISENTANGLED | BUCKETS | {"conv_kernel_size": 3}),
    "XLMRoberta": Family("xlm-roberta", "unigram", {"type_vocab_size": 1}),
    "XLMRobertaXL": Family("xlm-roberta-xl", "unigram", {"type_vocab_size": 1}),
    "JinaEmbeddingsV3": Family("jina_embeddings_v3", "unigram", ROTARY),
    "Camembert": Family("camembert", "camembert", {"type_vocab_size": 1}),
    "Albert": Family("albert", "albert", {"embedding_size": 16}),
    "RemBert": Family("rembert", "rembert", {"input_embedding_size": 16, "output_embedding_size": 24}),
}
OFFSET = ("Roberta", "Data2VecText", "RobertaPreLayerNorm", "XLMRoberta", "XLMRobertaXL", "Camembert", "MPNet")

PIECES = (
    "the sea is blue and deep who reads old books a small green boat sails far under stars Angela Merkel lives near Berlin "
    "don't it's users' New-York 1999 67.89% naïve café ﬁre İstanbul ΟΔΟΣ 東京 한국어 입니다 😀 👩‍👩‍👧 é zzz q . , ? ! ' - ( )"
).split(" ")
ODD = ["", " ", "\t", "a", "...", "\u00a0", "\u3000x", "\ufeffthe sea", "the\nsea", "a\u0000b", "\u200b", "\ufffd", "x" * 120, "İ" * 9, "東京" * 6, "é" * 12, "the  sea ", " Berlin", "שלום the", "\u0301a"]


def random_texts(seed, task):
    """Odd ones and sentences of words and odd words; one is longer than most models take."""
    rng = random.Random(f"{seed} {task}")
    sentences = [" ".join(rng.choices(PIECES, k=rng.choice([1, 2, 3, 5, 8, 12]))) for _ in range(10)]
    glued = ["".join(rng.choices(PIECES, k=4)) for _ in range(3)]
    texts = sentences + glued + rng.sample(ODD, 8)
    rng.shuffle(texts)
    return texts + [" ".join(rng.choices(PIECES, k=110))]


def corpus():
    rng = random.Random(5)
    return [" ".join(rng.choices(PIECES, k=8)) for _ in range(400)] + PIECES * 3


def unigram_vocabulary(special, size=260):
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=size, unk_token="<unk>", special_tokens=["<unk>"], show_progress=False)
    tokenizer.train_from_iterator(corpus(), trainer)
    pieces = json.loads(tokenizer.to_str())["model"]["vocab"][1:]
    return [(token, 0.0) for token in special] + [(token, score) for token, score in pieces]


def wordpiece(folder, cls="BertTokenizer", special=("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")):
    letters = sorted({c for piece in PIECES for c in piece.lower()} | set("abcdefghijklmnopqrstuvwxyz0123456789"))
    words = [piece.lower() for piece in PIECES[:40]]
    tokens = list(dict.fromkeys([*special, *letters, *("##" + c for c in letters), "##ing", "##er", *words]))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("".join(token + "\n" for token in tokens), encoding="utf-8")
    getattr(transformers, cls).from_pretrained(folder, do_lower_case=True, model_max_length=POSITIONS - 8).save_pretrained(folder)


def bpe(folder, cls="RobertaTokenizer", special=("<s>", "<pad>", "</s>", "<unk>", "<mask>")):
    from tokenizers import ByteLevelBPETokenizer

    trainer = ByteLevelBPETokenizer()
    trainer.train_from_iterator(corpus(), vocab_size=420, special_tokens=list(special), show_progress=False)
    folder.mkdir(parents=True, exist_ok=True)
    trainer.save_model(str(folder))
    getattr(transformers, cls).from_pretrained(folder, model_max_length=POSITIONS - 8).save_pretrained(folder)


def tokenizer_of(kind, folder):
    """Saves a tokenizer of this kind into the folder, and loads it."""
    if kind == "wordpiece":
        wordpiece(folder)
    elif kind == "mpnet":
        wordpiece(folder, "MPNetTokenizer", ("<s>", "<pad>", "</s>", "[UNK]", "<mask>"))
    elif kind == "bpe":
        bpe(folder)
    elif kind == "deberta":
        bpe(folder, "DebertaTokenizer", ("[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"))
    else:
        cls, special = {
            "unigram": ("XLMRobertaTokenizer", ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]),
            "camembert": ("CamembertTokenizer", ["<s>NOTUSED", "<pad>", "</s>NOTUSED", "<unk>", "<unk>NOTUSED"]),
            "albert": ("AlbertTokenizer", ["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"]),
            "rembert": ("RemBertTokenizer", ["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"]),
            "deberta-v2": ("DebertaV2Tokenizer", ["[PAD]", "[CLS]", "[SEP]", "[UNK]"]),
        }[kind]
        folder.mkdir(parents=True, exist_ok=True)
        vocabulary = unigram_vocabulary(special)
        getattr(transformers, cls)(vocab=vocabulary, model_max_length=POSITIONS - 8).save_pretrained(folder)
    return transformers.AutoTokenizer.from_pretrained(folder)


def settings_of(family, tok, labels):
    more = FAMILIES[family].more
    settings = {
        "vocab_size": len(tok), "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48,
        "max_position_embeddings": POSITIONS, "pad_token_id": tok.pad_token_id,
    } | more  # fmt: skip
    if family in OFFSET:
        settings["max_position_embeddings"] += tok.pad_token_id + 1
    if family == "DistilBert":
        names = {"hidden_size": "dim", "num_hidden_layers": "n_layers", "num_attention_heads": "n_heads", "intermediate_size": "hidden_dim"}
        settings = {names.get(key, key): value for key, value in settings.items()}
    for name in ("cls_token_id", "sep_token_id", "bos_token_id", "eos_token_id"):
        settings[name] = getattr(tok, "cls_token_id" if name[0] in "cb" else "sep_token_id")
    if labels:
        settings |= golden.labelled(labels)
    return settings


def folder_of(root, family, task, ending, labels, seed):
    """root/family-task with a random model and its tokenizer; the folder, the model as Python loads it, the tokenizer."""
    folder = Path(root) / f"{FAMILIES[family].name}-{task}"
    tok = tokenizer_of(FAMILIES[family].tokenizer, folder)
    cls = getattr(transformers, family + ending)
    model = cls(cls.config_class(**settings_of(family, tok, labels)))
    golden.R = golden.RECIPE | {"seed": seed}
    golden.randomize(model, 7, 0.3).tie_weights()
    model.save_pretrained(folder)
    return folder, cls.from_pretrained(folder, dtype=torch.float32).eval(), tok
