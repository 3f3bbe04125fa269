"""What a bundle is made of besides the trace: the archive's bytes and the tokenizer's files.

A bundle is a TorchScript archive (a zip) with extra entries under <archive>/extra/bertrt/; docs/bundle.md describes
them.
"""

import json
import os
import site
import sys
import tempfile
import zipfile
from pathlib import Path

# Tokenizers that are Python code alone, but known to the library: class, and the file of its vocabulary.
READ_BY_FILES = {"EsmTokenizer": "vocab.txt"}
# Classes whose files the library reads as transformers does (docs/tokenizers.md); any other's tokenizer.json says as much.
KNOWN_CLASSES = """Albert Barthez Bart Bert BigBird Blenderbot CLIP Camembert CodeGen ConvBert DPRContextEncoder DPRQuestionEncoder
DPRReader Deberta DebertaV2 DistilBert Electra FNet Funnel GPT2 GPTNeoX Gemma Herbert LED LayoutLM Llama Longformer Luke Lxmert MBart
MPNet MobileBert Mvp OpenAIGPT PreTrained Qwen2 Reformer RemBert Roberta Splinter SqueezeBert T5 TokenizersBackend XLMRoberta
XLNet""".split()
ALIGNMENT = 64  # torch maps tensor entries; it aligns the data of each to this many bytes


def write_archive(source, target, extra):
    """Copies a TorchScript archive without its debug records, adding `extra` ({name: bytes}) under extra/.

    code/*.debug_pkl hold source paths of the exporting machine; the loader does without them. Entries get a fixed
    date, so that the same model gives the same bytes.

    source: a path or a seekable binary file; target: likewise. Raises ValueError if a path of this machine is left.
    """
    paths = machine_paths()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as new:
        entries = [entry for entry in old.infolist() if not entry.filename.endswith(".debug_pkl")]
        root = entries[0].filename.split("/")[0]
        for entry in entries:
            _add(new, entry.filename, old.read(entry), entry.compress_type, paths)
        for name, data in extra.items():
            _add(new, f"{root}/extra/{name}", data, zipfile.ZIP_STORED, paths)


def _add(archive, name, data, compression, paths):
    for path in paths:
        if path in data:
            raise ValueError(f"{name} holds the path {path.decode()!r} of this machine")
    info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    # Pad the local header with an extra field, as torch does ("FB"), until the data is aligned.
    start = archive.fp.tell() + 30 + len(name.encode()) + 4
    padding = -start % ALIGNMENT
    info.compress_type = compression  # torch deflates code and stores tensors
    info.extra = b"FB" + padding.to_bytes(2, "little") + b"Z" * padding
    archive.writestr(info, data)


def machine_paths():
    """Folders that would tell about this machine if they stood in a published file."""
    folders = {os.getcwd(), str(Path.home()), str(Path(__file__).resolve().parent), sys.prefix, *site.getsitepackages()}
    folders.add(str(Path(sys.modules["torch"].__file__).parent))
    return [folder.encode() for folder in folders if len(folder) > 4]  # "/usr" could stand in weights by chance


def tokenizer_files(tokenizer, checkpoint):
    """The files that say exactly what `tokenizer` does, the quickest to load first choice: {name: bytes}.

    vocab.txt (WordPiece), vocab.json + merges.txt (byte-level BPE) or the sentencepiece model, each with
    tokenizer_config.json; tokenizer.json where those would not give the same tokenizer again.
    """
    if type(tokenizer).__name__ in READ_BY_FILES:
        return _saved(tokenizer, READ_BY_FILES[type(tokenizer).__name__])
    description = json.loads(tokenizer.backend_tokenizer.to_str())
    config = _tokenizer_config(tokenizer, description)
    if config["tokenizer_class"].removesuffix("Tokenizer") not in KNOWN_CLASSES:
        config["tokenizer_class"] = "PreTrainedTokenizerFast"
        return _as_it_stands(config, description)
    files = {"tokenizer_config.json": _json(config)}
    kind = description["model"]["type"]
    if kind == "Unigram" or config["tokenizer_class"].startswith(("Albert", "Camembert", "XLMRoberta")):
        for name in ("spiece.model", "sentencepiece.bpe.model"):
            if (Path(checkpoint) / name).is_file():
                return files | {name: (Path(checkpoint) / name).read_bytes()}
    vocabulary = description["model"]["vocab"]
    if kind == "WordPiece" and sorted(vocabulary.values()) == list(range(len(vocabulary))):
        tokens = sorted(vocabulary, key=vocabulary.get)
        plain = files | {"vocab.txt": "".join(token + "\n" for token in tokens).encode()}
        if not any("\n" in token for token in tokens) and _same_tokenizer(plain, tokenizer, description):
            return plain
    if kind == "BPE" and not config["tokenizer_class"].startswith(("Gemma", "Llama", "Reformer")):  # these are sentencepiece's
        merges = description["model"]["merges"]
        merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in merges]
        plain = files | {
            "vocab.json": _json(vocabulary),
            "merges.txt": ("#version: 0.2\n" + "".join(merge + "\n" for merge in merges)).encode(),
        }
        if _same_tokenizer(plain, tokenizer, description):
            return plain
    return _as_it_stands(config, description)


def _as_it_stands(config, description):
    """A tokenizer.json that says everything itself."""
    for setting in ("truncation", "padding"):  # a caller's choice at run time
        description[setting] = None
    return {"tokenizer_config.json": _json(config), "tokenizer.json": _json(description)}


def _saved(tokenizer, vocabulary):
    """The files that it writes itself: its vocabulary, and the settings beside."""
    with tempfile.TemporaryDirectory() as folder:
        tokenizer.save_pretrained(folder)
        return {name: (Path(folder) / name).read_bytes() for name in (vocabulary, "tokenizer_config.json")}


def _tokenizer_config(tokenizer, description):
    """The settings that a tokenizer needs beside its vocabulary, with defaults written out."""
    config = {"tokenizer_class": type(tokenizer).__name__.removesuffix("Fast")}
    for name in ("unk_token", "pad_token", "cls_token", "sep_token", "mask_token", "bos_token", "eos_token"):
        if getattr(tokenizer, name, None) is not None:
            config[name] = str(getattr(tokenizer, name))
    normalizer = description["normalizer"] or {}
    if normalizer.get("type") == "BertNormalizer":
        config["do_lower_case"] = normalizer["lowercase"]
        config["strip_accents"] = normalizer["strip_accents"]
        config["tokenize_chinese_chars"] = normalizer["handle_chinese_chars"]
    saved = getattr(tokenizer, "init_kwargs", {})
    for name in ("do_lower_case", "keep_accents", "remove_space", "add_prefix_space", "trim_offsets"):
        if name not in config and isinstance(saved.get(name), bool):
            config[name] = saved[name]
    if "clean_up_tokenization_spaces" in saved:
        config["clean_up_tokenization_spaces"] = tokenizer.clean_up_tokenization_spaces
    for name, usual in (("truncation_side", "right"), ("padding_side", "right"), ("split_special_tokens", False)):
        if getattr(tokenizer, name, usual) != getattr(type(tokenizer), name, usual):
            config[name] = getattr(tokenizer, name)
    if list(tokenizer.model_input_names) != list(type(tokenizer).model_input_names):
        config["model_input_names"] = list(tokenizer.model_input_names)
    if isinstance(tokenizer.model_max_length, int) and tokenizer.model_max_length < 10**9:
        config["model_max_length"] = tokenizer.model_max_length
    config["added_tokens_decoder"] = {
        str(token["id"]): {key: value for key, value in token.items() if key != "id"}
        for token in description["added_tokens"]
    }
    return config


def _same_tokenizer(files, tokenizer, description):
    """Whether `files` alone give the same tokenizer again."""
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            (Path(folder) / name).write_bytes(data)
        try:
            again = json.loads(type(tokenizer).from_pretrained(folder).backend_tokenizer.to_str())
        except Exception:  # these files do not make one: then they do not say it exactly either
            return False
    return all(again.get(part) == description.get(part) for part in _TOKENIZER_PARTS)


_TOKENIZER_PARTS = ("normalizer", "pre_tokenizer", "post_processor", "model", "added_tokens")


def _json(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
