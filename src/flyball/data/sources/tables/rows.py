"""Streams of tables: which files belong together, and the schema that holds for all of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from flyball.data.sources.objects.errors import FileLies
from flyball.data.sources.objects.opened import bare_ending
from flyball.data.sources.objects.place import Found, Place
from flyball.data.sources.objects.reading import Position
from flyball.data.sources.objects.source import FileStream
from flyball.data.sources.tables.delimited import Delimited
from flyball.data.sources.tables.excel import Excel
from flyball.data.sources.tables.json_lines import JsonLines
from flyball.data.sources.tables.parquet import Parquet
from flyball.data.sources.tables.schema_cache import SchemaCache
from flyball.data.sources.tables.table_format import Declared, TableFormat
from flyball.data.sources.tables.types import merged

__all__ = ["FORMATS", "TableRows"]

FORMATS: dict[str, type[Delimited] | type[JsonLines] | type[Parquet] | type[Excel]] = {
    "csv": Delimited,
    "jsonl": JsonLines,
    "parquet": Parquet,
    "excel": Excel,
}
_BY_ENDING = {
    ".csv": "csv",
    ".tsv": "csv",
    ".psv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".xls": "excel",
}


@dataclass(frozen=True, slots=True)
class TableRows:
    """The tables that some files hold.

    Parameters
    ----------
    place : Place
    declared : Declared
    format : str
        One of FORMATS; "" goes by each file's ending.
    stream_by : {"source", "file", "folder"}
        Whether all files are one stream, `rows`; or each file is one, named after it; or each folder.
    union : bool
        Whether a file may lack columns that others have; they are null there. Otherwise it is an error.
    infer : bool
        Whether columns that are not declared get the type that holds for every row; all files are read
        twice for it, except unchanged ones that are in `cache`. False: the columns are those declared,
        in that order, and no others.
    cache : SchemaCache
    """

    place: Place
    declared: Declared
    format: str = ""
    stream_by: str = "source"
    union: bool = False
    infer: bool = True
    cache: SchemaCache = field(default_factory=lambda: SchemaCache(None, ""), repr=False)

    def streams(self, files: tuple[Found, ...]) -> Mapping[str, FileStream]:
        """Return the streams; a file that did not change since the last call is not read again."""
        groups: dict[str, list[Found]] = {} if self.stream_by != "source" else {"rows": []}
        for one in files:
            groups.setdefault(self._stream_of(one), []).append(one)
        streams = {name: self._stream(members) for name, members in groups.items()}
        self.cache.save({one.where for one in files})
        self._refuse_unknown_columns(streams)
        return streams

    def _refuse_unknown_columns(self, streams: Mapping[str, FileStream]) -> None:
        """Refuse a declared column that no file has: a slip of the pen would be read over."""
        there = {name for one in streams.values() for name in one.schema.names}
        unknown = [name for name in self.declared.columns if name not in there]
        if unknown and there:
            raise FileLies(
                f"No file has the declared column {', '.join(unknown)}.",
                fix=f"The columns are: {', '.join(sorted(there))}.",
            )

    def _stream_of(self, one: Found) -> str:
        if self.stream_by == "source":
            return "rows"
        if self.stream_by == "folder":
            return one.name.rpartition("/")[0] or "rows"
        ending = bare_ending(one.name)
        return one.name[: one.name.lower().rindex(ending)] if ending else one.name

    def _stream(self, files: list[Found]) -> FileStream:
        schema = pa.schema(list(self.declared.columns.items()))
        for number, one in enumerate(files if self.infer else ()):
            here = self._described(one)
            schema = here if not number else self._joined(schema, here, files[0].name, one.name)

        def read(one: Found, start: Position) -> Iterator[tuple[pa.RecordBatch, Position]]:
            if not self.infer:
                self._check_declared(one, schema)
            return self._format_of(one).read(one, start, schema)

        return FileStream(schema, files, read)

    def _check_declared(self, one: Found, schema: pa.Schema) -> None:
        names = self._format_of(one).names(one)
        if names is not None:
            self._refuse_other_names(schema.names, names, "what is declared", one.name)

    def _described(self, one: Found) -> pa.Schema:
        known = self.cache.get(one.where, one.version)
        if known is None:
            known = self._format_of(one).describe(one)
            self.cache.put(one.where, one.version, known)
        return known

    def _format_of(self, one: Found) -> TableFormat:
        ending = bare_ending(one.name)
        name = self.format or _BY_ENDING.get(ending, "")
        if not name:
            raise FileLies(
                f"{one.name}: its ending {ending!r} does not tell what it is.",
                fix=f"Set format to one of {', '.join(FORMATS)}, or name only the wanted files: "
                'path = "exports/*.csv".',
                file=one.name,
            )
        return FORMATS[name](self.place, self.declared)

    def _joined(self, before: pa.Schema, here: pa.Schema, first: str, file: str) -> pa.Schema:
        new, missing = self._refuse_other_names(before.names, here.names, first, file)
        fields = []
        for column in [*before, *(here.field(name) for name in new)]:
            kind = column.type
            if column.name in here.names and column.name in before.names:
                kind = self._common(column, here.field(column.name).type, file)
            nullable = column.nullable or column.name in new or column.name in missing
            nullable = nullable or here.field(column.name).nullable
            fields.append(pa.field(column.name, kind, nullable))
        return pa.schema(fields)

    def _refuse_other_names(
        self, before: list[str], here: list[str], first: str, file: str
    ) -> tuple[list[str], list[str]]:
        """Return the new and the missing columns, unless that is an error."""
        these, those = set(before), set(here)
        new = [name for name in here if name not in these]
        missing = [name for name in before if name not in those]
        if (new and not self.infer) or ((new or missing) and not self.union):
            raise FileLies(
                f"{file} has other columns than {first}: "
                + "; ".join(
                    f"{what} {', '.join(names)}"
                    for what, names in (("new", new), ("missing", missing))
                    if names
                )
                + ".",
                fix="Set union = true to read what is missing as null, declare what is new, or set stream_by "
                "to keep the files apart.",
                file=file,
            )
        return new, missing

    def _common(self, column: pa.Field, here: pa.DataType, file: str) -> pa.DataType:
        both = merged(column.type, here)
        if both is not None:
            return both
        if self._text_files(file):
            return pa.string()
        raise FileLies(
            f"{file}: column {column.name} is {here}, it is {column.type} in the files before.",
            fix=f"Declare its type in columns.{column.name}, or set stream_by to keep the files apart.",
            file=file,
        )

    def _text_files(self, file: str) -> bool:
        """Return whether the values are text to begin with, so that text loses nothing."""
        return (self.format or _BY_ENDING.get(bare_ending(file), "")) == "csv"
