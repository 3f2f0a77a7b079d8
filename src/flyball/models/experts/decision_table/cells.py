"""What a lawyer may write into an `if` cell, and the engine's expression that it becomes.

Text from a cell reaches the engine only as a quoted constant. The engine's strings know no escape, so
a text is written as pieces that do not hold their own quotation mark (see `quoted`).
"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

from flyball.models.experts.decision_table.records import FactKind, Scalar

__all__ = ["ALLOWED", "Test", "UnreadableCell", "fold", "quoted", "read_condition", "split_list"]

LONGEST_CELL = 2000
"""Characters of an `if` cell; beyond that somebody pasted something."""

_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d{1,15})(?:\.\d{1,9})?\Z")
_COMPARISON = re.compile(r"(>=|<=|>|<|=)\s*(\S+)\Z")
_RANGE = re.compile(r"(\S+)\s+to\s+(\S+)\Z", re.IGNORECASE)
_LISTED = re.compile(r"(one of|not one of|contains none of|contains)\s*:\s*(.*)\Z", re.IGNORECASE | re.DOTALL)
_EVEN = str.maketrans({"“": '"', "”": '"', "„": '"', "≥": ">=", "≤": "<=", "\u00a0": " ", "\u202f": " "})

_FLAG = "yes, no, unknown"
_NUMERIC = "> 60, >= 30, < 10, <= 5, 30 to 60, 12, none, unknown"
_TEXT = (
    "Delaware, one of: Delaware, New York, not one of: ..., contains: best efforts, "
    "contains none of: ..., none, unknown"
)
ALLOWED: dict[FactKind, str] = {
    "flag": _FLAG,
    "number": _NUMERIC,
    "text": _TEXT,
    "value": f"{_NUMERIC}; or {_TEXT}",
}
"""For messages: what may stand in a cell about a fact of each kind."""


class UnreadableCell(ValueError):
    """A cell says nothing that is understood; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Test:
    """A condition ready for the engine; see `records.Condition`."""

    zen: str
    probes: tuple[Scalar, ...] = ()
    unknown: bool = False


def fold(text: str) -> str:
    """Return the text as it is compared: NFC, no capitals, each run of white space one space."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def quoted(text: str) -> str:
    r"""Return an engine expression whose value is exactly `text`, whatever stands in it.

    >>> quoted('say "hi"')
    '("say " + \'"\' + "hi" + \'"\')'
    """
    if '"' not in text:
        return f'"{text}"'
    pieces: list[str] = []
    for number, piece in enumerate(text.split('"')):
        if number:
            pieces.append("'\"'")
        if piece:
            pieces.append(f'"{piece}"')
    return pieces[0] if len(pieces) == 1 else f"({' + '.join(pieces)})"


def read_condition(cell: str, kind: FactKind, column: str) -> Test | None:
    """Read one `if` cell.

    Parameters
    ----------
    cell : str
        As in the spreadsheet.
    kind : FactKind
        Of the fact that the column is about.
    column : str
        Name of the fact inside the engine.

    Returns
    -------
    Test or None
        None where the cell is empty, "-" or "any": every value will do.

    Raises
    ------
    UnreadableCell
        The cell is not of the condition language, or not of the part that fits the fact.
    """
    text = " ".join(cell.translate(_EVEN).split())
    if text.lower() in ("", "-", "any"):
        return None
    if len(text) > LONGEST_CELL:
        raise UnreadableCell(f"it has {len(text)} characters, more than {LONGEST_CELL}")
    if text.lower() == "unknown":
        return Test(f"{column}_unsure == true", unknown=True)
    if kind == "flag":
        return _flag(text, column)
    if text.lower() == "none":
        return Test(f"{column} == null", (None,))
    numeric = _numeric(text, column)
    if numeric is not None:
        if kind == "text":
            raise UnreadableCell("it compares numbers, but the fact is text; put the text in quotes")
        return numeric
    if kind == "number":
        raise UnreadableCell("it is not a comparison with a number; write the number alone, without its unit")
    return _texts(text, column)


def _flag(text: str, x: str) -> Test:
    if text.lower() in ("yes", "no"):
        return Test(f'{x} == "{text.lower()}"', (text.lower(),))
    hint = "; write yes or no" if text.lower() in ("true", "false", "wahr", "falsch", "y", "n", "x") else ""
    raise UnreadableCell(f"the fact is a yes-or-no fact{hint}")


def _numeric(text: str, x: str) -> Test | None:
    """Read a number, a comparison or a range; None where the cell does not look like one."""
    if _NUMBER.match(text):
        value = _number(text)
        return Test(f"{x} == {value}", (float(value),))
    compared = _COMPARISON.match(text)
    if compared:
        sign, value = compared.group(1), _number(compared.group(2))
        sign = "==" if sign == "=" else sign
        return Test(f'type({x}) == "number" and {x} {sign} {value}', (float(value),))
    ranged = _RANGE.match(text)
    if ranged and all(_NUMBER.match(end) for end in ranged.groups()):
        low, high = (_number(end) for end in ranged.groups())
        if Decimal(low) > Decimal(high):
            raise UnreadableCell(f"the range runs backwards, from {low} to {high}")
        return Test(f'type({x}) == "number" and {x} >= {low} and {x} <= {high}', (float(low), float(high)))
    if text[0] in "<>=":
        raise UnreadableCell("after the sign there must be one number, without its unit")
    return None


def _number(text: str) -> str:
    """Return a number as the engine writes it; thousands may be set off by commas."""
    if not _NUMBER.match(text):
        raise UnreadableCell(f"{text!r} is not a number such as 60, 1,000,000 or 2.5")
    return format(Decimal(text.replace(",", "")), "f")


def _texts(text: str, x: str) -> Test:
    listed = _LISTED.match(text)
    if listed is None:
        items = [fold(item) for item in split_list(text)]
        if len(items) != 1:
            raise UnreadableCell(
                "it lists several texts; write one of: in front, or quote a text with commas"
            )
        return Test(f"{x} == {quoted(items[0])}", (items[0],))
    word = listed.group(1).lower()
    items = [fold(item) for item in split_list(listed.group(2))]
    constants = [quoted(item) for item in items]
    if word == "one of":
        return Test(" or ".join(f"{x} == {constant}" for constant in constants), tuple(items))
    if word == "not one of":
        tests = " and ".join(f"{x} != {constant}" for constant in constants)
        return Test(f"{x} != null and {tests}", tuple(items))
    probes = tuple(items)
    if word == "contains":
        held = " or ".join(f"contains({x}, {constant})" for constant in constants)
        return Test(f'type({x}) == "string" and ({held})', probes)
    missing = " and ".join(f"contains({x}, {constant}) == false" for constant in constants)
    return Test(f'type({x}) == "string" and {missing}', probes)


def split_list(text: str) -> list[str]:
    """Split at commas; a text in double quotes may hold commas, and a quote mark written twice.

    Raises
    ------
    UnreadableCell
        An empty item, or quotes that do not close or that stand inside a word.
    """
    items: list[str] = []
    rest = text.strip()
    while True:
        if rest.startswith('"'):
            item, rest = _quoted_item(rest)
        else:
            bare, comma, after = rest.partition(",")
            item, rest = bare.strip(), comma + after
            if '"' in item:
                raise UnreadableCell(f"the quotes in {item!r} must stand around the whole text")
        if not item.strip():
            raise UnreadableCell("a text is missing, before or after a comma")
        items.append(item)
        if not rest:
            return items
        rest = rest[1:].lstrip()


def _quoted_item(text: str) -> tuple[str, str]:
    """Return the text inside the quotes at the start, and what follows (empty, or from the comma)."""
    at = 1
    pieces: list[str] = []
    while True:
        end = text.find('"', at)
        if end < 0:
            raise UnreadableCell("the quotes do not close")
        pieces.append(text[at:end])
        if text[end + 1 : end + 2] != '"':
            break
        pieces.append('"')
        at = end + 2
    rest = text[end + 1 :].lstrip()
    if rest and not rest.startswith(","):
        raise UnreadableCell(f"after the closing quote there must be a comma, not {rest[:20]!r}")
    return "".join(pieces), rest
