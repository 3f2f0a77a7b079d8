"""Lines of JSON: texts in, findings out."""

from collections.abc import Iterable, Iterator

import msgspec

from flyball.data.privacy.detection.detector import LONGEST_TEXT, Detector, default_detector
from flyball.data.privacy.detection.errors import BadText, DetectionFailed, TextTooLong

__all__ = ["scan_lines"]

_BATCH_CHARACTERS = 1 << 17
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class _Line(msgspec.Struct):
    id: str | int | None
    text: str


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
        A line is not such an object, or its text is too long: it is named. Lines of earlier batches have been
        told by then; none of its own batch.
    DetectionFailed
        As `Detector.scan`; the lines of the batch are named.
    """
    detector = detector or default_detector()
    decoder = msgspec.json.Decoder(_Line)
    batch: list[_Line] = []
    size, first = 0, 1
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            one = decoder.decode(line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as err:
            raise BadText(
                f"Line {number} is not an object with id and text ({_place(err)}).",
                fix='Write one {"id": ..., "text": "..."} a line.',
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
            yield from _told(batch, detector, first, number)
            batch, size, first = [], 0, number + 1
    if batch:
        yield from _told(batch, detector, first, number)


def _place(err: Exception) -> str:
    """Return what a decoder says without the words that it may quote."""
    if isinstance(err, RecursionError):
        return "nested too deeply"
    return "not UTF-8" if isinstance(err, UnicodeDecodeError) else str(err).split(" - ")[0]


def _told(batch: list[_Line], detector: Detector, first: int, last: int) -> Iterator[bytes]:
    try:
        found = detector.scan([one.text for one in batch])
    except DetectionFailed as err:
        raise DetectionFailed(
            f"Lines {first} to {last}: {err.message}", fix=err.fix, first=first, last=last
        ) from None  # as in scan
    encoder = msgspec.json.Encoder()
    for line, spans in zip(batch, found, strict=True):
        told = [_Span(one.start, one.end, one.kind, one.score) for one in spans]
        yield encoder.encode(_Told(line.id, told))
