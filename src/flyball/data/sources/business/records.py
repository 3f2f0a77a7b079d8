"""Rows of business files: batches of the tuples that a parser yields."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import islice

import pyarrow as pa

from flyball.data.sources.errors import BadRecord
from flyball.data.sources.objects.place import Found, Place
from flyball.data.sources.objects.reading import Position
from flyball.data.sources.objects.source import FileStream

__all__ = ["MONEY", "BusinessRows", "Parser", "RowKind", "money"]

MONEY = pa.decimal128(18, 2)
_LARGEST = Decimal(10) ** 16

Row = tuple[object, ...]
Parser = Callable[[Place, Found, str], Iterator[Row]]
"""(place, file, stream) -> the rows of one stream of one file."""


@dataclass(frozen=True, slots=True)
class RowKind:
    """One stream that files of a format offer."""

    name: str
    schema: pa.Schema


@dataclass(frozen=True, slots=True)
class BusinessRows:
    """The streams of some files of one format.

    Parameters
    ----------
    place : Place
    kinds : sequence of RowKind
    parse : Parser
    batch_rows : int
    """

    place: Place
    kinds: Sequence[RowKind]
    parse: Parser
    batch_rows: int

    def streams(self, files: tuple[Found, ...]) -> Mapping[str, FileStream]:
        """Return the streams; no file is opened for it."""
        return {kind.name: FileStream(kind.schema, files, self._reader(kind)) for kind in self.kinds}

    def _reader(
        self, kind: RowKind
    ) -> Callable[[Found, Position], Iterator[tuple[pa.RecordBatch, Position]]]:
        def read(one: Found, start: Position) -> Iterator[tuple[pa.RecordBatch, Position]]:
            done = start[0] if start else 0
            rows = self.parse(self.place, one, kind.name)
            # a file is held against its own counts from its beginning, so what is done is read over
            for _ in islice(rows, done):
                pass
            for part in _parts(rows, self.batch_rows):
                done += len(part)
                columns = zip(*part, strict=True)
                arrays = [
                    pa.array(values, field.type) for values, field in zip(columns, kind.schema, strict=True)
                ]
                yield pa.RecordBatch.from_arrays(arrays, schema=kind.schema), (done,)

        return read


def _parts(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    """Yield rows in lists; where the parser fails, what came before it first."""
    part: list[Row] = []
    try:
        for row in rows:
            part.append(row)
            if len(part) == size:
                yield part
                part = []
    except BadRecord:
        if part:
            yield part
        raise
    if part:
        yield part


def money(text: str, what: str, file: str, byte: int) -> Decimal | None:
    """Return an amount; None where the field is empty.

    Raises
    ------
    BadRecord
        No number, more than two places, or 10**16 and more.
    """
    if not text:
        return None
    try:
        amount = Decimal(text)
        if amount.is_finite() and abs(amount) < _LARGEST and amount == round(amount, 2):
            return amount
    except InvalidOperation:
        pass
    raise BadRecord(
        f"{file} (byte {byte:,}): {what} is no amount of money.",
        fix="Ask the sender for the file again.",
        file=file,
        byte=byte,
    )
