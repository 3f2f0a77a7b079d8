"""Examples: what people have answered about other cases, looked up for the case in hand and cited by its id.

They come from the tuning half of the labelled cases alone, and never from another tenant's.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flyball.core.errors import BadInput
from flyball.core.records import Field
from flyball.data.labels.columns import require_learnable
from flyball.models.experts.language_model.bm25 import Bm25
from flyball.models.experts.language_model.embedding import Encoder

__all__ = ["EXAMPLES", "BadExamples", "Example", "Shown", "examples_of", "read_examples", "write_examples"]

EXAMPLES = "examples.jsonl"
_VECTORS = "examples.npz"
_WHOLE = 1_200
"""A text of up to so many characters is shown whole; of a longer one, the passages that prove an answer."""
_AROUND = 300
_LONGEST = 1_500
_MOST = 20_000


class BadExamples(BadInput):
    """The saved examples of a language model cannot be used."""

    code = "language_model.bad_examples"


class Example(msgspec.Struct, frozen=True):
    """One text with what people have answered about it.

    Parameters
    ----------
    case_id, text_digest : str
        Of the case that it is from.
    fields : tuple of str
    text : str
        The case, or a passage of it.
    answers : str
        JSON of the form that the model must answer in.
    tenant : str
        Whose case it is.
    """

    case_id: str
    text_digest: str
    fields: tuple[str, ...]
    text: str
    answers: str
    tenant: str = "default"


class Shown:
    """Examples that can be looked up.

    Parameters
    ----------
    examples : sequence of Example
    encoder : Encoder, optional
        To look up by meaning as well as by words.
    vectors : ndarray of float32, shape (n_examples, width), optional
        What the encoder makes of each; made here where it is left out.
    """

    def __init__(
        self,
        examples: Sequence[Example] = (),
        *,
        encoder: Encoder | None = None,
        vectors: npt.NDArray[np.float32] | None = None,
    ) -> None:
        self.examples = tuple(examples)
        self._index = Bm25([one.text for one in self.examples])
        self.encoder = encoder
        if encoder is not None and vectors is None and self.examples:
            vectors = encoder.encode([one.text for one in self.examples])
        self.vectors = vectors

    def find(
        self,
        text: str,
        *,
        k: int,
        fields: Collection[str],
        without_case: str,
        tenant: str,
        without_text: str = "",
    ) -> list[Example]:
        """Return up to `k` examples for a text, best first.

        Parameters
        ----------
        text : str
        k : int
        fields : collection of str
            At least one of them must have an answer.
        without_case : str
            The case in hand: it is no example for itself.
        tenant : str
            Whose case it is; only examples of the same tenant are shown.
        without_text : str
            Digest of its text, which may stand in another case as well.
        """
        if not self.examples or k < 1:
            return []
        wanted = set(fields)
        allowed = [
            number
            for number, one in enumerate(self.examples)
            if one.tenant == tenant
            and one.case_id != without_case
            and one.text_digest != without_text
            and not wanted.isdisjoint(one.fields)
        ]
        score = self._score(text)
        ranked = sorted((number for number in allowed if score[number] > 0.0), key=lambda n: (-score[n], n))
        found: list[Example] = []
        for number in ranked:
            one = self.examples[number]
            if one.text not in {other.text for other in found}:
                found.append(one)
            if len(found) == k:
                break
        return found

    def _score(self, text: str) -> npt.NDArray[np.float64]:
        words = self._index.scores(text)
        if self.encoder is None or self.vectors is None:
            return words
        meaning = (self.vectors @ self.encoder.encode([text])[0]).astype(np.float64)
        return _by_rank(words) + _by_rank(meaning)


def _by_rank(score: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return reciprocal ranks, which two orders can be added up by. Source: Cormack et al. 2009."""
    rank = np.empty(len(score))
    rank[np.argsort(-score, kind="stable")] = np.arange(len(score))
    found: npt.NDArray[np.float64] = np.where(score > 0.0, 1.0 / (60.0 + rank), 0.0)
    return found


def examples_of(
    cases: pa.Table, labels: pa.Table, fields: Iterable[Field], *, tenant: str = "default"
) -> list[Example]:
    """Make examples of labelled cases; the caller has taken the test half out.

    Parameters
    ----------
    cases : Table of schema CASES
    labels : Table of schema LABELS
    fields : iterable of Field
        What the model may be asked.
    tenant : str
        Whose cases they are.

    Raises
    ------
    NotForTraining
        Something is labelled so.
    """
    require_learnable(cases, labels)
    known = {one.key for one in fields}
    of_case: dict[str, dict[str, tuple[str, list[tuple[int, int]]]]] = {}
    for row in labels.to_pylist():
        if row["field"] in known:
            spans = [(span["start"], span["end"]) for span in row["spans"]]
            of_case.setdefault(row["case_id"], {})[row["field"]] = (row["answer"], spans)
    found: list[Example] = []
    for case in cases.select(["case_id", "text_digest", "text"]).to_pylist():
        said = of_case.get(case["case_id"])
        if said and case["text"].strip():
            found += _of_one(case["case_id"], case["text_digest"], case["text"], said, tenant)
    return found[:_MOST]


def _of_one(
    case_id: str,
    digest: str,
    text: str,
    said: dict[str, tuple[str, list[tuple[int, int]]]],
    tenant: str,
) -> list[Example]:
    def made(passage: str, start: int, keys: Sequence[str]) -> Example:
        answers = {}
        for key in keys:
            answer, spans = said[key]
            inside = [span for span in spans if start <= span[0] and span[1] <= start + len(passage)]
            answers[key] = {"answer": json.loads(answer), "quotes": [text[a:b] for a, b in inside[:3]]}
        written = json.dumps({"answers": answers}, ensure_ascii=False)
        return Example(case_id, digest, tuple(keys), passage, written, tenant)

    if len(text) <= _WHOLE:
        return [made(text, 0, list(said))]
    found = []
    for key, (_, spans) in said.items():
        for start, end in spans[:1]:
            begin = max(0, start - _AROUND)
            stop = min(len(text), max(end + _AROUND, begin), begin + _LONGEST)
            if end <= stop:
                found.append(made(text[begin:stop], begin, [key]))
    return found


def write_examples(folder: Path, shown: Shown) -> None:
    """Write examples, and what the encoder made of them, as plain files."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [msgspec.json.encode(one) + b"\n" for one in shown.examples]
    (folder / EXAMPLES).write_bytes(b"".join(lines))
    if shown.encoder is not None and shown.vectors is not None:
        with (folder / _VECTORS).open("wb") as file:
            digest = np.frombuffer(shown.encoder.digest.encode(), dtype=np.uint8)
            np.savez(file, allow_pickle=False, vectors=shown.vectors, encoder=digest)
    else:
        (folder / _VECTORS).unlink(missing_ok=True)


def read_examples(folder: Path, *, encoder: Encoder | None = None) -> Shown:
    """Read saved examples; none where there is no file.

    Raises
    ------
    BadExamples
        A line is no example, or the vectors are those of another encoder.
    """
    path = folder / EXAMPLES
    if not path.is_file():
        return Shown(encoder=encoder)
    try:
        examples = [
            msgspec.json.decode(line, type=Example) for line in path.read_bytes().splitlines() if line
        ]
    except (msgspec.DecodeError, UnicodeDecodeError) as err:
        raise BadExamples(
            f"{path.name} holds a line that is no example ({type(err).__name__}).",
            fix="Make it again: flyball model calibrate.",
            file=path.name,
        ) from err
    if encoder is None:
        return Shown(examples)
    try:
        with np.load(folder / _VECTORS, allow_pickle=False) as saved:
            vectors, digest = saved["vectors"], bytes(saved["encoder"]).decode("ascii")
    except (OSError, KeyError, ValueError) as err:
        raise BadExamples(
            f"{_VECTORS} cannot be read ({type(err).__name__}), and examples are to be found by meaning.",
            fix='Make it again: flyball model calibrate; or write examples_by = "words".',
        ) from err
    if digest != encoder.digest or vectors.shape[:1] != (len(examples),):
        raise BadExamples(
            f"{_VECTORS} was made by another encoder, or of other examples.",
            fix="Make it again: flyball model calibrate.",
        )
    return Shown(examples, encoder=encoder, vectors=vectors.astype(np.float32))
