"""One entry of the ledger with the proof that a signed checkpoint covers it."""

import json

from flyball.console.page import Asked, File, NoSuchPage, Page, Shown
from flyball.ledger.errors import NoSuchEntry
from flyball.ledger.proofs import prove
from flyball.loop.ledger_view import EntryView, entry_view, known_number

__all__ = ["ledger_entry"]

_LONGEST = 60_000


def _show(asked: Asked) -> Shown:
    view = _view(asked)
    written = json.dumps(view.entry.body, indent=2, ensure_ascii=False) if view.open else ""
    return {
        "title": f"Ledger entry {view.entry.index}",
        "view": view,
        "written": written[:_LONGEST],
        "cut": len(written) - _LONGEST,
        "tied": _tied(asked, view),
    }


def _view(asked: Asked) -> EntryView:
    index = known_number(asked.path["entry"])
    try:
        return entry_view(asked.desk.served.workshop, index)
    except NoSuchEntry as err:
        raise NoSuchPage(err.message, fix="See the list of entries.") from err


def _tied(asked: Asked, view: EntryView) -> list[tuple[str, str]]:
    """Return the pages that are about the same thing."""
    body, found = view.entry.body, []
    if view.entry.kind == "decision" and asked.principal.may("decisions.read"):
        found.append(("The decision", asked.link("decisions", view.entry.index)))
    release = body.get("release")
    if view.open and isinstance(release, str) and release.startswith("sha256:"):
        found.append((f"Release {release[7:19]}", asked.link("releases", release[7:19])))
    return found


def _proof(asked: Asked) -> File:
    view = _view(asked)
    if not view.open:
        raise NoSuchPage(
            "The content of this entry is not shown here.",
            fix="The proof of a decision can be kept from its own page.",
        )
    bundle = prove(asked.desk.served.workshop.ledger, view.entry.index)
    return File(bundle.to_json(), f"proof-{view.entry.index}.json", "application/json")


ledger_entry = Page(
    "Entry",
    "/d/{deployment}/ledger/{entry}",
    _show,
    scope="governance.read",
    files={"proof.json": _proof},
)
