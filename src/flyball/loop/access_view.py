"""The view of access: what command line and console show of it, from one function."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flyball.loop.access_reviews import ToReview, open_reviews
from flyball.loop.emergency import Emergency, emergencies
from flyball.loop.holds import Hold, holds_of
from flyball.loop.people_noted import PeopleChange, people_changes
from flyball.loop.permission import APPROVED, ASKED
from flyball.loop.workshop import Workshop

__all__ = ["AccessView", "Asking", "access_view"]

_WORDS = ("digest", "kind", "person", "reason")
_SHOWN_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Asking:
    """What somebody asked for that needs a second signature and has none.

    Parameters
    ----------
    digest : str
        Of the request: what is signed.
    kind, person, reason : str
    at : datetime
    """

    digest: str
    kind: str
    person: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AccessView:
    """Access as it stands.

    Parameters
    ----------
    emergencies : tuple of Emergency
        Newest first.
    people : tuple of PeopleChange
        Newest first; the first list of all is the last one here.
    to_review : tuple of ToReview
    asked : tuple of Asking
        Of the last seven days.
    holds : tuple of Hold
        Newest first, also those that were released.
    """

    emergencies: tuple[Emergency, ...]
    people: tuple[PeopleChange, ...]
    to_review: tuple[ToReview, ...]
    asked: tuple[Asking, ...]
    holds: tuple[Hold, ...]


def access_view(workshop: Workshop) -> AccessView:
    """Return access as it stands."""
    since = workshop.clock() - _SHOWN_FOR
    signed = {str(one.body["digest"]) for one in workshop.ledger.entries(APPROVED)}
    asked: dict[str, Asking] = {}
    for entry in workshop.ledger.entries(ASKED):
        body: Mapping[str, Any] = entry.body
        if entry.at >= since and str(body["digest"]) not in signed:
            digest, kind, person, reason = (str(body[name]) for name in _WORDS)
            asked[digest] = Asking(digest, kind, person, reason, entry.at)
    return AccessView(
        tuple(reversed(emergencies(workshop.ledger))),
        tuple(reversed(people_changes(workshop))),
        tuple(open_reviews(workshop)),
        tuple(asked.values()),
        tuple(reversed(holds_of(workshop.ledger))),
    )
