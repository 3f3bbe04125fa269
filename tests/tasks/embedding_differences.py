#!/usr/bin/env python3
"""How far the command line's embeddings are from Python's, as a table: family, kind, models, values, largest difference.

    python embedding_differences.py BERTRT FOLDER …

FOLDER: of golden models (tests/data/tasks). Ends with 1 where a difference is above 1e-5 x max(1, the value), or nothing
was compared.
"""
import json, subprocess, sys
from collections import defaultdict
from pathlib import Path

KINDS = {"sentence-embedding": "dense", "sparse-embedding": "sparse", "sparse-neighbour": "sparse", "multi-vector": "multi-vector", "multi-vector-neighbour": "multi-vector"}


def embed(binary, model, texts, *arguments):
    lines = "".join(json.dumps({"text": t}) + "\n" for t in texts)
    command = [binary, "embed", "--model", str(model), "--json", "--input-format", "jsonl", *arguments]
    return [json.loads(l) for l in subprocess.run(command, input=lines, capture_output=True, text=True, check=True).stdout.splitlines()]


def dense(binary, model, expected):
    for case in expected["cases"]:
        a, method = case["arguments"], case.get("method", "encode")
        if not case["inputs"] or "precision" in a: continue
        options = ["--normalize"] if a.get("normalize_embeddings") else []
        for key, option in (("truncate_dim", "--dimensions"), ("prompt_name", "--prompt"), ("prompt", "--prompt-text")):
            if key in a: options += [option, str(a[key])]
        if method != "encode": options += ["--prompt", method.removeprefix("encode_")]
        for found, wanted in zip(embed(binary, model, case["inputs"], *options), case["result"], strict=True):
            yield from zip(found["embedding"], wanted, strict=True)


def sparse(binary, model, expected):
    for case in expected.get("cases", [expected]):
        if "max_active_dims" in case.get("arguments", {}): continue  # no option of the command line
        options = ["--prompt", "query"] if case.get("method") == "encode_query" else []
        for found, wanted in zip(embed(binary, model, case["inputs"], "--sparse", *options), case["result"], strict=True):
            weights = {t["token_id"]: t["weight"] for t in found["tokens"]}
            assert sorted(weights) == wanted["indices"], model
            yield from zip([weights[i] for i in wanted["indices"]], wanted["values"], strict=True)


def multi_vector(binary, model, expected):
    if "cases" in expected: sides = [(c["method"].removeprefix("encode_"), c["inputs"], c["result"]) for c in expected["cases"]]
    else: sides = [("query", expected["queries"], expected["query_vectors"]), ("document", expected["documents"], expected["document_vectors"])]
    for role, texts, rows in sides:
        for found, wanted in zip(embed(binary, model, texts, "--multi-vector", role), rows, strict=True):
            assert found["shape"][0] == len(wanted), model
            yield from zip(found["data"], [v for row in wanted for v in row], strict=True)


def main():
    table = defaultdict(lambda: [0, 0, 0.0])
    for folder in sorted(p for root in sys.argv[2:] for p in Path(root).iterdir() if (p / "expected.json").exists()):
        expected = json.loads((folder / "expected.json").read_text()); kind = KINDS.get(expected["task"])
        if kind is None: continue
        config = folder / "config.json"
        family = json.loads(config.read_text()).get("model_type", "table") if config.exists() else "table"
        row = table[family, kind]; row[0] += 1
        for found, wanted in {"dense": dense, "sparse": sparse, "multi-vector": multi_vector}[kind](sys.argv[1], folder, expected):
            row[1] += 1; difference = abs(found - wanted) / max(1, abs(wanted))
            if not difference <= row[2]: row[2] = difference
    print("| family | kind | models | values | largest difference |\n| --- | --- | --- | --- | --- |")
    for (family, kind), (models, values, difference) in sorted(table.items()): print(f"| {family} | {kind} | {models} | {values} | {difference:.1e} |")
    return 0 if table and all(values and difference <= 1e-5 for _, values, difference in table.values()) else 1


sys.exit(main())
