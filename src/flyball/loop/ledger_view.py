"""The ledger as people look at it: who wrote what when, and what proves it. No case is shown here."""

from dataclasses import dataclass

from flyball.core.errors import UnknownName
from flyball.ledger.checkpoints import Checkpoint, read_checkpoint, read_unverified
from flyball.ledger.errors import BadCheckpoint
from flyball.ledger.ledger import Ledger
from flyball.ledger.merkle import leaf_hash, verify_inclusion
from flyball.ledger.newest import newest
from flyball.ledger.records import Entry
from flyball.loop.workshop import Workshop

__all__ = ["EntryView", "LedgerView", "entry_view", "holds_no_case", "known_number", "ledger_view"]

_NO_CASE = (
    "access.",
    "alert.",
    "approval",
    "drift.",
    "evaluation.",
    "evidence",
    "expert.",
    "gate.",
    "hold.",
    "kpi.",
    "release.",
    "retention.",
    "settings.",
    "slo.",
    "snapshot.",
    "turn.",
)
"""Kinds of entries, or how they begin, in which no case, nobody's answer and no person of a case stands."""


@dataclass(frozen=True, slots=True)
class LedgerView:
    """A page of entries, newest first.

    Parameters
    ----------
    origin, verifier : str
        Name of the ledger, and the public key that signs it.
    size : int
        Entries in all.
    entries : tuple of Entry
    older : int or None
        Ask with `before` this index for what comes next; None at the end.
    signed : Checkpoint or None
        The last checkpoint; None before the first.
    checkpoints : int
        How many there are.
    """

    origin: str
    verifier: str
    size: int
    entries: tuple[Entry, ...]
    older: int | None
    signed: Checkpoint | None
    checkpoints: int


@dataclass(frozen=True, slots=True)
class EntryView:
    """One entry with its proof.

    Parameters
    ----------
    entry : Entry
    leaf : bytes
        Its exact bytes, as hashed.
    leaf_hash : str
    open : bool
        Whether its content may be shown to people who may see no case.
    under : Checkpoint or None
        The last checkpoint that covers it; None where none does yet.
    path : tuple of str
        Hashes that lead from the entry to the root of that checkpoint.
    proven : bool
        True where the path was followed and gave exactly that root, signed by this deployment's key.
    """

    entry: Entry
    leaf: bytes
    leaf_hash: str
    open: bool
    under: Checkpoint | None
    path: tuple[str, ...]
    proven: bool


def holds_no_case(kind: str) -> bool:
    """Return whether entries of a kind may be shown to people who may see no case."""
    return kind.startswith(_NO_CASE)


def ledger_view(
    workshop: Workshop, *, kind: str = "", before: int | None = None, most: int = 50
) -> LedgerView:
    """Return entries, newest first.

    Parameters
    ----------
    workshop : Workshop
    kind : str
        Only of this kind; "" for all.
    before : int, optional
        Only entries below this index.
    most : int
    """
    ledger = workshop.ledger
    entries = newest(ledger, kind or None, most, before=before)
    notes = ledger.store.last_checkpoint()
    return LedgerView(
        origin=ledger.origin,
        verifier=str(workshop.key.verifier),
        size=ledger.size(),
        entries=tuple(entries),
        older=entries[-1].index if len(entries) == most and entries[-1].index > 0 else None,
        signed=read_unverified(notes[1]) if notes else None,
        checkpoints=len(ledger.store.checkpoints()),
    )


def entry_view(workshop: Workshop, index: int) -> EntryView:
    """Return one entry with the proof that a signed checkpoint covers it; nothing is signed for it.

    Raises
    ------
    NoSuchEntry
        The ledger is not that long.
    """
    ledger = workshop.ledger
    entry, leaf = ledger.entry(index), ledger.leaf(index)
    hashed = leaf_hash(leaf)
    under, path, proven = _proof(workshop, ledger, index, hashed)
    return EntryView(
        entry=entry,
        leaf=leaf,
        leaf_hash=hashed.hex(),
        open=holds_no_case(entry.kind),
        under=under,
        path=tuple(one.hex() for one in path),
        proven=proven,
    )


def _proof(
    workshop: Workshop, ledger: Ledger, index: int, hashed: bytes
) -> tuple[Checkpoint | None, list[bytes], bool]:
    last = ledger.store.last_checkpoint()
    if last is None or last[0] <= index:
        return None, [], False
    try:
        under = read_checkpoint(last[1], workshop.key.verifier)
    except BadCheckpoint:
        return read_unverified(last[1]), [], False
    path = ledger.inclusion_proof(index, under.size)
    return under, path, verify_inclusion(hashed, index, under.size, path, under.root)


def known_number(written: str) -> int:
    """Return the number of an entry as it stands in an address.

    Raises
    ------
    UnknownName
        It is none.
    """
    if not (written.isascii() and written.isdigit() and len(written) <= 15):
        raise UnknownName(f"{written[:60]!r} is not the number of an entry.", fix="Count from 0.")
    return int(written)
