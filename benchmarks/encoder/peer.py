#!/usr/bin/env python3
"""One contestant, measured as `bertrt bench --json` measures bertrt: the same arguments, the same keys.

    python benchmarks/encoder/peer.py onnxruntime --dtype fp32 --models CACHE/bert-base --batch-size 32 --lengths 8,128

A batch is padded to its longest text where the peer cannot do without; tokens are counted without padding. The first
pass runs every batch once, just after loading; then the best of --passes passes counts.
"""
import argparse
import inspect
import json
import pathlib
import resource
import statistics
import time

import numpy as np


def padded(batch, length=0):
    length = max(length, max(map(len, batch)))
    ids = np.zeros((len(batch), length), dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, text in enumerate(batch):
        ids[row, :len(text)] = text
        mask[row, :len(text)] = 1
    return ids, mask, np.zeros_like(ids)


def named(values, names):
    """Of ids, mask and types, those that a model takes."""
    return {name: value for name, value in zip(("input_ids", "attention_mask", "token_type_ids"), values) if name in names}


def torch_model(args):
    import torch
    from transformers import AutoModel
    torch.set_num_threads(args.threads)
    model = AutoModel.from_pretrained(args.models / "checkpoint").eval()  # with sdpa where the family has it
    if args.dtype == "int8":
        model = torch.ao.quantization.quantize_dynamic(model, {torch.nn.Linear}, dtype=torch.qint8)
    elif args.dtype == "bf16":
        model = model.bfloat16()
    return torch, model, inspect.signature(model.forward).parameters


def eager(args):
    torch, model, takes = torch_model(args)

    def run(batch):
        with torch.inference_mode():
            return model(**named(map(torch.from_numpy, padded(batch)), takes)).last_hidden_state
    return run


def compiled(args):
    torch, model, takes = torch_model(args)
    model = torch.compile(model, dynamic=True)

    def run(batch):
        with torch.no_grad():
            return model(**named(map(torch.from_numpy, padded(batch)), takes)).last_hidden_state
    return run


def trace(args, length=0, one_by_one=False):
    import torch
    torch.set_num_threads(args.threads)
    model = torch.jit.load(str(args.models / "trace.pt")).eval()
    takes = [argument.name for argument in model.forward.schema.arguments[1:]]

    def run(batch):
        with torch.inference_mode():
            for part in ([[text] for text in batch] if one_by_one else [batch]):
                model(**named(map(torch.from_numpy, padded(part, length)), takes))
    return run


def onnxruntime(args):
    import onnxruntime as ort
    options = ort.SessionOptions()
    options.intra_op_num_threads = args.threads
    name = "model.onnx" if args.dtype == "fp32" else "model-int8.onnx"
    session = ort.InferenceSession(str(args.models / name), options, providers=["CPUExecutionProvider"])
    takes = [value.name for value in session.get_inputs()]
    return lambda batch: session.run(["last_hidden_state"], named(padded(batch), takes))


def openvino(args):
    import openvino as ov
    core = ov.Core()
    # int8: NNCF's weights and activations; bf16 is a hint of OpenVINO's own.
    name = "openvino-int8.xml" if args.dtype == "int8" else "model.onnx"
    config = {"INFERENCE_NUM_THREADS": args.threads, "PERFORMANCE_HINT": "LATENCY",
              "INFERENCE_PRECISION_HINT": "bf16" if args.dtype == "bf16" else "f32"}
    model = core.compile_model(str(args.models / name), "CPU", config)
    request = model.create_infer_request()
    names = [value.get_any_name() for value in model.inputs]

    return lambda batch: request.infer(named(padded(batch), names))


def ctranslate2(args):
    import ctranslate2 as ct
    kind = {"fp32": "float32", "int8": "int8", "bf16": "bfloat16"}[args.dtype]
    encoder = ct.Encoder(str(args.models / "ctranslate2"), device="cpu", compute_type=kind, inter_threads=1,
                         intra_threads=args.threads)
    return lambda batch: encoder.forward_batch(batch)


PEERS = {
    "trace-padded": lambda args: trace(args, length=128, one_by_one=True),
    "trace": trace,
    "torch-eager": eager,
    "torch-compile": compiled,
    "onnxruntime": onnxruntime,
    "openvino": openvino,
    "ctranslate2": ctranslate2,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("--models", type=pathlib.Path, required=True)
    parser.add_argument("--dtype", choices=["fp32", "bf16", "int8"], default="fp32")
    parser.add_argument("--ids", type=pathlib.Path)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--sort", action="store_true")
    parser.add_argument("--lengths", default="")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--passes", type=int, default=3)
    args = parser.parse_args()

    start = time.perf_counter()
    run = PEERS[args.peer](args)
    result = {"engine": args.peer, "dtype": args.dtype, "load_ms": (time.perf_counter() - start) * 1e3}

    if args.ids:
        texts = [json.loads(line)["input_ids"] for line in args.ids.read_text().splitlines()]
        if args.sort:
            texts.sort(key=len)
        batches = [texts[i:i + args.batch_size] for i in range(0, len(texts), args.batch_size)]
        tokens = sum(map(len, texts))
        seconds = []
        for _ in range(1 + args.passes):
            start = time.perf_counter()
            for batch in batches:
                run(batch)
            seconds.append(time.perf_counter() - start)
        result["tokens_per_second_first_pass"] = tokens / seconds[0]
        result["tokens_per_second"] = tokens / min(seconds[1:])
    latency = {}
    for length in [int(part) for part in args.lengths.split(",") if part]:
        batch = [[101] + [1000 + i for i in range(length - 2)] + [102]]
        run(batch), run(batch)
        times = []
        stop = time.perf_counter() + 0.6
        while len(times) < 3 or (time.perf_counter() < stop and len(times) < 50):
            start = time.perf_counter()
            run(batch)
            times.append((time.perf_counter() - start) * 1e3)
        latency[str(length)] = {"median": statistics.median(times), "min": min(times)}
    result["latency_ms"] = latency
    result["peak_rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(result))


if __name__ == "__main__":
    main()
