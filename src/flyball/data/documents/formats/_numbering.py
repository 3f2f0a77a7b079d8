"""The numbers that Word writes in front of paragraphs by itself: "12.3", "(a)".

They stand nowhere in the text; Word works them out from lists of levels each time it shows the file.
Source: ECMA-376-1, section 17.9 (numbering) and 17.7.4 (styles).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Numbering"]

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_LEVELS = 9
_LONGEST_CHAIN = 20  # styles that are based on styles; a circle ends here
_LARGEST = 5_000
_LONGEST = 60
_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc")),
    *((50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)


@dataclass(frozen=True, slots=True)
class _Level:
    start: int
    form: str
    pattern: str  # "%1.%2" shows the numbers of levels 1 and 2
    legal: bool  # all numbers in it are decimal


@dataclass(slots=True)
class _List:
    levels: dict[int, _Level] = field(default_factory=dict)
    by_style: dict[str, int] = field(default_factory=dict)
    counters: dict[int, int] = field(default_factory=dict)


class Numbering:
    """Works out the number of each paragraph; ask in the order in which they stand.

    Parameters
    ----------
    numbering : element or None
        `w:numbering`, the root of the numbering part; None where there is none.
    styles : element or None
        `w:styles`, the root of the styles part.
    """

    def __init__(self, numbering: Any, styles: Any) -> None:
        self._lists: dict[str, _List] = {}
        self._list_of: dict[str, str] = {}
        self._restarts: dict[str, dict[int, int]] = {}
        self._begun: set[str] = set()
        self._styles = {} if styles is None else {s.get(_W + "styleId"): s for s in styles.iter(_W + "style")}
        if numbering is None:
            return
        for abstract in numbering.iterchildren(_W + "abstractNum"):
            self._lists[abstract.get(_W + "abstractNumId")] = _list(abstract)
        for number in numbering.iterchildren(_W + "num"):
            number_id = number.get(_W + "numId")
            self._list_of[number_id] = _value(number, "abstractNumId") or ""
            self._restarts[number_id] = {
                _whole(override.get(_W + "ilvl"), 0): _whole(start.get(_W + "val"), 1)
                for override in number.iterchildren(_W + "lvlOverride")
                for start in override.iterchildren(_W + "startOverride")
            }

    def number(self, paragraph: Any) -> str:
        """Return the number of the next paragraph, "" for none; bullets and unknown forms have none."""
        number_id, index = self._place(paragraph)
        numbered = self._lists.get(self._list_of.get(number_id, ""))
        if numbered is None or index not in numbered.levels:
            return ""
        self._count(numbered, number_id, index)
        return _shown(numbered, numbered.levels[index])

    def _count(self, numbered: _List, number_id: str, index: int) -> None:
        counters = numbered.counters
        if number_id not in self._begun:
            self._begun.add(number_id)
            for restarted, start in self._restarts.get(number_id, {}).items():
                counters[restarted] = start - 1
        for upper in range(index):
            if upper not in counters and upper in numbered.levels:
                counters[upper] = numbered.levels[upper].start
        counters[index] = counters.get(index, numbered.levels[index].start - 1) + 1
        for deeper in [one for one in counters if one > index]:
            del counters[deeper]

    def _place(self, paragraph: Any) -> tuple[str, int | None]:
        """Return list and level: what the paragraph says itself, else the styles that it builds on."""
        level: str | None = None
        own_style = ""
        for depth, (properties, style) in enumerate(self._chain(paragraph)):
            own_style = own_style if depth else style
            mark = None if properties is None else properties.find(_W + "numPr")
            if mark is None:
                continue
            level = _value(mark, "ilvl") if level is None else level
            number_id = _value(mark, "numId")
            if number_id is not None:
                if level is not None:
                    return number_id, _whole(level, 0)
                by_style = self._lists.get(self._list_of.get(number_id, ""), _List()).by_style
                return number_id, by_style.get(own_style, by_style.get(style, 0))
        return "", None

    def _chain(self, paragraph: Any) -> Iterator[tuple[Any, str]]:
        properties = paragraph.find(_W + "pPr")
        style = "" if properties is None else _value(properties, "pStyle") or ""
        yield properties, style
        for _ in range(_LONGEST_CHAIN):
            definition = self._styles.get(style)
            if definition is None:
                return
            yield definition.find(_W + "pPr"), style
            style = _value(definition, "basedOn") or ""


def _list(abstract: Any) -> _List:
    found = _List()
    for element in abstract.iterchildren(_W + "lvl"):
        index = _whole(element.get(_W + "ilvl"), 0)
        if not 0 <= index < _LEVELS:
            continue
        found.levels[index] = _Level(
            start=_whole(_value(element, "start"), 0),
            form=_value(element, "numFmt") or "decimal",
            pattern=_value(element, "lvlText") or "",
            legal=element.find(_W + "isLgl") is not None,
        )
        style = _value(element, "pStyle")
        if style:
            found.by_style[style] = index
    return found


def _shown(numbered: _List, level: _Level) -> str:
    if level.form in ("bullet", "none"):
        return ""
    text = level.pattern
    for index in range(_LEVELS):
        mark = f"%{index + 1}"
        if mark not in text:
            continue
        other = numbered.levels.get(index)
        form = "decimal" if level.legal or other is None else other.form
        number = _formed(numbered.counters.get(index, 0), form)
        if not number:
            return ""
        text = text.replace(mark, number)
    return text.strip()[:_LONGEST]


def _formed(number: int, form: str) -> str:
    """Return a number in one of the forms that Word offers, "" for one that we do not know."""
    if not 0 <= number <= _LARGEST:
        return ""
    if form == "decimal":
        return str(number)
    if form == "decimalZero":
        return f"{number:02}"
    if form in ("lowerLetter", "upperLetter") and number:
        letters = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return letters if form == "lowerLetter" else letters.upper()
    if form in ("lowerRoman", "upperRoman") and number:
        letters = ""
        for value, sign in _ROMAN:
            letters += sign * (number // value)
            number %= value
        return letters if form == "lowerRoman" else letters.upper()
    return ""


def _value(element: Any, tag: str) -> str | None:
    child = element.find(_W + tag)
    value = None if child is None else child.get(_W + "val")
    return value if isinstance(value, str) else None


def _whole(text: str | None, default: int) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 9 else default
