"""Variable tables: records whose fields move up behind an OCCURS DEPENDING ON, made as wide as can be."""

import numpy as np
import numpy.typing as npt

from flyball.data.sources.mainframe.columns import Decoder
from flyball.data.sources.mainframe.layout import Node
from flyball.data.sources.mainframe.text import Block

__all__ = ["has_variable_tables", "lengths_when_moved", "moves_anything", "record_length", "spread"]

Int64 = npt.NDArray[np.int64]


def has_variable_tables(nodes: tuple[Node, ...]) -> bool:
    """Say whether anything below depends on a counter."""
    return any(node.item.depending_on or has_variable_tables(node.children) for node in nodes)


def moves_anything(nodes: tuple[Node, ...], *, last: bool = True) -> bool:
    """Say whether a table that is not full would move what stands behind it; one at the end does not."""
    own = [node for node in nodes if not node.item.redefines]
    for place, node in enumerate(own):
        at_end = last and place == len(own) - 1
        if node.item.depending_on and (not at_end or has_variable_tables(node.children)):
            return True
        if moves_anything(node.children, last=at_end and node.item.occurs < 2):
            return True
    return False


def lengths_when_moved(block: Block, lengths: Int64, decoder: Decoder) -> Int64:
    """Return how long each record is if everything moves up behind its tables."""
    _, _, inserted = spread(np.array(block), lengths, decoder)
    return decoder.layout.size - sum((count for _, count in inserted), np.zeros(len(block), np.int64))


def spread(block: Block, lengths: Int64, decoder: Decoder) -> tuple[Block, Int64, list[tuple[int, Int64]]]:
    """Move fields back to where they lie when every table is full.

    Parameters
    ----------
    block : uint8 of shape (records, bytes of the layout)
        Changed in place.
    lengths : int64 of shape (records,)
    decoder : Decoder

    Returns
    -------
    block, lengths, inserted
        `inserted` says at which byte how many bytes were put in, for each record: where things really were.
    """
    work = _Spread(block, lengths.copy(), decoder)
    work.group(decoder.fields.nodes, 0, {}, np.ones(len(block), np.bool_))
    return work.block, work.lengths, work.inserted


def record_length(data: bytes, decoder: Decoder) -> int:
    """Return the bytes of the record that begins here; -1 if not enough of it is there to tell."""
    size = decoder.layout.size
    block = np.zeros((1, size), np.uint8)
    part = np.frombuffer(data[:size], np.uint8)
    block[0, : len(part)] = part
    _, _, inserted = spread(block, np.array([len(part)], np.int64), decoder)
    length = size - sum(int(count[0]) for _, count in inserted)
    return length if length <= len(data) else -1


class _Spread:
    def __init__(self, block: Block, lengths: Int64, decoder: Decoder) -> None:
        self.block, self.lengths, self.decoder = block, lengths, decoder
        self.inserted: list[tuple[int, Int64]] = []

    def group(
        self, nodes: tuple[Node, ...], start: int, counts: dict[str, Int64], active: npt.NDArray[np.bool_]
    ) -> None:
        for node in nodes:
            place = start + node.offset
            upper = node.name.upper()
            if upper in self.decoder.counters and not node.children:
                counts.update(self.decoder.counted(node, self.block[:, place : place + node.size]))
            if node.item.redefines:
                continue  # the room is that of the first view
            if node.item.depending_on:
                most = node.item.occurs
                elements = np.clip(
                    counts.get(self.decoder.counter_of(node.item), np.full(len(active), most)), 0, most
                )
            else:
                elements = np.full(len(active), max(node.item.occurs, 1))
            if has_variable_tables(node.children):
                for number in range(max(node.item.occurs, 1)):
                    here = active & (number < elements)
                    self._insert(place + number * node.size, node.size, active & ~here)
                    self.group(node.children, place + number * node.size, counts, here)
            elif node.item.depending_on:
                for count in np.unique(elements[active]):
                    absent = (node.item.occurs - int(count)) * node.size
                    self._insert(place + int(count) * node.size, absent, active & (elements == count))

    def _insert(self, place: int, size: int, rows: npt.NDArray[np.bool_]) -> None:
        if size == 0 or not rows.any():
            return
        part = self.block[rows]
        part[:, place + size :] = part[:, place : part.shape[1] - size].copy()
        part[:, place : place + size] = 0
        self.block[rows] = part
        self.lengths[rows] += np.where(self.lengths[rows] >= place, size, 0)
        self.inserted.append((place, np.where(rows, size, 0).astype(np.int64)))
