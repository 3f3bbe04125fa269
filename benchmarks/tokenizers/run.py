#!/usr/bin/env python3
"""Measures our tokenizers against others on the same text, alternately, on one thread, and counts wrong lines.

    pip install tokenizers==0.23.3 flash-tokenizer blingfire sentencepiece tokie==0.1.4 gigatoken==0.10.0 kitoken==0.11.1
    python benchmarks/tokenizers/corpus.py corpus.txt
    python benchmarks/tokenizers/run.py --bench build/benchmarks/tokenizers/tokenizer_bench --text corpus.txt TOKENIZER

TOKENIZER is a checkpoint's folder, a tokenizer.json or a vocab.txt. Each contestant encodes every line in turn, as many
rounds as asked; the fastest round counts. The first pass of each, before anything is remembered, is told apart. This
process and ours run on one core (but for "2 threads"). The others are called through their Python packages, as their users do, ours
through its C++ library; what Python's lists cost is measured and printed, so that it can be taken off.
"""

import argparse
import array
import gc
import glob
import os
import statistics
import subprocess
import sys
import tempfile
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["RAYON_NUM_THREADS"] = "1"

import tokenizers  # noqa: E402

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "tests", "tokenizer"))
from differential import load_reference  # noqa: E402


class Ours:
    def __init__(self, program, tokenizer, text):
        self.process = subprocess.Popen([program, tokenizer, text], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline().split()[0])

    def pin(self, cores):
        os.sched_setaffinity(self.process.pid, cores)

    def ids(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "ids")
            self.ask("dump " + path)
            with open(path, encoding="ascii") as file:
                return [[int(i) for i in line.split()] for line in file]


def timed(action, lines):
    gc.collect()
    begin = time.perf_counter()
    for line in lines:
        action(line)
    return time.perf_counter() - begin


def rivals(hf, lines):
    """Libraries that read the tokenizer.json: name -> as contestants() has it, by their calls for batches where they have
    some, which are the fastest. One that refuses the file is told."""

    def tokie(path):
        import tokie

        tokenizer = tokie.Tokenizer.from_json(path)
        return lambda: tokenizer.encode_batch(lines, False), lambda line: tokenizer.encode(line, False).ids

    def gigatoken(path):
        import gigatoken

        tokenizer = gigatoken.Tokenizer(path)
        return lambda: tokenizer.encode_batch(lines, parallel=False), tokenizer.encode

    def kitoken(path):
        import kitoken

        encode = kitoken.Kitoken.from_file(path).encode
        return lambda: [encode(line, False) for line in lines], lambda line: encode(line, False)

    found = {}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "tokenizer.json")
        hf.save(path)
        for make in (tokie, gigatoken, kitoken):
            try:
                every, one = make(path)
            except Exception as error:  # whatever a library raises for a file that it cannot read
                print(f"without {make.__name__}: {error}")
                continue
            found[f"{make.__name__}, ids"] = (
                lambda every=every: timed(lambda _: every(), [None]),
                lambda line, one=one: list(one(line)),
            )
    return found


def contestants(options, lines):
    """Name -> (seconds of one round, ids of one line without special tokens or None)."""
    ours = Ours(options.bench, options.tokenizer, options.text)
    hf, _ = load_reference(options.tokenizer)
    hf.no_truncation()
    hf.no_padding()
    found = {
        "bertrt, ids": (lambda: ours.ask("ids"), None),
        "bertrt, encoding without offsets": (lambda: ours.ask("encode"), None),
        "bertrt, encoding with offsets": (lambda: ours.ask("offsets"), None),
        "bertrt, ids, 2 threads": (lambda: ours.ask("threads 2"), None),
        "bertrt, batch with offsets, 1 thread": (lambda: ours.ask("batch 1"), None),
        "bertrt, batch with offsets, 2 threads": (lambda: ours.ask("batch 2"), None),
        "tokenizers, with offsets": (lambda: timed(hf.encode, lines), None),
        # The call that leaves offsets out takes a batch; one line a batch keeps it on this thread.
        "tokenizers, without offsets": (lambda: timed(lambda line: hf.encode_batch_fast([line]), lines), None),
    }
    found.update(rivals(hf, lines))
    family = type(hf.model).__name__
    models = glob.glob(os.path.join(options.tokenizer, "*.model"))
    if family == "Unigram" and models:
        import sentencepiece

        spm = sentencepiece.SentencePieceProcessor(model_file=models[0])
        # Its ids are not the checkpoint's, so pieces are compared.
        found["sentencepiece, ids"] = (
            lambda: timed(spm.encode, lines),
            lambda line: [hf.token_to_id(p) or hf.token_to_id("<unk>") for p in spm.encode(line, out_type=str)],
        )
    if family == "WordPiece" and options.tokenizer.endswith("vocab.txt"):
        try:
            from flash_tokenizer import BertTokenizerFlash

            flash = BertTokenizerFlash(options.tokenizer, do_lower_case=True, model_max_length=1 << 20)
            encode = flash.tokenizer.encode
            found["flash-tokenizer, ids"] = (
                lambda: timed(lambda line: encode(line, "longest", 1 << 20), lines),
                lambda line: list(encode(line, "longest", 1 << 20))[1:-1],
            )
        except ImportError as error:
            print(f"without flash-tokenizer: {error}")
    bling_model = {"WordPiece": "bert_base_tok.bin", "BPE": "roberta.bin", "Unigram": "xlm_roberta_base.bin"}.get(family)
    if options.blingfire or family == "WordPiece":
        try:
            import blingfire

            handle = blingfire.load_model(os.path.join(os.path.dirname(blingfire.__file__), bling_model))
            unk = hf.token_to_id("[UNK]") or hf.token_to_id("<unk>") or 0
            longest = max(len(line.encode()) for line in lines) + 8
            found["BlingFire, ids"] = (
                lambda: timed(lambda line: blingfire.text_to_ids(handle, line, longest, unk, True), lines),
                lambda line: blingfire.text_to_ids(handle, line, longest, unk, True).tolist(),
            )
        except ImportError as error:
            print(f"without BlingFire: {error}")
    return found, ours, hf


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tokenizer")
    parser.add_argument("--bench", required=True)
    parser.add_argument("--text", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--blingfire", action="store_true", help="for families other than WordPiece, too")
    parser.add_argument("--skip-differences", action="store_true")
    options = parser.parse_args()
    with open(options.text, encoding="utf-8") as file:
        lines = file.read().split("\n")[:-1]
    size = sum(len(line.encode()) for line in lines)
    found, ours, hf = contestants(options, lines)

    best = {name: float("inf") for name in found}
    # One process a load: what a program's first tokenizer costs.
    loads = []
    for _ in range(15):
        done = subprocess.run([options.bench, options.tokenizer], stdout=subprocess.PIPE, text=True, check=True)
        loads.append([float(value) for value in done.stdout.split()])
    first = {}
    cores = sorted(os.sched_getaffinity(0))
    for turn in range(options.rounds):
        for name, (seconds, _) in found.items():
            # Two threads need two cores.
            ours.pin(cores if "2 threads" in name else cores[:1])
            os.sched_setaffinity(0, cores[:1])
            if turn == 0:
                first[name] = best[name] = seconds()
            # Ours takes a fraction of the others' time: a few passes a round, or the clock's noise would show.
            for _ in range(3 if name.startswith("bertrt") else 1):
                best[name] = min(best[name], seconds())

    wrong = {}
    if not options.skip_differences:
        reference = [encoding.ids for encoding in hf.encode_batch(lines, add_special_tokens=False)]
        wrong["bertrt, ids"] = sum(a != b for a, b in zip(ours.ids(), reference))
        for name, (_, ids) in found.items():
            if ids is not None:
                wrong[name] = sum(ids(line) != expected for line, expected in zip(lines, reference))
        lists = timed(array.array.tolist, [array.array("i", ids) for ids in reference])
        print(f"(making Python lists of all ids takes {lists:.3f} s)")

    rival = best.get("flash-tokenizer, ids", best["tokenizers, without offsets"])
    rival_name = "flash-tokenizer" if "flash-tokenizer, ids" in best else "tokenizers"
    print(f"tokenizers {tokenizers.__version__}, {len(lines)} lines, {size / 1e6:.2f} MB, "
          f"{sum(not line.isascii() for line in lines)} lines with non-ASCII")  # fmt: skip
    times = [ms for ms, _, _ in loads]
    print(f"first load of a process: {min(times):.2f} ms at best, median {statistics.median(times):.2f} ms; private memory "
          f"{max(kb for _, kb, _ in loads):.0f} kB, {max(kb for _, _, kb in loads):.0f} kB after a text")  # fmt: skip
    print(f"| contestant | MB/s | first pass | times {rival_name} | lines that differ from Hugging Face |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, seconds in best.items():
        # Of ours the first line alone begins with nothing remembered: it is one process.
        is_fresh = not name.startswith("bertrt") or name == "bertrt, ids"
        passed = f"{size / first[name] / 1e6:.1f}" if is_fresh else ""
        print(f"| {name} | {size / seconds / 1e6:.1f} | {passed} | {rival / seconds:.2f} | {wrong.get(name, '')} |")


if __name__ == "__main__":
    main()
