"""The proof of a bundle: the written trace against Hugging Face's own code, and the self-test that travels with it."""

HIDDEN_TOLERANCE = 1e-5
LOGITS_TOLERANCE = 1e-4
SELFTEST_TEXTS = [
    ("Who was Jim Henson ?", "Jim {mask} was a puppeteer"),
    ("Paris is the capital of {mask}.", None),
    ("Naïve café-goers paid £3.50 (in 1999), didn't they? 東京", None),
]
# For models of a few positions, or tokenizers that cut words into bytes: the first that fits.
SHORT_TEXTS = ["a {mask} b", "a {mask}", "{mask}", "a", ""]


# What a bundle of this dtype holds beside it, where that is not the one type: tables that not every model has, the rest.
STORED_BESIDE = {"int8": {"float16", "float32"}}
PER_TOKEN = ("masked-lm", "token-classification", "question-answering")


class ExportError(Exception):
    """A failure that the user can act on; the message is one line."""


def max_length(config):
    """Longest text in tokens: RoBERTa and MPNet start counting positions after the padding's id."""
    reserved = 0 if config["position_scheme"] == "absolute" else config["pad_token_id"] + 1
    return config["max_position_embeddings"] - reserved


def sample(config, batch, length):
    """Random inputs [batch, length]; every text but the first is shorter and padded, the second half is a pair's."""
    import torch

    lowest = min(5, config["vocab_size"] - 1)  # no special tokens by chance, above all no padding
    ids = torch.randint(lowest, config["vocab_size"], (batch, length))
    mask = torch.ones_like(ids)
    types = torch.zeros_like(ids)
    for row in range(batch):
        real = max(1, length - row * length // batch)
        mask[row, real:] = 0
        ids[row, real:] = config["pad_token_id"]
        types[row, real // 2 : real] = min(1, max(0, config["type_vocab_size"] - 1))
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}


def prove(archive, model, manifest, limited=False):
    """Compares the saved trace, loaded again, with the checkpoint; the manifest's "lengths". Raises ExportError.

    limited: whether the trace may be right for some lengths, or for one text at a time, and the others are left out.
    """
    import torch

    archive.seek(0)
    loaded = torch.jit.load(archive).float().eval()
    traced, longest = manifest["traced"]["length"], max_length(manifest["config"])
    low, high, note = 1, longest, ""
    lengths = sorted(length for length in {1, 2, 7, traced, longest} if length <= longest)
    found = {length: compare(loaded, model, manifest, 1, length) for length in lengths}
    wrong = [objection for _, objection in found.values() if objection]
    if wrong and (not limited or found[traced][1]):
        raise ExportError(found[traced][1] or wrong[0])
    if wrong:
        low, high = right_lengths(traced, longest, found, lambda length: compare(loaded, model, manifest, 1, length))
        note = f"; {wrong[0]}"
        if low > 1:
            prove_padded(model, manifest)
    right = {length: hidden for length, (hidden, _) in found.items() if low <= length <= high}
    batches = {1}
    for batch, length in ((3, 7), (4, traced), (2, longest)):
        if low <= length <= high:
            hidden, objection = compare(loaded, model, manifest, batch, length)
            if objection and not limited:
                raise ExportError(objection)
            if not objection:
                batches.add(batch)
                right[length] = max(right[length], hidden)
            elif "one at a time" not in note:
                note += f"; {objection}: for texts one at a time"
    if note:
        print(f"  right for {low} to {high} tokens{', shorter texts padded' if low > 1 else ''}{note}")
    shown = ", ".join(map(str, sorted(right)))
    why = f"compared with Hugging Face at lengths {shown}, batches {', '.join(map(str, sorted(batches)))}: hidden states within "
    return {"min": low, "max": high, "why": f"{why}{max(right.values()):.1g}{note}"}


def compare(loaded, model, manifest, batch, length):
    """(largest difference of hidden states, why the trace is not the checkpoint there, or None); prints it."""
    where = f"at batch {batch}, length {length}"
    inputs = sample(manifest["config"], batch, length)
    runs = "checkpoint"
    try:
        reference = reference_outputs(model, manifest, inputs)
        runs = "trace"
        hidden, logits = difference(loaded, reference, manifest, inputs)
    except (RuntimeError, IndexError) as error:
        why = str(error).strip().splitlines()[-1][:120]
        print(f"  batch {batch}, length {length:3}: {why}")
        return float("inf"), f"the {runs} does not run {where} ({why})"
    head = "" if logits is None else f", logits {logits:.1e}"
    print(f"  batch {batch}, length {length:3}: largest difference: hidden states {hidden:.1e}{head}")
    if hidden <= HIDDEN_TOLERANCE and (logits or 0) <= LOGITS_TOLERANCE:
        return hidden, None
    return hidden, (
        f"the trace is not the checkpoint {where}: hidden states differ by {hidden:.1e} "
        f"(at most {HIDDEN_TOLERANCE:.0e}), logits by {logits or 0:.1e} (at most {LOGITS_TOLERANCE:.0e})"
    )


def right_lengths(traced, longest, found, compare_at):
    """The lowest and the highest length that are right around the traced one; what is compared for it is added to `found`."""

    def last_right(right, wrong):
        while abs(wrong - right) > 1:
            middle = (right + wrong) // 2
            found[middle] = compare_at(middle)
            right, wrong = (right, middle) if found[middle][1] else (middle, wrong)
        return right

    wrong = [length for length, (_, objection) in found.items() if objection]
    below = [length for length in wrong if length < traced]
    above = [length for length in wrong if length > traced]
    return last_right(traced, max(below)) if below else 1, last_right(traced, min(above)) if above else longest


def prove_padded(model, manifest):
    """Texts that are too short for a trace are padded to its own length: the mask must keep the padding out of the answer."""
    import torch

    traced = manifest["traced"]["length"]
    for real in sorted({1, 2, 7, traced // 2} & set(range(1, traced))):
        alone = sample(manifest["config"], 1, real)
        filled = {name: torch.nn.functional.pad(value, (0, traced - real)) for name, value in alone.items()}
        filled["input_ids"][:, real:] = manifest["config"]["pad_token_id"]
        expected, found = (reference_outputs(model, manifest, inputs)["layers"][-1] for inputs in (alone, filled))
        difference_of_both = largest(found[:, :real], expected)
        if not difference_of_both <= HIDDEN_TOLERANCE:
            raise ExportError(
                f"the trace does not run texts of every length, and {real} tokens padded to {traced} are not what they are "
                f"by themselves: hidden states differ by {difference_of_both:.1e}"
            )


def difference(loaded, reference, manifest, inputs):
    """Largest differences (hidden states and pooled output, logits or None) over the tokens that are not padding."""
    forward = manifest["methods"]["forward"]["inputs"]
    arguments = [inputs[name] for name in forward]
    real = inputs["attention_mask"].bool()
    task = manifest["task"]
    if task == "masked-lm":
        got = loaded.encode(*arguments)
        logits = largest(loaded(*arguments)[real], reference["logits"][real])
        logits = max(logits, largest(loaded.head(got[0][-1][real]), reference["logits"][real]))
    else:
        got, logits = loaded(*arguments), None
        names = manifest["methods"]["forward"]["outputs"]
        for found, name in zip(got, names, strict=True):
            if name.endswith("logits"):
                rows = real if found.dim() >= 2 and found.shape[:2] == real.shape and task in PER_TOKEN else slice(None)
                logits = max(logits or 0.0, largest(found[rows], reference[name][rows]))
    hidden = max(largest(a[real], b[real]) for a, b in zip(got[0], reference["layers"], strict=True))
    if "pooled" in reference:
        hidden = max(hidden, largest(got[1], reference["pooled"]))
    return hidden, logits


def largest(found, expected):
    """Largest absolute difference; infinite for another shape or a value that is not a number."""
    if found.shape != expected.shape:
        return float("inf")
    value = (found - expected).abs().max().item()
    return value if value == value else float("inf")


def layers(output, last):
    """Every layer's output, the embeddings left out; some classes norm the last one once more, or have layers of fewer rows."""
    return (*(layer for layer in output.hidden_states[1:-1] if layer.shape == last.shape), last)


def reference_outputs(model, manifest, inputs):
    """What the checkpoint itself gives, by Hugging Face's code."""
    arguments = {name: inputs[name] for name in manifest["methods"]["forward"]["inputs"]}
    if manifest["task"] == "multiple-choice":  # a pair by itself is a question with one choice
        arguments = {name: value.unsqueeze(1) for name, value in arguments.items()}
    output, encoded = run_with_encoder(model, lambda: model(**arguments, output_hidden_states=True, return_dict=True))
    reference = {"layers": layers(output, encoded.last_hidden_state)}
    for name in ("logits", "start_logits", "end_logits"):
        if getattr(output, name, None) is not None:
            reference[name] = output[name]
    if "pooled_output" in manifest["methods"].get("encode", manifest["methods"]["forward"])["outputs"]:
        reference["pooled"] = encoded.pooler_output
    return reference


def run_with_encoder(model, run):
    """What run() gives, and what the model's encoder gave within: models with a head do not hand out all of it."""
    kept = []
    hook = model.base_model.register_forward_hook(lambda module, arguments, output: kept.append(output))
    try:
        output = run()
    finally:
        hook.remove()
    return output, kept[0] if kept else output


def selftest(model, manifest, tokenizer):
    """A few texts with some rows of the checkpoint's outputs, for `bertrt verify` and the proof at load."""
    import torch

    mask = tokenizer.mask_token or ""
    texts = [(text.format(mask=mask), pair and pair.format(mask=mask)) for text, pair in SELFTEST_TEXTS]
    cases = [case for case in (self_test_case(model, manifest, tokenizer, *both) for both in texts) if case]
    for text in SHORT_TEXTS if not cases else []:
        case = self_test_case(model, manifest, tokenizer, text.format(mask=mask), None)
        cases += [case] if case and not cases else []
    if not cases:
        raise ExportError(f"not even an empty text fits into the {longest_proven(manifest)} tokens that are right")
    return {"cases": cases}


def longest_proven(manifest):
    return manifest.get("lengths", {}).get("max") or max_length(manifest["config"])


def self_test_case(model, manifest, tokenizer, text, pair):
    """A text, its tokens, and some rows of what the checkpoint gives for them; None where it does not fit."""
    import torch

    try:
        ids = tokenizer(text, pair, return_token_type_ids=True)
    except Exception as error:  # noqa: BLE001 those of layouts want boxes or nodes beside the words
        raise ExportError(
            f"{type(tokenizer).__name__} does not take a text by itself ({str(error).splitlines()[0][:120]}); "
            "name a tokenizer of the same vocabulary that does with --tokenizer"
        ) from error
    tokens = ids["input_ids"]
    if not tokens or len(tokens) > longest_proven(manifest):
        return None
    last_type = max(0, manifest["config"]["type_vocab_size"] - 1)
    types = [min(kind, last_type) for kind in ids["token_type_ids"]]
    inputs = {"input_ids": tokens, "attention_mask": [1] * len(tokens), "token_type_ids": types}
    reference = reference_outputs(model, manifest, {name: torch.tensor([value]) for name, value in inputs.items()})
    rows = {0, len(tokens) // 2, len(tokens) - 1}
    rows = sorted(rows | ({tokens.index(tokenizer.mask_token_id)} if tokenizer.mask_token_id in tokens else set()))
    case = {"text": text, "pair": pair, "input_ids": tokens, "token_type_ids": types}
    case["last_hidden_state"] = {"rows": rows, "data": floats(reference["layers"][-1][0, rows])}
    if manifest["task"] == "masked-lm":
        best = reference["logits"][0, rows].argmax(-1).tolist()
        vocabulary = manifest["config"]["vocab_size"]
        columns = sorted({*range(0, vocabulary, max(1, vocabulary // 60)), *best})
        data = floats(reference["logits"][0, rows][:, columns])
        case["logits"] = {"rows": rows, "columns": columns, "data": data}
    elif manifest["task"] == "token-classification":
        case["logits"] = {"rows": rows, "data": floats(reference["logits"][0, rows])}
    elif "logits" in reference:
        case["text_logits"] = {"data": floats(reference["logits"])}
    for name in ("start_logits", "end_logits"):
        if name in reference:
            case[name] = {"rows": rows, "data": floats(reference[name][0, rows].unsqueeze(1))}
    return case


def floats(tensor):
    """Nested lists whose decimals are the shortest that read back as the same floats."""
    return [[float(str(value)) for value in row] for row in tensor.numpy()]


def check_written(path, manifest, extra):
    """The finished file reads back: by torch with its extra files, weights in the manifest's type, tied ones once."""
    import torch

    found = dict.fromkeys(extra, "")
    loaded = torch.jit.load(path, _extra_files=found)
    wrong = [name for name, data in extra.items() if found[name] != data]
    if wrong:
        raise ExportError(f"{wrong[0]} does not read back from the written file")
    stored = {str(value.dtype).removeprefix("torch.") for value in loaded.parameters()}
    if manifest["dtype"] not in stored or stored - {manifest["dtype"]} - STORED_BESIDE.get(manifest["dtype"], set()):
        raise ExportError(f"weights are stored as {', '.join(sorted(stored))}, not as {manifest['dtype']} has them")
    unique = {value.data_ptr(): value.untyped_storage().nbytes() for value in loaded.parameters()}
    if path.stat().st_size > 1.05 * sum(unique.values()) + sum(map(len, extra.values())) + 1_000_000:
        raise ExportError(f"{path.stat().st_size} bytes for {sum(unique.values())} bytes of weights: stored twice")
