"""The ledger: its entries, its checkpoints, whether it still is what was signed, and how to take it along."""

import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from flyball.console.page import Act, Asked, Go, Page, Rows, Shown
from flyball.console.underway import Told
from flyball.core.errors import Refused
from flyball.core.text import count
from flyball.ledger.checkpoints import read_unverified
from flyball.ledger.exports import export
from flyball.ledger.verify import verify_ledger
from flyball.loop.ledger_view import holds_no_case, known_number, ledger_view

__all__ = ["ledger"]

_PIECE = 1 << 18


class NotAsSigned(Refused):
    """The ledger is not what was signed."""

    code = "console.ledger_not_as_signed"


def _show(asked: Asked) -> Shown:
    before, kind = asked.query.get("before", ""), asked.query.get("kind", "").strip()
    workshop = asked.desk.served.workshop
    view = ledger_view(workshop, kind=kind, before=known_number(before) if before else None)
    notes = workshop.ledger.store.checkpoints()[-5:]
    return {
        "view": view,
        "kind": kind,
        "open_kinds": {one.kind for one in view.entries if holds_no_case(one.kind)},
        "checkpoints": [read_unverified(note) for _, note in reversed(notes)],
        "verifying": asked.underway.since(_known_as(asked)),
        "verified": asked.underway.last(_known_as(asked)),
        "may_export": asked.principal.may("*"),
    }


def _verify(asked: Asked) -> Go:
    workshop, name = asked.desk.served.workshop, _known_as(asked)
    with asked.underway.only(name, workshop.clock()) as mine:
        if not mine:
            return Go(asked.link("ledger"), "It is being verified already; what comes of it will stand here.")
        found = verify_ledger(workshop.ledger, blobs=workshop.blobs)
        if found.ok:
            said = (
                f"Verified: {count(found.entries, 'entry', 'entries')} as signed; "
                f"a valid signature covers {found.signed:,}."
            )
        else:
            where = "" if found.first_bad is None else f" The first bad entry is {found.first_bad}."
            said = f"The ledger is not what was signed: {found.reason}.{where}"
        asked.underway.tell(name, Told(workshop.clock(), said))
    if not found.ok:
        failed = "; ".join(f"{one.name}: {one.detail}" for one in found.checks if not one.passed)
        raise NotAsSigned(
            said,
            fix=f"Stop what writes to it, keep a copy, and compare with an export. What failed: {failed}.",
        )
    return Go(asked.link("ledger"), said)


def _known_as(asked: Asked) -> str:
    return f"verify {asked.desk.served.name}"


def _export(asked: Asked) -> Rows:
    """Return the whole ledger with every tenant's entries; only for whoever may do everything."""
    if not asked.principal.may("*"):
        raise Refused(
            "The whole ledger holds the entries of every tenant, and your rights are those of one.",
            fix="Whoever runs the deployment writes it with: flyball ledger export FOLDER.",
        )
    workshop = asked.desk.served.workshop
    folder = tempfile.TemporaryDirectory(prefix="flyball-export-")
    written = export(workshop.ledger, Path(folder.name) / "ledger-export", blobs=None)
    pieces = _packed(folder)
    name = f"ledger-{asked.desk.served.name}-{written.checkpoint.size}.tar.gz"
    return Rows(lambda: next(pieces, b""), name, "application/gzip")


def _packed(folder: "tempfile.TemporaryDirectory[str]") -> Iterator[bytes]:
    with folder:
        packed = Path(folder.name) / "packed"
        with tarfile.open(packed, "w:gz", compresslevel=3) as tar:
            tar.add(Path(folder.name) / "ledger-export", arcname="ledger-export")
        with packed.open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece


ledger = Page(
    "Ledger",
    "/d/{deployment}/ledger",
    _show,
    scope="governance.read",
    place=80,
    acts={"verify": Act("governance.read", _verify)},
    files={"export": _export},
)
