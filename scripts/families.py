#!/usr/bin/env python3
"""docs/families.md: which families run as a folder, a trace and a bundle, and how near they are to Hugging Face's outputs.

    python scripts/families.py build/tests/family/checkpoint_distance build/bin/bertrt [--count N] > docs/families.md
    python scripts/families.py --page docs/families.md [--rows Esm …] build/bin/bertrt > NEW     traces alone, or these of them

Needs torch and transformers. Makes N random checkpoints a family and head (differential.py) and runs all of them through the
packed engine; traces and exports one model of each family and runs it by the command line (family_traces.py). Fails unless all
that runs agrees.
"""

import argparse
import random
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "family"))
import differential  # noqa: E402
import family_traces  # noqa: E402
import transformers  # noqa: E402

HEAD = """# Families

Written by `scripts/families.py`; do not edit.

## Folders

A checkpoint folder is a model as it stands: `config.json`, `model.safetensors` (or the shards of
`model.safetensors.index.json`, or `pytorch_model.bin` and its shards; float32, float16 or bfloat16), and the tokenizer's files. It runs on the packed engine. What
vouches for it: every key of `config.json` is handled, known to change nothing that is computed, or refused by its name; every
weight that the family has must be there in the shape that `config.json` says, and the encoder may have no others; and random
configurations of each family (sizes, heads, layers, activation, eps, padding id, token types, tied or not, dtype, shards) are
held to Hugging Face's outputs in double precision: hidden states and pooled outputs within 1e-5, logits within 1e-4, of the row's
largest value. Random weights now and then make much of the last bit (a saturated softmax): "as far off as Python in fp32" counts
those that are beyond the bounds, but within three times what Python itself loses in fp32.
"""

TAIL = """
Activations: gelu, gelu_python (exact); gelu_new, gelu_pytorch_tanh, gelu_python_tanh, gelu_fast, gelu_accurate (by tanh);
relu, tanh, silu, linear. Rotary positions: `rope_type` default, linear, dynamic, yarn and llama3 (not longrope; ModernBERT's two
kinds of layers: not dynamic). With dynamic ones texts may be longer than max_position_embeddings, by the factor; the base is that of
the text alone, where Python keeps that of the longest text of a batch.

NomicBERT and GTE are read as their makers publish them, too: NomicBERT's config.json with GPT-2's names (`n_embd`), GTE's of
model_type `new`, both with an `auto_map` that names code of their own. The arithmetic is that code's: positions beyond
`max_trained_positions` widen the base (`rotary_scaling_factor`), GTE's are scaled by `ntk`, fixed or mixed. NomicBERT was held to a
public copy of its makers' code (eleven random models: biases, half a head turned, geglu, plain feed-forwards, masked-lm and
classifier heads, 300 tokens where 100 were trained, experts as in nomic-embed-text-v2-moe, one, two and all of them chosen; hidden
states within 2.0e-6, logits within 1.8e-6), GTE to transformers' class with the frequencies that its code makes. Nomic's models
with norms in front are refused. A finding says that `auto_map` is read so. Of two experts whose shares are equal but for rounding,
another one may be chosen than in Python.

EmbeddingGemma (model_type `gemma3_text` with `use_bidirectional_attention`; without, it is a decoder and refused). Its layers have
norms in front of their parts and behind them, queries and keys are normed head by head, and windows see both sides.

Qwen3-Embedding (model_type `qwen3`): a decoder that embeds, so a token sees itself and those before it alone; heads have a size of
their own. Its head that predicts tokens is not read, so Qwen3-Reranker is not served. Other decoders (Qwen 2, Llama, Mistral) are
refused by their name.

`position_embedding_type` `relative_key` and `relative_key_query` (BERT, RoBERTa, CamemBERT, XLM-RoBERTa, data2vec-text, ELECTRA,
ALBERT, ERNIE, RoBERTa-PreLayerNorm, XLM-RoBERTa-XL, Megatron-BERT): computed as transformers 4 does, which is what such weights
were trained with. Transformers 5 has no such positions and adds the table of absolute ones, without a word; loading says so in a
finding. Held to transformers 4.57 by the same script, `tests/family/differential.py`, run under it.

JinaBERT (jina-embeddings-v2, jina-embeddings-v2-base-code): its config.json has model_type `bert` and position_embedding_type
`alibi`, and its code is Jina's own, not transformers'. It is held to `tests/family/jina_bert.py`, written from what that code
computes; the first kind was once compared with a public copy of that code (the three golden folders, within 5e-6), the code model's
was not, and no real weights were. A finding says that `auto_map` is read so.

ESM: contacts are not predicted, and folding models are refused. A text of mask tokens alone is an error under `token_dropout`,
where Python divides by zero. RoFormer's multiple choice is refused: it reads a text's last token.

Refused by name: decoders and cross-attention, `position_embedding_type` that a family does not have, ALBERT's
`inner_group_num` above 1, pruned heads, quantized weights, code of the repository (`auto_map`), families that are not in the
table.

`bertrt verify FOLDER` compares with `bertrt_reference.json`, which `python models/export.py FOLDER --reference` writes into a
folder; without one it says that nothing was compared, and fails.

## Traces and bundles

A trace is `torch.jit.trace`'s of the family's bare model with ids and mask, traced at {traced} tokens, from Hugging Face's code
as it stands (JinaBERT: our own script); a bundle is what `models/export.py` makes. Largest difference of the last hidden state and the pooled output from
Python's, relative to the largest value (at least 1), at the lengths that ran of {lengths}. "no": the packed engine refuses what it
does not recognize whole; such a trace runs on the graph engine. A bundle is run by the engine that a load chooses, which is named;
"no" for a bundle: the exporter does not make one, and says so. Longformer's trace is one of its traced length: shorter texts are
padded to it, longer ones are refused (`export.py --length`).

`models/export.py --list` prints all families that are exported, more than stand here, by tasks, with the engine of each.
`scripts/export_engines.py` holds every line of it to what the command line says and computes: a tiny model of each family and task is
exported, verified, and run at 1, 5, 14 and 20 tokens; all 265 agree with Python within 3e-6.

Random configurations of the families whose traces the packed engine knows are held to Hugging Face's outputs, too, with and without
masks, types and positions, with every head (`tests/family/trace_differential.py`); under transformers 4.57 those whose attention
reads distances ("relative_key", "relative_key_query").

| family | trace, packed | trace, graph | bundle |
| --- | --- | --- | --- |
"""

NAMES = {
    "XLMRoberta": "xlm-roberta",
    "Data2VecText": "data2vec-text",
    "DebertaV2": "deberta-v2",
    "Gemma3Text": "gemma3_text",
    "NomicBert": "nomic_bert",
    "JinaEmbeddingsV3": "jina_embeddings_v3",
    "RobertaPreLayerNorm": "roberta-prelayernorm",
    "XLMRobertaXL": "xlm-roberta-xl",
    "MegatronBert": "megatron-bert",
    "JinaBert": "bert, alibi (JinaBERT)",
}


def folder_row(program, family, heads, count, rng):
    """A line of the table of folders, and whether all of them agree."""
    root = Path(tempfile.mkdtemp())
    try:
        folders = []
        for head in heads:
            for i in range(count):
                folders.append(root / f"{head}-{i}")
                differential.make(folders[-1], family, rng, len(folders), head)
        found = differential.distances(program, folders)
    finally:
        shutil.rmtree(root)
    good = [one for one in found if differential.agrees(one)]
    far = [one for one in found if not differential.agrees(one) and differential.as_far_as_python(one)]
    hidden, logits = (max(one.get(key, float("inf")) for one in found) for key in ("hidden", "logits"))
    name = NAMES.get(family, family.lower())
    shown = ", ".join(head.removeprefix("For") for head in heads)
    counts = f"{len(good)} of {len(found)}" + (f", {len(far)} as far off as Python in fp32" if far else "")
    return f"| {name} | {shown} | {counts} | {hidden:.1e} | {logits:.1e} |", len(good) + len(far) == len(found)


def folder_table(program, count):
    """Prints it; whether all agree."""
    rng = random.Random(20)
    agree = True
    print(f"Against transformers {transformers.__version__} (JinaBERT: our own script), fp32:\n")
    print("| model_type | heads | checkpoints that agree | hidden states | logits |")
    print("| --- | --- | --- | --- | --- |")
    for family, heads in differential.FAMILIES.items():
        line, good = folder_row(program, family, heads, count, rng)
        print(line, flush=True)
        agree = agree and good
    return agree


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", nargs="?", help="checkpoint_distance")
    parser.add_argument("bertrt", help="the command line")
    parser.add_argument("--page", type=Path, help="the table of folders as this page has it; PROGRAM is not needed")
    parser.add_argument("--rows", nargs="+", help="families whose traces are made again; the others' as the page has them")
    parser.add_argument("--count", type=int, default=6, help="checkpoints of each family and head")
    arguments = parser.parse_args()
    agree = True
    print(HEAD)
    page = arguments.page.read_text() if arguments.page else ""
    if page:
        begin = page.index("Against transformers ")
        print(page[begin : page.index("\n\n", page.index("| ---", begin)) + 1], end="")
    else:
        agree = folder_table(arguments.program, arguments.count)
    lengths = ", ".join(map(str, family_traces.LENGTHS))
    print(TAIL.format(traced=family_traces.TRACED, lengths=lengths), end="")
    with tempfile.TemporaryDirectory() as root:
        for family in dict.fromkeys([*differential.FAMILIES, *family_traces.OTHERS]):
            name = NAMES.get(family, family.lower())
            if arguments.rows and family not in arguments.rows:
                print(page[page.index(f"| {name} |", page.index("| family |")) :].splitlines()[0])
                continue
            cells, good = family_traces.row(arguments.bertrt, family, Path(root))
            print(f"| {name} | {' | '.join(cells)} |", flush=True)
            agree = agree and good
    return 0 if agree else 1


if __name__ == "__main__":
    sys.exit(main())
