#!/usr/bin/env python3
"""The machine's own limits, in the run of the comparison: the best prepacked fp32 GEMM and the memory bandwidth.

    python benchmarks/encoder/limits.py --shape bert-base --threads 2

The GEMM limit is the time that an encoder's four matrix products take for 704 tokens (32 texts of 22) with whichever of
libtorch's prepacked operators is fastest for each, everything around them left out; in tokens a second.
"""
import argparse
import json
import time

import torch

from make_models import SHAPES, config_of


def best_seconds(run, repeat=7):
    run()
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def contestants(weight, bias, rows):
    x = torch.randn(rows, weight.shape[1])
    yield "linear", lambda: torch.nn.functional.linear(x, weight, bias)
    packed = torch.ops.mkldnn._reorder_linear_weight(weight, rows)
    yield "onednn", lambda: torch.ops.mkldnn._linear_pointwise(x, packed, bias, "none", [], "")
    if torch.backends.mkl.is_available():
        mkl = torch.ops.mkl._mkl_reorder_linear_weight(weight, rows)
        yield "mkl", lambda: torch.ops.mkl._mkl_linear(x, mkl, weight, bias, rows)


def gemm_limit(shape, rows):
    config = config_of(shape)
    hidden, wide = config.hidden_size, config.intermediate_size
    first = 2 * wide if config.model_type == "modernbert" else wide  # a gate beside it
    seconds, flops, chosen = 0.0, 0, []
    for out, inner in ((3 * hidden, hidden), (hidden, hidden), (first, hidden), (hidden, wide)):
        weight, bias = torch.randn(out, inner), torch.randn(out)
        timed = {name: best_seconds(run) for name, run in contestants(weight, bias, rows)}
        name = min(timed, key=timed.get)
        chosen.append(f"{out}x{inner}: {name}")
        seconds += timed[name]
        flops += 2 * out * inner * rows
    per_second = rows / (seconds * config.num_hidden_layers)
    return {"gemm_gflops": flops / seconds / 1e9, "gemm_tokens_per_second": per_second, "gemm_by": chosen}


def bandwidth():
    x = torch.zeros(64 * 1024 * 1024)  # 256 MiB, past every cache
    return x.numel() * 4 / best_seconds(lambda: x.sum()) / 1e9


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", choices=SHAPES, default="bert-base")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    with torch.inference_mode():
        print(json.dumps(gemm_limit(args.shape, 704) | {"read_gb_per_second": bandwidth()}))


if __name__ == "__main__":
    main()
