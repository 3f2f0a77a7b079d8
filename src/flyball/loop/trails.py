"""Trails: the first answer, every critique and every revision of a decision, kept beside the ledger.

They hold words that a principle has covered or withheld, and what a critic wrote, so they are blobs that
can be erased; the entry of the decision names them by their digest. A decision that kept every principle
at once has none: its first answer is its last.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from flyball.core.digests import canonical_json, from_json
from flyball.governance.constitution.review import Conflict, LetOff, ReviewedDecision, Round
from flyball.ledger.errors import BlobErased, BlobMissing
from flyball.loop.workshop import Workshop
from flyball.models.decisions.records import Decision

__all__ = ["Trail", "bytes_of_trail", "read_trail"]


@dataclass(frozen=True, slots=True)
class Trail:
    """How a decision came to be as it is.

    Parameters
    ----------
    first : Decision
        As the models and rules made it.
    rounds : tuple of Round
    conflicts : tuple of Conflict
    let_off : tuple of LetOff
    constitution : str
        Digest of what it was held against.
    """

    first: Decision
    rounds: tuple[Round, ...]
    conflicts: tuple[Conflict, ...] = ()
    let_off: tuple[LetOff, ...] = ()
    constitution: str = ""


def bytes_of_trail(reviewed: ReviewedDecision) -> bytes:
    """Return what is kept of a review."""
    return canonical_json(
        Trail(
            reviewed.first,
            reviewed.rounds,
            reviewed.conflicts,
            reviewed.let_off,
            reviewed.constitution,
        )
    )


def read_trail(workshop: Workshop, refs: Sequence[str]) -> Trail | None:
    """Return the trail of a decision by the references of its entry; None for none, or an erased one."""
    if len(refs) < 2:
        return None
    try:
        return from_json(workshop.blobs.get(refs[1]), Trail)
    except (BlobErased, BlobMissing):
        return None
