"""Excerpts: some entries of a ledger, with the hashes of all others, so that each one proves its place.

Entries that hold cases can stay at home. What an excerpt cannot show: that nothing of interest is among the
entries whose hash alone is there. An excerpt with every entry is an export.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from flyball.core.digests import canonical_json
from flyball.core.errors import BadInput
from flyball.core.text import count
from flyball.core.verdicts import Check
from flyball.ledger.checkpoints import Checkpoint, read_checkpoint
from flyball.ledger.errors import BadCheckpoint
from flyball.ledger.exported import PIECE, recorded_hashes
from flyball.ledger.files import write_whole
from flyball.ledger.ledger import Ledger
from flyball.ledger.merkle import RootBuilder, leaf_hash
from flyball.ledger.notes import VerifierKey
from flyball.ledger.records import Entry, entry_of
from flyball.ledger.tiles import recorded_hashes as stored_hashes

__all__ = ["Excerpt", "read_excerpt", "write_excerpt"]


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What was read out of an excerpt, and what is wrong with it.

    Parameters
    ----------
    entries : tuple of Entry
        Those that prove their place, in order.
    withheld : int
        Entries of which only the hash is there.
    checkpoint : Checkpoint or None
        None: there is none that the key signed.
    checks : tuple of Check
    """

    entries: tuple[Entry, ...]
    withheld: int
    checkpoint: Checkpoint | None
    checks: tuple[Check, ...]


def write_excerpt(
    ledger: Ledger, folder: Path, checkpoint: Checkpoint, kinds: Collection[str], *, key: VerifierKey
) -> None:
    """Write an excerpt into a folder that is there.

    Parameters
    ----------
    ledger : Ledger
    folder : Path
    checkpoint : Checkpoint
        Up to which.
    kinds : collection of str
        Kinds of the entries that are written; of the others only their hashes are.
    key : VerifierKey
        That signed the checkpoint.
    """
    size = checkpoint.size
    with (folder / "leaf_hashes.bin").open("wb") as hashes:
        for start in range(0, size, PIECE):
            hashes.write(b"".join(stored_hashes(ledger.store, start, min(size, start + PIECE))))
    wanted = sorted(kinds)
    leaves = {row.index: row.leaf for kind in wanted for row in ledger.store.rows(0, size, kind=kind)}
    with (folder / "entries.jsonl").open("wb") as file:
        file.writelines(leaves[index] + b"\n" for index in sorted(leaves))
    lines = [canonical_json({"note": checkpoint.note, "size": size}) + b"\n"]
    write_whole(folder / "checkpoints.jsonl", b"".join(lines))
    write_whole(folder / "checkpoint", checkpoint.note.encode())
    write_whole(folder / "verifier.vkey", f"{key}\n".encode())


def read_excerpt(folder: Path, key: VerifierKey) -> Excerpt:
    """Check an excerpt against its signed checkpoint, and return the entries that hold.

    Parameters
    ----------
    folder : Path
    key : VerifierKey
        Trusted.
    """
    checks: list[Check] = []
    try:
        checkpoint = read_checkpoint((folder / "checkpoint").read_text(encoding="utf-8"), key)
        checks.append(Check("checkpoint", True, f"{checkpoint.size:,} entries signed by {key.name}"))
    except (OSError, UnicodeDecodeError, BadCheckpoint) as err:
        said = err.message if isinstance(err, BadCheckpoint) else f"ledger/checkpoint cannot be read: {err}"
        return Excerpt((), 0, None, (Check("checkpoint", False, said),))
    builder = RootBuilder()
    hashes: list[bytes] = []
    for piece in recorded_hashes(folder / "leaf_hashes.bin"):
        builder.extend(piece)
        hashes += piece
    fits = builder.size == checkpoint.size and builder.root() == checkpoint.root
    said = "give the signed root" if fits else "do not give the signed root"
    checks.append(Check("tree", fits, f"{count(len(hashes), 'hash', 'hashes')} {said}"))
    entries: list[Entry] = []
    problem = ""
    try:
        for number, leaf in enumerate(_leaves(folder / "entries.jsonl"), 1):
            entry = entry_of(leaf)
            last = entries[-1].index if entries else -1
            if not last < entry.index < len(hashes) or leaf_hash(leaf) != hashes[entry.index]:
                problem = problem or f"line {number} (entry {entry.index}) is not what was signed"
                continue
            entries.append(entry)
    except (OSError, BadInput) as err:
        problem = f"entries.jsonl cannot be read: {err}"
    withheld = len(hashes) - len(entries)
    checks.append(
        Check(
            "entries",
            fits and not problem,
            problem or f"{count(len(entries), 'entry', 'entries')} as signed, {withheld:,} by hash only",
        )
    )
    return Excerpt(tuple(entries) if fits else (), withheld, checkpoint, tuple(checks))


def _leaves(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        for line in file:
            yield line.removesuffix(b"\n")
