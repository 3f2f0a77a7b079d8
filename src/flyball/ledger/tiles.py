"""The tree on disk: 256 hashes to a tile, so that proofs and restarts read a few rows only.

Tiles repeat what the entries say; a verification recomputes them and never trusts them.
The layout is the one of https://c2sp.org/tlog-tiles (height 8).
"""

from flyball.ledger.errors import LedgerRewritten
from flyball.ledger.merkle import fold, range_root
from flyball.ledger.store import LedgerStore, Tile

__all__ = ["TILE_WIDTH", "TileReader", "TileTree", "recorded_hashes"]

TILE_WIDTH = 256
"""Hashes to a tile."""

_BITS = 8


class TileTree:
    """The right edge of the tree, in memory: for every level the hashes of the tile not yet full."""

    __slots__ = ("_edges", "size")

    def __init__(self) -> None:
        self.size = 0
        self._edges: list[list[bytes]] = [[]]

    @classmethod
    def load(cls, store: LedgerStore, size: int) -> "TileTree":
        """Read the right edge of a stored tree of `size` entries."""
        tree = cls()
        tree.size = size
        tree._edges = [store.leaf_hashes(size - size % TILE_WIDTH, size)]
        level, count = 0, size >> _BITS
        while count:
            tree._edges.append(store.tile_roots(level, count - count % TILE_WIDTH, count))
            level, count = level + 1, count >> _BITS
        return tree

    def append(self, leaf_hash: bytes) -> list[Tile]:
        """Add a leaf hash; return the tiles that it completed, mostly none."""
        self.size += 1
        edge = self._edges[0]
        edge.append(leaf_hash)
        return self._complete() if len(edge) == TILE_WIDTH else []

    def edge(self) -> bytes:
        """Return the leaf hashes of the tile that is not full yet, joined."""
        return b"".join(self._edges[0])

    def root(self) -> bytes:
        """Return the root of the whole tree."""
        return range_root(0, self.size, self._node)

    def _complete(self) -> list[Tile]:
        tiles: list[Tile] = []
        level = 0
        while len(self._edges[level]) == TILE_WIDTH:
            hashes = self._edges[level]
            index = (self.size >> (_BITS * (level + 1))) - 1
            tiles.append(Tile(level, index, fold(hashes), b"".join(hashes)))
            self._edges[level] = []
            level += 1
            if level == len(self._edges):
                self._edges.append([])
            self._edges[level].append(tiles[-1].root)
        return tiles

    def _node(self, level: int, index: int) -> bytes:
        height, step = divmod(level, _BITS)
        edge = self._edges[height]
        first = (self.size >> (_BITS * height)) - len(edge)  # place of edge[0] within its level
        start = (index << step) - first
        return fold(edge[start : start + (1 << step)])


def recorded_hashes(store: LedgerStore, start: int, stop: int) -> list[bytes]:
    """Return the leaf hashes `[start, stop)` as recorded apart from the entries, as far as they are.

    From full tiles, then from the edge kept with the last checkpoint, both of which outlive a
    deleted or rewritten row; only after that from the rows themselves.

    Parameters
    ----------
    store : LedgerStore
    start : int
        A multiple of the tile width.
    stop : int
    """
    hashes: list[bytes] = []
    while start < stop and (tile := store.tile(0, start // TILE_WIDTH)) is not None:
        hashes += _pieces(tile.hashes[: 32 * (stop - start)])
        start += TILE_WIDTH
    if start >= stop:
        return hashes
    size = (store.last_checkpoint() or (0, ""))[0]
    if size // TILE_WIDTH * TILE_WIDTH == start:
        edge = _pieces(store.edge(size)[: 32 * (stop - start)])
        hashes += edge
        start += len(edge)
    return hashes + store.leaf_hashes(start, stop)


def _pieces(data: bytes) -> list[bytes]:
    return [data[at : at + 32] for at in range(0, len(data) - 31, 32)]


class TileReader:
    """Hashes of any perfect subtree of a stored ledger, read from its tiles."""

    __slots__ = ("_cache", "_store")

    def __init__(self, store: LedgerStore) -> None:
        self._store = store
        self._cache: dict[tuple[int, int], list[bytes]] = {}

    def root(self, size: int) -> bytes:
        """Return the root over the first `size` entries, by the stored hashes."""
        return range_root(0, size, self.node)

    def node(self, level: int, index: int) -> bytes:
        """Return the hash of the subtree over leaves `[index << level, (index + 1) << level)`."""
        height, step = divmod(level, _BITS)
        start, width = index << step, 1 << step
        tile = start // TILE_WIDTH
        hashes = self._tile(height, tile)
        if hashes:
            offset = start % TILE_WIDTH
            found = hashes[offset : offset + width]
        else:
            found = self._loose(height, start, start + width)
        if len(found) != width:
            raise LedgerRewritten(
                f"Hashes {start} to {start + width} of level {height * _BITS} are missing.",
                fix="Run flyball verify: entries were removed from the database.",
                level=height * _BITS,
                start=start,
            )
        return fold(found)

    def _tile(self, height: int, index: int) -> list[bytes]:
        if (height, index) not in self._cache:
            tile = self._store.tile(height, index)
            self._cache[height, index] = _pieces(tile.hashes if tile else b"")
        return self._cache[height, index]

    def _loose(self, height: int, start: int, stop: int) -> list[bytes]:
        if height == 0:
            return self._store.leaf_hashes(start, stop)
        return self._store.tile_roots(height - 1, start, stop)
