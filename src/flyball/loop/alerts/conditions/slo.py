"""Objectives: a budget that is used up too fast, or a figure that is surely on the wrong side."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from flyball.evaluation.objectives.burn import any_speaks
from flyball.loop.alerts.condition import Condition, condition
from flyball.loop.objectives import measure_objectives, write_measured
from flyball.loop.workshop import Workshop

__all__ = ["slo"]


@condition()
def slo(workshop: Workshop, now: datetime) -> Iterator[Condition]:
    """Measure every objective, write down what changed side, and say what may be raised."""
    states = measure_objectives(workshop, now)
    write_measured(workshop.ledger, states, now, actor="system:watch")
    settings = {one.name: one for one in workshop.deployment.settings.slo}
    for state in states:
        one = settings[state.name]
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
            continue
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
