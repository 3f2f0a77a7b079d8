"""Tables: Parquet, CSV, JSON lines and Excel, here or in an object store."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from flyball.core.errors import BadInput
from flyball.data.sources.errors import BadSource
from flyball.data.sources.objects.lines import MAX_RECORD_BYTES
from flyball.data.sources.objects.opening import PLACE_SETTINGS, place_of
from flyball.data.sources.objects.settings import Settings
from flyball.data.sources.objects.source import RowFiles
from flyball.data.sources.tables.rows import FORMATS, TableRows
from flyball.data.sources.tables.schema_cache import SchemaCache
from flyball.data.sources.tables.table_format import Declared
from flyball.data.sources.tables.types import type_named

__all__ = ["tables"]

_KNOWN = PLACE_SETTINGS | {
    "cache",
    "columns",
    "decimal_comma",
    "delimiter",
    "encoding",
    "format",
    "header",
    "infer",
    "max_columns",
    "max_record_bytes",
    "null_values",
    "quote",
    "sheet",
    "stream_by",
    "union",
}


def tables(name: str, settings: Mapping[str, object]) -> RowFiles:
    """Open a source of tables; docs/recipes/files.md describes the settings.

    Raises
    ------
    BadSource
        An unknown setting, or one of the wrong type.
    """
    given = Settings(name, settings, _KNOWN)
    place = place_of(given)
    columns, date_formats = _columns(given)
    declared = Declared(
        columns=columns,
        date_formats=date_formats,
        batch_rows=given.number("batch_rows", 65_536),
        max_columns=given.number("max_columns", 4_096),
        max_record_bytes=given.number("max_record_bytes", MAX_RECORD_BYTES),
        encoding=given.encoding(),
        delimiter=_one_character(given, "delimiter", ""),
        quote=_one_character(given, "quote", '"'),
        header=given.flag("header", True),
        null_values=given.texts("null_values"),
        decimal_comma=given.flag("decimal_comma"),
        sheet=given.text("sheet"),
    )
    infer = given.flag("infer", True)
    if not infer and not columns:
        raise given.bad("columns", "declared where infer is false")
    rows = TableRows(
        place,
        declared,
        format=given.choice("format", "", *FORMATS),
        stream_by=given.choice("stream_by", "source", "file", "folder"),
        union=given.flag("union"),
        infer=infer,
        cache=_cache(given, declared),
    )
    return RowFiles(name, place, rows, given.flag("only_new"), given.keys())


def _cache(given: Settings, declared: Declared) -> SchemaCache:
    path = given.text("cache")
    about = f"{declared} {given.text('format')}"
    return SchemaCache(Path(path) if path else None, hashlib.sha256(about.encode()).hexdigest())


def _columns(given: Settings) -> tuple[dict[str, pa.DataType], dict[str, str]]:
    """Return types and date formats: "date %d.%m.%Y" is both."""
    types: dict[str, pa.DataType] = {}
    formats: dict[str, str] = {}
    for column, written in given.table("columns").items():
        kind, _, date_format = str(written).partition(" %")
        try:
            types[column] = type_named(kind if date_format else str(written))
        except BadInput as err:
            raise BadSource(
                f"Source {given.source}, column {column}: {err.message}", fix=err.fix, source=given.source
            ) from err
        if date_format:
            formats[column] = "%" + date_format
    return types, formats


def _one_character(given: Settings, name: str, default: str) -> str:
    value = given.text(name, default)
    if len(value.encode()) > 1:
        raise given.bad(name, "one ASCII character, or nothing")
    return value
