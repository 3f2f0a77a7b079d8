"""Digits: how much of a number that was worked out counts.

Processors and numerical libraries add up in another order, and then differ in the last of some sixteen
digits. What is compared, ordered or written down is rounded first, far above them, so that the same case has
the same answer everywhere. What leaves an expert has six digits after the point; what is only compared inside
one has nine.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

__all__ = ["DIGITS", "comparable", "settled", "with_settled_scores"]

DIGITS = 6
"""Of a confidence, or of the score of a passage, after the point."""
_INSIDE = 9

Floats = npt.NDArray[np.float64]


def settled(values: Floats) -> Floats:
    """Return numbers as they may leave an expert; never -0.0."""
    found: Floats = np.round(values, DIGITS) + 0.0
    return found


def comparable(values: Floats) -> Floats:
    """Return numbers that may be held against each other, or against 0: equal ones are equal everywhere."""
    found: Floats = np.round(values, _INSIDE) + 0.0
    return found


def with_settled_scores(rows: pa.RecordBatch) -> pa.RecordBatch:
    """Return predictions (schema `PREDICTIONS`) with the digits of confidences and scores that count."""
    evidence = rows.column("evidence")
    spans = evidence.values
    scores = pa.array(settled(spans.field("score").to_numpy(zero_copy_only=False)), pa.float64())
    places = pa.StructArray.from_arrays(
        [spans.field("start"), spans.field("end"), scores], fields=list(spans.type)
    )
    columns = dict(zip(rows.schema.names, rows.columns, strict=True))
    columns["confidence"] = pa.array(settled(rows.column("confidence").to_numpy()), pa.float64())
    columns["evidence"] = pa.ListArray.from_arrays(evidence.offsets, places)
    return pa.RecordBatch.from_arrays(list(columns.values()), schema=rows.schema)
