"""One contestant's run in a process of its own: loads, warms up, answers all texts once, and prints what it took as JSON.

    python peer.py embed st-torch FOLDER TEXTS [--save vectors.npy]
    python peer.py rerank st-torch FOLDER PASSAGES
    python peer.py ner transformers FOLDER TEXTS

Two threads each, or BENCHMARK_THREADS. Texts are the lines of a file; loading is not part of the time.
"""

import argparse
import json
import os
import sys
import time
import warnings
from pathlib import Path

THREADS = int(os.environ.get("BENCHMARK_THREADS", "2"))
QUERY = "how does a plant turn light into sugar"
os.environ.setdefault("OMP_NUM_THREADS", str(THREADS))
os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "ACTIVE")  # each rival as it is at its best on a quiet machine


def session_options():
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = THREADS, 1
    return options


def st_backend(name):
    """sentence-transformers' arguments for a backend; onnx-int8 and openvino-int8 take the files that models.py made."""
    if name == "st-torch":
        return {}
    backend, _, kind = name.removeprefix("st-").partition("-")
    if backend == "onnx":
        file = "onnx/model_qint8.onnx" if kind else "onnx/model.onnx"
        return {
            "backend": "onnx",
            "model_kwargs": {"file_name": file, "provider": "CPUExecutionProvider", "session_options": session_options()},
        }
    file = "openvino/openvino_model_qint8.xml" if kind else "openvino/openvino_model.xml"
    config = {"INFERENCE_NUM_THREADS": str(THREADS), "INFERENCE_PRECISION_HINT": "f32"}
    return {"backend": "openvino", "model_kwargs": {"file_name": file, "ov_config": config}}


def embedder(name, folder):
    if name == "fastembed":
        from fastembed import TextEmbedding
        from fastembed.common.model_description import ModelSource, PoolingType

        source = ModelSource(hf="none/none")
        own = {"model": "ours/minilm", "pooling": PoolingType.MEAN, "normalization": True, "sources": source, "dim": 384}
        TextEmbedding.add_custom_model(model_file="onnx/model.onnx", **own)
        model = TextEmbedding("ours/minilm", specific_model_path=folder, threads=THREADS)
        return lambda texts: list(model.embed(texts))
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(folder, device="cpu", **st_backend(name))
    return lambda texts: model.encode(texts, batch_size=32, show_progress_bar=False)


def reranker(name, folder):
    from sentence_transformers import CrossEncoder

    model = CrossEncoder(folder, device="cpu", **st_backend(name))
    return lambda texts: model.rank(QUERY, texts, show_progress_bar=False)


def entities(name, folder):
    import transformers

    find = transformers.pipeline("token-classification", model=folder, aggregation_strategy="first", device="cpu")
    size = int(name.partition("-")[2] or 1)  # "transformers-32": texts in a batch
    return lambda texts: list(find(texts, batch_size=size))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=["embed", "rerank", "ner"])
    parser.add_argument("name")
    parser.add_argument("folder")
    parser.add_argument("texts", type=Path)
    parser.add_argument("--save", help="vectors as .npy (embed)")
    parser.add_argument("--repeat", type=int, default=1, help="best of so many runs")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    if options.name != "fastembed":
        import torch

        torch.set_num_threads(THREADS)
    texts = options.texts.read_text(encoding="utf-8").splitlines()
    answer = {"embed": embedder, "rerank": reranker, "ner": entities}[options.task](options.name, options.folder)
    answer(texts[:64])
    runs = []
    for _ in range(options.repeat):
        start, used = time.perf_counter(), time.process_time()
        result = answer(texts)
        runs.append((time.perf_counter() - start, time.process_time() - used))
    if options.save:
        import numpy

        numpy.save(options.save, numpy.asarray(result, dtype=numpy.float32))
    print(json.dumps({"name": options.name, "texts": len(texts), "seconds": min(runs)[0], "cpu": min(runs)[1]}))


if __name__ == "__main__":
    sys.exit(main())
