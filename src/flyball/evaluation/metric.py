"""The contract of a metric: one file, one name, one card, one function from cases to a tally."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from flyball.core.errors import BadInput
from flyball.core.estimates import Better, Measurement, NotMeasured
from flyball.core.shelves import Shelf
from flyball.core.text import count
from flyball.evaluation.bootstrap import Sampling, Tally, estimate_all
from flyball.evaluation.cases import ScoredCases
from flyball.evaluation.records import MetricResult

__all__ = ["METRICS", "SMALLEST_CASES", "Metric", "metric"]

METRICS = Shelf(kind="metric", package="flyball.evaluation.metrics")

SMALLEST_CASES = 5
"""Below this, drawing cases again says nothing, so nothing is said."""

Argument = int | float | str


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric with its card. Calling it measures.

    Parameters
    ----------
    name : str
        Name of the function and of its file.
    title : str
        For people, in plain words.
    version : int
        Raised whenever the metric behaves differently.
    unit : str
        With the range: "share of decisions, 0 to 1".
    better : {"higher", "lower"}
    source : str
        Where the definition comes from.
    doc : str
        The docstring: what 0 means, what is left out.
    function : callable (cases, **arguments) -> Tally or NotMeasured
    arguments : mapping of str to int, float or str
        The keyword-only arguments of the function, defaults included.
    per_field : bool
        Whether it also makes sense for one field alone.
    """

    name: str
    title: str
    version: int
    unit: str
    better: Better
    source: str
    doc: str
    function: Callable[..., Tally | NotMeasured]
    arguments: Mapping[str, Argument]
    per_field: bool

    def __call__(self, cases: ScoredCases, sampling: Sampling | None = None) -> Measurement:
        """Measure, with an interval over cases.

        Parameters
        ----------
        cases : ScoredCases
        sampling : Sampling, optional

        Returns
        -------
        Estimate or NotMeasured
        """
        tally = self.tally(cases.in_order())
        if isinstance(tally, NotMeasured):
            return tally
        return estimate_all([tally], sampling or Sampling())[0]

    def tally(self, cases: ScoredCases) -> Tally | NotMeasured:
        """Count, case by case; `NotMeasured` for fewer than five labelled cases."""
        labelled = int(cases.known.any(axis=1).sum()) if len(cases) else 0
        if labelled < SMALLEST_CASES:
            return NotMeasured(f"{count(labelled, 'labelled case')}; at least {SMALLEST_CASES} are needed")
        return self.function(cases, **self.arguments)

    def given(self, **arguments: Argument) -> "Metric":
        """Return the same metric with other arguments.

        Raises
        ------
        BadInput
            It has no such argument.
        """
        unknown = sorted(set(arguments) - set(self.arguments))
        if unknown:
            known = ", ".join(self.arguments) or "none"
            raise BadInput(
                f"Metric {self.name} has no argument {unknown[0]!r}.",
                fix=f"Known: {known}.",
                metric=self.name,
                argument=unknown[0],
            )
        return replace(self, arguments={**self.arguments, **arguments})

    def result(self, estimate: Measurement) -> MetricResult:
        """Return the record of a measurement, with the whole card."""
        return MetricResult(
            name=self.name,
            title=self.title,
            version=self.version,
            arguments=dict(self.arguments),
            unit=self.unit,
            better=self.better,
            estimate=estimate,
        )


def metric(
    *, version: int, title: str, unit: str, better: Better, source: str, per_field: bool = True
) -> Callable[[Callable[..., Tally | NotMeasured]], Metric]:
    """Make a metric of a function; registers nothing, the shelf finds it by its file name.

    Parameters
    ----------
    version, title, unit, better, source, per_field
        See `Metric`.

    Returns
    -------
    callable
        From a function `(cases, *, arguments...)` to a `Metric` of the same name.
    """

    def made(function: Callable[..., Tally | NotMeasured]) -> Metric:
        parameters = inspect.signature(function).parameters.values()
        return Metric(
            name=function.__name__,
            title=title,
            version=version,
            unit=unit,
            better=better,
            source=source,
            doc=inspect.cleandoc(function.__doc__ or ""),
            function=function,
            arguments={one.name: one.default for one in parameters if one.kind is one.KEYWORD_ONLY},
            per_field=per_field,
        )

    return made
