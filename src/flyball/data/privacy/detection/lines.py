"""Lines of JSON: texts in, findings out."""

from collections.abc import Iterable, Iterator

import msgspec

from flyball.data.privacy.detection.detector import Detector, default_detector
from flyball.data.privacy.detection.errors import BadText

__all__ = ["scan_lines"]

_BATCH_CHARACTERS = 1 << 17
_LONGEST_LINE = 1 << 29


class _Line(msgspec.Struct):
    id: str | int | None
    text: str


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
    BadText
        A line is not such an object. Lines of earlier batches have been told by then; none of its own batch.
    TextTooLong, DetectionFailed
        As `Detector.scan`.
    """
    detector = detector or default_detector()
    decoder = msgspec.json.Decoder(_Line)
    batch: list[_Line] = []
    size = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            one = decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as err:
            raise BadText(
                f"Line {number} is not an object with id and text ({_place(err)}).",
                fix='Write one {"id": ..., "text": "..."} a line.',
                line=number,
            ) from None  # the cause may quote the text
        batch.append(one)
        size += len(one.text)
        if size >= _BATCH_CHARACTERS:
            yield from _told(batch, detector)
            batch, size = [], 0
    yield from _told(batch, detector)


def _place(err: Exception) -> str:
    """Return what a decoder says without the words that it may quote."""
    return "not UTF-8" if isinstance(err, UnicodeDecodeError) else str(err).split(" - ")[0][:60]


def _told(batch: list[_Line], detector: Detector) -> Iterator[bytes]:
    found = detector.scan([one.text for one in batch])
    for line, spans in zip(batch, found, strict=True):
        yield msgspec.json.encode(
            {
                "id": line.id,
                "spans": [
                    {"start": one.start, "end": one.end, "kind": one.kind, "score": one.score}
                    for one in spans
                ],
            }
        )
