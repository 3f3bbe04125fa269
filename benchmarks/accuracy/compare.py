#!/usr/bin/env python3
"""How far a dtype of the packed engine is from fp32 on real texts.

    python benchmarks/accuracy/compare.py --encoder minilm.pt --masked-lm models/demo.pt --dtype int8

Prints the cosine of mean-pooled embeddings (mean and worst over benchmarks/accuracy/texts.txt) and, with one word of each
text masked, how often the best token is the same where fp32's best two are more than 0.05 apart.
"""
import argparse
import json
import pathlib
import random
import subprocess

HERE = pathlib.Path(__file__).parent


def lines(bertrt, command, model, dtype, texts, *extra):
    run = subprocess.run([bertrt, command, "--json", "--model", model, "--engine", "packed", "--dtype", dtype, *extra],
                         input="\n".join(texts) + "\n", capture_output=True, text=True)
    if run.returncode:
        raise SystemExit(run.stderr.strip())
    return [json.loads(line) for line in run.stdout.splitlines()]


def embedding(record):
    rows, width = record["last_hidden_state"]["shape"][-2:]
    data = record["last_hidden_state"]["data"]
    while isinstance(data[0], list) and isinstance(data[0][0], list):
        data = data[0]
    if not isinstance(data[0], list):
        data = [data[i * width:(i + 1) * width] for i in range(rows)]
    return [sum(column) / rows for column in zip(*data)]


def cosine(a, b):
    dot = sum(x * y for x, y in zip(a, b))
    return dot / (sum(x * x for x in a) * sum(y * y for y in b)) ** 0.5


def masked(texts):
    rng = random.Random(3)
    for text in texts:
        words = text.split(" ")
        place = rng.randrange(1, len(words))
        tail = words[place][-1] if words[place][-1] in ".,;:?!" else ""
        yield " ".join([*words[:place], "[MASK]" + tail, *words[place + 1:]])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bertrt", default="build/bin/bertrt")
    parser.add_argument("--encoder")
    parser.add_argument("--masked-lm")
    parser.add_argument("--dtype", default="int8", choices=["int8", "bf16"])
    args = parser.parse_args()
    texts = (HERE / "texts.txt").read_text(encoding="utf-8").splitlines()

    if args.encoder:
        pairs = zip(*(map(embedding, lines(args.bertrt, "encode", args.encoder, d, texts)) for d in ("fp32", args.dtype)))
        cosines = [cosine(a, b) for a, b in pairs]
        print(f"{args.dtype}: embedding cosine over {len(cosines)} texts: "
              f"mean {sum(cosines) / len(cosines):.5f}, worst {min(cosines):.5f}")
    if args.masked_lm:
        queries = list(masked(texts))
        full, low = (lines(args.bertrt, "fill-mask", args.masked_lm, d, queries, "--top-k", "2") for d in ("fp32", args.dtype))
        clear = same = every = 0
        for a, b in zip(full, low):
            (first, second), other = a["masks"][0]["predictions"], b["masks"][0]["predictions"][0]
            agrees = first["token_id"] == other["token_id"]
            every += agrees
            if first["score"] - second["score"] > 0.05:
                clear += 1
                same += agrees
        print(f"{args.dtype}: top-1 agreement {same}/{clear} = {same / clear:.1%} where fp32's best two are more than 0.05 "
              f"apart, {every}/{len(full)} = {every / len(full):.1%} on all")


if __name__ == "__main__":
    main()
