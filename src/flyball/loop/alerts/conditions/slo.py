"""Objectives: a budget that is used up too fast, or a figure that is surely on the wrong side."""

from collections.abc import Iterator
from datetime import datetime

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
        yield Condition(
            name=f"slo/{state.name}",
            holds=None if state.speaks == "unknown" else state.speaks != "no",
            severity="page" if state.speaks == "page" else "ticket",
            title=state.title,
            why=state.why,
            group=one.group or state.name,
            runbook=one.runbook or state.indicator,
            asks_for_turn=one.starts_turn,
        )
