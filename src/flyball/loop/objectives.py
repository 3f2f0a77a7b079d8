"""The objectives of a deployment: measured now, written down once a day and whenever one changes side."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from flyball.core.errors import UnknownName
from flyball.core.estimates import as_plain
from flyball.evaluation.objectives.indicator import Sources
from flyball.evaluation.objectives.measure import measure_objective
from flyball.evaluation.objectives.records import ObjectiveState
from flyball.evaluation.objectives.requests import REQUESTS, RequestLog
from flyball.ledger.ledger import Ledger
from flyball.loop.alerts.records import Alert, Silence
from flyball.loop.alerts.standing import alerts_of, standing_of
from flyball.loop.asked_turns import AskedTurn, asked_turns
from flyball.loop.workshop import Workshop

__all__ = [
    "SLO_MEASURED",
    "ObjectivesView",
    "measure_objectives",
    "objective_as_json",
    "objectives_view",
    "write_measured",
]

SLO_MEASURED = "slo.measured"
_AT_LEAST_APART = timedelta(hours=1)
"""Between two entries of one day: a figure that dances about its target does not fill the ledger."""


@dataclass(frozen=True, slots=True)
class ObjectivesView:
    """Everything about objectives and alerts, for a page.

    Parameters
    ----------
    deployment : str
    measured_at : datetime
    objectives : tuple of ObjectiveState
        As in flyball.toml.
    alerts : tuple of Alert
        Open ones first, pages before tickets; then the last resolved ones.
    silences : tuple of Silence
        Those that are on.
    asked_turns : tuple of AskedTurn
        Who waits for a turn.
    failing : dict of str to str
        Channels whose last message was not delivered, with the reason.
    """

    deployment: str
    measured_at: datetime
    objectives: tuple[ObjectiveState, ...]
    alerts: tuple[Alert, ...]
    silences: tuple[Silence, ...]
    asked_turns: tuple[AskedTurn, ...]
    failing: dict[str, str]


def measure_objectives(
    workshop: Workshop, now: datetime | None = None, *, names: tuple[str, ...] = ()
) -> tuple[ObjectiveState, ...]:
    """Measure every `[[slo]]`, or those that are named.

    Raises
    ------
    UnknownName, BadInput
        There is none of a name, or one cannot be measured as it is written.
    """
    known = {one.name: one for one in workshop.deployment.settings.slo}
    for name in names:
        if name not in known:
            raise UnknownName(
                f"No [[slo]] is called {name!r}.", fix=f"Known: {', '.join(known) or 'none'}.", name=name
            )
    at = now or workshop.clock()
    sources = Sources(RequestLog(workshop.state / REQUESTS), workshop.history, workshop.ledger)
    return tuple(measure_objective(known[name], sources, at) for name in names or known)


def write_measured(ledger: Ledger, states: tuple[ObjectiveState, ...], now: datetime, *, actor: str) -> int:
    """Write down objectives that were not written down today, or stand otherwise than an hour ago or longer.

    Returns
    -------
    int
        How many were written.
    """
    last = {str(one.body["name"]): one for one in ledger.entries(kind=SLO_MEASURED)}
    written = 0
    for state in states:
        before = last.get(state.name)
        if before is not None:
            same = before.body["status"] == state.status
            if before.at.date() == now.date() and (same or now - before.at < _AT_LEAST_APART):
                continue
        body = {
            "name": state.name,
            "indicator": state.indicator,
            "target": state.target,
            "unit": state.unit,
            "window_days": state.window_days,
            "figure": state.figure,
            "status": state.status,
            "budget": state.budget,
            "speaks": state.speaks,
            "why": state.why,
        }
        ledger.append(kind=SLO_MEASURED, actor=actor, body=body)
        written += 1
    return written


def objectives_view(workshop: Workshop, now: datetime | None = None) -> ObjectivesView:
    """Return objectives, alerts, silences and asked turns as they stand."""
    at = now or workshop.clock()
    standing = standing_of(workshop.ledger, at)
    return ObjectivesView(
        workshop.deployment.name,
        at,
        measure_objectives(workshop, at),
        tuple(alerts_of(workshop.ledger, at)),
        tuple(standing.silences),
        tuple(asked_turns(workshop.ledger)),
        standing.failing,
    )


def objective_as_json(one: ObjectiveState) -> dict[str, object]:
    """Return an objective as plain data, for machines."""
    burn = [
        {
            "severity": each.rule.severity,
            "long_minutes": each.rule.long_minutes,
            "short_minutes": each.rule.short_minutes,
            "factor": each.rule.factor,
            "long": as_plain(each.long),
            "short": as_plain(each.short),
            "speaks": each.speaks,
            "chance": each.chance,
        }
        for each in one.burn
    ]
    return asdict(one) | {"figure": as_plain(one.figure), "burn": burn}
