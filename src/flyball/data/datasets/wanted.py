"""Wanted: the rows and texts that are about one person or one document."""

import html
import re
import sqlite3
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from io import BytesIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

__all__ = ["SHORTEST_WORDS", "Wanted", "keys_of"]

SHORTEST_WORDS = 5
"""A shorter value ("42") stands in too many texts about others; it is only looked for in named columns."""

_BATCH_ROWS = 8_192
# Source: sqlite.org/fileformat2.html, sections 1.3 and 4.1.
_SQLITE, _SQLITE_LOG = b"SQLite format 3\x00", (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for.

    Parameters
    ----------
    words : tuple of str
        Looked for in every text, as whole words, whatever the case and the white space between them.
    exact : mapping of str to frozenset of str
        Column -> values, as text, that a row about the person has there.
    keys : mapping of tuple of str to frozenset of str
        Key columns -> keys of such rows, as `keys_of` writes them.
    """

    words: tuple[str, ...] = ()
    exact: Mapping[str, frozenset[str]] = field(default_factory=dict)
    keys: Mapping[tuple[str, ...], frozenset[str]] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Say nothing of the person."""
        columns = sorted({*self.exact, *(name for key in self.keys for name in key)})
        return f"Wanted({len(self.words)} words, columns {', '.join(columns) or 'none'})"

    def rows(self, batch: pa.RecordBatch) -> pa.BooleanArray:
        """Return for each row whether it is about the person; shape (n_rows,)."""
        found = pa.array([False] * batch.num_rows, pa.bool_())
        pattern = _pattern(self.words, "(?:^|[^\\pL\\pN_])", "(?:$|[^\\pL\\pN_])")
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            values = self.exact.get(name)
            if values:
                hit = pc.is_in(_as_text(column), pa.array(sorted(values), pa.string()))
                found = pc.or_(found, pc.fill_null(hit, False))
            if self.words and (texts := _texts(column)) is not None:
                hit = pc.match_substring_regex(texts, pattern, ignore_case=True)
                found = pc.or_(found, pc.fill_null(hit, False))
        for columns, wanted in self.keys.items():
            if wanted and set(columns) <= set(batch.schema.names):
                hit = pc.is_in(keys_of(batch, columns), pa.array(sorted(wanted), pa.string()))
                found = pc.or_(found, pc.fill_null(hit, False))
        return found

    def stands_in(self, data: bytes) -> bool:
        """Return whether bytes hold the words: as text, JSON, or in the cells of Parquet, Arrow or SQLite."""
        if not self.words:
            return False
        if data[:4] == b"PAR1":
            with pq.ParquetFile(BytesIO(data)) as file:
                return any(self._holds(batch) for batch in file.iter_batches(_BATCH_ROWS))
        if data[:6] == b"ARROW1":
            with pa.ipc.open_file(data) as file:
                return any(self._holds(file.get_batch(one)) for one in range(file.num_record_batches))
        if data.startswith(_SQLITE):
            return self._in_database(data)
        if data.startswith(_SQLITE_LOG):
            return self._within(data)
        return self._says(data.decode(errors="replace"))

    def _in_database(self, data: bytes) -> bool:
        """Look at each cell: in the file one stands right behind the other, which hides where a word ends."""
        with closing(sqlite3.connect(":memory:")) as database:
            try:
                database.deserialize(data[:18] + b"\x01\x01" + data[20:])  # as one without a log beside it
                tables = database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
                for (table,) in tables:
                    name = table.replace('"', '""')
                    for row in database.execute(f'SELECT * FROM "{name}"'):  # noqa: S608 - of the file itself
                        if any(self._in_cell(cell) for cell in row):
                            return True
            except sqlite3.Error:  # damaged: rather too much than too little
                return self._within(data)
        return False

    def _in_cell(self, cell: object) -> bool:
        if isinstance(cell, bytes):
            return self._within(cell)
        return isinstance(cell, str) and self._says(cell)

    def _within(self, data: bytes) -> bool:
        """Return whether the words stand anywhere, also within others."""
        return bool(re.search(_pattern(self.words, "", ""), data.decode(errors="replace"), re.IGNORECASE))

    def _says(self, text: str) -> bool:
        # In JSON a line break is written as \n, so that the letter before a word may be part of it.
        before = r"(?:(?<!\w)|(?<=\\[nrt]))"
        if text.lstrip()[:1] == "<":  # a page, in which a name may be written as "O&#39;Neil"
            text = html.unescape(text)
        return bool(re.search(_pattern(self.words, before, r"(?!\w)"), text, re.IGNORECASE))

    def _holds(self, batch: pa.RecordBatch) -> bool:
        return bool(pc.any(self.rows(batch)).as_py())


def keys_of(batch: pa.RecordBatch, columns: Sequence[str]) -> pa.Array:
    """Return the key of each row as one text; null where a part is null."""
    parts = [_as_text(batch.column(name)).cast(pa.string()) for name in columns]
    return pc.binary_join_element_wise(*parts, pa.scalar("\x1f"))


def _pattern(words: Iterable[str], before: str, after: str) -> str:
    forms = {
        r"(?:\s|\\[nrt])+".join(re.escape(part) for part in unicodedata.normalize(form, one).split())
        for one in words
        for form in ("NFC", "NFD")
    }
    return f"{before}(?:{'|'.join(sorted(forms))}){after}"


def _as_text(column: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_nested(column.type) or pa.types.is_binary(column.type):
        return pa.array([None if one is None else str(one) for one in column.to_pylist()], pa.string())
    return column.cast(pa.string())


def _texts(column: pa.Array) -> pa.Array | None:
    """Return what a column says, None where it holds no text."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        decoded = [None if one is None else one.decode(errors="replace") for one in column.to_pylist()]
        return pa.array(decoded, pa.large_string())
    if pa.types.is_nested(kind):
        said = [None if one is None else " ".join(_said(one)) for one in column.to_pylist()]
        return pa.array(said, pa.large_string())
    return None


def _said(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, bytes):
        yield value.decode(errors="replace")
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _said(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _said(item)
