"""Money: the budget of the day is nearly spent, or all of it."""

from collections.abc import Iterator
from datetime import datetime

from flyball.loop.alerts.condition import Condition, condition
from flyball.loop.money import spending_of
from flyball.loop.workshop import Workshop

__all__ = ["money"]


@condition()
def money(workshop: Workshop, now: datetime) -> Iterator[Condition]:
    """Look at each budget of today."""
    del now
    share = workshop.deployment.settings.alerts.budget_share
    for one in spending_of(workshop):
        taken, limit = float(one.taken_eur), float(one.limit_eur)
        whose = f"{one.budget}, {one.tenant}" if one.tenant else one.budget
        nearly = taken > 0 and taken >= share * limit
        # The last cents are too little for anything: what is asked is refused before all of it is spent.
        spent = taken >= limit or (nearly and one.refused)
        refused = "; what is asked now is refused" if spent else ""
        yield Condition(
            f"money/{one.budget}/{one.tenant}",
            nearly or (spent and limit > 0),
            "page" if spent else "ticket",
            f"Budget of today: {whose}",
            f"{taken:.2f} of {limit:.2f} euros are spent or set aside{refused}",
            group="money",
            runbook="money",
        )
