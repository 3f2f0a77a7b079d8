"""The search box: the page that somebody means by an id, a release, the name of a case, or a word."""

import re

from flyball.console.page import Asked, address

__all__ = ["found_by"]

_DECISION = re.compile(r"(?:(?P<name>.{1,200}):)?(?P<entry>[0-9]{1,15})\Z", re.DOTALL)
_DIGEST = re.compile(r"(?:sha256:|r-)?[0-9a-f]{6,64}\Z")


def found_by(asked: Asked) -> str:
    """Return the path of the page that is meant by `q`.

    A number, or "contract-review:128", is a decision; hexadecimal digits a release; everything else an id
    of a case, or the beginning of its name.
    """
    wanted = asked.query.get("q", "").strip()
    names = asked.house.names(asked.principal)
    here = asked.query.get("deployment", "")
    here = here if here in names else names[0] if names else ""
    if not wanted or not here:
        return "/"
    found = _DECISION.match(wanted)
    if found is not None and (found["name"] is None or found["name"] in names):
        return address("d", found["name"] or here, "decisions", found["entry"])
    if _DIGEST.match(wanted):
        return address("d", here, "decisions", release=wanted.removeprefix("r-"))
    return address("d", here, "decisions", case=wanted)
