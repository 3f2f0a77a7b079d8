"""The search box: the page that somebody means by an id, a release, the name of a case, or a word."""

import re

from flyball.console.page import Asked, address
from flyball.evaluation.history.records import Wanted
from flyball.loop.decided import UnknownDecision, find_decision
from flyball.loop.releases import releases_made
from flyball.loop.workshop import Workshop

__all__ = ["found_by"]

_DECISION = re.compile(r"(?:(?P<name>.{1,200}):)?(?P<entry>[0-9]{1,15})\Z", re.DOTALL)
_DIGEST = re.compile(r"(?:sha256:|r-)[0-9a-f]{6,64}\Z")
_HEXADECIMAL = re.compile(r"[0-9a-f]{6,64}\Z")


def found_by(asked: Asked) -> str:
    """Return the path of the page that is meant by `q`.

    "contract-review:128" is a decision, and so is a number that one has; hexadecimal digits are a release
    where one begins with them; everything else is an id of a case, or the beginning of its name. On a page of
    no deployment all of them are looked through, and the first that has it is meant.
    """
    wanted = asked.query.get("q", "").strip()
    names = asked.house.names(asked.principal)
    named = asked.query.get("deployment", "")
    places = [named] if named in names else names
    if not wanted or not places:
        return "/"
    found = _DECISION.match(wanted)
    if found is not None and found["name"] in names:
        return address("d", found["name"], "decisions", found["entry"])
    if not asked.principal.may("decisions.read"):
        return address("d", places[0], "decisions")
    entry = found["entry"] if found is not None and found["name"] is None else ""
    return next(filter(None, (_place(asked, one, wanted, entry) for one in places)), None) or (
        address("d", places[0], "decisions", release=wanted.removeprefix("r-"))
        if _DIGEST.match(wanted)
        else address("d", places[0], "decisions", case=wanted)
    )


def _place(asked: Asked, name: str, wanted: str, entry: str) -> str:
    """Return the path of what is meant where a deployment has it, else ""."""
    served = asked.house.of(name, asked.principal)
    if entry and _is_decision(asked, served.workshop, int(entry)):
        return address("d", name, "decisions", entry)
    digits = wanted.removeprefix("r-").removeprefix("sha256:")
    if _HEXADECIMAL.match(digits) and _is_release(served.workshop, digits):
        return address("d", name, "decisions", release=wanted.removeprefix("r-"))
    cases = Wanted(tenant=asked.principal.tenant, case=wanted)
    if asked.desks.of(served).history.decisions(cases, limit=1):
        return address("d", name, "decisions", case=wanted)
    return ""


def _is_decision(asked: Asked, workshop: Workshop, entry: int) -> bool:
    try:
        find_decision(workshop, entry, asked.principal.tenant)
    except UnknownDecision:
        return False
    return True


def _is_release(workshop: Workshop, digits: str) -> bool:
    return any(made.removeprefix("sha256:").startswith(digits) for made, *_ in releases_made(workshop.ledger))
