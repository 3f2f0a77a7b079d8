"""Segments: which kind each record is, and which parent it belongs to."""

from collections.abc import Sequence

import pyarrow as pa

__all__ = ["SegmentIds"]


class SegmentIds:
    """Gives records ids by level: a root, its children, their children.

    A record of the first kind in `levels` is a root and opens a new id from its number in the file; one
    of another level counts up below the last root. "_" stands for every other kind.

    Parameters
    ----------
    levels : sequence of str
        Kinds of records, from parent to child; several kinds of one level with "|" between them.
    prefix : str
    state : sequence of int
        As `state` gave it; () at the begin of a file.
    """

    def __init__(self, levels: Sequence[str], prefix: str, file: int, state: Sequence[int] = ()) -> None:
        self.levels = [level.split("|") for level in levels]
        self.prefix, self.file = prefix, file
        self.level, self.root = (state[0], state[1]) if state else (-1, 0)
        self.counts = list(state[2:]) if state else [0] * len(self.levels)

    @property
    def state(self) -> list[int]:
        """What the next batch needs to go on."""
        return [self.level, self.root, *self.counts]

    def columns(self, kinds: Sequence[str | None], first: int) -> list[pa.Array]:
        """Return one text column for each level; null for levels below that of the record.

        Parameters
        ----------
        kinds : sequence of str or None, of length records
        first : int
            Number of the first record in its file, from 0.
        """
        found: list[list[str | None]] = [[] for _ in self.levels]
        for number, kind in enumerate(kinds, start=first):
            self._next(kind, number)
            root = "_".join(part for part in (self.prefix, str(self.file), str(self.root)) if part)
            for level, column in enumerate(found):
                if level > self.level:
                    column.append(None)
                else:
                    column.append(root if level == 0 else f"{root}_L{level}_{self.counts[level]}")
        return [pa.array(column, pa.string()) for column in found]

    def _next(self, kind: str | None, number: int) -> None:
        for level, kinds in enumerate(self.levels):
            if kind in kinds or "_" in kinds:
                self.level = level
                if level == 0:
                    self.root = number
                    self.counts = [0] * len(self.levels)
                else:
                    self.counts[level] += 1
                return
