"""FHIR R4: resources from bundles and from NDJSON, one stream for each type of resource.

Source: HL7 FHIR R4 (4.0.1), Bundle and Resource; Bulk Data Access IG 2.0 for NDJSON.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

import msgspec
import pyarrow as pa

from flyball.core.text import size
from flyball.data.sources.business.records import BusinessRows, RowKind
from flyball.data.sources.errors import BadRecord
from flyball.data.sources.objects.errors import FileLies
from flyball.data.sources.objects.lines import read_blocks
from flyball.data.sources.objects.opened import bare_ending, open_bytes
from flyball.data.sources.objects.place import Found, Place
from flyball.data.sources.objects.source import FileStream

__all__ = ["LARGEST_BUNDLE", "RESOURCE", "FhirRows", "resources_of"]

LARGEST_BUNDLE = 256 << 20
"""A bundle is one JSON text and held in memory; larger ones are exported as NDJSON."""

RESOURCE = pa.schema(
    [
        pa.field("file", pa.string(), nullable=False),
        pa.field("position", pa.int64(), nullable=False),
        ("id", pa.string()),
        ("full_url", pa.string()),
        ("version", pa.string()),
        ("last_updated", pa.timestamp("us", "UTC")),
        ("patient", pa.string()),
        ("status", pa.string()),
        ("code_system", pa.string()),
        ("code", pa.string()),
        ("code_text", pa.string()),
        ("date", pa.string()),
        pa.field("resource", pa.string(), nullable=False),
    ]
)
"""Of every stream. `position` is the entry of a bundle or the line of NDJSON, from 1; `patient` is the
reference of subject or patient (of a Patient its own id); `date` is as precise as it was written;
`resource` is the JSON text, character by character as it came."""

_TYPE = re.compile(r"[A-Z][A-Za-z]{1,63}")
_DATES = (
    "effectiveDateTime",
    "onsetDateTime",
    "performedDateTime",
    "occurrenceDateTime",
    "authoredOn",
    "recordedDate",
    "issued",
    "date",
    "created",
    "birthDate",
)
_PERIODS = ("effectivePeriod", "onsetPeriod", "performedPeriod", "period", "billablePeriod")


class _Meta(msgspec.Struct):
    version: str | None = msgspec.field(default=None, name="versionId")
    updated: str | None = msgspec.field(default=None, name="lastUpdated")


class _Head(msgspec.Struct):
    """What every resource has."""

    kind: str = msgspec.field(name="resourceType")
    id: str | None = None
    meta: _Meta | None = None


class _Entry(msgspec.Struct):
    resource: msgspec.Raw = msgspec.Raw(b"")
    full_url: str | None = msgspec.field(default=None, name="fullUrl")


class _Bundle(msgspec.Struct):
    kind: str = msgspec.field(name="resourceType")
    entry: list[_Entry] = []


@dataclass(frozen=True, slots=True)
class _Resource:
    head: _Head
    raw: bytes
    full_url: str | None
    position: int
    where: str


@dataclass(slots=True)
class FhirRows:
    """The resources of some files, by type.

    Parameters
    ----------
    place : Place
    batch_rows : int
    types : tuple of str
        The wanted types; none means all that occur, for which the files are read once more.
    """

    place: Place
    batch_rows: int
    types: tuple[str, ...] = ()
    _seen: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict, repr=False)

    def streams(self, files: tuple[Found, ...]) -> Mapping[str, FileStream]:
        """Return one stream per type of resource."""
        types = set(self.types)
        for one in () if types else files:
            key = (one.where, one.version)
            if key not in self._seen:
                self._seen[key] = frozenset(found.head.kind for found in resources_of(self.place, one))
            types |= self._seen[key]
        kinds = [RowKind(name, RESOURCE) for name in sorted(types)]
        return BusinessRows(self.place, kinds, self._rows, self.batch_rows).streams(files)

    def _rows(self, place: Place, one: Found, stream: str) -> Iterator[tuple[object, ...]]:
        for found in resources_of(place, one):
            if found.head.kind == stream:
                yield _row(one.name, found)


def resources_of(place: Place, one: Found) -> Iterator[_Resource]:
    """Yield the resources of a bundle, of NDJSON, or the single one of a file.

    Raises
    ------
    BadRecord
        No JSON, no resource, or a bundle that is too large to be held.
    """
    if bare_ending(one.name) in (".ndjson", ".jsonl"):
        yield from _of_lines(place, one)
        return
    with open_bytes(place, one, expected="FHIR") as stream:
        parts = []
        while chunk := stream.read(1 << 20):
            parts.append(chunk)
            if stream.at > LARGEST_BUNDLE:
                raise BadRecord(
                    f"{one.name}: a bundle of more than {size(LARGEST_BUNDLE)}.",
                    fix="Export it as NDJSON, one resource on each line, and name it .ndjson.",
                    file=one.name,
                    byte=stream.at,
                )
    text = b"".join(parts).removeprefix(b"\xef\xbb\xbf")
    if not text.lstrip().startswith(b"{"):
        raise FileLies(
            f"{one.name} is read as FHIR, but it begins no JSON object.",
            fix="FHIR in XML is not read; NDJSON is named .ndjson.",
            file=one.name,
            byte=0,
        )
    head = _decoded(text, _Head, one.name, "byte 0", 0)
    if head.kind != "Bundle":
        yield _Resource(head, text, None, 1, "byte 0")
        return
    for position, entry in enumerate(_decoded(text, _Bundle, one.name, "byte 0", 0).entry, 1):
        if raw := bytes(entry.resource):  # an entry of a transaction's answer may have none
            where = f"entry {position:,}"
            yield _Resource(_decoded(raw, _Head, one.name, where, 0), raw, entry.full_url, position, where)


def _of_lines(place: Place, one: Found) -> Iterator[_Resource]:
    with open_bytes(place, one, expected="NDJSON") as stream:
        for block in read_blocks(stream):
            for index in range(len(block.starts)):
                raw = block.record(index)
                row = block.first_row + index + 1
                where = f"row {row:,} (byte {block.byte_of(int(block.starts[index])):,})"
                head = _decoded(raw, _Head, one.name, where, block.byte_of(int(block.starts[index])))
                yield _Resource(head, raw, None, row, where)


_Decoded = TypeVar("_Decoded", _Head, _Bundle)


def _decoded(raw: bytes, kind: type[_Decoded], file: str, where: str, byte: int) -> _Decoded:
    """Return JSON as a record; the error says where, and nothing of what stands there."""
    try:
        read = msgspec.json.decode(raw, type=kind)
        if _TYPE.fullmatch(read.kind):
            return read
        what = "its resourceType is the name of no resource"
    except msgspec.ValidationError:
        what = "no FHIR resource: resourceType is missing, or id or meta are not as they must be"
    except RecursionError:
        what = "lists and objects nested too deep"
    except (msgspec.DecodeError, UnicodeDecodeError) as err:
        at = re.search(r"byte (\d+)", str(err))
        byte += int(at[1]) if at else 0
        what = f"no JSON, or cut off, at byte {byte:,}" if at else "no JSON, or cut off"
    raise BadRecord(
        f"{file}, {where}: {what}.", fix="Ask the server for the file again.", file=file, byte=byte
    ) from None


def _row(file: str, found: _Resource) -> tuple[object, ...]:
    about = _content(found, file)
    meta = found.head.meta or _Meta()
    coding, text = _coding(about)
    own = f"Patient/{found.head.id}" if found.head.kind == "Patient" and found.head.id else None
    return (
        file,
        found.position,
        found.head.id,
        found.full_url,
        meta.version,
        _updated(meta.updated, file, found.where),
        own or _reference(about.get("subject")) or _reference(about.get("patient")),
        _text(about.get("status")),
        _text(coding.get("system")),
        _text(coding.get("code")),
        text or _text(coding.get("display")),
        _date(about),
        found.raw.decode(),
    )


def _content(found: _Resource, file: str) -> dict[str, object]:
    try:
        return msgspec.json.decode(found.raw, type=dict[str, object])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise BadRecord(
            f"{file}, {found.where}: no JSON that can be read: broken, not UTF-8, or nested too deep.",
            fix="Ask the server for the file again.",
            file=file,
        ) from None


def _updated(text: str | None, file: str, where: str) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise BadRecord(
            f"{file}, {where}: meta.lastUpdated is no instant with a zone.",
            fix="Ask the server for the file again.",
            file=file,
        )
    return at.astimezone(UTC)


def _coding(about: Mapping[str, object]) -> tuple[Mapping[str, object], str | None]:
    """Return the first coding of the code (or of type, where there is no code), and its text."""
    concept = about.get("code") or about.get("medicationCodeableConcept") or about.get("vaccineCode")
    concept = concept or about.get("type")
    if isinstance(concept, list):
        concept = concept[0] if concept else None
    if not isinstance(concept, Mapping):
        return {}, None
    codings = concept.get("coding")
    first = codings[0] if isinstance(codings, list) and codings else {}
    return (first if isinstance(first, Mapping) else {}), _text(concept.get("text"))


def _reference(value: object) -> str | None:
    return _text(value.get("reference")) if isinstance(value, Mapping) else None


def _date(about: Mapping[str, object]) -> str | None:
    for name in _DATES:
        if isinstance(about.get(name), str):
            return str(about[name])
    for name in _PERIODS:
        period = about.get(name)
        if isinstance(period, Mapping) and isinstance(period.get("start"), str):
            return str(period["start"])
    return None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
