"""Lines of JSON: texts in, treated texts out, with the place of everything that was replaced."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import msgspec

from flyball.core.errors import BadInput
from flyball.data.privacy.treatment.text import replace_spans
from flyball.data.privacy.treatment.treatment import Scan, Span

__all__ = ["treat_lines"]

_LINES = 256


class _Line(msgspec.Struct):
    id: str | int | None
    text: str


def treat_lines(
    lines: Iterable[bytes], scan: Scan, replacement: Callable[[Span, str], str]
) -> Iterator[bytes]:
    """Yield for each line `{"id", "text"}` one line `{"id", "text", "replaced"}`, in order.

    Parameters
    ----------
    lines : iterable of bytes
        JSON, one object each; empty lines are passed over.
    scan : callable
        Finds personal data; `Detector.scan`.
    replacement : callable (Span, str) -> str
        Gets a finding and its words.

    Raises
    ------
    BadInput
        A line is not such an object; its words are not repeated.
    FlyballError
        As the detector and the replacement raise: no line of that batch is given.
    """
    numbered = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
    while batch := [_read(number, line) for number, line in islice(numbered, _LINES)]:
        found = scan([one.text for one in batch])
        done = [replace_spans(one.text, spans, replacement) for one, spans in zip(batch, found, strict=True)]
        for one, treated in zip(batch, done, strict=True):
            yield msgspec.json.encode({"id": one.id, "text": treated.text, "replaced": treated.replaced})


def _read(number: int, line: bytes) -> _Line:
    try:
        return msgspec.json.decode(line, type=_Line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadInput(
            f"Line {number} is not an object with id and text.",
            fix='Write one {"id": ..., "text": "..."} a line.',
            line=number,
        ) from None  # the cause may quote the text
