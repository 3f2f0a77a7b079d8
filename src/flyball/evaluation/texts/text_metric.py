"""The contract of a metric of text answers: one file, one name, one card, one function per answer."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from flyball.core.estimates import Estimate, NotMeasured
from flyball.core.shelves import Shelf
from flyball.core.text import count
from flyball.evaluation.bootstrap import RareEvents, Sampling, Tally, estimate_all, ratio_of_sums
from flyball.evaluation.metric import SMALLEST_CASES
from flyball.evaluation.texts.records import TextCase

__all__ = ["TEXT_METRICS", "Points", "TextMetric", "measure_texts", "text_metric"]

TEXT_METRICS = Shelf(kind="text metric", package="flyball.evaluation.text_metrics")

Points = tuple[float, float] | None
"""Points got and points to be had; None where the metric does not apply to an answer."""

Needs = Literal["right", "passages"]


@dataclass(frozen=True, slots=True)
class TextMetric:
    """A metric with its card.

    Parameters
    ----------
    name, title, unit, source, doc : str
    version : int
    needs : {"right", "passages"}
        What an answer is held against.
    function : callable (cases) -> sequence of Points
        All answers at once, as some weigh words by how common they are.
    """

    name: str
    title: str
    unit: str
    source: str
    doc: str
    version: int
    needs: Needs
    function: Callable[[Sequence[TextCase]], Sequence[Points]]

    def __call__(self, cases: Sequence[TextCase], sampling: Sampling | None = None) -> Estimate | NotMeasured:
        """Measure, with an interval over cases.

        Parameters
        ----------
        cases : sequence of TextCase
        sampling : Sampling, optional

        Returns
        -------
        Estimate or NotMeasured
            `n` counts answers.
        """
        apply = [one for one in cases if one.right is not None or self.needs == "passages"]
        points = self.function(apply)
        numbers = {case: at for at, case in enumerate(dict.fromkeys(one.case_id for one in apply))}
        sums = np.zeros((len(numbers), 2))
        n = 0
        for one, got in zip(apply, points, strict=True):
            if got is not None:
                sums[numbers[one.case_id]] += got
                n += 1
        sums = sums[sums[:, 1] > 0]
        if len(sums) < SMALLEST_CASES:
            held = "with what is right" if self.needs == "right" else "that claim something to check"
            return NotMeasured(f"{count(len(sums), 'case')} {held}; at least {SMALLEST_CASES} are needed")
        most = float(sums[:, 1].sum())
        rare = (
            RareEvents(sums[:, 0], lambda seen: min(1.0, seen / most)),
            RareEvents(sums[:, 1] - sums[:, 0], lambda missed: max(0.0, 1.0 - missed / most)),
        )
        return estimate_all([Tally(sums, ratio_of_sums(), n, rare)], sampling or Sampling())[0]


def text_metric(
    *, version: int, title: str, unit: str, source: str, needs: Needs
) -> Callable[[Callable[[Sequence[TextCase]], Sequence[Points]]], TextMetric]:
    """Make a metric of a function; registers nothing, the shelf finds it by its file name."""

    def made(function: Callable[[Sequence[TextCase]], Sequence[Points]]) -> TextMetric:
        doc = inspect.cleandoc(function.__doc__ or "")
        return TextMetric(function.__name__, title, unit, source, doc, version, needs, function)

    return made


def measure_texts(
    cases: Sequence[TextCase], *, names: Sequence[str] = (), sampling: Sampling | None = None
) -> Mapping[str, Estimate | NotMeasured]:
    """Measure text answers.

    Parameters
    ----------
    cases : sequence of TextCase
    names : sequence of str
        Which metrics; () for all on the shelf.
    sampling : Sampling, optional

    Raises
    ------
    UnknownName
        No such metric.
    """
    in_order = sorted(cases, key=lambda one: (one.case_id, one.entry))
    return {name: TEXT_METRICS.load(name)(in_order, sampling) for name in names or TEXT_METRICS.names()}
