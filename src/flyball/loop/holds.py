"""Legal hold: what must stay until it is released, whatever retention or a demand for erasure says.

A hold is an entry of the ledger. Whom it is about stands there by keyed digest only; the value itself lies in
a blob, so that it can be looked for again, and goes when the hold is released. Read here; placed and released
in `loop.holding`.
"""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from flyball.core.digests import from_json
from flyball.core.errors import Refused
from flyball.ledger.blobs import Blobs
from flyball.ledger.ledger import Ledger

__all__ = ["PLACED", "RELEASED", "Hold", "OnHold", "holds_of", "open_holds", "subject_of"]

PLACED, RELEASED = "hold.placed", "hold.released"


class OnHold(Refused):
    """A legal hold keeps what should go."""

    code = "loop.on_hold"


@dataclass(frozen=True, slots=True)
class Hold:
    """One hold.

    Parameters
    ----------
    entry : int
    name : str
    person, public_key : str
        Who placed it, and with which key.
    reason : str
    subject : str
        Keyed digest of a person; "" where it is about none.
    held : str
        Digest of the blob with the value, to look for it; "" without one.
    documents, datasets : tuple of str
    everything : bool
        Nothing of the deployment goes.
    at : datetime
    released_by, released_why : str
        "" while it is in force.
    released_at : datetime or None
    """

    entry: int
    name: str
    person: str
    public_key: str
    reason: str
    subject: str
    held: str
    documents: tuple[str, ...]
    datasets: tuple[str, ...]
    everything: bool
    at: datetime
    released_by: str = ""
    released_why: str = ""
    released_at: datetime | None = None

    @property
    def in_force(self) -> bool:
        """Whether it keeps things now."""
        return self.released_at is None

    @property
    def about(self) -> str:
        """What it keeps, in words; no word of a case."""
        if self.everything:
            return "everything"
        if self.subject:
            return "one person"
        kind, names = ("document", self.documents) if self.documents else ("dataset", self.datasets)
        return f"{kind} {', '.join(one[:19] for one in names)}"


class _Signed(msgspec.Struct, frozen=True):
    public_key: str


class _Placed(msgspec.Struct, frozen=True):
    name: str
    person: str
    reason: str
    subject: str
    held: str
    documents: tuple[str, ...]
    datasets: tuple[str, ...]
    everything: bool
    approval: _Signed


class _Released(msgspec.Struct, frozen=True):
    entry: int
    person: str
    reason: str


def holds_of(ledger: Ledger) -> list[Hold]:
    """Return every hold there ever was, oldest first."""
    over = {}
    for entry in ledger.entries(RELEASED):
        said = msgspec.convert(entry.body, _Released)
        over[said.entry] = (said.person, said.reason, entry.at)
    found = []
    for entry in ledger.entries(PLACED):
        body = msgspec.convert(entry.body, _Placed)
        who = (body.name, body.person, body.approval.public_key, body.reason, body.subject, body.held)
        what = (body.documents, body.datasets, body.everything, entry.at)
        found.append(Hold(entry.index, *who, *what, *over.get(entry.index, ("", "", None))))
    return found


def open_holds(ledger: Ledger) -> list[Hold]:
    """Return the holds in force."""
    return [one for one in holds_of(ledger) if one.in_force]


def subject_of(blobs: Blobs, hold: Hold) -> str:
    """Return whom a hold is about, as the source writes them; "" where it is about no person.

    Raises
    ------
    BlobMissing, BlobErased
        It cannot be read, so nobody can say what the hold keeps.
    """
    return from_json(blobs.get(hold.held), dict[str, str])["subject"] if hold.held else ""
