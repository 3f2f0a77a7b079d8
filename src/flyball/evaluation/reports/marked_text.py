"""A contract's text with its highlights: which passages, under which labels, quoted how."""

import re

from flyball.core.records import Span
from flyball.core.text import count
from flyball.data.documents.rows import ROW_MEDIA_TYPE, row_of
from flyball.evaluation.reports.parts import Cell, Leaf, Link, Piece, Quote, Tag
from flyball.evaluation.reports.passages import Places, kept_ranges, leaf_breaks, segments, softened
from flyball.evaluation.reports.phrases import SEVERITIES, value_words
from flyball.evaluation.reports.records import ContractView

__all__ = ["LOOKS", "MarkedText"]

LOOKS = (*SEVERITIES, "check", "plain", "nearest")
"""How a highlight looks; where several lie on each other, the first of these wins.

"nearest" is a passage that was looked at and judged not to say it; it gets no label in the text.
"""

_AROUND = 600
_QUOTE = 320
_ALSO = 4
_EMPTY_LINES = re.compile(r"\n\s*\n\s*\n")


class MarkedText:
    """The text of one contract while its highlights are collected; each span gets one number.

    Parameters
    ----------
    anchor : str
        Of the contract on the page; its passages are called `anchor-p1`, `anchor-p2`, ...
    contract : ContractView
    """

    def __init__(self, anchor: str, contract: ContractView) -> None:
        self._anchor = anchor
        self._contract = contract
        self._row = contract.media_type == ROW_MEDIA_TYPE
        self._text = contract.text
        self._soft = softened(contract.text)
        self._places = Places(contract.text, contract.places)
        self._pages = self._places.pages()
        self.spans: list[tuple[int, int]] = []
        self._numbers: dict[tuple[int, int], int] = {}
        self._tags: dict[int, list[Tag]] = {}

    def quote(self, spans: tuple[Span, ...], tag: Tag) -> Quote | None:
        """Highlight every span under the label `tag`; return the first one quoted, None for none."""
        anchors = [self._highlight((span.start, span.end), tag) for span in spans]
        if not spans:
            return None
        best = spans[0]
        words = " ".join(self._text[best.start : min(best.end, best.start + 2 * _QUOTE)].split())
        if self._row and (cell := self._cell(best.start, best.end)):
            words = f"{cell[0]}: {cell[1]}"
        if len(words) > _QUOTE:
            words = words[:_QUOTE].rsplit(" ", 1)[0] + " …"
        told = [
            spoken(self._places.of(span.start)) if self._row else self._places.of(span.start)
            for span in spans
        ]
        others = dict(reversed([*zip(told[1:], anchors[1:], strict=True)]))
        others.pop(told[0], None)
        also = tuple(Link(anchor, place) for place, anchor in reversed(others.items()))
        return Quote(anchors[0], words, told[0], also[:_ALSO], max(0, len(also) - _ALSO))

    def cells(self) -> list[Cell]:
        """Return the columns of a row, those that are highlighted under their passages."""
        found = []
        for place in self._contract.places:
            cell = self._cell(place.start, place.end)
            if cell is None:
                continue
            numbers = [
                number
                for number, (start, end) in enumerate(self.spans)
                if start < place.end and place.start < end
            ]
            tags = [tag for number in numbers for tag in self._tags[number]]
            looks = [tag.look for tag in tags]
            piece = Piece(
                text=cell[1],
                numbers=" ".join(str(number + 1) for number in numbers),
                anchors=tuple(f"{self._anchor}-p{number + 1}" for number in numbers),
                tags=tuple(dict.fromkeys(tag for tag in tags if tag.look != "nearest")),
                look=min(looks, key=LOOKS.index) if looks else "",
                depth=min(3, len(numbers)),
            )
            found.append(Cell(cell[0], piece))
        return found

    def _cell(self, start: int, end: int) -> tuple[str, str] | None:
        """Return name and value of the first column between two offsets, in words; None for none."""
        read = row_of("{" + self._soft[start:end].strip("{},") + "}")
        for name, value in (read or {}).items():
            return spoken(name), "not known" if value is None else value_words(value, "")
        return None

    def _highlight(self, key: tuple[int, int], tag: Tag) -> str:
        if key not in self._numbers:
            self._numbers[key] = len(self.spans)
            self.spans.append(key)
        number = self._numbers[key]
        tags = self._tags.setdefault(number, [])
        if tag not in tags:
            tags.append(tag)
        return f"{self._anchor}-p{number + 1}"

    def leaves(self, *, whole: bool) -> list[Leaf]:
        """Return the text in parts; only the words around the highlights unless `whole`."""
        length = len(self._text)
        stretches = [(0, length)] if whole else kept_ranges(self._text, self.spans, _AROUND)
        leaves: list[Leaf] = []
        told = 0
        for start, end in stretches:
            leaves.extend(self._stretch(start, end, _gap(start - told)))
            told = end
        if told < length:
            leaves.append(Leaf("", _gap(length - told), ()))
        return leaves

    def _stretch(self, start: int, end: int, gap: str) -> list[Leaf]:
        breaks = {*self._pages, *leaf_breaks(self._text, start, end)}
        leaves: list[Leaf] = []
        pieces: list[Piece] = []
        place = self._pages.get(start, "")
        for segment in segments(self.spans, breaks, start=start, end=end):
            if segment.start in breaks and segment.start > start:
                leaves.append(Leaf(place, gap, tuple(pieces)))
                pieces, place, gap = [], self._pages.get(segment.start, ""), ""
            tags = [tag for number in segment.starts for tag in self._tags[number] if tag.look != "nearest"]
            looks = [tag.look for number in segment.passages for tag in self._tags[number]]
            pieces.append(
                Piece(
                    text=_EMPTY_LINES.sub("\n\n", self._soft[segment.start : segment.end]),
                    numbers=" ".join(str(number + 1) for number in segment.passages),
                    anchors=tuple(f"{self._anchor}-p{number + 1}" for number in segment.starts),
                    tags=tuple(sorted(dict.fromkeys(tags), key=lambda tag: LOOKS.index(tag.look))),
                    look=min(looks, key=LOOKS.index) if looks else "",
                    depth=min(3, len(segment.passages)),
                )
            )
        leaves.append(Leaf(place, gap, tuple(pieces)))
        return leaves


def spoken(column: str) -> str:
    """Return the name of a column as people say it."""
    return column.replace("_", " ")


def _gap(characters: int) -> str:
    return (
        f"{count(characters, 'character')} without a highlighted passage left out" if characters > 0 else ""
    )
