"""Contracts and labels in the JSON form of CUAD (SQuAD 2.0)."""

import gzip
import io
import re
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pyarrow as pa

from flyball.core.digests import digest_of_bytes
from flyball.core.records import Field
from flyball.core.text import size
from flyball.data.datasets.cases import case_id_of, label_row
from flyball.data.datasets.errors import BadLabels, SpanNotFound
from flyball.data.datasets.passages import quoted
from flyball.data.datasets.schemas import CASES, LABELS

__all__ = ["field_key", "read_cuad"]

_LARGEST_JSON = 2_000_000_000


class _Answer(msgspec.Struct, frozen=True):
    text: str
    answer_start: int


class _Question(msgspec.Struct, frozen=True):
    id: str
    answers: tuple[_Answer, ...] = ()
    is_impossible: bool | None = None


class _Paragraph(msgspec.Struct, frozen=True):
    context: str
    qas: tuple[_Question, ...]


class _Entry(msgspec.Struct, frozen=True):
    title: str
    paragraphs: tuple[_Paragraph, ...]


class _Squad(msgspec.Struct, frozen=True):
    data: tuple[_Entry, ...]


def field_key(category: str) -> str:
    """Return the key of a CUAD category: "Rofr/Rofo/Rofn" gives "rofr_rofo_rofn"."""
    return re.sub(r"[^a-z0-9]+", "_", category.lower()).strip("_")


def read_cuad(
    path: Path, fields: Sequence[Field] | None = None, *, source: str = "cuad"
) -> tuple[pa.Table, pa.Table]:
    """Read contracts and their labels in the JSON form of CUAD (SQuAD 2.0).

    Texts are taken as they are, carriage returns included, so that offsets stay exact.

    Parameters
    ----------
    path : Path
        JSON, or JSON packed with gzip.
    fields : sequence of Field, optional
        Only their labels are returned, and each case must answer all of them; None takes all.
    source : str
        Goes into the column of that name.

    Returns
    -------
    cases, labels : Table of schema CASES, Table of schema LABELS
        In the order of the file; the fields of a case in the order of its questions.

    Raises
    ------
    BadLabels
        Not of that form, an answer that is not where it claims to be, or a field without a question.
    """
    data = _unpacked(path)
    try:
        entries = msgspec.json.decode(data, type=_Squad).data
    except (msgspec.DecodeError, UnicodeDecodeError) as err:
        raise BadLabels(
            f"{path.name} is not of the form of CUAD: {err}.",
            fix="It must hold data[].title and data[].paragraphs[].context and .qas[].",
            file=path.name,
        ) from err
    case_rows: list[dict[str, object]] = []
    label_rows: list[dict[str, object]] = []
    wanted = None if fields is None else {field.key for field in fields}
    seen: set[str] = set()
    for entry in entries:
        text, questions = _joined(entry)
        digest = digest_of_bytes(text.encode("utf-8", "surrogatepass"))
        case_id = _unused(case_id_of(digest), seen)
        case_rows.append(
            {
                "case_id": case_id,
                "name": entry.title,
                "source": source,
                "media_type": "text/plain",
                "content_digest": digest,
                "text_digest": digest,
                "text": text,
            }
        )
        answered: set[str] = set()
        for question, shift in questions:
            key = field_key(question.id.rpartition("__")[2])
            if wanted is not None and key not in wanted:
                continue
            if key in answered:
                raise BadLabels(
                    f"{path.name}: case {entry.title!r} answers the field {key} twice.",
                    fix="Keep one question for each category.",
                    case=entry.title,
                    field=key,
                )
            answered.add(key)
            spans = _cuad_spans(path, entry.title, key, text, question, shift)
            label_rows.append(label_row(case_id, key, spans))
        if wanted is not None and answered != wanted:
            raise BadLabels(
                f"{path.name}: case {entry.title!r} has no question for "
                f"{', '.join(sorted(wanted - answered))}.",
                fix="A field without an answer is unknown; leave the case out, or answer it.",
                case=entry.title,
            )
    return pa.Table.from_pylist(case_rows, schema=CASES), pa.Table.from_pylist(label_rows, schema=LABELS)


def _joined(entry: _Entry) -> tuple[str, list[tuple[_Question, int]]]:
    """Return the text of an entry and its questions, each with the offset of its paragraph."""
    texts: list[str] = []
    questions: list[tuple[_Question, int]] = []
    length = 0
    for paragraph in entry.paragraphs:
        questions.extend((question, length) for question in paragraph.qas)
        texts.append(paragraph.context)
        length += len(paragraph.context) + 2
    return "\n\n".join(texts), questions


def _cuad_spans(
    path: Path, title: str, key: str, text: str, question: _Question, shift: int
) -> list[tuple[int, int]]:
    if question.is_impossible is not None and question.is_impossible != (not question.answers):
        raise BadLabels(
            f"{path.name}: case {title!r}, field {key}: is_impossible is {question.is_impossible}, "
            f"but there {'are' if question.answers else 'are no'} answers.",
            fix="Mend the entry.",
            case=title,
            field=key,
        )
    spans: set[tuple[int, int]] = set()
    for answer in question.answers:
        start = answer.answer_start + shift
        end = start + len(answer.text)
        if not answer.text or start < 0 or text[start:end] != answer.text:
            raise SpanNotFound(
                f"Case {title}, field {key}: the passage {quoted(answer.text)} is not at character "
                f"{answer.answer_start}.",
                fix="Offsets count Unicode characters, and carriage returns count too.",
                case=title,
                field=key,
                span=answer.text,
            )
        spans.add((start, end))
    return sorted(spans)


def _unused(case_id: str, seen: set[str]) -> str:
    """Return an id of its own for a second contract of the same words."""
    number, candidate = 1, case_id
    while candidate in seen:
        number += 1
        candidate = f"{case_id}-{number}"
    seen.add(candidate)
    return candidate


def _unpacked(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        if data[:2] == b"\x1f\x8b":
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
                data = packed.read(_LARGEST_JSON + 1)
    except (OSError, EOFError) as err:
        raise BadLabels(
            f"{path.name} cannot be read ({err}).", fix="Check the path.", file=path.name
        ) from err
    if len(data) > _LARGEST_JSON:
        raise BadLabels(f"{path.name} has more than {size(_LARGEST_JSON)}.", fix="Split it.", file=path.name)
    return data
