"""Residency: whether data may go where it would be sent."""

from collections.abc import Iterable, Sequence
from datetime import date

from flyball.data.labels.words import RESIDENCY
from flyball.governance.obligations.jurisdictions import covers
from flyball.governance.records import Destination

__all__ = ["residency"]

_STAYS = frozenset({"local", "home"})


def residency(labels: Iterable[str], sent_to: Sequence[Destination], on: date) -> tuple[str, str]:
    """Hold the residency labels of data against the places that it would go to.

    Parameters
    ----------
    labels : iterable of str
        Of the data; several residencies mean that it stays where all of them allow it, and none that it
        stays home.
    sent_to : sequence of Destination
        () means that nothing leaves this machine.
    on : date
        Membership of the EU and the like is looked up for this day.

    Returns
    -------
    problem, detail : str
        What is wrong, "" for nothing; and what was seen.
    """
    kept_in = [item.removeprefix(RESIDENCY) for item in labels if item.startswith(RESIDENCY)]
    if not sent_to:
        return "", "nothing leaves this machine"
    places = [place for place in kept_in if place not in _STAYS]
    if not places or len(places) != len(kept_in):
        stays = "it must stay on this machine" if kept_in else "its residency is not known, so it stays home"
        return f"{stays}, but it would go to {', '.join(place.name for place in sent_to)}", ""
    wrong = [
        f"{target.name} ({target.jurisdiction or 'place not known'})"
        for target in sent_to
        if not target.jurisdiction or not all(covers(place, target.jurisdiction, on) for place in places)
    ]
    problem = f"it may not leave {', '.join(places)}, but would go to {', '.join(wrong)}" if wrong else ""
    return problem, f"stays within {', '.join(places)}"
