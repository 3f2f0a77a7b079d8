"""Objectives: a budget used up too fast, a figure surely on the wrong side, or one that cannot be read."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from flyball.core.errors import FlyballError
from flyball.core.estimates import Failed
from flyball.evaluation.objectives.burn import any_speaks
from flyball.evaluation.objectives.records import ObjectiveState
from flyball.evaluation.objectives.settings import SloSettings
from flyball.loop.alerts.condition import Condition, condition
from flyball.loop.objectives import measure_objectives, write_measured
from flyball.loop.workshop import Workshop

__all__ = ["slo"]

_LOG = logging.getLogger(__name__)


@condition()
def slo(workshop: Workshop, now: datetime) -> Iterator[Condition]:
    """Measure every objective, write down what changed side, and say what may be raised.

    One that cannot be read says so, and keeps no other from being measured.
    """
    for one in workshop.deployment.settings.slo:
        try:
            (state,) = measure_objectives(workshop, now, names=(one.name,))
            write_measured(workshop.ledger, (state,), now, actor="system:watch")
        except FlyballError as err:
            _LOG.error("The objective %s cannot be measured: %s", one.name, err)
            yield _unread(one, err.code)
        except Exception as err:  # noqa: BLE001 - it becomes an alert; the others are measured
            _LOG.exception("The objective %s cannot be measured", one.name)
            yield _unread(one, type(err).__name__)
        else:
            # Only the code of the error: its text may hold words of a case.
            failed = state.figure.error.partition(":")[0] if isinstance(state.figure, Failed) else ""
            yield _unread(one, failed)
            yield from _said(one, state)


def _unread(one: SloSettings, why: str) -> Condition:
    """Say whether an objective cannot be read: nobody would be told of anything about it."""
    title = f"{one.title or one.name} cannot be measured"
    return Condition(f"slo/{one.name}/unread", bool(why), "ticket", title, why, "watch", "watch")


def _said(one: SloSettings, state: ObjectiveState) -> Iterator[Condition]:
    found = Condition(
        name=f"slo/{state.name}",
        holds=None if state.speaks == "unknown" else state.speaks != "no",
        severity="page" if state.speaks == "page" else "ticket",
        title=state.title,
        why=state.why,
        group=one.group or state.name,
        runbook=one.runbook or state.indicator,
        asks_for_turn=one.starts_turn,
    )
    if not state.burn:
        yield found
        return
    # A page ends with what burns; what it left of the budget is a ticket of its own, raised only then.
    pages = any_speaks(each for each in state.burn if each.rule.severity == "page")
    fast = True if state.speaks == "page" else pages
    slow = True if state.used_up else any_speaks(state.burn)
    yield replace(found, holds=fast)
    yield replace(
        found,
        name=f"slo/{state.name}/budget",
        holds=None if fast else slow,
        severity="ticket",
        title=f"{state.title}, over days",
        group=f"{found.group}-budget",
    )
