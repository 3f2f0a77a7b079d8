"""One page as one file for a board or a regulator: who made it when, about which release and which ledger."""

from urllib.parse import parse_qsl, unquote, urlsplit

from flyball.console.alone import alone
from flyball.console.covering import Cover
from flyball.console.page import PAGES, Asked, Go, NoSuchPage, Page
from flyball.console.render import frame_of, render
from flyball.console.stamp import Stamp
from flyball.core.errors import BadInput
from flyball.data.privacy.personal_data import find_people
from flyball.gateway.access.keys import KeyBook
from flyball.gateway.desk import Desks
from flyball.gateway.house import House, Served
from flyball.gateway.principal import Principal
from flyball.gateway.settings import GatewaySettings
from flyball.ledger.errors import BlobErased, BlobMissing
from flyball.loop.promotion import people_of
from flyball.loop.releases import live_release, read_release
from flyball.loop.workshop import Workshop

__all__ = ["check_out", "page_report", "reportable"]

_OURS = (".toml", ".csv")
_NO_WORDS = frozenset({"yes", "no", "true", "false", "present", "absent"})
"""Answers that tell nothing of the words of a case."""
_OF_CASES = frozenset({"case", "answer", "q"})
"""What may stand behind the question mark of a page and name a case."""


def reportable() -> list[str]:
    """Return how the pages are asked for: "overview", "fairness", "releases/{release}"."""
    found = []
    for name in PAGES.names():
        page: Page = PAGES.load(name)
        if page.path == "/d/{deployment}":
            found.append("overview")
        elif page.path.startswith("/d/{deployment}/") and not page.path.endswith(("/act", "/sign")):
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
        Cover what cases say, personal data, and the people who are named in it.

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
    cover = _cover(served, principal) if redacted else None
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
        raise NoSuchPage(
            f"There is no page {asked_for[:100]!r}.",
            fix=f"Known: {', '.join(reportable())}. KPIs and objectives stand on the overview.",
        )
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
        asked=_without_cases(asked_for) if redacted else asked_for,
        redacted=redacted,
    )


def _without_cases(asked_for: str) -> str:
    page, _, query = asked_for.partition("?")
    told = [f"{name}={'█████' if name in _OF_CASES else value}" for name, value in parse_qsl(query)]
    return f"{page}?{'&'.join(told)}" if told else page


def _cover(served: Served, principal: Principal) -> Cover:
    """Return what covers personal data, what a case says, and everybody whom the deployment itself names."""
    workshop = served.workshop
    book = KeyBook(workshop.ledger, served.name, clock=workshop.clock)
    named = {word for one in people_of(workshop) for word in (one.id, one.name)}
    named |= {key.name for key in book.all() if key.person}
    named |= {principal.id.partition(":")[2] or principal.id}

    def stretches(text: str) -> list[tuple[int, int]]:
        return [(one.start, one.end) for one in find_people(text)]

    fields = workshop.deployment.fields
    choices = {choice.casefold() for one in fields for choice in one.choices} | _NO_WORDS
    names = sorted((one for one in named if len(one) > 1), key=len, reverse=True)
    return Cover(stretches, tuple(names), _own_words(workshop), frozenset(choices))


def _own_words(workshop: Workshop) -> str:
    """Return what the live release says in its settings, rules and duties: words that are of no case."""
    live = live_release(workshop.ledger)
    texts = [words for one in workshop.deployment.fields for words in (one.key, one.title, one.question)]
    if live is not None:
        signed = read_release(workshop.state, live.release, workshop.key.verifier)
        texts += [_text(workshop, one) for name, one in signed.release.files.items() if name.endswith(_OURS)]
    return "\n".join(texts)


def _text(workshop: Workshop, digest: str) -> str:
    try:
        return workshop.blobs.get(digest).decode("utf-8", "replace")
    except (BlobErased, BlobMissing):
        return ""


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
