"""The search box: the page that somebody means by an id, a release, the name of a case, or a word."""

import re

from flyball.console.page import Asked, address
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
    where one begins with them; everything else is an id of a case, or the beginning of its name.
    """
    wanted = asked.query.get("q", "").strip()
    names = asked.house.names(asked.principal)
    here = asked.query.get("deployment", "")
    here = here if here in names else names[0] if names else ""
    if not wanted or not here:
        return "/"
    found = _DECISION.match(wanted)
    if found is not None and found["name"] in names:
        return address("d", found["name"], "decisions", found["entry"])
    if not asked.principal.may("decisions.read"):
        return address("d", here, "decisions")
    workshop = asked.house.of(here, asked.principal).workshop
    if found is not None and found["name"] is None and _is_decision(asked, workshop, int(found["entry"])):
        return address("d", here, "decisions", found["entry"])
    if _DIGEST.match(wanted) or (_HEXADECIMAL.match(wanted) and _is_release(workshop, wanted)):
        return address("d", here, "decisions", release=wanted.removeprefix("r-"))
    return address("d", here, "decisions", case=wanted)


def _is_decision(asked: Asked, workshop: Workshop, entry: int) -> bool:
    try:
        find_decision(workshop, entry, asked.principal.tenant)
    except UnknownDecision:
        return False
    return True


def _is_release(workshop: Workshop, digits: str) -> bool:
    return any(made.removeprefix("sha256:").startswith(digits) for made, *_ in releases_made(workshop.ledger))
