"""Decided rows: decisions as columns, the answers to every field and the case itself, window by window.

A window is read once, however many looks see it, and no more of them are held than the longest look needs.
"""

import re
from collections.abc import Mapping
from datetime import datetime

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flyball.data.documents.rows import Value, row_of
from flyball.ledger.errors import BlobErased, BlobMissing
from flyball.loop.workshop import Workshop

__all__ = ["Answers", "DecidedRows", "answers_by_field"]

Whole = npt.NDArray[np.int64]
Case = Mapping[str, Value]

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(T.*)?")
_NUMBER = msgspec.json.Decoder(float)


class _Text(msgspec.Struct):
    """What is needed of a document."""

    text: str


_TEXT = msgspec.json.Decoder(_Text)

Answers = dict[str, pa.Table]
"""For every field one row for each decision, in their order: answer, outcome, expert, confidence; null where
the decision has no answer to it."""


def answers_by_field(answers: pa.Table, entries: Whole) -> Answers:
    """Return the answers of decisions, field by field.

    Parameters
    ----------
    answers : Table
        As the history gives it.
    entries : ndarray of shape (n_decisions,)
        Ledger entries of the decisions, rising.
    """
    if not answers.num_rows:
        return {}
    fields = answers.column("field").unify_dictionaries().combine_chunks()
    codes = fields.indices.to_numpy(zero_copy_only=False)
    of = answers.column("entry").to_numpy()
    places = np.minimum(np.searchsorted(entries, of), len(entries) - 1)
    known = entries[places] == of  # one may have been decided since the decisions were listed
    found = {}
    for code, field in enumerate(fields.dictionary.to_pylist()):
        mine = np.flatnonzero((codes == code) & known)
        rows = np.full(len(entries), -1)
        rows[places[mine]] = mine
        taken = answers.select(["answer", "outcome", "expert", "confidence"]).take(
            pa.array(rows, mask=rows < 0)
        )
        found[field] = taken.combine_chunks()
    return dict(sorted(found.items()))


class DecidedRows:
    """Decisions in their order: those of the reference, then window by window.

    Parameters
    ----------
    workshop : Workshop
    entries : ndarray of shape (n_decisions,)
        Ledger entries of the decisions, rising.
    answers : Answers
    reference, window : int
        How many decisions, the first ones, are the reference; and how many each window behind it has.
    """

    def __init__(
        self, workshop: Workshop, entries: Whole, answers: Answers, *, reference: int, window: int
    ) -> None:
        self._workshop = workshop
        self._entries = entries
        self._reference, self._window = reference, window
        self._held: dict[int, pa.Table] = {}
        numbers = {field.key for field in workshop.deployment.fields if field.kind == "number"}
        columns: dict[str, pa.ChunkedArray] = {}
        for field, mine in answers.items():
            answer = _texts(mine.column("answer"))
            columns[f"answer: {field}"] = _as_numbers(answer) if field in numbers else answer
            columns[f"outcome: {field}"] = _texts(mine.column("outcome"))
            columns[f"confidence: {field}"] = mine.column("confidence")
        self._answers = pa.table(columns)

    def reference(self) -> tuple[pa.Table, Whole]:
        """Return the decisions of the reference as rows, and their places among all decisions.

        A case whose text was erased is not a case without values: it is left out.
        """
        return self._rows(0, self._reference)

    def windows(self, last: int, number: int) -> pa.Table:
        """Return the decisions of a number of windows up to the last as rows, likewise."""
        for window in range(last - number + 1, last + 1):
            if window not in self._held:
                behind = self._reference + window * self._window
                self._held[window] = self._rows(behind - self._window, behind)[0]
        return _together([self._held[window] for window in range(last - number + 1, last + 1)])

    def forget(self, before: int) -> None:
        """Hold no window before that one any longer."""
        for window in [one for one in self._held if one < before]:
            del self._held[window]

    def _rows(self, first: int, behind: int) -> tuple[pa.Table, Whole]:
        table = self._answers.slice(first, behind - first)
        if not self._workshop.deployment.settings.drift.cases:
            return table, np.arange(first, behind)
        cases = self._cases(first, behind)
        there = np.array([at for at, one in enumerate(cases) if one is not None], np.int64)
        table = table.take(pa.array(there))
        kept = [one for one in cases if one is not None]
        for name in sorted({name for one in kept for name in one}):
            table = table.append_column(name, _typed([one.get(name) for one in kept]))
        return table, first + there

    def _cases(self, first: int, behind: int) -> list[Case | None]:
        wanted = {entry: at for at, entry in enumerate(self._entries[first:behind].tolist())}
        start, stop = min(wanted), max(wanted) + 1
        ledger = self._workshop.ledger
        close = stop - start <= 4 * len(wanted)
        found: list[Case | None] = [None] * len(wanted)
        for entry in ledger.entries("decision", start, stop) if close else map(ledger.entry, wanted):
            if entry.index in wanted:
                found[wanted[entry.index]] = self._case(entry.refs)
        return found

    def _case(self, refs: tuple[str, ...]) -> Case | None:
        """Return a case as columns; None where its text was erased."""
        if not refs:
            return {}
        try:
            text = _TEXT.decode(self._workshop.blobs.get(refs[0])).text
        except (BlobErased, BlobMissing):
            return None
        row = row_of(text)
        return {"text": text} if row is None else {f"case: {name}": value for name, value in row.items()}


def _together(windows: list[pa.Table]) -> pa.Table:
    """Return windows as one table; a column that is of another kind in one of them becomes text."""
    types: dict[str, set[pa.DataType]] = {}
    for one in windows:
        for field in one.schema:
            if not pa.types.is_null(field.type):
                types.setdefault(field.name, set()).add(field.type)
    mixed = {name for name, of in types.items() if len(of) > 1}
    if mixed:
        windows = [
            one.cast(pa.schema([field.with_type(pa.string()) if field.name in mixed else field
                                for field in one.schema]))
            for one in windows
        ]  # fmt: skip
    return pa.concat_tables(windows, promote_options="permissive")


def _typed(values: list[Value]) -> pa.Array:
    """Return values as one column: numbers, flags, days, or text."""
    kinds = {type(value) for value in values} - {type(None)}
    if kinds <= {bool}:
        return pa.array(values, pa.bool_() if kinds else pa.null())
    if kinds <= {int, float}:
        return pa.array(values, pa.float64())
    texts = [None if value is None else str(value) for value in values]
    if all(_DAY.fullmatch(one) for one in texts if one is not None):
        try:
            days = [None if one is None else datetime.fromisoformat(one[:10]).date() for one in texts]
            return pa.array(days, pa.date32())
        except ValueError:
            return pa.array(texts, pa.string())
    return pa.array(texts, pa.string())


def _texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column


def _as_numbers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    coded = column.combine_chunks().dictionary_encode()
    values = pa.array([_number(one) for one in coded.dictionary.to_pylist()], pa.float64())
    return pa.chunked_array([values.take(coded.indices)])


def _number(text: str) -> float | None:
    try:
        return _NUMBER.decode(text)
    except msgspec.DecodeError:
        return None
