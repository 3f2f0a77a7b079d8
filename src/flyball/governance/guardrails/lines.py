"""Lines of JSON: texts with their source in, what the guardrails say out."""

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from flyball.data.privacy.detection.lines import TextLine, text_batches
from flyball.governance.guardrails.errors import BadPassage, GuardrailFailed
from flyball.governance.guardrails.inspect import Guardrails
from flyball.governance.guardrails.records import NOTHING_KNOWN, Around, Passage

__all__ = ["guard_lines"]


class _Line(TextLine):
    source: Literal["user", "document", "model"]


class _Told(msgspec.Struct, gc=False):
    id: str | int | None
    flagged: bool
    kinds: tuple[str, ...]
    score: float


def guard_lines(
    lines: Iterable[bytes], guardrails: Guardrails, *, around: Around = NOTHING_KNOWN
) -> Iterator[bytes]:
    """Yield for a line `{"id", "text", "source"}` one line `{"id", "flagged", "kinds", "score"}`, in order.

    Parameters
    ----------
    lines : iterable of bytes
        JSON, one object each; other members are ignored, empty lines are passed over. Nobody can say of a
        line that it is from the system.
    guardrails : Guardrails
    around : Around

    Raises
    ------
    BadText, TextTooLong
        A line is not such an object, or its text is too long: it is named. Lines of earlier batches have been
        told by then; none of its own batch.
    BadPassage, GuardrailFailed
        As `Guardrails.inspect`; the lines of the batch are named.
    """
    encoder = msgspec.json.Encoder()
    example = '{"id": ..., "text": "...", "source": "user" or "document"}'
    for batch in text_batches(lines, _Line, needs="id, text and source", example=example):
        passages = [Passage(str(one.id), one.text, one.source) for one in batch.lines]
        try:
            results = guardrails.inspect(passages, around)
        except (BadPassage, GuardrailFailed) as err:
            raise type(err)(
                f"Lines {batch.first} to {batch.last}: {err.message}",
                fix=err.fix,
                first=batch.first,
                last=batch.last,
            ) from None  # as in inspect
        for line, one in zip(batch.lines, results, strict=True):
            yield encoder.encode(_Told(line.id, one.flagged, one.kinds, round(one.score, 4)))
