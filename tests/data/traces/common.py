"""What the trace makers share: the small vocabulary, the texts, random weights, saving, golden files."""

import json
import sys
from pathlib import Path

import torch

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "models"))
from bundle import write_archive  # noqa: E402

TRACED_LENGTH = 14
MASK_POSITION = 8
SIZES = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 32,
    "max_position_embeddings": 64,
}
VOCAB_SIZE = 128  # rows of the embedding: a few more than vocab.txt has lines, as many real models have
WORDS = (
    "who was jim henson a puppet ##eer the is of in and paris capital he she it to world river king city on at as were "
    "one two first new life time people year state house day made with for by from this that be have not are or but"
).split()


def vocabulary():
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    letters = [letter for letter in "abcdefghijklmnopqrstuvwxyz" if letter not in WORDS]
    return special + list(".,?!'-") + [str(digit) for digit in range(10)] + letters + ["##s", "##ing", "##ed"] + WORDS


def seed_example():
    """The seed documents' tokens with the mask put in: 14 tokens, segments 0 x 7 and 1 x 7."""
    tokens = "[CLS] who was jim henson ? [SEP] jim henson was a puppet ##eer [SEP]".split()
    tokens[MASK_POSITION] = "[MASK]"
    ids = [vocabulary().index(token) for token in tokens]
    return ids, [0] * 7 + [1] * 7


def texts(lengths):
    """(ids, token types) of the seed example, then random texts of these lengths; the odd ones are pairs."""
    generator = torch.Generator().manual_seed(7)
    yield seed_example()
    for length in lengths:
        ids = torch.randint(5, len(vocabulary()), (length,), generator=generator).tolist()
        ids[0] = 2
        ids[-1] = 3 if length > 1 else ids[-1]
        first = length // 2 + 1 if length % 2 else length
        yield ids, [0] * first + [1] * (length - first)


def randomize(model, seed=0):
    """Every parameter random, large enough that a mask, a segment or a swapped weight shows in the outputs."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in model.named_parameters():
            noise = torch.randn(value.shape, generator=generator)
            norm = "LayerNorm.weight" in name or "layer_norm.weight" in name
            value.copy_(1 + 0.1 * noise if norm else 0.25 * noise)
    return model.eval()


def save(module, name):
    """torch.jit.save without debug records: those hold source paths of this machine."""
    whole = HERE / f"{name}.whole"
    torch.jit.save(module, str(whole))
    write_archive(whole, HERE / f"{name}.pt", {})
    whole.unlink()
    print(f"{name}.pt: {(HERE / f'{name}.pt').stat().st_size / 1000:.0f} kB")


def write_golden(name, run, lengths=(2, 7, 33)):
    """NAME.json: each text alone through `run(ids, types) -> {output name: tensor or list of tensors}`."""
    cases = []
    with torch.no_grad():
        for ids, types in texts(lengths):
            outputs = run(torch.tensor([ids]), torch.tensor([types]))
            cases.append(
                {
                    "input_ids": ids,
                    "token_type_ids": types,
                    "attention_mask": [1] * len(ids),
                    "outputs": {key: decimals(value) for key, value in outputs.items()},
                }
            )
    (HERE / f"{name}.json").write_text(json.dumps({"cases": cases}, separators=(",", ":")) + "\n")


def decimals(value):
    """Tensors without their batch of one as nested lists; the shortest decimals that read back as the same floats."""
    if isinstance(value, (list, tuple)):
        return [decimals(item) for item in value]
    array = value.squeeze(0).numpy()
    return json.loads(json.dumps(array.tolist(), default=str)) if array.dtype != "float32" else shortest(array)


def shortest(array):
    return [shortest(item) for item in array] if array.ndim else float(str(array[()]))
