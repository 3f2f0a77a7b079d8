"""How far a language model may be believed: counted on labelled cases by how well its samples agree."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from flyball.core.digests import digest_of_bytes
from flyball.core.estimates import Estimate, Measurement, NotMeasured

__all__ = ["SMALLEST_N", "UNCALIBRATED", "Answered", "Calibration", "Given", "calibrated"]

UNCALIBRATED = 0.0
"""Confidence where nothing was measured: it does not judge. Thresholds begin at 0.5, so none is reached."""

SMALLEST_N = 30
"""Labelled answers of one kind below which nothing is claimed."""


@dataclass(frozen=True, slots=True)
class Given:
    """An answer with the share of samples that gave it, in (0, 1]; 1 means that all agree."""

    case_id: str
    field: str
    answer: str
    agreement: float = 1.0


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer to a labelled case, and whether it was right."""

    case_id: str
    field: str
    answer: str
    right: bool
    agreement: float = 1.0


_Cell = tuple[str, str, float]
"""Field ("" for all fields together), kind of answer, and agreement."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Answers to labelled cases.

    Parameters
    ----------
    answered : tuple of Answered
        Empty: nothing was measured.
    texts : tuple of str
        Digests of the texts that were asked about, sorted.
    asked_with : str
        Digest of everything that decides how it is asked; "" for a time before there was one.
    """

    answered: tuple[Answered, ...] = ()
    texts: tuple[str, ...] = ()
    asked_with: str = ""

    def counts(self) -> "Counts":
        """Return what was counted, ready to be asked for confidences."""
        return Counts(self.answered)

    def out_of_fold(self) -> pa.Table:
        """Return every answer with the confidence that the other cases alone would have given it."""
        counts = self.counts()
        rows = [
            {
                "case_id": one.case_id,
                "field": one.field,
                "answer": one.answer,
                "confidence": counts.confidence(one.field, one.answer, one.agreement, without=one.case_id)[0],
                "right": one.right,
            }
            for one in self.answered
        ]
        return pa.Table.from_pylist(rows, schema=_OUT_OF_FOLD)

    def figures(self) -> dict[str, Measurement]:
        """Return the share of right answers over all fields, on the cases that calibrated it."""
        if not self.answered:
            return {"accuracy": NotMeasured("not calibrated on labelled cases")}
        n = len(self.answered)
        return {"accuracy": Estimate(sum(one.right for one in self.answered) / n, n=n)}


class Counts:
    """How often answers were right: per field, kind of answer and agreement, and over all fields together."""

    def __init__(self, answered: tuple[Answered, ...]) -> None:
        self._n: Counter[_Cell] = Counter()
        self._right: Counter[_Cell] = Counter()
        self._of_case: defaultdict[str, list[tuple[_Cell, bool]]] = defaultdict(list)
        for one in answered:
            for cell in _cells(one.field, one.answer, one.agreement):
                self._n[cell] += 1
                self._right[cell] += one.right
                self._of_case[one.case_id].append((cell, one.right))

    def confidence(
        self, field: str, answer: str, agreement: float, *, without: str | None = None
    ) -> tuple[float, int]:
        """Return P(answer is right) by the rule of succession, and on how many answers it rests.

        Parameters
        ----------
        field, answer : str
        agreement : float
        without : str, optional
            A case that is left out, with all its fields.

        Returns
        -------
        confidence : float
            (right + 1) / (n + 2) of the field's own answers of this kind and agreement; where there are
            fewer than 30 of them, of all fields together; where these are fewer too, 0.
        n : int
            0 where nothing was measured.
        """
        left_out = self._of_case.get(without, []) if without is not None else []
        for cell in _cells(field, answer, agreement):
            mine = [right for one, right in left_out if one == cell]
            n, right = self._n[cell] - len(mine), self._right[cell] - sum(mine)
            if n >= SMALLEST_N:
                return (right + 1) / (n + 2), n
        return UNCALIBRATED, 0


def _cells(field: str, answer: str, agreement: float) -> Iterator[_Cell]:
    kind = answer if answer in ("true", "false") else "value"
    yield field, kind, round(agreement, 6)
    yield "", kind, round(agreement, 6)


_OUT_OF_FOLD = pa.schema(
    [
        ("case_id", pa.string()),
        ("field", pa.string()),
        ("answer", pa.string()),
        ("confidence", pa.float64()),
        ("right", pa.bool_()),
    ]
)


def calibrated(
    cases: pa.RecordBatch | pa.Table, given: list[Given], labels: pa.Table, *, asked_with: str = ""
) -> Calibration:
    """Hold answers against labels.

    Parameters
    ----------
    cases : RecordBatch or Table
        What was asked about.
    given : list of Given
    labels : Table of schema LABELS
        A field without a label is unknown and not counted.
    asked_with : str

    Returns
    -------
    Calibration
    """
    columns = [labels.column(name).to_pylist() for name in ("case_id", "field", "answer")]
    truth = {(case_id, key): answer for case_id, key, answer in zip(*columns, strict=True)}
    answered = sorted(
        (one.case_id, one.field, one.answer, truth[one.case_id, one.field] == one.answer, one.agreement)
        for one in given
        if (one.case_id, one.field) in truth
    )
    texts = sorted(digest_of_bytes(text.encode("utf-8")) for text in cases.column("text").to_pylist())
    return Calibration(tuple(Answered(*row) for row in answered), tuple(texts), asked_with)
