"""The first page: the loop of every deployment, where it is in its turn, and what waits for whom."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from flyball.console.page import Asked, Page, Shown, address
from flyball.core.digests import short
from flyball.core.errors import FlyballError
from flyball.evaluation.history.records import Counted, Wanted
from flyball.gateway.house import Served
from flyball.loop.alerts.records import Alert
from flyball.loop.alerts.standing import alerts_of
from flyball.loop.picture import LoopView, loop_view
from flyball.loop.release_view import ReleaseView, release_view
from flyball.loop.releases import promotions, releases_made
from flyball.loop.workshop import Workshop

__all__ = ["Waiting", "home", "places_of", "waiting_of"]

_COUNTED = 10_000
_GOVERNS = "governance.read"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits for somebody.

    Parameters
    ----------
    whom : str
        "reviewers".
    what, one : str
        "cases to look at", and how one of them is called.
    n : Counted
    href, right : str
        Where to look at it, and the right that this needs.
    at : str
        Station of the loop where it waits.
    urgent : bool
    """

    whom: str
    what: str
    one: str
    n: Counted
    href: str
    right: str
    at: str
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class _House:
    """One deployment on the page."""

    name: str
    href: str
    loop: LoopView | None
    problem: str
    waiting: list[Waiting]
    places: Mapping[str, str]


def _show(asked: Asked) -> Shown:
    served = [asked.house.of(name, asked.principal) for name in asked.house.names(asked.principal)]
    loops = asked.worked_out({f"loop/{one.name}": partial(loop_view, one.workshop) for one in served})
    return {"houses": [_house(asked, one, loops[f"loop/{one.name}"]) for one in served]}


def _house(asked: Asked, served: Served, loop: LoopView | FlyballError | None) -> _House:
    view = loop if isinstance(loop, LoopView) else None
    return _House(
        served.name,
        address("d", served.name),
        view,
        f"{loop.message} {loop.fix}" if isinstance(loop, FlyballError) else "",
        waiting_of(asked, served, view),
        places_of(asked, served.name, view),
    )


def places_of(asked: Asked, name: str, loop: LoopView | None) -> dict[str, str]:
    """Return the page that each station of the loop leads to; "" where who asks may not see it."""
    live = short(loop.live.release) if loop is not None and loop.live is not None else ""
    parts = ("releases", live) if live else ("releases",)
    pages = {
        "sources": ("settings",),
        "datasets": ("drift",),
        "experts": parts,
        "router": parts,
        "decisions": ("decisions",),
        "evaluation": ("evidence",),
        "governance": ("obligations",),
        "release": ("releases",),
        "ledger": ("ledger",),
    }
    return {
        station: address("d", name, *page)
        if asked.principal.may("decisions.read" if station == "decisions" else "governance.read")
        else ""
        for station, page in pages.items()
    }


def waiting_of(asked: Asked, served: Served, loop: LoopView | None) -> list[Waiting]:
    """Return what waits for people in a deployment and may be seen by who asks, what is urgent first."""
    workshop, name = served.workshop, served.name
    found = [_alerts(workshop, name), _cases(asked, workshop, name), *_newest_release(workshop, name)]
    if loop is not None and loop.asked:
        n = Counted(len(loop.asked), True)
        href = address("d", name)
        found.append(
            Waiting("engineers", "reasons for a turn", "reason for a turn", n, href, _GOVERNS, "ledger")
        )
    return [one for one in found if one.n.n and asked.principal.may(one.right)]


def _alerts(workshop: Workshop, name: str) -> Waiting:
    open_ones: list[Alert] = [
        one for one in alerts_of(workshop.ledger, workshop.clock()) if one.state == "open"
    ]
    pages = any(one.severity == "page" for one in open_ones)
    n, href = Counted(len(open_ones), True), address("d", name, "alerts")
    return Waiting("whoever is on duty", "open alerts", "open alert", n, href, _GOVERNS, "evaluation", pages)


def _cases(asked: Asked, workshop: Workshop, name: str) -> Waiting:
    wanted = Wanted(tenant=asked.principal.tenant, waiting=True, newest=True)
    n, href = workshop.history.count(wanted, at_most=_COUNTED), address("d", name, "review")
    return Waiting("reviewers", "cases to look at", "case to look at", n, href, "review.read", "decisions")


def _newest_release(workshop: Workshop, name: str) -> list[Waiting]:
    """Return what keeps the newest release from going live: its gate, or signatures that are missing."""
    made = releases_made(workshop.ledger)
    if not made or any(one.release == made[-1][0] for one in promotions(workshop.ledger)):
        return []
    try:
        view: ReleaseView = release_view(workshop, made[-1][0])
    except FlyballError:
        return []
    href = address("d", name, "releases", short(made[-1][0]))
    n = Counted(len(view.missing), True)
    found = [
        Waiting("those who approve", "signatures on the newest release", "signature on the newest release",
                n, href, _GOVERNS, "release")
    ]  # fmt: skip
    if view.evidence is not None and not view.evidence.verdict.allowed:
        refused = Counted(1, True)
        what = "release that its gate refused"
        found.append(Waiting("engineers", what, what, refused, href, _GOVERNS, "release"))
    return found


home = Page("Deployments", "/", _show, live=True)
