#!/usr/bin/env python3
"""How far the command line's answers are from Python's, family by family and task by task: the table of docs/tasks.md.

    python scripts/task_differences.py build/bin/bertrt --qa-source UNPACKED_WHEEL [--families bert …] [--seed N]

Makes a random checkpoint of each family and head with a tokenizer of the family's kind, asks transformers' pipelines and
sentence-transformers about random texts (odd ones among them), and the command line about the same. Answers must be the same
but for scores and vectors, whose largest difference goes into the table (by the larger of 1 and the value). Prints what
differs, and then ends with 1. --qa-source as for tests/data/tasks/make_golden.py.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests/data/tasks"), str(ROOT / "tests/tasks")]
import make_golden as golden  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402
from task_models import FAMILIES, LABELS, folder_of, random_texts  # noqa: E402

NEAR = 1e-5  # of scores and vectors
LOGITS = 1e-4  # of what is a logit, or its logarithm
STRATEGIES = ("none", "simple", "first", "average", "max")


class Differences(Exception):
    """What differs, in one line."""


class Command:
    """The command line on one folder: a line of JSON for each query."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def __call__(self, task, queries, *options):
        lines = "".join(json.dumps(query) + "\n" for query in queries)
        command = [self.program, task, "--model", str(self.folder), "--json", "--input-format", "jsonl", "--keep-going", *options]
        done = subprocess.run(command, input=lines.encode(), capture_output=True, check=False)
        if done.returncode != 0:
            raise Differences(f"{task} {options}: {done.stderr.decode(errors='replace').strip()}")
        answers = [json.loads(line) for line in done.stdout.decode().splitlines()]
        if len(answers) != len(queries):
            raise Differences(f"{task} {options}: {len(answers)} answers for {len(queries)} texts")
        return answers


class Worst:
    """The largest difference of numbers that belong together, and how many there were."""

    def __init__(self):
        self.difference, self.values = 0.0, 0

    def near(self, found, wanted, where, limit=NEAR):
        self.values += 1
        difference = abs(found - wanted) / max(1.0, abs(wanted))
        if not difference <= limit:
            raise Differences(f"{where}: {found} for {wanted}")
        self.difference = max(self.difference, difference)

    def ranked(self, found, wanted, where, limit=NEAR):
        """Two lists of (what, score), best first; what is as good as its neighbour may stand in its place."""
        if len(found) != len(wanted):
            raise Differences(f"{where}: {len(found)} answers for {len(wanted)}: {found} for {wanted}")
        for (_, a), (_, b) in zip(found, wanted, strict=True):
            self.near(a, b, where, limit)
        scores = dict(wanted)
        last = wanted[-1][1] if wanted else 0
        for what, score in found:
            if abs(scores.get(what, last) - score) > limit * max(1, abs(score)):
                raise Differences(f"{where}: {found} for {wanted}")

    def rows(self, found, wanted, where):
        for a, b in zip(found, wanted, strict=True):
            self.near(a, b, where)


def attempt(run):
    """Python's answer; None where it has none."""
    try:
        with torch.no_grad():
            return run()
    except Exception:
        return None


def checked(worst, found, wanted, where, compare):
    """An answer of each, or an error of each."""
    if (wanted is None) != ("error" in found):
        raise Differences(f"{where}: {found} for {'an error' if wanted is None else wanted}")
    if wanted is not None:
        compare(found, wanted, where)


def text_classification(model, tok, folder, ask, texts, worst):
    pipe = transformers.pipeline("text-classification", model=model, tokenizer=tok, device="cpu")
    pairs = [{"text": a, "pair": b} for a, b in zip(texts, texts[3:], strict=False)]
    for options, arguments in (([], {}), (["--function", "sigmoid"], {"function_to_apply": "sigmoid"}), (["--function", "none"], {"function_to_apply": "none"}), (["--top-k", "2"], {"top_k": 2})):
        arguments = {"top_k": None} | arguments
        for query, found in zip([{"text": t} for t in texts] + pairs, ask("classify", [{"text": t} for t in texts] + pairs, *options), strict=True):
            given = {"text": query["text"]} | ({"text_pair": query["pair"]} if "pair" in query else {})
            wanted = attempt(lambda: pipe(given, **arguments))
            checked(worst, found, wanted, f"classify {options} {query!r}", lambda f, w, at: worst.ranked([(one["label"], one["score"]) for one in f["labels"]], [(one["label"], float(one["score"])) for one in w], at, LOGITS if "none" in options else NEAR))


def zero_shot(model, tok, folder, ask, texts, worst):
    pipe = transformers.pipeline("zero-shot-classification", model=model, tokenizer=tok, device="cpu")
    for options, arguments in (([], {}), (["--multi-label"], {"multi_label": True}), (["--template", "it is {} !"], {"hypothesis_template": "it is {} !"})):
        found = ask("zero-shot", [{"text": t} for t in texts[:8]], "--labels", "sport, politics,the sea,", *options)
        for text, one in zip(texts, found, strict=False):
            wanted = attempt(lambda: pipe(text, candidate_labels="sport, politics,the sea,", **arguments))
            checked(worst, one, wanted, f"zero-shot {options} {text!r}", lambda f, w, at: worst.ranked([(x["label"], x["score"]) for x in f["labels"]], list(zip(w["labels"], w["scores"], strict=True)), at))


def token_classification(model, tok, folder, ask, texts, worst):
    ways = [(["--aggregation", s], {"aggregation_strategy": s}) for s in STRATEGIES]
    ways += [(["--aggregation", s, "--ignore-labels", ""], {"aggregation_strategy": s, "ignore_labels": []}) for s in ("none", "average")]
    ways += [(["--aggregation", s, "--stride", n], {"aggregation_strategy": s, "stride": int(n)}) for s, n in (("simple", "0"), ("first", "7"), ("max", "13"))]
    for options, arguments in ways:
        pipe = transformers.pipeline("token-classification", model=model, tokenizer=transformers.AutoTokenizer.from_pretrained(folder), device="cpu", **arguments)
        for text, found in zip(texts, ask("ner", [{"text": t} for t in texts], "--offsets", "codepoint", *options), strict=True):
            def compare(f, w, at):
                key = "entity" if options[1] == "none" else "entity_group"
                a = [(x["label"], x.get("index"), x["word"], x["start"], x["end"]) for x in f["entities"]]
                b = [(x[key], x.get("index"), x["word"], x["start"], x["end"]) for x in w]
                if a != b:
                    raise Differences(f"{at}: {a} for {b}")
                worst.rows([x["score"] for x in f["entities"]], [float(x["score"]) for x in w], at)

            checked(worst, found, attempt(lambda: pipe(text)), f"ner {options} {text!r}", compare)


def fill_mask(model, tok, folder, ask, texts, worst):
    pipe = transformers.pipeline("fill-mask", model=model, tokenizer=tok, device="cpu")
    masked = [f"{a} {tok.mask_token}{b}" for a, b in zip(texts, texts[1:], strict=False)] + texts[:2]
    for text, found in zip(masked, ask("fill-mask", [{"text": t} for t in masked], "--top-k", "4"), strict=True):
        def compare(f, w, at):
            w = w if isinstance(w[0], list) else [w]
            if len(w) != len(f["masks"]):
                raise Differences(f"{at}: {len(f['masks'])} masks for {len(w)}")
            for mask, predictions in zip(f["masks"], w, strict=True):
                worst.ranked([((x["token_id"], x["sequence"]), x["score"]) for x in mask["predictions"]], [((x["token"], x["sequence"]), x["score"]) for x in predictions], at)

        checked(worst, found, attempt(lambda: pipe(text, top_k=4)), f"fill-mask {text!r}", compare)


def question_answering(model, tok, folder, ask, texts, worst):
    pipe = golden.old_question_answering(model, tok)
    ways = [([], {}), (["--top-k", "3"], {"top_k": 3}), (["--top-k", "3", "--no-align"], {"top_k": 3, "align_to_words": False}), (["--impossible", "--top-k", "2"], {"handle_impossible_answer": True, "top_k": 2})]
    ways += [(["--max-length", "30", "--doc-stride", "6", "--top-k", "2"], {"max_seq_len": 30, "doc_stride": 6, "top_k": 2})]
    for options, arguments in ways:
        for question in (texts[0], "who reads ?"):
            for text, found in zip(texts, ask("qa", [{"text": t} for t in texts], "--question", question, "--offsets", "codepoint", *options), strict=True):
                wanted = attempt(lambda: golden.plain(pipe(question, text, **arguments)))
                def compare(f, w, at):
                    def some(answers):
                        return [((x["answer"], x["start"], x["end"]), float(x["score"])) for x in answers if x["score"] > 0]

                    worst.ranked(some(f["answers"]), some(w if isinstance(w, list) else [w]), at)

                checked(worst, found, wanted, f"qa {options} {question!r} {text!r}", compare)


def next_sentence(model, tok, folder, ask, texts, worst):
    pairs = list(zip(texts, texts[2:], strict=False))
    for (a, b), found in zip(pairs, ask("next-sentence", [{"text": a, "pair": b} for a, b in pairs]), strict=True):
        def answer():
            return model(**tok(a, b, return_tensors="pt")).logits.softmax(-1)[0].tolist()

        checked(worst, found, attempt(answer), f"next-sentence {a!r} {b!r}", lambda f, w, at: worst.rows([f["is_next"], f["not_next"]], w, at))


def rerank(model, tok, folder, ask, texts, worst):
    from sentence_transformers import CrossEncoder

    encoder = CrossEncoder(str(folder), device="cpu")
    for query in (texts[1], "who reads old books ?"):
        command = [ask.program, "rerank", "--model", str(folder), "--query", query, "--json", "--input-format", "jsonl"]
        done = subprocess.run(command, input="".join(json.dumps({"text": t}) + "\n" for t in texts), capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Differences(f"rerank: {done.stderr}")
        wanted = [(one["corpus_id"], float(one["score"])) for one in encoder.rank(query, texts)]
        worst.ranked([(one["index"], one["score"]) for one in json.loads(done.stdout)["results"]], wanted, f"rerank {query!r}")


def dense(model, tok, folder, ask, texts, worst):
    from sentence_transformers import SentenceTransformer

    encoder = SentenceTransformer(str(folder), device="cpu")
    for options, arguments in (([], {}), (["--dimensions", "7", "--normalize"], {"truncate_dim": 7, "normalize_embeddings": True}), (["--prompt-text", "Q: "], {"prompt": "Q: "})):
        wanted = encoder.encode(texts, batch_size=1, **arguments)
        for text, found, vector in zip(texts, ask("embed", [{"text": t} for t in texts], *options), wanted, strict=True):
            checked(worst, found, vector.tolist(), f"embed {options} {text!r}", lambda f, w, at: worst.rows(f["embedding"], w, at))


def sparse(model, tok, folder, ask, texts, worst):
    from sentence_transformers import SparseEncoder
    from sentence_transformers.sparse_encoder.modules import MLMTransformer, SpladePooling

    own = Path(str(folder) + "-sparse")
    SparseEncoder(modules=[MLMTransformer(str(folder)), SpladePooling()], device="cpu").save(str(own), create_model_card=False)
    encoder = SparseEncoder(str(own), device="cpu")
    for text, found in zip(texts, Command(ask.program, own)("embed", [{"text": t} for t in texts], "--sparse"), strict=True):
        row = encoder.encode(text, convert_to_sparse_tensor=False)
        wanted = {int(i): float(row[i]) for i in row.nonzero()[:, 0]}
        got = {one["token_id"]: one["weight"] for one in found["tokens"]}
        for i in wanted.keys() | got.keys():  # a logit of 0 may be on either side of it
            worst.near(got.get(i, 0.0), wanted.get(i, 0.0), f"embed --sparse {text!r}", LOGITS)


def multi_vector(model, tok, folder, ask, texts, worst):
    from sentence_transformers import MultiVectorEncoder
    from sentence_transformers.base.modules import Dense, Normalize, Transformer
    from sentence_transformers.multi_vector_encoder.modules import MultiVectorMask

    own = Path(str(folder) + "-rows")
    encoder = Transformer(str(folder))
    width = model.config.hidden_size
    linear = Dense(width, 6, bias=False, activation_function=torch.nn.Identity(), module_input_name="token_embeddings")
    golden.randomize(linear.linear, 3, 0.3)
    parts = [encoder, linear, MultiVectorMask(skiplist_words=list(".,?!")), Normalize(module_input_name="token_embeddings")]
    MultiVectorEncoder(modules=parts, prompts={"query": "Q: ", "document": ""}, device="cpu").save(str(own), create_model_card=False)
    encoder = MultiVectorEncoder(str(own), device="cpu")
    for role in ("query", "document"):
        for text, found in zip(texts, Command(ask.program, own)("embed", [{"text": t} for t in texts], "--multi-vector", role), strict=True):
            wanted = getattr(encoder, f"encode_{role}")(text)
            if list(wanted.shape) != found["shape"]:
                raise Differences(f"embed --multi-vector {role} {text!r}: {found['shape']} for {list(wanted.shape)}")
            worst.rows(found["data"], [float(value) for value in wanted.flatten()], f"embed --multi-vector {role} {text!r}")


# task -> (end of the class's name, labels, its check)
TASKS = {
    "classify": ("ForSequenceClassification", LABELS["classes"], text_classification),
    "zero-shot": ("ForSequenceClassification", LABELS["inference"], zero_shot),
    "rerank": ("ForSequenceClassification", LABELS["one"], rerank),
    "ner": ("ForTokenClassification", LABELS["entities"], token_classification),
    "qa": ("ForQuestionAnswering", None, question_answering),
    "fill-mask": ("ForMaskedLM", None, fill_mask),
    "next-sentence": ("ForNextSentencePrediction", None, next_sentence),
    "embed": ("Model", None, dense),
    "sparse": ("ForMaskedLM", None, sparse),
    "multi-vector": ("Model", None, multi_vector),
}


def cell(program, family, task, root, seed):
    """A cell of the table, and what differs ('' for nothing)."""
    ending, labels, check = TASKS[task]
    if not hasattr(transformers, family + ending):
        return "", ""
    folder, model, tok = folder_of(root, family, task, ending, labels, seed)
    worst = Worst()
    try:
        with torch.no_grad():
            check(model, tok, folder, Command(program, folder), random_texts(seed, task), worst)
    except Differences as difference:
        return "**differs**", f"{family} {task}: {difference}"
    if worst.values == 0:
        return "**nothing compared**", f"{family} {task}: nothing was compared"
    return f"{worst.difference:.0e}".replace("e-0", "e-"), ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--qa-source", type=Path, required=True)
    parser.add_argument("--families", nargs="+", default=list(FAMILIES), choices=list(FAMILIES))
    parser.add_argument("--tasks", nargs="+", default=list(TASKS), choices=list(TASKS))
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    golden.R, golden.QA_SOURCE = golden.RECIPE, options.qa_source
    torch.set_num_threads(1)
    wrong = []
    print(f"| family | {' | '.join(options.tasks)} |\n|{' --- |' * (len(options.tasks) + 1)}", flush=True)
    for family in options.families:
        root = Path(tempfile.mkdtemp())
        cells = []
        try:
            for task in options.tasks:
                shown, difference = cell(options.program, family, task, root, options.seed)
                cells.append(shown)
                if difference:
                    wrong.append(difference)
                    print(difference[:1500], file=sys.stderr, flush=True)
        finally:
            shutil.rmtree(root)
        print(f"| {FAMILIES[family].name} | {' | '.join(cells)} |", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
