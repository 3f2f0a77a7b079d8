"""Packs: which were made, what one can be about, and how much of the ledger witnesses saw."""

from dataclasses import dataclass

from flyball.governance.frameworks.load import load_frameworks
from flyball.governance.frameworks.records import Framework
from flyball.ledger.checkpoints import read_checkpoint
from flyball.ledger.cosignatures import WitnessKey
from flyball.ledger.records import Entry
from flyball.ledger.witnessing import cosigned
from flyball.loop.workshop import Workshop

__all__ = ["EXPORTED", "PacksView", "packs_made", "packs_view"]

EXPORTED = "evidence.exported"
"""Kind of the ledger entries about packs that were made."""


@dataclass(frozen=True, slots=True)
class PacksView:
    """What people look at about packs.

    Parameters
    ----------
    made : tuple of Entry
        Of packs that were made, newest first.
    frameworks : tuple of Framework
        The shipped ones.
    witnesses : tuple of str
        Names; () where none is asked.
    needed : int
        So many of them have to cosign before a pack is made.
    cosigned, size : int
        Entries that enough of them saw, and entries in all.
    """

    made: tuple[Entry, ...]
    frameworks: tuple[Framework, ...]
    witnesses: tuple[str, ...]
    needed: int
    cosigned: int
    size: int


def packs_made(workshop: Workshop) -> tuple[Entry, ...]:
    """Return the packs that were made, newest first."""
    return tuple(reversed(list(workshop.ledger.entries(kind=EXPORTED))))


def packs_view(workshop: Workshop) -> PacksView:
    """Return the packs that were made, what a pack can be about, and how much of the ledger witnesses saw."""
    wanted = workshop.deployment.settings.evidence
    keys = [WitnessKey.parse(one) for one in wanted.witnesses]
    note = cosigned(workshop.ledger, keys, needed=max(1, wanted.witnesses_needed)) if keys else ""
    return PacksView(
        made=packs_made(workshop),
        frameworks=load_frameworks(),
        witnesses=tuple(one.name for one in keys),
        needed=wanted.witnesses_needed,
        cosigned=read_checkpoint(note, workshop.key.verifier).size if note else 0,
        size=workshop.ledger.size(),
    )
