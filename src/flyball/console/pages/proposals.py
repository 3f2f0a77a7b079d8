"""Proposals: what turns suggest to change, line by line, and what differs from the live release touches."""

from functools import partial

from flyball.console.page import Asked, Page, Shown
from flyball.core.errors import FlyballError
from flyball.loop.impact import Impact, impact_of
from flyball.loop.proposals import proposals_in

__all__ = ["proposals"]


def _show(asked: Asked) -> Shown:
    workshop = asked.desk.served.workshop
    name = f"impact/{asked.desk.served.name}"
    impact = asked.worked_out({name: partial(impact_of, workshop)})[name]
    found = proposals_in(workshop)
    return {
        "waiting": [one for one in found if one.state == "waits"],
        "answered": [one for one in reversed(found) if one.state != "waits"],
        "impact": impact if isinstance(impact, Impact) else None,
        "problem": impact.message if isinstance(impact, FlyballError) else "",
    }


proposals = Page("Proposals", "/d/{deployment}/proposals", _show, scope="governance.read", place=61)
