"""How far a language model may be believed: measured per field and answer, or not at all."""

from collections import Counter
from dataclasses import dataclass

import pyarrow as pa

from flyball.core.digests import digest_of_bytes
from flyball.core.estimates import Estimate, Measurement, NotMeasured

__all__ = ["SMALLEST_N", "UNCALIBRATED", "Answered", "Calibration", "calibrated"]

UNCALIBRATED = 0.5
"""Confidence where nothing was measured: below every threshold under which a machine may decide."""

SMALLEST_N = 30
"""Labelled answers of one kind below which nothing is claimed."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer to a labelled case, and whether it was right."""

    case_id: str
    field: str
    answer: str
    right: bool


@dataclass(frozen=True, slots=True)
class Calibration:
    """Answers to labelled cases.

    Parameters
    ----------
    answered : tuple of Answered
        Empty: nothing was measured.
    texts : tuple of str
        Digests of the texts that were asked about, sorted.
    """

    answered: tuple[Answered, ...] = ()
    texts: tuple[str, ...] = ()

    def confidences(self) -> dict[tuple[str, str], float]:
        """Return P(answer is right) per field and answer, by the rule of succession.

        (right + 1) / (n + 2); nothing for a kind of answer with fewer than 30 labelled cases.
        """
        n, right = self._counts()
        return {kind: (right[kind] + 1) / (n[kind] + 2) for kind in n if n[kind] >= SMALLEST_N}

    def out_of_fold(self) -> pa.Table:
        """Return every answer with the confidence that the other cases alone would have given it."""
        n, right = self._counts()
        rows: list[dict[str, object]] = []
        for one in self.answered:
            kind = (one.field, one.answer)
            others, others_right = n[kind] - 1, right[kind] - one.right
            confidence = (others_right + 1) / (others + 2) if others >= SMALLEST_N else UNCALIBRATED
            rows.append(
                {
                    "case_id": one.case_id,
                    "field": one.field,
                    "answer": one.answer,
                    "confidence": confidence,
                    "right": one.right,
                }
            )
        return pa.Table.from_pylist(rows, schema=_OUT_OF_FOLD)

    def figures(self) -> dict[str, Measurement]:
        """Return the share of right answers over all fields, on the cases that calibrated it."""
        if not self.answered:
            return {"accuracy": NotMeasured("not calibrated on labelled cases")}
        n = len(self.answered)
        return {"accuracy": Estimate(sum(one.right for one in self.answered) / n, n=n)}

    def _counts(self) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str]]]:
        n = Counter((one.field, one.answer) for one in self.answered)
        return n, Counter((one.field, one.answer) for one in self.answered if one.right)


_OUT_OF_FOLD = pa.schema(
    [
        ("case_id", pa.string()),
        ("field", pa.string()),
        ("answer", pa.string()),
        ("confidence", pa.float64()),
        ("right", pa.bool_()),
    ]
)


def calibrated(cases: pa.RecordBatch, predictions: pa.RecordBatch, labels: pa.Table) -> Calibration:
    """Hold predictions against labels.

    Parameters
    ----------
    cases : RecordBatch
        What was asked about.
    predictions : RecordBatch of schema PREDICTIONS
    labels : Table of schema LABELS
        A field without a label is unknown and not counted.

    Returns
    -------
    Calibration
    """
    names = ("case_id", "field", "answer")
    columns = [labels.column(name).to_pylist() for name in names]
    truth = {(case_id, key): answer for case_id, key, answer in zip(*columns, strict=True)}
    given = zip(*[predictions.column(name).to_pylist() for name in names], strict=True)
    answered = sorted(
        (case_id, key, answer, truth[case_id, key] == answer)
        for case_id, key, answer in given
        if (case_id, key) in truth
    )
    texts = sorted(digest_of_bytes(text.encode("utf-8")) for text in cases.column("text").to_pylist())
    return Calibration(tuple(Answered(*row) for row in answered), tuple(texts))
