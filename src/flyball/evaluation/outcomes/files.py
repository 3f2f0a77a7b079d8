"""Read files of outcomes row by row, however long they are: CSV, JSON lines, Parquet."""

import csv
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from flyball.evaluation.outcomes.claim import COLUMNS, BadOutcome

__all__ = ["Row", "read_outcomes"]

Row = tuple[int, dict[str, object]]
"""Number of the row in its file, from 1 on without the heading, and its columns."""

_BATCH = 10_000
_LONGEST_LINE = 1_000_000


def read_outcomes(path: Path) -> Iterator[Row]:
    """Yield the rows of a file.

    Parameters
    ----------
    path : Path
        Ends in .csv (UTF-8, with a heading), .jsonl or .parquet.

    Raises
    ------
    BadOutcome
        No such file, another kind of file, a column that is not known, a row that cannot be read.
    """
    kinds = {".csv": _csv, ".jsonl": _json_lines, ".ndjson": _json_lines, ".parquet": _parquet}
    read = kinds.get(path.suffix.lower())
    if read is None:
        raise BadOutcome(
            f"{path.name or path} is no file of outcomes.", fix=f"Known endings: {', '.join(kinds)}."
        )
    try:
        yield from read(path)
    except OSError as err:
        raise BadOutcome(
            f"{path.name} cannot be read: {err.strerror or err}.", fix="Check the path and who may read it."
        ) from err
    except UnicodeDecodeError as err:
        raise BadOutcome(
            f"{path.name} is not UTF-8: byte {err.object[err.start]:#04x} cannot be read.",
            fix="Save it as UTF-8 (in a spreadsheet: CSV UTF-8).",
        ) from err


def _csv(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        number = 0
        try:
            heading = file.readline(_LONGEST_LINE)
            file.seek(0)
            reader = csv.reader(file, strict=True, delimiter=_between(heading))
            columns = [one.strip() for one in next(reader, [])]
            _check(columns, path)
            for number, cells in enumerate(reader, start=1):
                if not cells:
                    continue
                if len(cells) != len(columns):
                    raise BadOutcome(
                        f"Row {number} of {path.name} has {len(cells)} cells, its heading {len(columns)}.",
                        fix="Put cells in quotes that hold what stands between columns.",
                        row=number,
                    )
                yield number, dict(zip(columns, cells, strict=True))
        except csv.Error as err:
            raise BadOutcome(
                f"Row {number + 1} of {path.name} cannot be read: {err}.",
                fix="Mend its quotes.",
                row=number + 1,
            ) from err


def _between(heading: str) -> str:
    """Return what stands between columns: spreadsheets of half of Europe write a semicolon."""
    return next((one for one in (",", ";", "\t") if one in heading), ",")


def _json_lines(path: Path) -> Iterator[Row]:
    decoder = msgspec.json.Decoder(dict[str, str | int | float | bool | None])
    with path.open("rb") as file:
        number = 0
        seen: set[str] = set()
        while line := file.readline(_LONGEST_LINE + 1):
            number += 1
            if len(line) > _LONGEST_LINE:
                raise BadOutcome(
                    f"Line {number} of {path.name} is longer than {_LONGEST_LINE:,} bytes.",
                    fix="One JSON object stands on each line.",
                    row=number,
                )
            if not line.strip():
                continue
            try:
                row = decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as err:
                raise BadOutcome(
                    f"Line {number} of {path.name} is no object of plain values: {err}.",
                    fix='Write, for instance, {"case": "T-1", "field": "fraud", "answer": true}.',
                    row=number,
                ) from err
            if not seen.issuperset(row):
                _check(list(row), path, number)
                seen.update(row)
            yield number, dict(row)


def _parquet(path: Path) -> Iterator[Row]:
    try:
        with path.open("rb") as file, pq.ParquetFile(file) as parquet:
            _check(parquet.schema_arrow.names, path)
            number = 0
            for batch in parquet.iter_batches(batch_size=_BATCH):
                for row in batch.to_pylist():
                    number += 1
                    yield number, row
    except pa.ArrowException as err:
        raise BadOutcome(
            f"{path.name} is no Parquet file that can be read: {err}.", fix="Write it again."
        ) from err


def _check(columns: list[str], path: Path, row: int = 0) -> None:
    where = f"Line {row} of {path.name}" if row else path.name
    unknown = [one for one in columns if one not in COLUMNS]
    doubled = sorted({one for one in columns if columns.count(one) > 1})
    if unknown or doubled:
        raise BadOutcome(
            f"{where} has a column {unknown[0][:80]!r}, which outcomes do not have."
            if unknown
            else f"{where} has two columns {doubled[0]!r}.",
            fix=f"Known: {', '.join(COLUMNS)}.",
        )
    if not row and not columns:
        raise BadOutcome(f"{where} is empty.", fix=f"Its heading names columns: {', '.join(COLUMNS)}.")
