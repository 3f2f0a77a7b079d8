"""A promise for several experts together: each keeps it on what those before it leave open.

What an expert is asked in a cascade is harder than what it was measured on: the easy answers were given
before. So its thresholds are chosen on the answers to questions that the experts before it would leave open,
at their thresholds. Where each of k experts keeps "at most this share is wrong" on its own part, all
automated answers together do; the chance that one of them fails is shared out evenly (Bonferroni), and so
is the number of false positives.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from flyball.models.router.risk_control import (
    Calibration,
    ControlledThresholds,
    Promise,
    calibration_of,
    choose_thresholds,
)
from flyball.models.router.thresholds import ExpertThresholds

__all__ = ["Before", "before_of", "open_questions", "share_of", "thresholds_in_cascade"]


@dataclass(frozen=True)
class Before:
    """An expert that is asked earlier.

    Parameters
    ----------
    name : str
    fields : frozenset of str
        What it can answer.
    answers : mapping of (case_id, field) to (answer, confidence)
        To cases that it had not seen.
    thresholds : ExpertThresholds
    """

    name: str
    fields: frozenset[str]
    answers: Mapping[tuple[str, str], tuple[str, float]]
    thresholds: ExpertThresholds

    def settles(self, case_id: str, field: str) -> bool | None:
        """Return whether it automates the answer; None where it is not known what it would say."""
        if field not in self.fields:
            return False
        given = self.answers.get((case_id, field))
        if given is None:
            return None
        return given[1] >= self.thresholds.least(field, given[0])


def before_of(
    name: str, fields: Sequence[str], out_of_fold: pa.Table, thresholds: ExpertThresholds
) -> Before:
    """Return what has to be known about an expert when the next one's thresholds are chosen."""
    columns = [out_of_fold.column(one).to_pylist() for one in ("case_id", "field", "answer", "confidence")]
    answers = {
        (case, key): (answer, confidence) for case, key, answer, confidence in zip(*columns, strict=True)
    }
    return Before(name, frozenset(fields), answers, thresholds)


def share_of(promise: Promise, n_experts: int) -> Promise:
    """Return the promise that each of several experts has to keep, so that all of them together keep it."""
    if n_experts <= 1:
        return promise
    doubt = (1.0 - promise.confidence) / n_experts
    limit, sure = promise.false_positives_per_1000_at_most, promise.false_positives_confidence
    return replace(
        promise,
        confidence=1.0 - doubt,
        false_positives_per_1000_at_most=None if limit is None else limit / n_experts,
        false_positives_confidence=None if sure is None else sure and 1.0 - (1.0 - sure) / n_experts,
    )


def open_questions(out_of_fold: pa.Table, before: Sequence[Before], *, asked_openly: bool) -> list[bool]:
    """Say which answers of an expert are to questions that would reach it.

    Parameters
    ----------
    out_of_fold : Table
        Columns case_id and field at least.
    before : sequence of Before
    asked_openly : bool
        The expert was asked only what was open then (an expert on demand): a question of which nobody knows
        what those before would say did reach it. For any other expert it is left out, for it
        may have been an easy one.

    Returns
    -------
    list of bool
        One per row.
    """
    found = []
    for case, key in zip(
        out_of_fold.column("case_id").to_pylist(), out_of_fold.column("field").to_pylist(), strict=True
    ):
        settled = [one.settles(case, key) for one in before]
        found.append(True not in settled and (asked_openly or None not in settled))
    return found


def thresholds_in_cascade(
    out_of_fold: pa.Table, before: Sequence[Before], promise: Promise, *, asked_openly: bool
) -> ControlledThresholds | None:
    """Choose the thresholds of one expert for what reaches it.

    Parameters
    ----------
    out_of_fold : Table
        Its answers to cases that it had not seen.
    before : sequence of Before
    promise : Promise
        Its share of the promise, from `share_of`.
    asked_openly : bool
        As in `open_questions`.

    Returns
    -------
    ControlledThresholds or None
        None where no answer is to a question that is known to reach it: nothing can be promised for it.
    """
    rows = out_of_fold.filter(pa.array(open_questions(out_of_fold, before, asked_openly=asked_openly)))
    if before and not rows.num_rows:
        return None
    return choose_thresholds(_calibration(rows), promise)


def _calibration(rows: pa.Table) -> Calibration:
    columns = [rows.column(one).to_pylist() for one in ("case_id", "answer", "confidence", "right")]
    return calibration_of(*columns)
