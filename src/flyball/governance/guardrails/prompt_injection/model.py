"""The classifier: small weights over hashed n-grams, one row for what users write, one for documents."""

import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from flyball.core.errors import FlyballError
from flyball.governance.guardrails.prompt_injection.features import BITS, encode
from flyball.governance.guardrails.prompt_injection.normalise import normalise
from flyball.governance.guardrails.prompt_injection.windows import OVERLAP, sentences, windows

__all__ = ["Head", "Model", "Scored", "UnreadableWeights", "load_model"]

_FILE = Path(__file__).with_name("weights.npz")
_TOGETHER = 1 << 18  # characters whose features are held at once
_BLOCK = 1 << 16  # characters that are made plain at once


class UnreadableWeights(FlyballError):
    """The weights of the injection guardrail cannot be read."""

    code = "guardrails.unreadable_weights"
    exit_code = 1


@dataclass(frozen=True)
class Head:
    """One classifier.

    Parameters
    ----------
    weights : ndarray of float32, shape (2 ** BITS,)
    intercept : float
    slope : float
        How fast the score grows with the sum. It is 0.5 at the threshold that was chosen in training, and no
        probability: nobody knows how common attacks are.
    """

    weights: npt.NDArray[np.float32]
    intercept: float
    slope: float

    def scores(self, pieces: Sequence[str]) -> npt.NDArray[np.float64]:
        """Return for each plain piece of text how much it reads like an attack, in [0, 1]."""
        rows, columns = encode(pieces)
        n = len(pieces)
        counts = np.bincount(rows, minlength=n)
        sums = np.bincount(rows, weights=self.weights[columns], minlength=n)
        margin = sums / np.sqrt(np.maximum(counts, 1)) + self.intercept
        told: npt.NDArray[np.float64] = 1.0 / (1.0 + np.exp(-self.slope * margin))
        return told


@dataclass(frozen=True, slots=True)
class Scored:
    """What the classifier says of one text.

    Parameters
    ----------
    score : float
        Of the worst piece, in [0, 1].
    start, end : int
        Where that piece stands in the text; all of the text, or of its block of 65,536 characters, where
        words were hidden, for there the places of the plain text are not those of the text.
    undone : tuple of str
        How words were hidden, as `normalise` says.
    """

    score: float
    start: int
    end: int
    undone: tuple[str, ...]


@dataclass(frozen=True)
class Model:
    """Both classifiers.

    Parameters
    ----------
    user : Head
        Reads windows of what a user writes.
    document : Head
        Reads sentences of what nobody may give instructions in.
    """

    user: Head
    document: Head

    def score(self, texts: Sequence[str], *, as_document: bool) -> list[Scored]:
        """Return a score for each text; a long one is read in pieces, a batch of pieces at a time."""
        head, cut = (self.document, sentences) if as_document else (self.user, windows)
        return list(_scored(texts, head, cut))


def _scored(texts: Sequence[str], head: Head, cut: Callable[[str], list[tuple[int, int]]]) -> list[Scored]:
    best = np.full(len(texts), -1.0)
    places: list[tuple[int, int]] = [(0, len(text)) for text in texts]
    undone: list[tuple[str, ...]] = []
    pieces: list[str] = []
    owners: list[tuple[int, int, int]] = []
    size = 0

    def settle() -> None:
        for (owner, start, end), score in zip(owners, head.scores(pieces).tolist(), strict=True):
            if score > best[owner]:
                best[owner] = score
                places[owner] = (start, end)
        pieces.clear()
        owners.clear()

    for number, text in enumerate(texts):
        how: set[str] = set()
        for first, last in _blocks(text):
            views, done = normalise(text[first:last])
            how.update(done)
            for view in views:
                same = len(view) == last - first
                for start, end in cut(view):
                    pieces.append(view[start:end])
                    owners.append((number, *((first + start, first + end) if same else (first, last))))
                    size += end - start
                    if size >= _TOGETHER:
                        settle()
                        size = 0
        undone.append(tuple(sorted(how)))
    if pieces:
        settle()
    return [
        Scored(score, *place, how) for score, place, how in zip(best.tolist(), places, undone, strict=True)
    ]


def _blocks(text: str) -> list[tuple[int, int]]:
    """Cut a long text before its words are made plain, so that memory does not grow with it."""
    if len(text) <= _BLOCK:
        return [(0, len(text))]
    return [(at, min(at + _BLOCK + OVERLAP, len(text))) for at in range(0, len(text), _BLOCK)]


@cache
def load_model(path: Path = _FILE) -> Model:
    """Read weights, those that are shipped or your own; plain arrays, never pickled. Read once per process.

    Raises
    ------
    UnreadableWeights
        The file is missing, cut off, or of another form.
    """
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            heads = [_head(file, name) for name in ("user", "document")]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as err:
        raise UnreadableWeights(
            f"The weights of the injection guardrail in {path.name} cannot be read ({type(err).__name__}).",
            fix="Install Flyball again, or write the file anew with tools/injection_guard/train.py.",
        ) from err
    return Model(*heads)


def _head(file: "np.lib.npyio.NpzFile", name: str) -> Head:
    small = file[f"{name}_weights"]
    scale, intercept, slope = (float(one) for one in file[f"{name}_numbers"])
    if small.shape != (1 << BITS,) or not np.isfinite([scale, intercept, slope]).all():
        raise ValueError(name)
    return Head(small.astype(np.float32) * np.float32(scale), intercept, slope)
