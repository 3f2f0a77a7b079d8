"""Access: somebody has broken the glass, or who may sign has changed, and nobody else has looked at it."""

from collections.abc import Iterator
from datetime import datetime

from flyball.core.text import count
from flyball.loop.access_noted import note_access
from flyball.loop.access_reviews import open_reviews
from flyball.loop.alerts.condition import Condition, condition
from flyball.loop.emergency import open_now
from flyball.loop.people_noted import note_people
from flyball.loop.promotion import people_of
from flyball.loop.workshop import Workshop

__all__ = ["access"]


@condition()
def access(workshop: Workshop, now: datetime) -> Iterator[Condition]:
    """Look at people.toml and `[access]`, write down what has changed, and say what waits for a review."""
    note_people(workshop, people_of(workshop))
    note_access(workshop)
    opened = open_now(workshop.ledger, now)
    yield Condition(
        "access/emergency",
        bool(opened),
        "page",
        "Emergency access is open",
        "; ".join(f"{one.person} until {one.until:%Y-%m-%d %H:%M} UTC (entry {one.entry})" for one in opened),
        group="access",
        runbook="access",
    )
    waiting = [one for one in open_reviews(workshop) if one.entry not in {each.entry for each in opened}]
    yield Condition(
        "access/review",
        bool(waiting),
        "ticket",
        "Access waits for somebody to look at it",
        f"{count(len(waiting), 'entry', 'entries')}: {', '.join(str(one.entry) for one in waiting)}",
        group="access",
        runbook="access",
    )
