"""Labelled cases from outside: CUAD's own JSON, or a folder of documents with a CSV."""

import csv
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pyarrow as pa
import pyarrow.compute as pc

from flyball.core.records import Field
from flyball.data.datasets.cases import case_id_of, cases_of, documents_of, label_row
from flyball.data.datasets.cuad import read_cuad
from flyball.data.datasets.errors import BadLabels, SpanNotFound
from flyball.data.datasets.passages import PassageFinder, quoted
from flyball.data.datasets.schemas import LABELS
from flyball.data.documents.extract import DEFAULT_LIMITS, Progress, extract_many
from flyball.data.documents.format import FORMATS
from flyball.data.documents.records import Document, Limits, Unreadable
from flyball.data.sources.shelf.files import FileSource

__all__ = ["LabelledCases", "read_cuad", "read_labelled", "read_labelled_folder", "read_labels"]

LABELS_FILE = "labels.csv"
_COLUMNS = ("case", "field", "span")


@dataclass(frozen=True, slots=True)
class LabelledCases:
    """Cases with what people have answered about them.

    Parameters
    ----------
    cases : Table of schema CASES
    labels : Table of schema LABELS
        Every field of every case.
    documents : Table of schema DOCUMENTS
        Places; no rows where the cases did not come from files.
    unreadable : tuple of Unreadable
        Documents that are in neither table.
    not_found : tuple of str
        Labelled passages that are not in their text, as "case, field: passage"; () when strict.
    """

    cases: pa.Table
    labels: pa.Table
    documents: pa.Table
    unreadable: tuple[Unreadable, ...] = ()
    not_found: tuple[str, ...] = ()


def read_labelled(
    path: Path,
    fields: Sequence[Field],
    *,
    strict: bool = True,
    limits: Limits = DEFAULT_LIMITS,
    workers: int = 1,
    progress: Progress | None = None,
) -> LabelledCases:
    """Read labelled cases of either form: a folder with `labels.csv`, or CUAD's JSON.

    See `read_labelled_folder` and `read_cuad`.
    """
    if path.is_dir():
        return read_labelled_folder(
            path, fields, strict=strict, limits=limits, workers=workers, progress=progress
        )
    cases, labels = read_cuad(path, fields)
    return LabelledCases(cases, labels, documents_of(()))


def read_labels(
    path: Path, cases: pa.Table, fields: Sequence[Field], *, unreadable: set[str] | None = None
) -> pa.Table:
    """Read labels for cases that are there already.

    Parameters
    ----------
    path : Path
        CUAD's JSON, also `.gz`, or a CSV with the columns case, field, span.
    cases : Table of schema CASES
    fields : sequence of Field
    unreadable : set of str, optional
        Names of documents that the CSV may speak of although there is no case for them.

    Returns
    -------
    Table of schema LABELS
        Of those of `cases` that the file speaks of: a case without any row has not been looked at.

    Raises
    ------
    BadLabels
        See `read_cuad` and `read_labelled_folder`.
    """
    if path.suffix.lower() == ".csv":
        texts = {row["name"]: (row["case_id"], row["text"]) for row in cases.to_pylist()}
        labels, _ = _labels_from_csv(path, texts, fields, strict=True, unreadable=unreadable)
        return labels
    _, labels = read_cuad(path, fields)
    known = pa.array(cases.column("case_id").to_pylist(), pa.string())
    return labels.filter(pc.is_in(labels.column("case_id"), value_set=known))


def read_labelled_folder(
    folder: Path,
    fields: Sequence[Field],
    *,
    source: str = "labelled",
    strict: bool = True,
    limits: Limits = DEFAULT_LIMITS,
    workers: int = 1,
    progress: Progress | None = None,
) -> LabelledCases:
    """Read a folder of documents with a `labels.csv` of the columns case, field, span.

    One row for each passage that proves a field. A document that has rows, but none for a field, is
    labelled "absent" for that field; a document without any row has not been looked at by a person and
    gets no label. A row with neither field nor span says: looked at, and nothing found.

    Parameters
    ----------
    folder : Path
        With `labels.csv`; documents anywhere below it. Files of other kinds, such as a README, are
        left alone unless the CSV names them.
    fields : sequence of Field
    source : str
        Goes into the column of that name.
    strict : bool
        False: passages that are not found are counted in `not_found`; the field stays "present".
    limits, workers, progress
        As in `extract_many`.

    Returns
    -------
    LabelledCases

    Raises
    ------
    SpanNotFound
        A passage is not in the text of its case, and `strict`.
    BadLabels
        No `labels.csv`, other columns, an unknown case or field.
    """
    path = folder / LABELS_FILE
    if not path.is_file():
        raise BadLabels(
            f"There is no {LABELS_FILE} in {folder.name}.",
            fix="Add one with the columns case,field,span: one row for each passage.",
            folder=folder.name,
        )
    named = _documents_below(folder, source, {case for _, case, _, _ in _csv_rows(path)})
    documents: list[Document] = []
    unreadable: list[Unreadable] = []
    for result in extract_many(named, workers=workers, limits=limits, progress=progress):
        if isinstance(result, Unreadable):
            unreadable.append(result)
        else:
            documents.append(result)
    texts = {document.name: (case_id_of(document.content_digest), document.text) for document in documents}
    bad = {record.name for record in unreadable}
    labels, not_found = _labels_from_csv(path, texts, fields, strict=strict, unreadable=bad)
    return LabelledCases(
        cases_of(documents, source=source), labels, documents_of(documents), tuple(unreadable), not_found
    )


def _documents_below(folder: Path, source: str, listed: set[str]) -> list[tuple[str, Path]]:
    """Return the documents of a folder: files of a kind that we read, and whatever the CSV names."""
    known = set(FORMATS.names()) | {"htm"}
    return [
        (item.name, item.path)
        for item in FileSource(source, [folder]).listing(digests=False).items
        if item.name != LABELS_FILE
        and (
            item.path.suffix.lower().removeprefix(".") in known
            or item.name in listed
            or item.path.name in listed
        )
    ]


def _labels_from_csv(
    path: Path,
    texts: Mapping[str, tuple[str, str]],
    fields: Sequence[Field],
    *,
    strict: bool,
    unreadable: set[str] | None = None,
) -> tuple[pa.Table, tuple[str, ...]]:
    keys = [field.key for field in fields]
    names = _names(texts)
    bad_names = _names(unreadable or set())
    passages: dict[tuple[str, str], list[str]] = defaultdict(list)
    listed: set[str] = set()
    for number, case, key, span in _csv_rows(path):
        if case not in names:
            if case in bad_names:
                continue  # reported as unreadable
            raise BadLabels(
                f"{path.name}, line {number}: there is no document {case!r}.",
                fix="Write the name of the file, or its path below the folder.",
                case=case,
                line=number,
            )
        listed.add(names[case])
        if not key and not span:
            continue  # the case was looked at and has nothing
        if key not in keys:
            raise BadLabels(
                f"{path.name}, line {number}: there is no field {key!r}.",
                fix=f"Known: {', '.join(keys)}.",
                field=key,
                line=number,
            )
        if not span.strip():
            raise BadLabels(
                f"{path.name}, line {number}: the passage of {key} in {case} is empty.",
                fix="Quote the passage; where the field is absent, leave the row out.",
                case=case,
                field=key,
                line=number,
            )
        passages[names[case], key].append(span)
    rows: dict[tuple[str, str], dict[str, object]] = {}
    not_found: list[str] = []
    for name, (case_id, text) in texts.items():
        if name not in listed:
            continue  # nobody has looked at it: unknown, and not absent
        finder = PassageFinder(text)
        for key in keys:
            spans: set[tuple[int, int]] = set()
            for span in passages.get((name, key), ()):
                found = finder.find(span, taken=frozenset(spans))
                if found is not None:
                    spans.add(found)
                elif strict:
                    raise SpanNotFound(
                        f"Case {name}, field {key}: the passage {quoted(span)} is not in its text.",
                        fix="Copy the passage from the document; spaces, line ends, hyphens and quotation "
                        "marks may differ, words may not.",
                        case=name,
                        field=key,
                        span=span,
                    )
                else:
                    not_found.append(f"{name}, {key}: {span}")
            present = (name, key) in passages
            rows.setdefault((case_id, key), label_row(case_id, key, sorted(spans), present=present))
    return pa.Table.from_pylist(list(rows.values()), schema=LABELS), tuple(not_found)


def _csv_rows(path: Path) -> list[tuple[int, str, str, str]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as err:
        raise BadLabels(
            f"{path.name} is not UTF-8 (byte {err.start}).",
            fix="Save it as CSV UTF-8 in the spreadsheet.",
            file=path.name,
        ) from err
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        columns = reader.fieldnames or ()
        missing = [column for column in _COLUMNS if column not in columns]
        if missing:
            raise BadLabels(
                f"{path.name} lacks the column {', '.join(missing)}; it has {', '.join(columns) or 'none'}.",
                fix="Its first line must be: case,field,span.",
                file=path.name,
            )
        return [
            (reader.line_num, (row["case"] or "").strip(), (row["field"] or "").strip(), row["span"] or "")
            for row in reader
        ]
    except csv.Error as err:
        raise BadLabels(
            f"{path.name}, line {reader.line_num}: {err}.", fix="Mend that line.", file=path.name
        ) from err


def _names(paths: Mapping[str, object] | set[str]) -> dict[str, str]:
    """Return by which names a document may be called: its path, or its file name if only one has it."""
    by_file_name: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        by_file_name[PurePosixPath(path).name].append(path)
    names = {name: found[0] for name, found in by_file_name.items() if len(found) == 1}
    return names | {path: path for path in paths}
