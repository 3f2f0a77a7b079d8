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
        yield Condition(
            f"money/{one.budget}/{one.tenant}",
            taken > 0 and taken >= share * limit,
            "page" if taken >= limit else "ticket",
            f"Budget of today: {whose}",
            f"{taken:.2f} of {limit:.2f} euros are spent or set aside",
            group="money",
            runbook="money",
        )
