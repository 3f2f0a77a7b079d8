"""The anchor: the last checkpoint in a file outside the database.

Whoever can rewrite the database but not this file is found out when the ledger is next opened or
signed. Best kept with the signing key, or on storage that can only be written once.
"""

from pathlib import Path

from flyball.ledger.checkpoints import Checkpoint, read_checkpoint
from flyball.ledger.files import write_whole
from flyball.ledger.notes import VerifierKey

__all__ = ["read_anchor", "write_anchor"]


def read_anchor(path: Path, key: VerifierKey) -> Checkpoint | None:
    """Return the checkpoint kept in the anchor, None where there is no file yet.

    Raises
    ------
    BadCheckpoint
        The file is not a checkpoint of this ledger.
    """
    if not path.exists():
        return None
    return read_checkpoint(path.read_text(encoding="utf-8"), key)


def write_anchor(path: Path, checkpoint: Checkpoint) -> None:
    """Replace the anchor by a newer checkpoint."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, checkpoint.note.encode())
