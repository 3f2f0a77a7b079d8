"""Lines of JSON: texts in, findings out; and the door for whatever else reads texts that way."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from flyball.data.privacy.detection.detector import LONGEST_TEXT, Detector, default_detector
from flyball.data.privacy.detection.errors import BadText, DetectionFailed, TextTooLong

__all__ = ["Batch", "TextLine", "scan_lines", "text_batches"]

_BATCH_CHARACTERS = 1 << 17
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class TextLine(msgspec.Struct):
    """One line: a text, and by which the caller knows it. Other members are ignored."""

    id: str | int | None
    text: str


Line = TypeVar("Line", bound=TextLine)


@dataclass(frozen=True, slots=True)
class Batch(Generic[Line]):
    """Lines that are looked at together: about 130,000 characters, or one longer text.

    Parameters
    ----------
    lines : list of TextLine
    first, last : int
        Their numbers, counted from 1 as an editor does, empty lines included.
    """

    lines: list[Line]
    first: int
    last: int


class _Span(msgspec.Struct, gc=False):
    start: int
    end: int
    kind: str
    score: float


class _Told(msgspec.Struct, gc=False):
    id: str | int | None
    spans: list[_Span]


def scan_lines(lines: Iterable[bytes], *, detector: Detector | None = None) -> Iterator[bytes]:
    """Yield for each line `{"id", "text"}` one line `{"id", "spans"}`, in order, without a line end.

    Parameters
    ----------
    lines : iterable of bytes
        JSON, one object each; other members are ignored, empty lines are passed over.
    detector : Detector, optional
        Default: all kinds.

    Raises
    ------
    BadText, TextTooLong
        As `text_batches`. Lines of earlier batches have been told by then; none of its own batch.
    DetectionFailed
        As `Detector.scan`; the lines of the batch are named.
    """
    detector = detector or default_detector()
    for batch in text_batches(lines, TextLine, needs="id and text", example='{"id": ..., "text": "..."}'):
        yield from _told(batch, detector)


def text_batches(
    lines: Iterable[bytes], kind: type[Line], *, needs: str, example: str
) -> Iterator[Batch[Line]]:
    """Read lines of JSON in batches; empty lines and a byte order mark are passed over.

    Parameters
    ----------
    lines : iterable of bytes
    kind : type
        Of a line: `TextLine`, or one with more members.
    needs, example : str
        What a line must hold, for the message about one that does not.

    Raises
    ------
    BadText, TextTooLong
        A line is not such an object, or its text is too long: it is named, and none of its words repeated.
    """
    decoder = msgspec.json.Decoder(kind)
    batch: list[Line] = []
    size, first = 0, 1
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            one = decoder.decode(line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as err:
            raise BadText(
                f"Line {number} is not an object with {needs} ({_place(err)}).",
                fix=f"Write one {example} a line.",
                line=number,
            ) from None  # the cause may quote the text
        if len(one.text) > LONGEST_TEXT:
            raise TextTooLong(
                f"The text of line {number} has {len(one.text)} characters; the limit is {LONGEST_TEXT}.",
                fix="Write it as several lines.",
                line=number,
            )
        batch.append(one)
        size += len(one.text)
        if size >= _BATCH_CHARACTERS:
            yield Batch(batch, first, number)
            batch, size, first = [], 0, number + 1
    if batch:
        yield Batch(batch, first, number)


def _place(err: Exception) -> str:
    """Return what a decoder says without the words that it may quote."""
    if isinstance(err, RecursionError):
        return "nested too deeply"
    return "not UTF-8" if isinstance(err, UnicodeDecodeError) else str(err).split(" - ")[0]


def _told(batch: Batch[TextLine], detector: Detector) -> Iterator[bytes]:
    try:
        found = detector.scan([one.text for one in batch.lines])
    except DetectionFailed as err:
        raise DetectionFailed(
            f"Lines {batch.first} to {batch.last}: {err.message}",
            fix=err.fix,
            first=batch.first,
            last=batch.last,
        ) from None  # as in scan
    encoder = msgspec.json.Encoder()
    for line, spans in zip(batch.lines, found, strict=True):
        told = [_Span(one.start, one.end, one.kind, one.score) for one in spans]
        yield encoder.encode(_Told(line.id, told))
