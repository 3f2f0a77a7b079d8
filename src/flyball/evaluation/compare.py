"""Compare: a challenger against the champion, on the same cases."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from flyball.core.clock import Clock, utc_now
from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, Measurement, NotMeasured
from flyball.core.text import count
from flyball.evaluation.bootstrap import Sampling, estimate_all, paired_difference
from flyball.evaluation.cases import ScoredCases
from flyball.evaluation.metric import METRICS, Metric
from flyball.evaluation.records import Comparison, Difference

__all__ = ["NotComparable", "compare"]


class NotComparable(BadInput):
    """Champion and challenger were not scored on the same cases, fields and labels."""

    code = "evaluation.not_comparable"


def compare(
    champion: ScoredCases,
    challenger: ScoredCases,
    *,
    names: tuple[str, str] = ("champion", "challenger"),
    metrics: Sequence[str] | None = None,
    sampling: Sampling | None = None,
    clock: Clock = utc_now,
) -> Comparison:
    """Measure the paired differences, challenger minus champion.

    A winner is named for a metric only where the interval of the difference leaves out 0 and the
    permutation test, after Holm's correction for the number of metrics, agrees.

    Parameters
    ----------
    champion, challenger : ScoredCases
        The same cases, fields and labels; the order may differ.
    names : (str, str)
        Names or digests of the two, for the record.
    metrics : sequence of str, optional
        Names on the shelf; default all of them.
    sampling : Sampling, optional
    clock : Clock

    Returns
    -------
    Comparison

    Raises
    ------
    NotComparable
        Other cases, other fields, or other labels.
    """
    sampling = sampling or Sampling()
    champion, challenger = champion.in_order(), challenger.in_order()
    _same(champion, challenger)
    loaded: list[Metric] = [METRICS.load(name) for name in metrics or METRICS.names()]
    found = {one.name: _difference(one, champion, challenger, sampling) for one in loaded}
    adjusted = _holm({name: one.p_value for name, one in found.items() if one.p_value is not None})
    judged = {
        name: replace(one, p_adjusted=adjusted.get(name), winner=_winner(one, adjusted.get(name), sampling))
        for name, one in found.items()
    }
    return Comparison(
        champion=names[0],
        challenger=names[1],
        n_cases=len(champion),
        measured_at=clock(),
        differences=judged,
        verdict=_verdict(judged, len(champion), sampling),
    )


def _same(champion: ScoredCases, challenger: ScoredCases) -> None:
    if champion.fields != challenger.fields:
        odd = sorted(set(champion.fields) ^ set(challenger.fields)) or ["their order"]
        raise NotComparable(
            f"Champion and challenger decide different fields: {odd[0]}.",
            fix="Score both with the same fields.toml.",
        )
    if champion.case_ids != challenger.case_ids:
        odd = sorted(set(champion.case_ids) ^ set(challenger.case_ids))
        raise NotComparable(
            f"{count(len(odd), 'case')} scored for one of the two only, first {odd[0]}.",
            fix="Score both on the same cases.",
            cases=len(odd),
        )
    other = int(((champion.known != challenger.known) | (champion.truth != challenger.truth)).sum())
    if other:
        raise NotComparable(
            f"{count(other, 'label differs', 'labels differ')} between the two.",
            fix="Score both with the same labels.",
            labels=other,
        )


def _difference(
    one: Metric, champion: ScoredCases, challenger: ScoredCases, sampling: Sampling
) -> Difference:
    before, after = one.tally(champion), one.tally(challenger)
    if isinstance(before, NotMeasured) or isinstance(after, NotMeasured):
        alone: list[Measurement] = [
            tally if isinstance(tally, NotMeasured) else estimate_all([tally], sampling)[0]
            for tally in (before, after)
        ]
        reasons = "; ".join(
            f"{who}: {tally.reason}"
            for who, tally in (("champion", before), ("challenger", after))
            if isinstance(tally, NotMeasured)
        )
        return Difference(
            alone[0], alone[1], NotMeasured(reasons), None, None, one.better, "not shown", one.title, one.unit
        )
    both = estimate_all([before, after], sampling)
    difference, p_value = paired_difference(before, after, sampling)
    return Difference(
        both[0], both[1], difference, p_value, None, one.better, "not shown", one.title, one.unit
    )


def _holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Holm 1979, Scandinavian Journal of Statistics 6, 65-70."""
    adjusted: dict[str, float] = {}
    largest = 0.0
    for rank, name in enumerate(sorted(p_values, key=lambda one: p_values[one])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[name]))
        adjusted[name] = largest
    return adjusted


def _winner(
    one: Difference, p_adjusted: float | None, sampling: Sampling
) -> Literal["champion", "challenger", "not shown"]:
    gap = one.difference
    if not isinstance(gap, Estimate) or gap.low is None or gap.high is None or p_adjusted is None:
        return "not shown"
    if gap.low <= 0.0 <= gap.high or p_adjusted > 1.0 - sampling.level:
        return "not shown"
    return "challenger" if (gap.value > 0.0) == (one.better == "higher") else "champion"


def _verdict(judged: Mapping[str, Difference], n_cases: int, sampling: Sampling) -> str:
    better = [one.title for one in judged.values() if one.winner == "challenger"]
    worse = [one.title for one in judged.values() if one.winner == "champion"]
    blank = sum(isinstance(one.difference, NotMeasured) for one in judged.values())
    even = len(judged) - len(better) - len(worse) - blank
    said = (
        f"On the same {count(n_cases, 'case')}, at {sampling.level:.0%}: the challenger is better in "
        f"{_listed(better)} and worse in {_listed(worse)}; in {count(even, 'measure')} no difference is "
        "shown (which does not prove equality)."
    )
    return f"{said} {count(blank, 'measure')} could not be compared." if blank else said


def _listed(titles: Sequence[str]) -> str:
    return "; ".join(f"“{title}”" for title in titles) or "nothing"
