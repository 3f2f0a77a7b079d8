"""The Merkle tree of RFC 9162: hashes, roots and the two kinds of proof. Pure functions.

An inclusion proof shows that an entry is in a tree of a given root; a consistency proof shows
that a longer tree begins with all entries of a shorter one. Both are short: about log2(n) hashes.

Source: RFC 9162, section 2.1 (the tree is the one of RFC 6962).
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence

__all__ = [
    "EMPTY_ROOT",
    "RootBuilder",
    "consistency_path",
    "fold",
    "inclusion_path",
    "leaf_hash",
    "node_hash",
    "range_root",
    "verify_consistency",
    "verify_inclusion",
]

Node = Callable[[int, int], bytes]
"""`node(level, index)`: hash of the perfect subtree over leaves `[index << level, (index + 1) << level)`."""

_sha256 = hashlib.sha256

EMPTY_ROOT = _sha256(b"").digest()
"""Root of the tree without entries: SHA-256 of nothing (RFC 9162, section 2.1.1)."""


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of one entry: SHA-256 of 0x00 and its bytes."""
    return _sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node: SHA-256 of 0x01 and its two children."""
    return _sha256(b"\x01" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """Return the root over a power of two of neighbouring node hashes."""
    level = hashes
    while len(level) > 1:
        level = [
            _sha256(b"\x01" + left + right).digest()
            for left, right in zip(level[0::2], level[1::2], strict=True)
        ]
    return level[0]


class RootBuilder:
    """The root of a growing sequence of leaf hashes, in memory of log2(n) hashes."""

    __slots__ = ("_pending", "size")

    def __init__(self) -> None:
        self._pending: list[bytes | None] = []  # the left node that waits for its sibling, by level
        self.size = 0

    def extend(self, hashes: Iterable[bytes]) -> None:
        """Add leaf hashes at the end, in order."""
        row = list(hashes)
        self.size += len(row)
        level = 0
        while row:
            if level == len(self._pending):
                self._pending.append(None)
            waiting = self._pending[level]
            if waiting is not None:
                row.insert(0, waiting)
            self._pending[level] = row.pop() if len(row) % 2 else None
            row = [
                _sha256(b"\x01" + left + right).digest()
                for left, right in zip(row[0::2], row[1::2], strict=True)
            ]
            level += 1

    def root(self) -> bytes:
        """Return the root over everything added so far."""
        root: bytes | None = None
        for waiting in self._pending:
            if waiting is not None:
                root = waiting if root is None else node_hash(waiting, root)
        return EMPTY_ROOT if root is None else root


def range_root(start: int, stop: int, node: Node) -> bytes:
    """Return the root over leaves `[start, stop)`, where `start` is a multiple of the next power of two.

    Parameters
    ----------
    start, stop : int
        Leaf indexes. `start == stop` gives the empty root.
    node : Node

    Returns
    -------
    bytes
        32 bytes.
    """
    if start == stop:
        return EMPTY_ROOT
    width = stop - start
    split = _split(width)
    if width == 1 or split * 2 == width:
        level = width.bit_length() - 1
        return node(level, start >> level)
    return node_hash(range_root(start, start + split, node), range_root(start + split, stop, node))


def inclusion_path(index: int, size: int, node: Node) -> list[bytes]:
    """Return the inclusion proof of leaf `index` in the tree of `size` leaves, leaf side first.

    Source: RFC 9162, section 2.1.3.1. Needs `0 <= index < size`.
    """
    path: list[bytes] = []
    start, stop = 0, size
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            path.append(range_root(middle, stop, node))
            stop = middle
        else:
            path.append(range_root(start, middle, node))
            start = middle
    return path[::-1]


def consistency_path(first: int, second: int, node: Node) -> list[bytes]:
    """Return the proof that the tree of `second` leaves begins with the tree of `first` leaves.

    Source: RFC 9162, section 2.1.4.1. Needs `0 < first <= second`; equal sizes need no hashes.
    """
    path: list[bytes] = []
    start, stop, whole = 0, second, True
    while first < stop:
        middle = start + _split(stop - start)
        if first <= middle:
            path.append(range_root(middle, stop, node))
            stop = middle
        else:
            path.append(range_root(start, middle, node))
            start, whole = middle, False
    if not whole:
        path.append(range_root(start, stop, node))
    return path[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Say whether `path` proves that the leaf hash `leaf` stands at `index` under `root`.

    Source: RFC 9162, section 2.1.3.2. A malformed proof gives False, never an error.
    """
    if not 0 <= index < size:
        return False
    position, last, current = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if position % 2 or position == last:
            current = node_hash(sibling, current)
            while position and not position % 2:
                position, last = position >> 1, last >> 1
        else:
            current = node_hash(current, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and current == root


def verify_consistency(
    first: int, second: int, path: Sequence[bytes], first_root: bytes, second_root: bytes
) -> bool:
    """Say whether `path` proves that nothing of the first `first` leaves changed up to `second`.

    Source: RFC 9162, section 2.1.4.2. The empty tree is a beginning of every tree.
    """
    if not 0 <= first <= second:
        return False
    if first == second:
        return not path and first_root == second_root
    if first == 0:
        return not path and first_root == EMPTY_ROOT
    hashes = list(path)
    if first & (first - 1) == 0:
        hashes.insert(0, first_root)
    if not hashes:
        return False
    position, last = first - 1, second - 1
    while position % 2:
        position, last = position >> 1, last >> 1
    old = new = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if position % 2 or position == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while position and not position % 2:
                position, last = position >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root


def _split(width: int) -> int:
    """Return the largest power of two smaller than `width` (1 for a width of 1)."""
    return 1 << max(0, (width - 1).bit_length() - 1)
