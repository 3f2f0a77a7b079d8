"""Replace findings in a text, and know afterwards where everything went."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from flyball.data.privacy.treatment.errors import Untreatable
from flyball.data.privacy.treatment.treatment import Span

__all__ = ["Replaced", "Treated", "replace_spans"]


@dataclass(frozen=True, slots=True)
class Replaced:
    """One replacement.

    Parameters
    ----------
    start, end : int
        In the text before.
    new_start, new_end : int
        In the text after.
    kind : str
    """

    start: int
    end: int
    new_start: int
    new_end: int
    kind: str


@dataclass(frozen=True, slots=True)
class Treated:
    """A text after treatment.

    Parameters
    ----------
    text : str
    replaced : tuple of Replaced
        In order.
    """

    text: str
    replaced: tuple[Replaced, ...]

    def place(self, offset: int) -> int:
        """Return where an offset of the text before lies now; inside a finding: at its beginning."""
        moved = 0
        for one in self.replaced:
            if offset < one.start:
                break
            if offset < one.end:
                return one.new_start
            moved = one.new_end - one.end
        return offset + moved


def replace_spans(text: str, spans: Iterable[Span], replacement: Callable[[Span, str], str]) -> Treated:
    """Return a text with each finding replaced.

    Parameters
    ----------
    text : str
    spans : iterable of Span
        In order, without overlap.
    replacement : callable (Span, str) -> str
        Gets the finding and its words.

    Raises
    ------
    Untreatable
        A finding lies outside the text or overlaps the one before: nothing is replaced then.
    """
    parts: list[str] = []
    done: list[Replaced] = []
    at = length = 0
    for span in spans:
        if not at <= span.start < span.end <= len(text):
            raise Untreatable(
                f"A finding at {span.start} to {span.end} does not fit a text of {len(text)} characters "
                f"treated as far as {at}.",
                fix="This is a fault of the detector; the text was not treated.",
            )
        new = replacement(span, text[span.start : span.end])
        length += span.start - at
        done.append(Replaced(span.start, span.end, length, length + len(new), span.kind))
        parts += (text[at : span.start], new)
        length += len(new)
        at = span.end
    parts.append(text[at:])
    return Treated("".join(parts), tuple(done))
