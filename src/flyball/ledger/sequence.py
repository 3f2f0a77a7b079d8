"""A sequence of leaves, held against what was recorded and what was signed.

Three things are compared: the entries themselves, the leaf hashes recorded beside them, and the
signed checkpoints. Only the last cannot be forged without the key. The recorded hashes serve to
name the entry: where they agree with a signed root, they say exactly which leaf is wrong.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import msgspec

from flyball.ledger.checkpoints import Checkpoint
from flyball.ledger.merkle import RootBuilder, leaf_hash

__all__ = ["Fault", "Walk", "find_fault", "roots_at"]


class _Place(msgspec.Struct):
    index: int


_place = msgspec.json.Decoder(_Place).decode


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing that is wrong with a sequence.

    Parameters
    ----------
    first, before : int
        The first bad entry lies in `[first, before)`.
    reason : str
    """

    first: int
    before: int
    reason: str


class Walk:
    """One pass over leaves and recorded hashes, in pieces, in constant memory.

    Parameters
    ----------
    sizes : sequence of int
        Sizes at which the root is wanted.
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        self.count = 0
        self.roots: dict[int, bytes] = {}
        self.differs: int | None = None  # first leaf that has not its recorded hash
        self.misplaced: int | None = None  # first leaf that names another index, or none
        self.found_there = ""
        self._builder = RootBuilder()
        self._sizes = sorted(set(sizes), reverse=True)
        self._note_roots()

    def take(self, leaves: Sequence[bytes], recorded: bytes) -> list[bytes]:
        """Add leaves with their recorded hashes, 32 bytes each; return the hashes that they have."""
        hashes = [leaf_hash(leaf) for leaf in leaves]
        if self.differs is None and b"".join(hashes) != recorded:
            pairs = enumerate(hashes)
            self.differs = self.count + next(
                at for at, found in pairs if found != recorded[32 * at : 32 * at + 32]
            )
        if self.misplaced is None:
            self._check_places(leaves)
        start = 0
        while start < len(hashes):
            stop = len(hashes)
            if self._sizes:
                stop = min(stop, start + self._sizes[-1] - self._builder.size)
            self._builder.extend(hashes[start:stop])
            start = stop
            self._note_roots()
        self.count += len(hashes)
        return hashes

    def _note_roots(self) -> None:
        while self._sizes and self._sizes[-1] == self._builder.size:
            self.roots[self._sizes.pop()] = self._builder.root()

    def _check_places(self, leaves: Sequence[bytes]) -> None:
        for place, leaf in enumerate(leaves, self.count):
            try:
                index = _place(leaf).index
            except (msgspec.DecodeError, UnicodeDecodeError):
                self.misplaced, self.found_there = place, "no readable entry"
                return
            if index != place:
                self.misplaced, self.found_there = place, f"entry {index}"
                return


def roots_at(sizes: Sequence[int], pieces: Iterable[Sequence[bytes]]) -> dict[int, bytes]:
    """Return the roots over recorded hashes at the wanted sizes, as far as the hashes go."""
    builder, wanted = RootBuilder(), sorted(set(sizes), reverse=True)
    roots: dict[int, bytes] = {}
    while wanted and wanted[-1] == 0:
        roots[wanted.pop()] = builder.root()
    for piece in pieces:
        start = 0
        while start < len(piece) and wanted:
            stop = min(len(piece), start + wanted[-1] - builder.size)
            builder.extend(piece[start:stop])
            start = stop
            while wanted and wanted[-1] == builder.size:
                roots[wanted.pop()] = builder.root()
    return roots


def find_fault(
    walk: Walk,
    signed: Sequence[Checkpoint],
    recorded: Callable[[], Iterable[Sequence[bytes]]],
    *,
    open_end: bool,
) -> Fault | None:
    """Return the first fault of a sequence, as narrowly as the evidence allows.

    Parameters
    ----------
    walk : Walk
        Finished, with the roots at the sizes of all checkpoints.
    signed : sequence of Checkpoint
        Their signatures have been checked. Shortest first.
    recorded : callable
        Gives the recorded leaf hashes again, in pieces.
    open_end : bool
        Whether entries after the last checkpoint are allowed, as in a ledger still growing.

    Returns
    -------
    Fault or None
        None: every entry up to the last checkpoint is proven, and the rest is well formed.
    """
    broken = next((one for one in signed if walk.roots.get(one.size) != one.root), None)
    if broken is None:
        covered = signed[-1].size if signed else 0
        return _well_formed(walk, covered, open_end=open_end or not signed)
    proven = max((one.size for one in signed if one.size < broken.size), default=0)
    known = roots_at([one.size for one in signed], recorded())
    trusted = 0  # entries whose recorded hash is proven by a signature
    for one in signed:
        if known.get(one.size) != one.root:
            break
        trusted = one.size
    if walk.differs is not None and walk.differs < trusted:
        return _exact(walk, walk.differs)
    proven = max(proven, min(trusted, walk.count))
    if walk.count < broken.size and walk.misplaced is None:
        short = f"{broken.size} entries were signed, {walk.count} are there"
        if proven < walk.count:
            short += f", of which the first {proven} are proven"
        return Fault(proven, walk.count + 1, f"entry {walk.count} and what follows are missing: {short}")
    before = max(proven + 1, min(broken.size, walk.count + 1))
    if before - proven == 1:
        return _exact(walk, proven)
    hint = "" if walk.misplaced is None else f"; where entry {walk.misplaced} should be is {walk.found_there}"
    return Fault(
        proven,
        before,
        f"entries {proven} to {before - 1} do not give the root that was signed for {broken.size} "
        f"entries; the recorded leaf hashes do not either, so it cannot be said which one it is{hint}",
    )


def _exact(walk: Walk, index: int) -> Fault:
    if walk.misplaced == index:
        return Fault(index, index + 1, f"where entry {index} should be there is {walk.found_there}")
    if index >= walk.count:
        return Fault(index, index + 1, f"entry {index} is missing")
    return Fault(index, index + 1, f"entry {index} was altered")


def _well_formed(walk: Walk, covered: int, *, open_end: bool) -> Fault | None:
    """Look at what signatures do not cover: the places, and the entries after the last checkpoint."""
    if walk.count > covered and not open_end:
        return Fault(
            covered, covered + 1, f"entry {covered} and what follows are covered by no signed checkpoint"
        )
    if walk.misplaced is not None:
        return _exact(walk, walk.misplaced)
    if walk.differs is not None and walk.differs >= covered:
        return _exact(walk, walk.differs)
    return None
