"""How far a language model may be believed: measured per field and answer, or not at all."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from flyball.core.estimates import Estimate, Measurement, NotMeasured

__all__ = ["SMALLEST_N", "UNCALIBRATED", "Calibration", "Hits", "calibrated"]

UNCALIBRATED = 0.5
"""Confidence where nothing was measured: below every threshold under which a machine may decide."""

SMALLEST_N = 30
"""Labelled answers of one kind below which nothing is claimed."""


@dataclass(frozen=True, slots=True)
class Hits:
    """How often an answer was right."""

    right: int
    n: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """Hits per field and answer; the key is "field=answer"."""

    hits: Mapping[str, Hits] = field(default_factory=dict)

    def confidence(self, key: str, answer: str) -> float:
        """Return P(answer is right) by the rule of succession, (right + 1) / (n + 2).

        `UNCALIBRATED` below 30 labelled answers of this kind.
        """
        hits = self.hits.get(f"{key}={answer}")
        if hits is None or hits.n < SMALLEST_N:
            return UNCALIBRATED
        return (hits.right + 1) / (hits.n + 2)

    def figures(self) -> dict[str, Measurement]:
        """Return the share of right answers over all fields, on the cases that calibrated it."""
        n = sum(hits.n for hits in self.hits.values())
        if not n:
            return {"accuracy": NotMeasured("not calibrated on labelled cases")}
        return {"accuracy": Estimate(sum(hits.right for hits in self.hits.values()) / n, n=n)}


def calibrated(predictions: pa.RecordBatch, labels: pa.Table) -> Calibration:
    """Count how often the predictions agree with the labels.

    Parameters
    ----------
    predictions : RecordBatch of schema PREDICTIONS
    labels : Table of schema LABELS
        A field without a label is unknown and not counted.

    Returns
    -------
    Calibration
    """
    columns = [labels.column(name).to_pylist() for name in ("case_id", "field", "answer")]
    truth = {(case_id, key): answer for case_id, key, answer in zip(*columns, strict=True)}
    given = [predictions.column(name).to_pylist() for name in ("case_id", "field", "answer")]
    counted: dict[str, Hits] = {}
    for case_id, key, answer in zip(*given, strict=True):
        right = truth.get((case_id, key))
        if right is None:
            continue
        before = counted.get(f"{key}={answer}", Hits(0, 0))
        counted[f"{key}={answer}"] = Hits(before.right + (right == answer), before.n + 1)
    return Calibration(dict(sorted(counted.items())))
