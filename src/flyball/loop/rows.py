"""Rows as cases: each row of a table is a document, what turned out is taken off it first.

Why: docs/decisions/0012-a-row-is-a-document.md.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pyarrow as pa

from flyball.core.digests import canonical_json, digest_of, digest_of_bytes
from flyball.core.errors import BadInput
from flyball.core.records import Field
from flyball.data.datasets.errors import BadLabels
from flyball.data.documents.records import Document, Unreadable
from flyball.data.documents.rows import BadRow, document_of_row
from flyball.data.sources.source import Source
from flyball.loop.deployment import Deployment, digest_of_path
from flyball.loop.neighbours import neighbours_of, told
from flyball.loop.settings import SourceSettings
from flyball.loop.sources import kind_of, open_source
from flyball.models.experts.graph.features import FEATURES_VERSION
from flyball.models.experts.graph.log import BadTransfers
from flyball.models.experts.graph.neighbourhood import Neighbourhood

__all__ = [
    "TABLE_ENDINGS",
    "CaseRow",
    "as_typed",
    "document_of_row",
    "packed",
    "read_rows",
    "rows_digest",
    "rows_of_file",
    "unpacked",
]

TABLE_ENDINGS = (".csv", ".tsv", ".parquet", ".jsonl", ".ndjson", ".xlsx")
"""Files whose rows are cases, where the deployment decides about rows."""

_NUMBER = re.compile(r"[+-]?[0-9]{1,300}(\.[0-9]{1,300})?([eE][+-]?[0-9]{1,3})?")
_YES = {"true", "yes", "1", "1.0"}
_NO = {"false", "no", "0", "0.0"}


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A row that is a case.

    Parameters
    ----------
    document : Document
    labels : mapping of str to str
        Field -> answer as JSON: what turned out, or what a person said.
    """

    document: Document
    labels: Mapping[str, str]


def read_rows(
    deployment: Deployment,
    source: SourceSettings,
    fields: Sequence[Field],
    *,
    opened: Source | None = None,
    memory: Neighbourhood | None = None,
    like: pa.Schema | None = None,
    latest: int | None = None,
) -> Iterator[CaseRow | Unreadable]:
    """Read the rows of a source, in its order.

    Parameters
    ----------
    deployment : Deployment
    source : SourceSettings
        With `cases`.
    fields : sequence of Field
        Those that may have labels.
    opened : Source, optional
        To read from it instead of from what the settings say.
    memory : Neighbourhood, optional
        What is known of earlier transfers, where rows are transfers; by default nothing.
    like : Schema, optional
        Types that columns have elsewhere. Where one has another type here, each value is read as that type,
        and a row of which one cannot be is unreadable, alone.
    latest : int, optional
        Seconds since 1970: a transfer that claims to be later is unreadable.

    Yields
    ------
    CaseRow, or Unreadable for a row that cannot be a case

    Raises
    ------
    BadInput
        A setting that does not fit, or a column that is not there.
    """
    _refuse_misfits(source, fields)
    opened = opened or open_source(deployment, source)
    memory = memory or neighbours_of(deployment, source)
    kinds = {field.key: field.kind for field in fields}
    wanted = {one.name for one in source.stream}
    streams = [one for one in opened.streams() if not wanted or one.name in wanted]
    for stream in streams:
        _refuse_missing(source, stream.name, stream.schema.names)
        number = 0
        table = stream.name if len(streams) > 1 else source.name
        for batch in opened.batches(stream.name):
            rows, bad = as_typed(batch.rows, like) if like is not None else (batch.rows, {})
            good = iter(rows.to_pylist() if memory is None else told(memory, source, rows, latest=latest))
            for place in range(batch.rows.num_rows):
                number += 1
                row = bad[place] if place in bad else next(good)
                if isinstance(row, BadRow | BadTransfers):
                    named = batch.rows.slice(place, 1).to_pylist()[0]
                    yield Unreadable.from_error(_name(source, named, table, number), row)
                    continue
                name = _name(source, row, table, number)
                labels = {
                    key: answer
                    for key, column in source.label_columns.items()
                    if (answer := _label(row.pop(column, None), kinds[key], name, column)) is not None
                }
                for column in source.leave_out:
                    row.pop(column, None)
                try:
                    yield CaseRow(document_of_row(row, name=name), labels)
                except BadRow as err:
                    yield Unreadable.from_error(name, err)


def rows_of_file(
    deployment: Deployment,
    source: SourceSettings,
    path: Path,
    fields: Sequence[Field],
    *,
    memory: Neighbourhood | None = None,
    latest: int | None = None,
) -> Iterator[Document | Unreadable]:
    """Read the rows of a table that somebody hands in, as the deployment's own source would be read.

    Columns with labels, and those that are left out there, are taken off here too, and columns are of the
    types that they have there: a file of text says of none, and one cell that is no number would make texts
    of all others in its column.
    """
    given = msgspec.structs.replace(
        source, kind="tables", path=str(path), url="", stream=(), label_columns={}
    )
    unseen = tuple({*source.leave_out, *source.label_columns.values()})
    given = msgspec.structs.replace(given, name=path.stem or source.name, leave_out=unseen)
    opened = open_source(deployment, msgspec.structs.replace(given, name=source.name))
    like = _types(deployment, source)
    for one in read_rows(deployment, given, fields, opened=opened, memory=memory, like=like, latest=latest):
        yield one if isinstance(one, Unreadable) else one.document


def as_typed(
    rows: pa.Table | pa.RecordBatch, like: pa.Schema
) -> tuple[pa.Table | pa.RecordBatch, dict[int, BadRow]]:
    """Return rows with their columns read as the types of a schema, without those that cannot be.

    Parameters
    ----------
    rows : Table or RecordBatch
    like : Schema
        Columns that only one of both has stay as they are, and so do types that fit.

    Returns
    -------
    rows : Table or RecordBatch
        Without the bad ones.
    bad : dict of int to BadRow
        By their place.
    """
    bad: dict[int, BadRow] = {}
    for place, column in enumerate(rows.schema):
        wanted = like.field(column.name).type if column.name in like.names else column.type
        read = _reader(column.type, wanted)
        if read is None:
            continue
        values: list[object] = []
        for number, value in enumerate(rows.column(place).to_pylist()):
            try:
                values.append(None if value is None else read(value))
            except ValueError:
                values.append(None)
                bad[number] = BadRow(
                    f"The column {column.name} holds {str(value)[:40]!r}, which is not {_WORDS[read]}.",
                    fix=f"Write {_WORDS[read]}, or nothing where it is not known.",
                    column=column.name,
                )
        rows = rows.set_column(place, column.name, pa.array(values))
    if bad:
        rows = rows.filter(pa.array([number not in bad for number in range(rows.num_rows)]))
    return rows, bad


def _reader(given: pa.DataType, wanted: pa.DataType) -> Callable[[object], object] | None:
    """Return what reads a value of one type as another; None where there is nothing to do."""
    is_text = pa.types.is_string(given) or pa.types.is_large_string(given)
    is_number = pa.types.is_integer(given) or pa.types.is_floating(given) or pa.types.is_decimal(given)
    if pa.types.is_integer(wanted) or pa.types.is_floating(wanted) or pa.types.is_decimal(wanted):
        return _number if is_text else None
    if pa.types.is_boolean(wanted):
        return _flag if is_text or is_number else None
    if pa.types.is_string(wanted) or pa.types.is_large_string(wanted):
        return str if is_number else None
    return None


def _number(value: object) -> float:
    text = str(value).strip()
    if not _NUMBER.fullmatch(text) or math.isinf(float(text)):
        raise ValueError
    return float(text)


def _flag(value: object) -> bool:
    word = str(value).strip().casefold()
    if word not in _YES | _NO:
        raise ValueError
    return word in _YES


_WORDS: Mapping[Callable[[object], object], str] = {_number: "a number", _flag: "yes or no", str: "a text"}


def _types(deployment: Deployment, source: SourceSettings) -> pa.Schema | None:
    """Return the types of the columns of a source of files; others are not asked for a file's sake."""
    if kind_of(source) != "tables" or not source.path:
        return None
    streams = open_source(deployment, source).streams()
    return streams[0].schema if len(streams) == 1 else None


def rows_digest(deployment: Deployment, source: SourceSettings, fields: Sequence[Field]) -> str:
    """Return a digest of everything that reading the rows of a source depends on.

    Of files it is cheap: their bytes. Of anything else the rows themselves are read.
    """
    how = digest_of(
        [
            source.name,
            source.name_column,
            source.label_columns,
            source.leave_out,
            repr(source.settings),
            *([sorted(source.neighbours.items()), FEATURES_VERSION] if source.neighbours else []),
        ]
    )
    if source.path:
        patterns = sorted(deployment.root.glob(source.path)) if set("*?[") & set(source.path) else []
        paths = patterns or [deployment.path(source.path)]
        return digest_of([how, [(path.name, digest_of_path(path)) for path in paths]])
    found = read_rows(deployment, source, fields)
    rows = [
        [one.name, one.code] if isinstance(one, Unreadable) else [one.document.text, dict(one.labels)]
        for one in found
    ]
    return digest_of([how, digest_of_bytes(canonical_json(rows))])


def packed(rows: Iterable[CaseRow]) -> bytes:
    """Return rows as one piece of JSON: names, texts, labels."""
    return canonical_json([[one.document.name, one.document.text, dict(one.labels)] for one in rows])


def unpacked(data: bytes) -> list[CaseRow]:
    """Return the rows of a pack again."""
    rows = msgspec.json.decode(data, type=list[tuple[str, str, dict[str, str]]])
    return [
        CaseRow(document_of_row(msgspec.json.decode(text), name=name), labels) for name, text, labels in rows
    ]


def _refuse_misfits(source: SourceSettings, fields: Sequence[Field]) -> None:
    known = [field.key for field in fields]
    unknown = sorted(set(source.label_columns) - set(known))
    problem = ""
    if kind_of(source) == "files":
        problem, fix = "holds files, not rows", 'Write kind = "tables", or take cases = true out.'
    elif source.labels:
        problem, fix = "has both rows as cases and a file of labels", "Name the column: label_columns."
    elif any(one.contract for one in source.stream):
        problem = "names a data contract, which holds what `flyball source sync` loads, not rows as cases"
        fix = "Load it with a contract into a dataset, or take the contract out."
    elif unknown:
        problem, fix = f"labels {unknown[0]!r}, which is no field", f"Known: {', '.join(known)}."
    if problem:
        raise BadInput(f"The source {source.name} {problem}.", fix=fix, source=source.name)


def _refuse_missing(source: SourceSettings, stream: str, columns: Sequence[str]) -> None:
    wanted = [*source.label_columns.values(), *([source.name_column] if source.name_column else [])]
    missing = [column for column in wanted if column not in columns]
    if missing:
        raise BadInput(
            f"The stream {stream} of the source {source.name} has no column {missing[0]!r}.",
            fix=f"Its columns: {', '.join(columns)}.",
            source=source.name,
            column=missing[0],
        )


def _name(source: SourceSettings, row: Mapping[str, object], table: str, number: int) -> str:
    value = row.get(source.name_column) if source.name_column else None
    return f"row {number} of {table}" if value is None else str(value)


def _label(value: object, kind: str, name: str, column: str) -> str | None:
    """Return what turned out as JSON, None where nobody knows."""
    if value is None or value == "":
        return None
    if kind in ("flag", "spans"):
        word = str(value).strip().casefold()
        if word in _YES or word in _NO:
            return "true" if word in _YES else "false"
        raise BadLabels(
            f"{name}: the column {column} holds {str(value)[:40]!r}, which is neither yes nor no.",
            fix="Write yes or no, true or false, 1 or 0; nothing where it is not known.",
            case=name,
            column=column,
        )
    if kind == "number" and not isinstance(value, int | float):
        raise BadLabels(
            f"{name}: the column {column} holds {str(value)[:40]!r}, which is not a number.",
            fix="Write numbers only; nothing where it is not known.",
            case=name,
            column=column,
        )
    return canonical_json(value).decode()
