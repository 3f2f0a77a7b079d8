"""Records: the short way from settings to Arrow batches or lines of JSON."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from flyball.data.sources.errors import BadSource, NothingThere
from flyball.data.sources.mainframe.reading import Reader
from flyball.data.sources.mainframe.settings import settings_from
from flyball.data.sources.rendering import json_lines_of

__all__ = ["data_files", "json_lines", "read_records"]

_PATTERN = frozenset("*?[")


def read_records(settings: Mapping[str, object]) -> Iterator[pa.RecordBatch]:
    """Yield the records of mainframe files in Arrow batches.

    Parameters
    ----------
    settings : mapping
        `copybook` (or `copybook_text`), `path` (or `data`), and any of `OPTIONS`.

    Raises
    ------
    BadSource, BadCopybook, NothingThere
        A setting, the copybook or the path is wrong.
    CopybookDoesNotFit, BadRecord, SourceGone
        A file is not what the settings say; what came before it was right.

    Examples
    --------
    >>> list(read_records({"copybook": "accounts.cpy", "path": "accounts.dat"}))  # doctest: +SKIP
    """
    checked = settings_from("mainframe", settings)
    if not checked.path:
        raise BadSource("Source mainframe needs a path.", fix='For instance: path = "accounts.dat".')
    reader = Reader(checked)
    for number, (name, file) in enumerate(data_files(checked.path)):
        for chunk in reader.chunks(file, name=name, file=number):
            yield chunk.rows


def json_lines(settings: Mapping[str, object], limit: int | None = None) -> Iterator[str]:
    """Yield one line of JSON for each record, with the names of the copybook.

    Parameters
    ----------
    settings : mapping
        As for `read_records`.
    limit : int, optional
        Most records; no more than these are read and decoded. None for all.
    """
    left = limit
    if left is not None:
        asked = settings.get("batch_rows")
        rows = min(int(asked), left) if isinstance(asked, int) else min(left, 8192)
        settings = {**settings, "batch_rows": max(rows, 1)}
    for batch in read_records(settings):
        yield from json_lines_of(batch if left is None else batch.slice(0, left), singles=True)
        if left is not None:
            left -= len(batch)
            if left <= 0:
                return


def data_files(paths: Sequence[Path]) -> list[tuple[str, Path]]:
    """Return the files of paths (files, folders, patterns of both), each with a name; no hidden ones.

    Raises
    ------
    NothingThere
    """
    if len(paths) == 1:
        return _files_of(paths[0])
    found = [(name, file) for path in paths for name, file in _files_of(path)]
    names = [name for name, _ in found]
    return [(str(file) if names.count(name) > 1 else name, file) for name, file in found]


def _files_of(path: Path) -> list[tuple[str, Path]]:
    if path.is_dir():
        top, matches = path, [path]
    elif path.is_file():
        return [(path.name, path)]
    else:
        fixed = next((place for place, part in enumerate(path.parts) if _PATTERN & set(part)), None)
        if fixed is None:
            raise NothingThere(f"There is no file or folder {path}.", fix="Check the path.", path=path)
        top = Path(*path.parts[:fixed])
        matches = list(top.glob(str(Path(*path.parts[fixed:]))))
    inside = {file for one in matches for file in (one.rglob("*") if one.is_dir() else [one])}
    found = sorted(file for file in inside if file.is_file())
    named = [(file.relative_to(top).as_posix(), file) for file in found]
    kept = [
        (name, file) for name, file in named if not any(part.startswith(".") for part in Path(name).parts)
    ]
    if not kept and not path.is_dir():
        raise NothingThere(f"Nothing matches {path}.", fix="Check the pattern.", path=path)
    return kept
