"""What a sentence-transformers checkpoint says around its encoder, for a bundle to carry: modules.json, prompts, lengths,
pooling, Dense and the other modules, and bge-m3's further heads. src/family/sentence_modules.cc reads them."""

import json
from pathlib import Path

from proof import ExportError

FOLDER = "bertrt/modules/"
# Where a sentence-transformers model says how its encoder is used: old versions had a name for each family.
ENCODER_SETTINGS = ["sentence_bert_config.json"] + [
    f"sentence_{family}_config.json" for family in ("roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet")
]
WITH_WEIGHTS = ("Dense", "LayerNorm", "WeightedLayerPooling")
WITHOUT = ("Pooling", "Normalize", "Dropout", "SpladePooling", "MultiVectorMask")
# Heads of models of bge-m3's kind, beside config.json
FURTHER_HEADS = ("sparse_linear.pt", "colbert_linear.pt")


class SentenceFiles:
    """A checkpoint's modules: `folder` of the encoder, and `entries` {name in the bundle: bytes}, empty without any."""

    def __init__(self, checkpoint, task):
        self.folder, self.entries, self.names = checkpoint, {}, []
        top = Path(checkpoint)
        if (top / "modules.json").is_file():
            self._read_modules(top)
        elif task == "multi-vector":
            raise ExportError(f"{checkpoint} has no modules.json: nothing says how a token's vector is made")
        for name in FURTHER_HEADS:
            if (top / name).is_file():
                self.entries[FOLDER + name] = (top / name).read_bytes()
        self._check(task)

    def _read_modules(self, top):
        listed = read_json(top / "modules.json")
        if not isinstance(listed, list) or not all(isinstance(one, dict) and isinstance(one.get("type"), str) for one in listed):
            raise ExportError(f"{top}/modules.json: expected a list of modules, each with its type")
        self._keep(top, "", "modules.json")
        self._keep(top, "", "config_sentence_transformers.json")
        for module in listed:
            name = module["type"].rsplit(".", 1)[-1]
            path = module.get("path", "")
            if not isinstance(path, str) or path in (".", "..") or "/" in path or "\\" in path:
                raise ExportError(f"{top}/modules.json: {path!r} is no folder in it")
            self.names.append(name)
            if name.endswith("Transformer"):
                self.folder = str(top / path) if path else self.folder
                for file in ENCODER_SETTINGS:
                    self._keep(top, path, file)
                self._keep_output_setting(top / path, path)
            elif name in WITH_WEIGHTS + WITHOUT:
                self._keep(top, path, "config.json")
                if name in WITH_WEIGHTS:
                    self.entries[f"{FOLDER}{path}/model.safetensors"] = module_weights(top / path)
            else:
                raise ExportError(f"{top}/modules.json: a module {module['type']}, which has no encoder or is not known")

    def _keep(self, top, path, file):
        if (top / path / file).is_file():
            self.entries[f"{FOLDER}{path}/{file}".replace("//", "/")] = (top / path / file).read_bytes()

    def _keep_output_setting(self, folder, path):
        # WeightedLayerPooling does something only where the encoder gives all of its layers.
        config = read_json(folder / "config.json")
        if isinstance(config, dict) and config.get("output_hidden_states"):
            name = f"{FOLDER}{path}/config.json".replace("//", "/")
            self.entries[name] = b'{"output_hidden_states":true}'

    def _check(self, task):
        """That the modules make of a text what the task is called."""
        if not self.names:
            return
        found = ", ".join(self.names)
        pooled, sparse = "Pooling" in self.names, "SpladePooling" in self.names
        rows = any(name in self.names for name in ("Dense", "Normalize", "MultiVectorMask"))
        good = {
            "sentence-embedding": pooled and not sparse,
            "sparse": sparse and not pooled,
            "multi-vector": rows and not pooled and not sparse,
        }
        if not good.get(task, True):
            better = [name for name, fits in good.items() if fits]
            hint = f"; --task {better[0]} fits" if better else ""
            raise ExportError(f"the modules of {self.folder} ({found}) are not for task {task}{hint}")


def read_json(path):
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ExportError(f"{path}: {error}") from error


def module_weights(folder):
    """A module's weights as safetensors, whichever of the two files they lie in."""
    if (folder / "model.safetensors").is_file():
        return (folder / "model.safetensors").read_bytes()
    if not (folder / "pytorch_model.bin").is_file():
        raise ExportError(f"{folder} has neither model.safetensors nor pytorch_model.bin")
    import torch
    from safetensors.torch import save

    weights = torch.load(folder / "pytorch_model.bin", map_location="cpu", weights_only=True)
    return save({name: value.contiguous() for name, value in weights.items()})
