#!/usr/bin/env python3
"""bertrt against its peers, side by side in one run: a table in Markdown and a picture.

    python benchmarks/encoder/compare.py --cache CACHE --shape bert-base --bertrt build/bin/bertrt --rounds 3

Every contestant is a process of its own with the same number of threads and the same ids. In each round all of them run
one after another, in an order that rotates (the slow ones in the first round alone); of the rounds the best counts
(highest tokens a second, lowest latency), the first pass as the median. CACHE is filled by make_models.py.
"""
import argparse
import json
import pathlib
import platform
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
PEERS = [("trace-padded", "fp32"), ("trace", "fp32"), ("torch-eager", "fp32"), ("torch-compile", "fp32"),
         ("onnxruntime", "fp32"), ("openvino", "fp32"), ("ctranslate2", "fp32"),
         ("torch-eager", "bf16"), ("openvino", "bf16"),
         ("torch-eager", "int8"), ("onnxruntime", "int8"), ("openvino", "int8"), ("ctranslate2", "int8")]
# So much slower than the rest that one round says enough.
SLOW = [("trace-padded", "fp32"), ("torch-compile", "fp32"), ("bertrt torchscript", "fp32")]
OURS = [("torchscript", "fp32"), ("packed", "fp32"), ("packed", "bf16"), ("packed", "int8")]


def command(name, dtype, args, extra):
    folder = args.cache / args.shape
    if name.startswith("bertrt "):
        return [args.bertrt, "bench", "--json", "--model", folder / args.model, "--tokenizer", folder / "vocab.txt",
                "--engine", name.split()[1], "--dtype", dtype, "--threads", str(args.threads), *extra]
    return [sys.executable, HERE / "peer.py", name, "--models", folder, "--dtype", dtype,
            "--threads", str(args.threads), *extra]


def measure(name, dtype, args, extra):
    run = subprocess.run([str(part) for part in command(name, dtype, args, extra)], capture_output=True, text=True)
    if run.returncode != 0:
        print(f"{name} {dtype}: {run.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    return json.loads(run.stdout.strip().splitlines()[-1])


def gather(args):
    """{(name, dtype): {"given": [...], "sorted": [...]}}, one result a round."""
    contestants = [(f"bertrt {engine}", dtype) for engine, dtype in OURS] + PEERS
    if args.only:
        contestants = [c for c in contestants if any(part in " ".join(c) for part in args.only.split(","))]
    results = {c: {"given": [], "sorted": []} for c in contestants}
    ids = ["--ids", args.cache / args.shape / "ids.jsonl", "--batch-size", "32", "--passes", str(args.passes)]
    for turn in range(args.rounds):
        shift = turn * 5 % len(contestants)
        for contestant in contestants[shift:] + contestants[:shift]:
            if turn > 0 and contestant in SLOW:
                continue
            for order, extra in (("given", [*ids, "--lengths", args.lengths]), ("sorted", [*ids, "--sort"])):
                result = measure(*contestant, args, extra)
                if result:
                    results[contestant][order].append(result)
            print("round", turn + 1, *contestant, file=sys.stderr)
    return {c: r for c, r in results.items() if r["given"] and r["sorted"]}


def summary(result, lengths):
    given = result["given"]
    row = {"given": max(r["tokens_per_second"] for r in given),
           "first": statistics.median(r["tokens_per_second_first_pass"] for r in given),
           "sorted": max(r["tokens_per_second"] for r in result["sorted"]),
           "load_ms": min(r["load_ms"] for r in given), "peak_rss_mb": min(r["peak_rss_mb"] for r in given)}
    for length in lengths.split(","):
        row[length] = min(r["latency_ms"][length]["min"] for r in given)
    return row


def tables(rows, limits, args):
    lengths = args.lengths.split(",")
    yield f"{args.shape}, {args.threads} threads, {platform.processor() or platform.machine()}, best of {args.rounds} rounds. "
    yield (f"GEMM limit (libtorch's best prepacked fp32 operators): {limits['gemm_gflops']:.0f} GFLOP/s, "
           f"{limits['gemm_tokens_per_second']:.0f} tokens/s; memory reads {limits['read_gb_per_second']:.0f} GB/s.")
    yield ""
    yield ("| contestant | dtype | tokens/s, order given | share of fp32 GEMM limit | sorted | first pass | "
           + " | ".join(f"L={n} ms" for n in lengths) + " | load ms | peak MB |")
    yield "|" + " --- |" * (8 + len(lengths))
    for (name, dtype), row in rows.items():
        yield (f"| {name} | {dtype} | {row['given']:.0f} | {row['given'] / limits['gemm_tokens_per_second']:.0%} | "
               f"{row['sorted']:.0f} | {row['first']:.0f} | " + " | ".join(f"{row[n]:.1f}" for n in lengths)
               + f" | {row['load_ms']:.0f} | {row['peak_rss_mb']:.0f} |")
    yield ""
    yield "| ratio, same run | ours | best peer | ratio |"
    yield "| --- | --- | --- | --- |"
    for dtype in ("fp32", "bf16", "int8"):
        ours = rows.get(("bertrt packed", dtype))
        peers = {c[0]: r for c, r in rows.items() if c[1] == dtype and not c[0].startswith("bertrt")}
        if not ours or not peers:
            continue
        for key, label in (("given", "tokens/s, order given"), ("sorted", "tokens/s, sorted"), ("first", "tokens/s, first pass")):
            best = max(peers, key=lambda name: peers[name][key])
            yield f"| {dtype}, {label} | {ours[key]:.0f} | {peers[best][key]:.0f} ({best}) | {ours[key] / peers[best][key]:.2f}x |"
        for n in lengths:
            best = min(peers, key=lambda name: peers[name][n])
            yield f"| {dtype}, L={n} | {ours[n]:.1f} ms | {peers[best][n]:.1f} ms ({best}) | {peers[best][n] / ours[n]:.2f}x |"


def picture(rows, path, args):
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    order = sorted(rows, key=lambda c: rows[c]["given"])
    colours = ["#c2410c" if name.startswith("bertrt") else "#94a3b8" for name, _ in order]
    plt.rcParams["svg.fonttype"] = "none"
    figure, axis = plt.subplots(figsize=(7.5, 0.34 * len(order) + 1))
    bars = axis.barh([f"{name} {dtype}" for name, dtype in order], [rows[c]["given"] for c in order], color=colours)
    axis.bar_label(bars, fmt="%.0f", padding=3, fontsize=8)
    axis.set_xlabel(f"tokens a second, {args.shape}, mixed lengths in batches of 32, {args.threads} cores")
    axis.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=pathlib.Path, required=True)
    parser.add_argument("--shape", default="bert-base")
    parser.add_argument("--bertrt", default="build/bin/bertrt")
    parser.add_argument("--model", default="trace.pt", help="what bertrt runs of what make_models.py makes: trace.pt or checkpoint")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--lengths", default="8,16,32,128,384,512", help="of the texts alone")
    parser.add_argument("--passes", type=int, default=3, help="over the texts, behind the first")
    parser.add_argument("--only", default="", help="parts of names, comma-separated; default all")
    parser.add_argument("--picture", type=pathlib.Path, help="an .svg or .png to write")
    parser.add_argument("--results", type=pathlib.Path, help="the raw results as JSON")
    args = parser.parse_args()
    results = gather(args)
    limits = json.loads(subprocess.run([sys.executable, HERE / "limits.py", "--shape", args.shape, "--threads",
                                        str(args.threads)], capture_output=True, text=True, check=True).stdout)
    rows = {contestant: summary(result, args.lengths) for contestant, result in results.items()}
    print("\n".join(tables(rows, limits, args)))
    if args.results:
        args.results.write_text(json.dumps({" ".join(c): r for c, r in results.items()}), encoding="utf-8")
    if args.picture:
        picture(rows, args.picture, args)


if __name__ == "__main__":
    main()
