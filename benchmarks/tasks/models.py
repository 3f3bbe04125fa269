#!/usr/bin/env python3
"""Makes the files that the rivals of compare.py need, with their own exporters: CHECKPOINT is a MiniLM folder.

    python models.py CHECKPOINT FOLDER

FOLDER/minilm: the checkpoint with onnx/model.onnx and openvino/openvino_model.xml in it, and both in int8 as
sentence-transformers makes them; FOLDER/reranker: the same encoder with a head of one number (random: its speed is that
of ms-marco-MiniLM-L6, whose shape it has).
"""

import shutil
import sys
from pathlib import Path


def main():
    checkpoint, folder = Path(sys.argv[1]), Path(sys.argv[2])
    minilm, reranker = folder / "minilm", folder / "reranker"
    shutil.copytree(checkpoint, minilm, dirs_exist_ok=True)
    from sentence_transformers import (
        CrossEncoder,
        SentenceTransformer,
        export_dynamic_quantized_onnx_model,
        export_static_quantized_openvino_model,
    )

    steps = {
        "onnx": lambda: SentenceTransformer(str(minilm), backend="onnx", model_kwargs={"export": True}),
        "openvino": lambda: SentenceTransformer(str(minilm), backend="openvino", model_kwargs={"export": True}),
    }
    for name, make in steps.items():
        try:
            model = make()
            model.save_pretrained(str(minilm))
            if name == "onnx":
                export_dynamic_quantized_onnx_model(model, "avx512_vnni", str(minilm), file_suffix="qint8")
            else:
                export_static_quantized_openvino_model(model, None, str(minilm), file_suffix="qint8")
        except Exception as error:  # a rival less: compare.py says which had no file
            print(f"{name}: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}", file=sys.stderr)
    import torch
    import transformers

    torch.manual_seed(0)
    model = transformers.BertForSequenceClassification.from_pretrained(checkpoint, num_labels=1)
    model.save_pretrained(reranker)
    transformers.AutoTokenizer.from_pretrained(checkpoint).save_pretrained(reranker)
    try:
        CrossEncoder(str(reranker), backend="onnx", model_kwargs={"export": True}).save_pretrained(str(reranker))
    except Exception as error:
        print(f"reranker onnx: {type(error).__name__}: {error}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
