"""Accuracy of predictions in two tables: what confidences promise now, and what labels say."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, NotMeasured
from flyball.evaluation.drift.estimated import (
    Calibrator,
    Reconciled,
    estimated_accuracy,
    fit_calibrator,
    reconciled,
    weights_of,
)
from flyball.evaluation.drift.kinds import Kind, kind_of
from flyball.evaluation.drift.table_sketch import TableSketch
from flyball.evaluation.drift.together import encoded

__all__ = ["Predictions", "accuracy_of"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Predictions:
    """Names of columns.

    Parameters
    ----------
    prediction : str
    confidence : str
        P(right); "" where `probability` is named.
    probability : str
        P(the answer is yes, true or 1), of predictions that are yes or no.
    outcome : str
        What turned out; "" where nothing is known.
    """

    prediction: str
    confidence: str = ""
    probability: str = ""
    outcome: str = ""


def accuracy_of(reference: TableSketch, current: TableSketch, named: Predictions) -> Reconciled:
    """Estimate the accuracy of the current rows, and hold it against labels where there are any.

    All of it is measured on the rows drawn at random.

    Raises
    ------
    BadInput
        A column is missing, or a confidence lies outside 0 to 1.
    """
    ours, theirs = (_Side.of(one.sample, named, one.name) for one in (reference, current))
    known = ~np.isnan(ours.right)
    fitted = fit_calibrator(ours.confidence[known], ours.right[known])
    calibrator = fitted if isinstance(fitted, Calibrator) else None
    estimated = estimated_accuracy(theirs.confidence, calibrator)
    weighted: Estimate | NotMeasured = NotMeasured("the reference has too few labels")
    if calibrator is not None:
        weighted = _weighted(reference, current, named, ours, theirs)
    seen = ~np.isnan(theirs.right)
    return reconciled(
        estimated,
        weighted,
        theirs.right[seen],
        confidence_labelled=theirs.confidence[seen],
        confidence_all=theirs.confidence,
    )


@dataclass(frozen=True, slots=True)
class _Side:
    """Confidences, whether they were right (NaN where nobody knows), and the places of these rows."""

    confidence: Floats
    right: Floats
    places: npt.NDArray[np.int64]

    @classmethod
    def of(cls, sample: pa.Table, named: Predictions, table: str) -> "_Side":
        predicted = _texts(sample, named.prediction, table)
        sure = _reals(sample, named.confidence or named.probability, table)
        if named.probability:
            yes = np.array([one in ("true", "1", "yes") for one in predicted])
            sure = np.where(yes, sure, 1 - sure)
        there = np.array([one is not None for one in predicted], bool) & ~np.isnan(sure)
        right = np.full(len(predicted), np.nan)
        if named.outcome and named.outcome in sample.column_names:
            truth = _texts(sample, named.outcome, table)
            right = np.array(
                [np.nan if b is None else float(a == b) for a, b in zip(predicted, truth, strict=True)],
                np.float64,
            )
        return cls(sure[there], right[there], np.flatnonzero(there))


def _weighted(
    reference: TableSketch, current: TableSketch, named: Predictions, ours: _Side, theirs: _Side
) -> Estimate | NotMeasured:
    about = {named.prediction, named.confidence, named.probability, named.outcome}
    both = set(reference.sample.column_names) & set(current.sample.column_names)
    kinds: dict[str, Kind] = {
        name: kind
        for name, kind in reference.kinds.items()
        if name in both - about and current.kinds[name] == kind and kind in ("number", "category")
    }
    rows = encoded(reference.sample, current.sample, kinds)
    if rows.reason:
        return NotMeasured(rows.reason)
    weights = weights_of(rows.reference, rows.current)[ours.places]
    known = ~np.isnan(ours.right)
    fitted = fit_calibrator(ours.confidence[known], ours.right[known], weights[known])
    if isinstance(fitted, NotMeasured):
        return fitted
    return estimated_accuracy(theirs.confidence, fitted)


def _reals(sample: pa.Table, name: str, table: str) -> Floats:
    column = _column(sample, name, table)
    if kind_of(column.type) != "number":
        raise BadInput(
            f"The column {name!r} of {table} holds no numbers.", fix="Name a column of shares.", column=name
        )
    values: Floats = column.cast(pa.float64()).to_numpy(zero_copy_only=False).astype(np.float64)
    return values


def _texts(sample: pa.Table, name: str, table: str) -> list[str | None]:
    """Return values as text in which 1, 1.0 and "1" are one."""
    column = _column(sample, name, table)
    if kind_of(column.type) == "number":
        return [None if one is None else f"{one:g}" for one in column.cast(pa.float64()).to_pylist()]
    return [None if one is None else str(one).strip().casefold() for one in column.to_pylist()]


def _column(sample: pa.Table, name: str, table: str) -> pa.Array:
    if name not in sample.column_names:
        raise BadInput(
            f"{table} has no column {name!r}.",
            fix=f"Columns: {', '.join(sample.column_names[:50])}.",
            column=name,
        )
    return sample.column(name).combine_chunks()
