"""Watched: what a watcher keeps beside the ledger, and when it last looked."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec

from flyball.core.digests import canonical_json
from flyball.loop.workshop import Workshop

__all__ = ["KEPT", "Kept", "LastLook", "last_look", "read_kept", "write_kept"]

KEPT = "watch.json"
"""Of the state folder."""
_LATE_SECONDS = 300.0
"""A watcher that has not looked for three looks, and for so long, is late."""


@dataclass(slots=True)
class Kept:
    """What lies beside the ledger.

    Parameters
    ----------
    last : dict of str to datetime
        When each look was last made.
    clear_since : dict of str to datetime
        Since when the causes of an open alert have been gone.
    looked_at : datetime or None
        When everything was last gone through.
    """

    last: dict[str, datetime] = field(default_factory=dict)
    clear_since: dict[str, datetime] = field(default_factory=dict)
    looked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LastLook:
    """When a deployment was last looked at by a watcher.

    Parameters
    ----------
    at : datetime
    seconds : float
        How long ago.
    late : bool
        Whether it should have been looked at again: nobody is told of anything meanwhile.
    """

    at: datetime
    seconds: float
    late: bool


def last_look(workshop: Workshop) -> LastLook | None:
    """Return when a deployment was last looked at, as its watcher wrote down; None where none ever did."""
    at = read_kept(workshop.state / KEPT).looked_at
    if at is None:
        return None
    seconds = max((workshop.clock() - at).total_seconds(), 0.0)
    every = workshop.deployment.settings.watch.every_seconds
    return LastLook(at, seconds, seconds > max(3 * every, _LATE_SECONDS))


def read_kept(path: Path) -> Kept:
    """Return what lies beside the ledger; nothing of it where it cannot be read: then it is made anew."""
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=Kept)
    except (OSError, msgspec.DecodeError):
        return Kept()
    times = [*kept.last.values(), *kept.clear_since.values(), kept.looked_at]
    return kept if all(one is None or one.tzinfo is not None for one in times) else Kept()


def write_kept(path: Path, kept: Kept) -> None:
    """Write it whole or not at all."""
    fresh = path.with_suffix(".fresh")
    fresh.write_bytes(canonical_json(kept))
    fresh.replace(path)
