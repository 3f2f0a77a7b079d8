"""One page as one file for a board or a regulator: who made it when, about which release and which ledger."""

from urllib.parse import parse_qsl, unquote, urlsplit

from flyball.console.alone import Cover, alone
from flyball.console.page import PAGES, Asked, Go, NoSuchPage, Page
from flyball.console.render import frame_of, render
from flyball.console.stamp import Stamp
from flyball.core.errors import BadInput
from flyball.data.privacy.personal_data import find_people
from flyball.gateway.desk import Desks
from flyball.gateway.house import House
from flyball.gateway.principal import Principal
from flyball.gateway.settings import GatewaySettings
from flyball.loop.promotion import people_of
from flyball.loop.releases import live_release
from flyball.loop.workshop import Workshop

__all__ = ["check_out", "page_report", "reportable"]


def reportable() -> list[str]:
    """Return how the pages are asked for: "overview", "fairness", "releases/{release}"."""
    found = []
    for name in PAGES.names():
        page: Page = PAGES.load(name)
        if page.path == "/d/{deployment}":
            found.append("overview")
        elif page.path.startswith("/d/{deployment}/"):
            found.append(page.path.removeprefix("/d/{deployment}/"))
    return sorted(found)


def page_report(
    house: House, settings: GatewaySettings, asked_for: str, principal: Principal, *, redacted: bool = False
) -> str:
    """Return a page of the one deployment of a house as one self-contained HTML file.

    Parameters
    ----------
    house : House
        With one deployment.
    settings : GatewaySettings
    asked_for : str
        As its address after the deployment: "fairness", "releases/3f9a", "obligations?on=2027-01-01".
    principal : Principal
        Who asks.
    redacted : bool
        Cover personal data and the people who are named in it.

    Returns
    -------
    str
        HTML without a script, a form or a reference to anything outside.

    Raises
    ------
    NoSuchPage
        There is none; the message lists the known ones.
    """
    [served] = house.everything()
    workshop = served.workshop
    name, page, path, query = _found(asked_for)
    desks = Desks([served], settings)
    try:
        asked = Asked(house, desks, settings, principal, {"deployment": served.name, **path}, query)
        shown = page.show(asked)
        if isinstance(shown, Go):
            raise NoSuchPage(f"{asked_for!r} only leads on, to {shown.to}.", fix="Ask for that page.")
        stamp = _stamp(workshop, asked_for, principal, redacted=redacted)
        frame = frame_of(page, name, asked, alone=True, stamp=stamp)
        html = render(f"{name}.html", frame, {**shown, "asked": asked})
    finally:
        desks.close()
    cover = _cover(workshop, principal) if redacted else None
    return alone(html, here=asked.link(), cover=cover)


def _found(asked_for: str) -> tuple[str, Page, dict[str, str], dict[str, str]]:
    """Return the page that is meant, with the parts of its path and its query."""
    parts = urlsplit(asked_for)
    words = [unquote(one) for one in parts.path.strip("/").split("/") if one]
    words = [] if words == ["overview"] else words
    query = dict(parse_qsl(parts.query))
    best: tuple[int, str, Page, dict[str, str]] | None = None
    for name in PAGES.names():
        page: Page = PAGES.load(name)
        pattern = page.path.strip("/").split("/")[2:] if page.path.startswith("/d/{deployment}") else None
        if pattern is None or len(pattern) != len(words):
            continue
        path = {}
        for wanted, word in zip(pattern, words, strict=True):
            if wanted.startswith("{"):
                path[wanted[1:-1]] = word
            elif wanted != word:
                break
        else:
            if best is None or len(path) < best[0]:
                best = len(path), name, page, path
    if best is None:
        raise NoSuchPage(f"There is no page {asked_for[:100]!r}.", fix=f"Known: {', '.join(reportable())}.")
    return best[1], best[2], best[3], query


def _stamp(workshop: Workshop, asked_for: str, principal: Principal, *, redacted: bool) -> Stamp:
    about = workshop.deployment.settings.deployment
    checkpoint = workshop.ledger.checkpoint()
    live = live_release(workshop.ledger)
    return Stamp(
        deployment=about.name,
        owner=about.owner,
        purpose=about.purpose,
        made_at=workshop.clock(),
        made_by=principal.id,
        tenant=principal.tenant,
        release="" if live is None else live.release,
        ledger=checkpoint.origin,
        size=checkpoint.size,
        root=checkpoint.root.hex(),
        asked=asked_for,
        redacted=redacted,
    )


def _cover(workshop: Workshop, principal: Principal) -> Cover:
    """Return what covers personal data, and everybody whom the deployment itself names."""
    named = {word for one in people_of(workshop) for word in (one.id, one.name)}
    named |= {principal.id.partition(":")[2] or principal.id}

    def stretches(text: str) -> list[tuple[int, int]]:
        return [(one.start, one.end) for one in find_people(text)]

    return Cover(stretches, tuple(sorted((one for one in named if len(one) > 1), key=len, reverse=True)))


def check_out(path: str) -> str:
    """Return the form of a report by the name of its file: "html" or "pdf".

    Raises
    ------
    BadInput
        Neither.
    """
    form = path.rpartition(".")[2].lower()
    if form not in ("html", "pdf"):
        raise BadInput(f"{path!r} is neither .html nor .pdf.", fix="Name the file so: --out report.pdf.")
    return form
