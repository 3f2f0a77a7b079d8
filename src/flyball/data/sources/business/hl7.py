"""HL7 v2: messages of segments of fields, alone, in batches, or in MLLP frames.

Source: HL7 version 2.5.1, chapter 2: delimiters 2.5.4, escapes 2.7, batches 2.10.3, character sets
2.15.9.18 (table 0211); MLLP: HL7 Implementation Support Guide 2.3.1, appendix C.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from decimal import Decimal

import pyarrow as pa

from flyball.data.quality.masking import shape_of
from flyball.data.sources.business.records import RowKind
from flyball.data.sources.errors import BadRecord
from flyball.data.sources.objects.opened import ByteStream, open_bytes
from flyball.data.sources.objects.place import Found, Place

__all__ = ["HL7_KINDS", "Hl7Reader", "Message", "read_messages", "timestamp_of", "unescaped"]

_READ_BYTES = 1 << 20
_LONGEST_SEGMENT = 16 << 20  # scanned documents travel in OBX-5
_LONGEST_MESSAGE = 128 << 20
_SEGMENT_END = re.compile(rb"[\r\n\x1c]")
_START_FRAME, _END_FRAME = b"\x0b", b"\x1c"
_ENVELOPES = ("FHS", "BHS", "BTS", "FTS")
_SEGMENT_ID = re.compile(r"[A-Z][A-Z0-9]{2}")
_CHARSETS = {
    "ASCII": "ascii",
    "UNICODE UTF-8": "utf-8",
    "UNICODE": "utf-8",
    "ISO IR14": "shift_jis",
    "ISO IR87": "iso2022_jp",
    "GB 18030-2000": "gb18030",
    "KS X 1001": "euc_kr",
    "BIG-5": "big5",
    **{f"8859/{part}": f"iso8859-{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 15)},
}
_ESCAPED = re.compile(r"\\(?:([FSTRE])|X((?:[0-9A-Fa-f]{2})+)|(\.br)|([HN])|([^\\]*))\\")
_NUMBER = re.compile(r"[+-]?\d{1,28}(\.\d{1,10})?")
_TIME = re.compile(
    r"(\d{4})(\d\d)?(\d\d)?(?:(\d\d)(\d\d)(?:(\d\d)(?:\.(\d{1,4}))?)?)?(?:([+-])(\d\d)(\d\d))?"
)
_SENT = pa.timestamp("us", "UTC")
_MESSAGE = [
    pa.field("file", pa.string(), nullable=False),
    pa.field("message", pa.int64(), nullable=False),
    pa.field("control_id", pa.string()),
]

HL7_KINDS = (
    RowKind(
        "fields",
        pa.schema(
            [
                *_MESSAGE,
                ("segment", pa.string()),
                ("segment_number", pa.int64()),
                ("path", pa.string()),
                ("repetition", pa.int64()),
                ("value", pa.string()),
            ]
        ),
    ),
    RowKind(
        "messages",
        pa.schema(
            [
                *_MESSAGE,
                ("type", pa.string()),
                ("event", pa.string()),
                ("sent", _SENT),
                ("sent_as_written", pa.string()),
                ("sending_application", pa.string()),
                ("sending_facility", pa.string()),
                ("receiving_application", pa.string()),
                ("receiving_facility", pa.string()),
                ("processing", pa.string()),
                ("version", pa.string()),
                ("segments", pa.int64()),
                ("byte", pa.int64()),
            ]
        ),
    ),
    RowKind(
        "observations",
        pa.schema(
            [
                *_MESSAGE,
                ("patient", pa.string()),
                ("order", pa.string()),
                ("set_id", pa.string()),
                ("value_type", pa.string()),
                ("code", pa.string()),
                ("code_text", pa.string()),
                ("code_system", pa.string()),
                ("value", pa.string()),
                ("number", pa.decimal128(38, 10)),
                ("unit", pa.string()),
                ("range", pa.string()),
                ("flags", pa.string()),
                ("status", pa.string()),
                ("observed", _SENT),
                ("observed_as_written", pa.string()),
                ("byte", pa.int64()),
            ]
        ),
    ),
    RowKind(
        "segments",
        pa.schema(
            [
                *_MESSAGE,
                ("segment_number", pa.int64()),
                ("segment", pa.string()),
                ("fields", pa.list_(pa.string())),
                ("byte", pa.int64()),
            ]
        ),
    ),
)
"""The streams. `fields` has one row for each component that is filled, its path "PID-3.1" or "PID-3.1.2"."""


@dataclass(frozen=True, slots=True)
class _Line:
    """One segment as it lies in the file."""

    raw: bytes
    byte: int


@dataclass(frozen=True, slots=True)
class Message:
    r"""One message.

    Parameters
    ----------
    number : int
        In its file, from 1.
    separators : str
        Of fields, components, repetitions, the escape character, and of subcomponents: "|^~\&".
    segments : tuple of (str, list of str, int)
        Name, fields as they were written, and byte. Of MSH the first field is its separator, as in the
        standard's counting.
    """

    number: int
    separators: str
    segments: tuple[tuple[str, list[str], int], ...]

    def field(self, segment: int, number: int, component: int = 1) -> str | None:
        """Return a component of the first repetition of a field, unescaped; None where it is empty."""
        fields = self.segments[segment][1]
        text = fields[number - 1] if number <= len(fields) else ""
        parts = text.split(self.separators[2])[0].split(self.separators[1])
        part = parts[component - 1] if component <= len(parts) else ""
        return unescaped(part, self.separators) or None


def read_messages(stream: ByteStream, *, checks: bool = True, encoding: str = "utf-8") -> Iterator[Message]:
    """Yield the messages of a file or of a recorded MLLP connection.

    Parameters
    ----------
    stream : ByteStream
    checks : bool
        Whether BTS-1 and FTS-1 must count what there is, and be there where BHS and FHS are.
    encoding : str
        Of messages whose MSH-18 is empty.

    Raises
    ------
    BadRecord
        Segments before a first MSH, an MSH without its delimiters, an unknown or wrong character set, a
        frame that is not closed, or a wrong count.
    """
    held: list[_Line] = []
    number = messages = batches = 0
    still_open: list[str] = []
    file = stream.name
    for line in _lines(stream):
        name = line.raw[:3].decode("latin-1")
        if name == "MSH" or name in _ENVELOPES:
            if held:
                number, messages = number + 1, messages + 1
                yield _message(held, number, file, encoding)
                held = []
            if name == "MSH":
                held = [line]
            elif name == "BHS":
                messages = 0
                still_open.append("BTS")
            elif name == "FHS":
                batches = 0
                still_open.append("FTS")
            elif name not in still_open:
                raise _bad(file, line.byte, f"{name} without its head")
            elif name == "BTS":
                batches += 1
                still_open.remove("BTS")
                _check_count(line, messages, "messages", file, checks)
            else:
                still_open.remove("FTS")
                _check_count(line, batches, "batches", file, checks)
        elif held and line.byte - held[0].byte <= _LONGEST_MESSAGE:
            held.append(line)
        elif held:
            raise _bad(file, held[0].byte, f"a message of more than {_LONGEST_MESSAGE:,} bytes")
        else:
            raise _bad(file, line.byte, "a segment before the first MSH")
    if held:
        yield _message(held, number + 1, file, encoding)
    if still_open and checks:
        raise _bad(file, stream.at, f"the file ends without {still_open[-1]}")


def _lines(stream: ByteStream) -> Iterator[_Line]:
    """Yield segments with their bytes; frames are taken off, and one that is not closed is refused."""
    buffer, at, framed, more = b"", 0, False, True
    while more:
        chunk = stream.read(_READ_BYTES)
        more = bool(chunk)
        buffer += chunk
        start = 0
        while start < len(buffer):
            first = buffer[start : start + 1]
            if first in (b"\r", b"\n"):
                start += 1
            elif first == _START_FRAME:
                if framed:
                    raise _bad(stream.name, at + start, "a frame begins inside another one")
                framed, start = True, start + 1
            elif first == _END_FRAME:
                if not framed:
                    raise _bad(stream.name, at + start, "a frame ends that never began")
                framed, start = False, start + 1
            else:
                found = _SEGMENT_END.search(buffer, start)
                if found is None and more:
                    break
                end = found.start() if found else len(buffer)
                yield _Line(buffer[start:end], at + start)
                start = end
        buffer, at = buffer[start:], at + start
        if len(buffer) > _LONGEST_SEGMENT:
            raise _bad(stream.name, at, f"no segment ends within {_LONGEST_SEGMENT:,} bytes")
    if framed:
        raise _bad(stream.name, at, "the file ends inside a frame")


def _message(lines: list[_Line], number: int, file: str, encoding: str) -> Message:
    msh = lines[0]
    head = msh.raw[3:9].decode("latin-1")
    delimiters = head[: head.find(head[0], 1)] if head and head.find(head[0], 1) > 0 else head[:5]
    if len(delimiters) < 3 or len(set(delimiters)) < len(delimiters) or any(c.isalnum() for c in delimiters):
        raise _bad(file, msh.byte, "MSH does not say its delimiters, such as MSH|^~\\&")
    separators = (delimiters + "|^~\\&"[len(delimiters) :])[:5]
    codec = _codec(msh, separators, file, encoding)
    segments = []
    for line in lines:
        try:
            text = line.raw.decode(codec)
        except UnicodeDecodeError as err:
            raise _bad(
                file,
                line.byte + err.start,
                f"not {codec}, as MSH-18 says or, where it is empty, the setting encoding",
            ) from None
        name, *fields = text.split(separators[0])
        if not _SEGMENT_ID.fullmatch(name):
            raise _bad(file, line.byte, "a segment without a name of three letters and digits")
        segments.append((name, [separators[0], *fields] if name == "MSH" else fields, line.byte))
    return Message(number, separators, tuple(segments))


def _codec(msh: _Line, separators: str, file: str, encoding: str) -> str:
    fields = msh.raw.split(separators[0].encode("latin-1"))
    written = fields[17].decode("latin-1") if len(fields) > 17 else ""
    name = written.split(separators[2])[0].strip().upper()
    codec = _CHARSETS.get(name) if name else encoding
    if codec is None:
        raise _bad(file, msh.byte, "MSH-18 names a character set that is not known")
    return codecs.lookup(codec).name


def _check_count(line: _Line, n: int, what: str, file: str, checks: bool) -> None:
    fields = line.raw.decode("latin-1")
    stated = fields.split(fields[3:4])[1] if len(fields) > 3 else ""
    if checks and stated and stated != str(n):
        shown = stated if stated.isascii() and stated.isdigit() else shape_of(stated)
        raise _bad(
            file,
            line.byte,
            f"{fields[:3]} counts {shown[:10]} {what}, and {n:,} are there",
            f"{_MEND[:-1]}. Or read it as it is with checks = false.",
        )


_MEND = "Ask the sender for the file again; what lies before it was read."


def _bad(file: str, byte: int, what: str, fix: str = _MEND) -> BadRecord:
    return BadRecord(
        f"{file} (byte {byte:,}): {what}.",
        fix=fix,
        file=file,
        byte=byte,
    )


def unescaped(text: str, separators: str) -> str:
    r"""Return text with its escapes undone: \F\ \S\ \T\ \R\ \E\, \Xhh\ (as Latin-1), \.br\ as a line break.

    Highlighting (\H\, \N\) is taken out; an escape that is not known stays as it is written.
    """
    escape = separators[3]
    if escape not in text:
        return text
    of = dict(zip("FSRET", separators, strict=True))
    plain = text if escape == "\\" else text.replace(escape, "\\")

    def undo(found: re.Match[str]) -> str:
        if found[1]:
            return of[found[1]]
        if found[2]:
            return bytes.fromhex(found[2]).decode("latin-1")
        if found[3]:
            return "\n"
        return "" if found[4] else found[0]

    return _ESCAPED.sub(undo, plain)


def timestamp_of(text: str | None, zone: tzinfo | None = None) -> datetime | None:
    """Return a time as an instant; None where it is not written down to the minute or is no time.

    Parameters
    ----------
    text : str or None
        As HL7 writes it: 20261121130500.1234+0100.
    zone : tzinfo, optional
        Of times without one: the sender's. Without it they are None, for the message does not tell.
    """
    found = _TIME.fullmatch(text or "")
    if found is None or found[4] is None:
        return None
    if found[8] is not None:
        offset = timedelta(hours=int(found[9]), minutes=int(found[10]))
        if offset >= timedelta(days=1):
            return None
        zone = timezone(offset if found[8] == "+" else -offset)
    if zone is None:
        return None
    year, month, day, hour, minute = (int(found[one]) for one in range(1, 6))
    micro = int((found[7] or "0").ljust(6, "0"))
    try:
        return datetime(year, month, day, hour, minute, int(found[6] or 0), micro, zone)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Hl7Reader:
    """The rows of HL7 v2 files.

    Parameters
    ----------
    checks : bool
        Whether batch and file trailers must be there and count what there is.
    encoding : str
        Of messages whose MSH-18 is empty.
    zone : tzinfo, optional
        Of times that are written without one.
    """

    checks: bool = True
    encoding: str = "utf-8"
    zone: tzinfo | None = None

    def rows(self, place: Place, one: Found, stream: str) -> Iterator[tuple[object, ...]]:
        """Yield the rows of one stream of one file."""
        make = {
            "messages": _message_rows,
            "segments": _segment_rows,
            "fields": _field_rows,
            "observations": _observation_rows,
        }[stream]
        with open_bytes(place, one, expected="HL7") as opened:
            for message in read_messages(opened, checks=self.checks, encoding=self.encoding):
                for row in make(message, self.zone):
                    yield (one.name, message.number, message.field(0, 10), *row)


def _message_rows(message: Message, zone: tzinfo | None) -> Iterator[tuple[object, ...]]:
    sent = message.field(0, 7)
    yield (
        message.field(0, 9),
        message.field(0, 9, 2),
        timestamp_of(sent, zone),
        sent,
        *(message.field(0, number) for number in (3, 4, 5, 6, 11, 12)),
        len(message.segments),
        message.segments[0][2],
    )


def _segment_rows(message: Message, zone: tzinfo | None) -> Iterator[tuple[object, ...]]:
    for number, (name, fields, byte) in enumerate(message.segments, 1):
        yield number, name, fields, byte


def _field_rows(message: Message, zone: tzinfo | None) -> Iterator[tuple[object, ...]]:
    _, component, repetition, _, subcomponent = list(message.separators)
    for number, (name, fields, _) in enumerate(message.segments, 1):
        for position, text in enumerate(fields, 1):
            if name == "MSH" and position < 3:
                yield name, number, f"MSH-{position}", 1, text
                continue
            for again, whole in enumerate(text.split(repetition), 1):
                for at, part in enumerate(whole.split(component), 1):
                    pieces = part.split(subcomponent)
                    for below, piece in enumerate(pieces, 1):
                        if piece:
                            path = f"{name}-{position}.{at}" + (f".{below}" if len(pieces) > 1 else "")
                            yield name, number, path, again, unescaped(piece, message.separators)


def _observation_rows(message: Message, zone: tzinfo | None) -> Iterator[tuple[object, ...]]:
    patient = order = None
    for index, (name, fields, byte) in enumerate(message.segments):

        def of(number: int, component: int = 1, index: int = index) -> str | None:
            return message.field(index, number, component)

        if name == "PID":
            patient = of(3)
        elif name == "OBR":
            order = of(3) or of(2)
        elif name == "OBX":
            written = fields[4] if len(fields) > 4 else ""
            kind, observed = of(2), of(14)
            plain = written.strip()
            number = Decimal(plain) if kind == "NM" and _NUMBER.fullmatch(plain) else None
            yield (
                patient,
                order,
                of(1),
                kind,
                of(3),
                of(3, 2),
                of(3, 3),
                unescaped(written, message.separators) or None,
                number,
                of(6),
                of(7),
                of(8),
                of(11),
                timestamp_of(observed, zone),
                observed,
                byte,
            )
