"""Accuracy of a deployment, window by window: what confidences promise, and what labels say later."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flyball.core.estimates import NotMeasured
from flyball.evaluation.drift.estimated import (
    Calibrator,
    Reconciled,
    estimated_accuracy,
    fit_calibrator,
    reconciled,
)
from flyball.evaluation.outcomes.agreement import same_answer
from flyball.loop.drifting_rows import Answers, Whole

__all__ = ["AccuracyShown", "Judged", "accuracy_by_window", "judged"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AccuracyShown:
    """Accuracy of one field in one window: promised by confidences, and seen.

    Parameters
    ----------
    field : str
    number : int
        Of the window, from 1 on.
    since, until : datetime
    figures : Reconciled
    """

    field: str
    number: int
    since: datetime
    until: datetime
    figures: Reconciled


@dataclass(frozen=True, slots=True)
class Judged:
    """The answers to one field, decision by decision.

    Parameters
    ----------
    confidence : ndarray
        NaN where no expert answered.
    right : ndarray
        1 and 0; NaN where nobody knows, or people disagree.
    """

    confidence: Floats
    right: Floats


def judged(answers: Answers, reports: pa.Table, entries: Whole) -> dict[str, Judged]:
    """Hold the answers to every field against what was reported about them."""
    labels = _labels(reports)
    found = {}
    for field, mine in answers.items():
        expert = mine.column("expert").cast(pa.string()).combine_chunks().fill_null("")
        by_expert = np.array(expert.to_numpy(zero_copy_only=False) != "", bool)
        confidence = mine.column("confidence").to_numpy().astype(np.float64)
        confidence = np.where(by_expert, confidence, np.nan)
        right = np.full(len(entries), np.nan)
        known = labels.get(field, {})
        of = np.array(list(known), np.int64)
        places = np.searchsorted(entries, of)
        said = mine.column("answer")
        for at, entry in zip(places.tolist(), known, strict=True):
            if at < len(entries) and entries[at] == entry and by_expert[at]:
                right[at] = same_answer(said[at].as_py(), known[entry])
        found[field] = Judged(confidence, right)
    return found


def accuracy_by_window(
    fields: Mapping[str, Judged], ends: list[tuple[datetime, datetime]], *, reference: int, window: int
) -> list[AccuracyShown]:
    """Return, for each whole window and field, what confidences promise beside what labels say.

    Parameters
    ----------
    fields : mapping of str to Judged
    ends : list of pair of datetime
        Times of the first and last decision of every window.
    reference : int
        How many decisions, the first ones, are the reference.
    window : int
        Decisions in one.
    """
    fitted = {field: _calibrator(one, reference) for field, one in fields.items()}
    found = []
    for number, (since, until) in enumerate(ends, 1):
        part = slice(reference + (number - 1) * window, reference + number * window)
        for field, one in fields.items():
            confidence, right = one.confidence[part], one.right[part]
            answered, known = ~np.isnan(confidence), ~np.isnan(right)
            figures = reconciled(
                estimated_accuracy(confidence[answered], fitted[field]),
                NotMeasured("cases are not weighted"),
                right[known],
                confidence_labelled=confidence[known],
                confidence_all=confidence[answered],
            )
            found.append(AccuracyShown(field, number, since, until, figures))
    return found


def _calibrator(one: Judged, reference: int) -> Calibrator | None:
    known = ~np.isnan(one.right[:reference])
    fitted = fit_calibrator(one.confidence[:reference][known], one.right[:reference][known])
    return fitted if isinstance(fitted, Calibrator) else None


def _labels(reports: pa.Table) -> dict[str, dict[int, str]]:
    """Return what stands, for each field and decision; nothing where people disagree."""
    said: dict[tuple[str, int], dict[str, str]] = {}
    settled: dict[tuple[str, int], str] = {}
    names = ("decision", "kind", "name", "answer", "by", "source")
    for decision, kind, name, answer, by, source in zip(
        *(reports.column(column).to_pylist() for column in names), strict=True
    ):
        if kind == "business":
            continue
        said.setdefault((name, decision), {})[by] = answer
        if source == "settled":
            settled[name, decision] = answer
    agreed = {
        key: next(iter(voices.values())) for key, voices in said.items() if len(set(voices.values())) == 1
    }
    found: dict[str, dict[int, str]] = {}
    for (name, decision), answer in (agreed | settled).items():
        found.setdefault(name, {})[decision] = answer
    return found
