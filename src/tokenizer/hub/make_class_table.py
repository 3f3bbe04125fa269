#!/usr/bin/env python3
"""Writes class_table.inc: which tokenizer class transformers takes for a name or a model type, and what kind of class it is.

    pip install transformers==5.24.0 torch && python3 make_class_table.py
"""

import inspect
import os
import pathlib

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
import transformers  # noqa: E402
from transformers.models.auto import tokenization_auto as auto  # noqa: E402
from transformers.tokenization_utils_tokenizers import TokenizersBackend  # noqa: E402

PINNED = "5.24.0"
# Names of older versions that transformers still knows beside those that it lists.
OLDER = ["ElectraTokenizer", "LongformerTokenizer", "LayoutLMTokenizer", "MobileBertTokenizer", "SqueezeBertTokenizer", "LxmertTokenizer",
         "BloomTokenizer", "DistilBertTokenizer", "BartTokenizer", "LEDTokenizer", "MvpTokenizer"]  # fmt: skip


def kind_of(found):
    if not inspect.isclass(found):
        return None
    if found is TokenizersBackend:
        return "stands"
    if not issubclass(found, TokenizersBackend):
        return "other"
    return "rebuilt" if "__init__" in found.__dict__ else "stands"


def main():
    assert transformers.__version__ == PINNED, transformers.__version__
    names = {n for n in auto.TOKENIZER_MAPPING_NAMES.values() if n}
    names |= {n for n in dir(transformers) if n[0].isupper() and n.endswith(("Tokenizer", "TokenizerFast"))} | set(OLDER)
    names |= {n + "Fast" for n in names if not n.endswith("Fast")} | {"PythonBackend", "PreTrainedTokenizer", "SentencePieceBackend"}
    classes = {}
    for name in sorted(names):
        try:
            found = auto.tokenizer_class_from_name(name)
        except Exception:
            found = None
        kind = kind_of(found) if found is not None else None
        if kind and name not in ("AutoTokenizer", "BasicTokenizer", "CharacterTokenizer", "MecabTokenizer", "WordpieceTokenizer"):
            classes[name] = (found.__name__, kind)
    lines = [f"// Made by make_class_table.py from transformers {PINNED}. Do not edit."]
    lines.append(f"constexpr ClassRow kClasses[{len(classes)}] = {{")
    lines += [f'    {{"{name}", "{real}", ClassKind::{kind}}},' for name, (real, kind) in sorted(classes.items())]
    lines.append("};")
    types = {t: c for t, c in auto.TOKENIZER_MAPPING_NAMES.items() if c}
    lines.append(f"constexpr TypeRow kTypes[{len(types)}] = {{")
    say = lambda truth: str(truth).lower()
    for name, made in sorted(types.items()):
        wrong = name in auto.MODELS_WITH_INCORRECT_HUB_TOKENIZER_CLASS
        lines.append(f'    {{"{name}", "{made}", {say(wrong)}, {say(name in auto.CONFIG_MAPPING_NAMES)}}},')
    lines += ["};", ""]
    pathlib.Path(__file__).with_name("class_table.inc").write_text("\n".join(lines))
    print(len(classes), len(types))


if __name__ == "__main__":
    main()
