"""What a measurement of fairness in the ledger shows, metric by metric: the checks that duties name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from flyball.core.text import count
from flyball.core.verdicts import Check
from flyball.governance.evidence.pack import Figure, Outcome
from flyball.governance.evidence.records import Procedure
from flyball.ledger.records import Entry

__all__ = ["FAIRNESS", "MetricShown", "fairness_shown"]

FAIRNESS = "fairness.measured"
"""Kind of the ledger entries that are read here."""

_NOT_COVERED = (
    "Groups that were not declared or are too small, cases that are not in those days, and releases that did "
    "not decide them. No metric says what is just."
)
_MOST_TOLD = 6


@dataclass(frozen=True, slots=True)
class MetricShown:
    """One metric of one measurement, over all fields and traits.

    Parameters
    ----------
    check : Check
        "fairness.four_fifths". Passed where every field has a figure and no limit is broken; the bad end of
        an interval counts, as for objectives.
    outcome : Outcome
        "measured" where nobody set a limit.
    figure : Figure
        Of the gap that says most against it.
    limit : str
        As it was set: "0.8 (29 CFR 1607.4(D))"; "" for none.
    procedure : Procedure
        With the cases whose group is known.
    """

    check: Check
    outcome: Outcome
    figure: Figure
    limit: str
    procedure: Procedure


def fairness_shown(entry: Entry) -> tuple[MetricShown, ...]:
    """Return what one measurement shows, by the name of the metric.

    Parameters
    ----------
    entry : Entry
        Of kind `FAIRNESS`.

    Returns
    -------
    tuple of MetricShown
        Sorted by name; () where nothing was measured. A metric that was not asked for is not in it.
    """
    body: Any = entry.body
    gaps: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = {}
    for field in body["fields"]:
        for trait in field["traits"]:
            for name, gap in trait["metrics"].items():
                gaps.setdefault(name, []).append((field["field"], trait["trait"], gap))
    fields = [str(field["field"]) for field in body["fields"]]
    done = (
        f"Groups of the declared file were compared in what was decided from {body['since']} on; entry "
        f"{entry.index} of the ledger, by the law of {body['day']}."
    )
    return tuple(_shown(name, found, fields, done) for name, found in sorted(gaps.items()))


def _shown(
    name: str, gaps: list[tuple[str, str, Mapping[str, Any]]], fields: list[str], done: str
) -> MetricShown:
    had = [one for one in gaps if one[2]["value"] is not None]
    without = [field for field in fields if field not in {one[0] for one in had}]
    broken = [one for one in had if one[2]["finding"] in ("outside", "unsure")]
    worst = (broken or had or gaps)[0][2]
    limits = dict.fromkeys(
        f"{gap['limit']:g} ({gap['limit_from']})" for _, _, gap in gaps if gap["limit"] is not None
    )
    outcome: Outcome = "measured"
    if broken:
        outcome = "failed"
    elif without:
        outcome = "not_measured"
    elif limits:
        outcome = "passed"
    told = [*broken, *(one for one in had if one not in broken), *(one for one in gaps if one not in had)]
    said = [_said(*one) for one in told[:_MOST_TOLD]]
    more = [f"and {count(len(told) - _MOST_TOLD, 'more comparison')}"] if len(told) > _MOST_TOLD else []
    check = Check(f"fairness.{name}", bool(had) and not broken and not without, "; ".join([*said, *more]))
    procedure = Procedure(done, _NOT_COVERED, max(gap["n"] for _, _, gap in gaps))
    return MetricShown(check, outcome, _figure(worst), ", ".join(limits), procedure)


def _said(field: str, trait: str, gap: Mapping[str, Any]) -> str:
    limit = "" if gap["limit"] is None else f", {gap['finding']} the limit {gap['limit']:g}"
    who = f", {gap['lowest']} and {gap['highest']}" if gap["lowest"] else ""
    return f"{field} by {trait}: {_figure(gap)}{who}{limit if gap['value'] is not None else ''}"


def _figure(gap: Mapping[str, Any]) -> Figure:
    known = {name: gap[name] for name in ("value", "low", "high", "n")}
    return msgspec.convert(known | {"level": 0.95, "reason": str(gap.get("reason", ""))}, Figure)
