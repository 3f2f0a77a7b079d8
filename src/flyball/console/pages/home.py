"""The first page: the loop of every deployment, where it is in its turn, and what waits for whom."""

from dataclasses import dataclass
from functools import partial

from flyball.console.page import Asked, Page, Shown, address
from flyball.core.errors import FlyballError
from flyball.evaluation.history.records import Counted, Wanted
from flyball.gateway.house import Served
from flyball.loop.alerts.records import Alert
from flyball.loop.alerts.standing import alerts_of
from flyball.loop.picture import LoopView, loop_view
from flyball.loop.release_view import ReleaseView, release_view
from flyball.loop.releases import live_release, releases_made
from flyball.loop.workshop import Workshop

__all__ = ["Waiting", "home", "waiting_of"]

_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits for somebody.

    Parameters
    ----------
    whom, what : str
        "reviewers", "cases to look at".
    n : Counted
    href : str
    urgent : bool
    """

    whom: str
    what: str
    n: Counted
    href: str
    right: str
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class _House:
    """One deployment on the page."""

    name: str
    href: str
    loop: LoopView | None
    problem: str
    waiting: list[Waiting]


def _show(asked: Asked) -> Shown:
    served = [asked.house.of(name, asked.principal) for name in asked.house.names(asked.principal)]
    loops = asked.worked_out({f"loop/{one.name}": partial(loop_view, one.workshop) for one in served})
    return {"houses": [_house(asked, one, loops[f"loop/{one.name}"]) for one in served]}


def _house(asked: Asked, served: Served, loop: LoopView | FlyballError | None) -> _House:
    return _House(
        served.name,
        address("d", served.name),
        loop if isinstance(loop, LoopView) else None,
        f"{loop.message} {loop.fix}" if isinstance(loop, FlyballError) else "",
        waiting_of(asked, served, loop if isinstance(loop, LoopView) else None),
    )


def waiting_of(asked: Asked, served: Served, loop: LoopView | None) -> list[Waiting]:
    """Return what waits for people in a deployment, what is urgent first."""
    workshop, name = served.workshop, served.name
    found = [
        _alerts(workshop, name),
        Waiting(
            "reviewers",
            "cases to look at",
            workshop.history.count(
                Wanted(tenant=asked.principal.tenant, waiting=True, newest=True), at_most=_COUNTED
            ),
            address("d", name, "review"),
            "review.read",
        ),
        _approvals(workshop, name),
    ]
    if loop is not None and loop.asked:
        n = Counted(len(loop.asked), True)
        found.append(Waiting("engineers", "reasons for a turn", n, address("d", name), "governance.read"))
    return [one for one in found if one is not None and one.n.n and asked.principal.may(one.right)]


def _alerts(workshop: Workshop, name: str) -> Waiting:
    open_ones: list[Alert] = [
        one for one in alerts_of(workshop.ledger, workshop.clock()) if one.state == "open"
    ]
    pages = any(one.severity == "page" for one in open_ones)
    n = Counted(len(open_ones), True)
    return Waiting(
        "whoever is on duty", "open alerts", n, address("d", name, "alerts"), "governance.read", pages
    )


def _approvals(workshop: Workshop, name: str) -> Waiting | None:
    """Return the newest release where it is not live and people must still sign it."""
    made, live = releases_made(workshop.ledger), live_release(workshop.ledger)
    if not made or (live is not None and live.release == made[-1][0]):
        return None
    try:
        view: ReleaseView = release_view(workshop, made[-1][0])
    except FlyballError:
        return None
    n = Counted(len(view.missing), True)
    href = address("d", name, "releases")
    return Waiting("those who approve", "signatures on the newest release", n, href, "governance.read")


home = Page("Deployments", "/", _show, live=True)
