"""X12: interchanges of functional groups of transaction sets of segments.

Separators are those of each ISA. What an envelope says about itself is checked: control numbers at
both ends, and the counts of SE, GE and IEA.

Source: ASC X12.5 (interchange control structures) and X12.6 (application control structures), 005010.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa

from flyball.data.quality.masking import shape_of
from flyball.data.sources.business.records import MONEY, RowKind, money
from flyball.data.sources.errors import BadRecord
from flyball.data.sources.objects.opened import ByteStream, open_bytes
from flyball.data.sources.objects.place import Found, Place

__all__ = ["X12_KINDS", "Segment", "X12Reader", "read_segments"]

_READ_BYTES = 1 << 20
_LONGEST_SEGMENT = 1 << 20
_ISA_LENGTH = 106
_DIGITS = 10
"""Of the longest count in an envelope; a control number has nine."""
_ISA_SEPARATORS = (3, 6, 17, 20, 31, 34, 50, 53, 69, 76, 81, 83, 89, 99, 101, 103)
_NOT_SPACE = re.compile(rb"[^ \t\r\n]")
_SEGMENT_ID = re.compile(r"[A-Z][A-Z0-9]{1,2}")
_ENVELOPE = [
    pa.field("file", pa.string(), nullable=False),
    pa.field("interchange", pa.string(), nullable=False),
    pa.field("group", pa.string()),
    pa.field("transaction_set", pa.string()),
    pa.field("transaction_type", pa.string()),
]

X12_KINDS = (
    RowKind(
        "claims",
        pa.schema(
            [
                *_ENVELOPE,
                ("claim", pa.string()),
                ("charge", MONEY),
                ("place_of_service", pa.string()),
                ("frequency", pa.string()),
                ("billing_provider", pa.string()),
                ("subscriber", pa.string()),
                ("diagnoses", pa.list_(pa.string())),
                ("byte", pa.int64()),
            ]
        ),
    ),
    RowKind(
        "payments",
        pa.schema(
            [
                *_ENVELOPE,
                ("claim", pa.string()),
                ("status", pa.string()),
                ("charge", MONEY),
                ("paid", MONEY),
                ("patient_responsibility", MONEY),
                ("payer_claim", pa.string()),
                ("byte", pa.int64()),
            ]
        ),
    ),
    RowKind(
        "segments",
        pa.schema(
            [
                *_ENVELOPE,
                ("position", pa.int64()),
                ("byte", pa.int64()),
                ("segment", pa.string()),
                ("elements", pa.list_(pa.string())),
            ]
        ),
    ),
    RowKind(
        "transactions",
        pa.schema(
            [
                *_ENVELOPE,
                ("sender", pa.string()),
                ("receiver", pa.string()),
                ("sent", pa.timestamp("us")),
                ("version", pa.string()),
                ("reference", pa.string()),
                ("date", pa.date32()),
                ("amount", MONEY),
                ("status", pa.string()),
                ("segments", pa.int64()),
                ("byte", pa.int64()),
            ]
        ),
    ),
)
"""The streams. `claims` are of 837, `payments` of 835; `status` of a transaction is AK9-01 of a 999."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment.

    Parameters
    ----------
    name : str
        "CLM".
    elements : tuple of str
        Without the name; components are as they were written.
    byte : int
        Of its first character in the file.
    component : str
        Separator of components in this interchange.
    """

    name: str
    elements: tuple[str, ...]
    byte: int
    component: str

    def element(self, number: int) -> str:
        """Return an element as the standard counts them, from 1; "" where it is not there."""
        return self.elements[number - 1] if number <= len(self.elements) else ""

    def part(self, number: int, component: int) -> str:
        """Return a component of an element, both counted from 1; "" where it is not there."""
        parts = self.element(number).split(self.component)
        return parts[component - 1] if component <= len(parts) else ""


@dataclass(slots=True)
class _Envelope:
    """Where in interchange, group and transaction set reading stands."""

    isa: Segment | None = None
    gs: Segment | None = None
    st: Segment | None = None
    groups: int = 0
    sets: int = 0
    segments: int = 0

    @property
    def ids(self) -> tuple[str, str | None, str | None, str | None]:
        isa, gs, st = self.isa, self.gs, self.st
        return (
            isa.element(13) if isa else "",
            gs.element(6) if gs else None,
            st.element(2) if st else None,
            st.element(1) if st else None,
        )


def read_segments(stream: ByteStream, *, encoding: str = "utf-8") -> Iterator[Segment]:
    """Yield the segments of a stream; separators come from each ISA.

    Raises
    ------
    BadRecord
        No ISA where one must be, one that is not of fixed width, a segment that has no name, is too
        long or not of the encoding, or data that ends inside a segment.
    """
    buffer, at, start, more = b"", 0, 0, True
    separators: tuple[str, bytes, str] | None = None
    while True:
        begin = _NOT_SPACE.search(buffer, start)
        start = begin.start() if begin else len(buffer)
        isa = buffer.startswith(b"ISA", start)
        end = -1
        if isa and len(buffer) - start >= _ISA_LENGTH:
            separators = _separators(buffer[start : start + _ISA_LENGTH], stream.name, at + start)
            end = start + _ISA_LENGTH - 1
        elif separators and not (isa and more):
            end = buffer.find(separators[1], start)
        elif len(buffer) - start >= 3 and not isa:
            raise _bad(stream.name, at + start, "no ISA segment at the beginning of an interchange")
        if end >= 0 and separators:
            yield _segment(buffer[start:end], stream.name, at + start, separators, encoding)
            if buffer.startswith(b"IEA", start):
                separators = None
            start = end + 1
            continue
        if not more:
            if start < len(buffer):
                raise _bad(stream.name, at + start, "the file ends inside a segment")
            return
        if len(buffer) - start > _LONGEST_SEGMENT:
            raise _bad(stream.name, at + start, f"no segment ends within {_LONGEST_SEGMENT:,} bytes")
        chunk = stream.read(_READ_BYTES)
        more = bool(chunk)
        buffer, at, start = buffer[start:] + chunk, at + start, 0


def _separators(buffer: bytes, file: str, at: int) -> tuple[str, bytes, str]:
    """Return the separator of elements, the end of segments, and the separator of components."""
    separator = buffer[3:4]
    for position in _ISA_SEPARATORS:
        if buffer[position : position + 1] != separator:
            raise _bad(
                file,
                at + position,
                "the ISA segment is not of fixed width: an element is too short or too long",
            )
    used = (separator, buffer[105:106], buffer[104:105])
    if len(set(used)) < 3 or any(one.isalnum() or one == b" " for one in used):
        raise _bad(file, at + 103, "the ISA segment gives separators that cannot separate")
    return separator.decode("latin-1"), buffer[105:106], buffer[104:105].decode("latin-1")


def _segment(raw: bytes, file: str, at: int, separators: tuple[str, bytes, str], encoding: str) -> Segment:
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as err:
        raise _bad(file, at + err.start, f"not {encoding}; set encoding") from None
    name, *elements = text.split(separators[0])
    if not _SEGMENT_ID.fullmatch(name):
        raise _bad(file, at, "a segment without a name of two or three letters and digits")
    return Segment(name, tuple(elements), at, separators[2])


_MEND = "Ask the sender for the file again; what lies before it was read."
_OR_BELIEVE = f"{_MEND[:-1]}. Or read it as it is with checks = false."


def _shown(number: str) -> str:
    """Return a number of an envelope; the shape alone of what is none, for it may be anything."""
    return number if number.isascii() and number.isdigit() and len(number) <= _DIGITS else shape_of(number)


def _bad(file: str, byte: int, what: str, fix: str = _MEND) -> BadRecord:
    return BadRecord(
        f"{file} (byte {byte:,}): {what}.",
        fix=fix,
        file=file,
        byte=byte,
    )


@dataclass(slots=True)
class X12Reader:
    """The rows of X12 files.

    Parameters
    ----------
    encoding : str
    checks : bool
        Whether control numbers and counts must fit. Without it what an envelope says is not believed
        and not checked; its nesting is.
    """

    encoding: str = "utf-8"
    checks: bool = True

    def rows(self, place: Place, one: Found, stream: str) -> Iterator[tuple[object, ...]]:
        """Yield the rows of one stream of one file."""
        make = {"segments": _SegmentRows, "transactions": _TransactionRows, "claims": _ClaimRows}.get(
            stream, _PaymentRows
        )()
        here = _Envelope()
        with open_bytes(place, one, expected="X12") as opened:
            for position, segment in enumerate(read_segments(opened, encoding=self.encoding), 1):
                self._enter(here, segment, one.name)
                for row in make.take(segment, here, position, one.name):
                    yield (one.name, *row)
                self._leave(here, segment, one.name)
            if here.isa is not None:
                raise _bad(one.name, opened.at, "the file ends inside an interchange: no IEA")

    def _enter(self, here: _Envelope, segment: Segment, file: str) -> None:
        """Open what a segment opens, and check what one that closes says."""
        name = segment.name
        inside = {"ISA": here.isa is None, "GS": here.isa and not here.gs, "ST": here.gs and not here.st}
        if name in inside and not inside[name]:
            raise _bad(file, segment.byte, f"{name} where none may be: the one before it is not closed")
        if name == "ISA":
            here.isa, here.groups = segment, 0
        elif name == "GS":
            here.gs, here.sets, here.groups = segment, 0, here.groups + 1
        elif name == "ST":
            here.st, here.segments, here.sets = segment, 0, here.sets + 1
        here.segments += 1
        if name == "SE":
            self._closes(segment, here.st, "ST", 2, here.segments, "segments", file)
        elif name == "GE":
            self._closes(segment, None if here.st else here.gs, "GS", 6, here.sets, "transaction sets", file)
        elif name == "IEA":
            self._closes(segment, None if here.gs else here.isa, "ISA", 13, here.groups, "groups", file)
        elif here.st is None and name not in ("ISA", "GS", "TA1"):
            raise _bad(file, segment.byte, f"segment {name} outside a transaction set")

    def _closes(
        self, segment: Segment, opened: Segment | None, opener: str, number: int, n: int, what: str, file: str
    ) -> None:
        if opened is None:
            raise _bad(
                file, segment.byte, f"{segment.name} closes no {opener}, or what lies in it is still open"
            )
        if not self.checks:
            return
        closes, opens = segment.element(2).strip(), opened.element(number).strip()
        if closes != opens:
            raise _bad(
                file,
                segment.byte,
                f"{segment.name} has control number {_shown(closes)}, its {opener} (byte {opened.byte:,}) "
                f"has {_shown(opens)}",
                _OR_BELIEVE,
            )
        counted = segment.element(1)
        if not (counted.isascii() and counted.isdigit() and (counted.lstrip("0") or "0") == str(n)):
            raise _bad(
                file,
                segment.byte,
                f"{segment.name} counts {_shown(counted)} {what}, and {n:,} are there",
                _OR_BELIEVE,
            )

    def _leave(self, here: _Envelope, segment: Segment, file: str) -> None:
        if segment.name == "SE":
            here.st = None
        elif segment.name == "GE":
            here.gs = None
        elif segment.name == "IEA":
            here.isa = None


class _SegmentRows:
    """One row per segment."""

    def take(
        self, segment: Segment, here: _Envelope, position: int, file: str
    ) -> Iterator[tuple[object, ...]]:
        yield (*here.ids, position, segment.byte, segment.name, list(segment.elements))


@dataclass(slots=True)
class _TransactionRows:
    """One row per transaction set, from its head."""

    reference: str | None = None
    on: date | None = None
    amount: Decimal | None = None
    status: str | None = None
    beginnings: dict[str, tuple[int, int]] = field(
        # segment -> elements of reference and date
        default_factory=lambda: {"BHT": (3, 4), "BEG": (3, 5), "TRN": (2, 0), "AK1": (2, 0), "BPR": (0, 16)}
    )

    def take(
        self, segment: Segment, here: _Envelope, position: int, file: str
    ) -> Iterator[tuple[object, ...]]:
        if segment.name == "ST":
            self.reference = self.on = self.amount = self.status = None
        if segment.name in self.beginnings:
            reference, on = self.beginnings[segment.name]
            if reference and self.reference is None:
                self.reference = segment.element(reference) or None
            if on and self.on is None:
                self.on = _date(segment.element(on), segment, file)
        if segment.name == "BPR":
            self.amount = money(segment.element(2), "BPR02", file, segment.byte)
        if segment.name == "AK9":
            self.status = segment.element(1) or None
        if segment.name == "SE" and here.isa and here.gs and here.st:
            yield (
                *here.ids,
                here.isa.element(6).strip(),
                here.isa.element(8).strip(),
                _sent(here.isa, file),
                here.st.element(3) or here.gs.element(8),
                self.reference,
                self.on,
                self.amount,
                self.status,
                here.segments,
                here.st.byte,
            )


@dataclass(slots=True)
class _ClaimRows:
    """One row per CLM of an 837, with the provider, subscriber and diagnoses around it."""

    provider: str | None = None
    subscriber: str | None = None
    claim: Segment | None = None
    diagnoses: list[str] = field(default_factory=list)

    def take(
        self, segment: Segment, here: _Envelope, position: int, file: str
    ) -> Iterator[tuple[object, ...]]:
        if here.st is None or here.st.element(1) != "837":
            return
        if segment.name in ("CLM", "HL", "SE") and self.claim:
            claim, self.claim = self.claim, None
            yield (
                *here.ids,
                claim.element(1),
                money(claim.element(2), "CLM02", file, claim.byte),
                claim.part(5, 1) or None,
                claim.part(5, 3) or None,
                self.provider,
                self.subscriber,
                self.diagnoses,
                claim.byte,
            )
        if segment.name == "ST" or (segment.name == "HL" and segment.element(3) == "20"):
            self.provider = self.subscriber = None
        elif segment.name == "HL" and segment.element(3) == "22":
            self.subscriber = None
        elif segment.name == "NM1" and segment.element(1) == "85":
            self.provider = segment.element(9) or None
        elif segment.name == "NM1" and segment.element(1) == "IL" and not self.claim:
            self.subscriber = segment.element(9) or None
        elif segment.name == "CLM":
            self.claim, self.diagnoses = segment, []
        elif segment.name == "HI" and self.claim:
            codes = range(1, len(segment.elements) + 1)
            self.diagnoses.extend(segment.part(code, 2) for code in codes if segment.part(code, 2))


class _PaymentRows:
    """One row per CLP of an 835."""

    def take(
        self, segment: Segment, here: _Envelope, position: int, file: str
    ) -> Iterator[tuple[object, ...]]:
        if segment.name == "CLP":
            yield (
                *here.ids,
                segment.element(1),
                segment.element(2) or None,
                *(money(segment.element(one), f"CLP0{one}", file, segment.byte) for one in (3, 4, 5)),
                segment.element(7) or None,
                segment.byte,
            )


def _date(text: str, segment: Segment, file: str) -> date | None:
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 - X12 dates have no zone
    except ValueError:
        raise _bad(file, segment.byte, f"{segment.name} holds a date that is none") from None


def _sent(isa: Segment, file: str) -> datetime:
    """Return ISA09 and ISA10, whose years have two digits: 69 to 99 are before 2000, as in POSIX."""
    try:
        return datetime.strptime(isa.element(9) + isa.element(10), "%y%m%d%H%M")  # noqa: DTZ007 - no zone
    except ValueError:
        raise _bad(file, isa.byte, "ISA holds a date or a time that is none") from None
