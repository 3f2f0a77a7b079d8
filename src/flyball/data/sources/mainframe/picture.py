"""A PICTURE: what a field holds, digit by digit."""

import re
from dataclasses import dataclass
from typing import Literal

from flyball.data.sources.mainframe.errors import BadCopybook

__all__ = ["Picture", "digit_places", "parse_picture"]

_REPEATED = re.compile(r"(.)\((\d+)\)")
_TEXT = frozenset("XAB90/")
_LONGEST = 1 << 24


@dataclass(frozen=True, slots=True)
class Picture:
    """What a PICTURE says.

    Parameters
    ----------
    text : str
        As it stands in the copybook.
    kind : {"text", "national", "number", "edited"}
        "edited" is a number with characters of its own: a point, a sign, blanked zeros.
    size : int
        Characters, without a separate sign. For COMP and COMP-3 the bytes follow from `digits`.
    digits : int
        Digits that are stored; 0 for text.
    scale : int
        Places behind the decimal point; negative where P stands at the right: 9(3)PP is -2.
    signed : bool
    """

    text: str
    kind: Literal["text", "national", "number", "edited"]
    size: int
    digits: int = 0
    scale: int = 0
    signed: bool = False


def parse_picture(text: str, line: int = 0) -> Picture:
    """Read a PICTURE string: `S9(7)V99`, `X(20)`, `-Z(6)9.99`, `SPP99`, `N(8)`.

    Raises
    ------
    BadCopybook
        A character that no picture has, more than one V, or more than 38 digits.
    """
    long = text.upper()
    if any(int(match[2]) > _LONGEST for match in _REPEATED.finditer(long)):
        raise _wrong(text, line, "repeats a character more than 16,777,216 times")
    plain = _REPEATED.sub(lambda match: match[1] * int(match[2]), long)
    if not plain or "(" in plain or ")" in plain:
        raise _wrong(text, line, "has parentheses that do not fit")
    signs = set(plain)
    if signs & set("NG"):
        if len(signs) > 1:
            raise _wrong(text, line, "mixes N or G with other characters")
        return Picture(text, "national", len(plain) * 2)
    if signs <= _TEXT and signs & set("XA"):
        return Picture(text, "text", len(plain))
    if signs <= set("S9VP"):
        return _number(text, plain, line)
    if signs <= set("S9VPZ*+-.,$B0/CRD"):
        if set("B0/") & set(plain.removesuffix("CR").removesuffix("DB")):
            return Picture(text, "text", len(plain.replace("V", "").replace("P", "")))  # 99/99/9999
        if "S" in signs and (signs != set("S9.") or plain.count(".") > 1 or plain.rfind("S") > 0):
            raise _wrong(text, line, "mixes S with characters of an edited number")
        return _edited(text, plain, line)
    raise _wrong(text, line, f"has {''.join(sorted(signs - set('SXAN9VPZ*+-.,$B0/CRDG')))!r}")


def digit_places(picture: Picture) -> tuple[tuple[int, ...], int]:
    """Return where in an edited picture digits may stand, and where its point does; -1 for nowhere."""
    plain = _REPEATED.sub(lambda match: match[1] * int(match[2]), picture.text.upper())
    shown = [sign for sign in plain if sign not in "VPS"]
    point = shown.index(".") if "." in shown else -1
    return tuple(place for place, sign in enumerate(shown) if sign in "9Z*+-$"), point


def _number(text: str, plain: str, line: int) -> Picture:
    body = plain.removeprefix("S")
    if "S" in body or body.count("V") > 1 or "9" not in body:
        raise _wrong(text, line, "is no number: one S at the front, at most one V, at least one 9")
    whole, point, behind = body.partition("V")
    left = whole.rstrip("P") if not point or not behind else whole
    digits = body.count("9")
    if "P" in body.strip("PV"):
        raise _wrong(text, line, "has a P between its digits")
    if body.startswith(("P", "VP")):
        scale = body.count("P") + digits
    elif body.rstrip("V").endswith("P"):
        scale = -(len(whole) - len(left))
    else:
        scale = len(behind)
    return _checked(Picture(text, "number", digits, digits, scale, plain.startswith("S")), line)


def _edited(text: str, plain: str, line: int) -> Picture:
    size = len(plain.replace("V", "").replace("P", "").replace("S", ""))
    signed = any(mark in plain for mark in ("S", "+", "-", "CR", "DB"))
    floating = sum(max(plain.count(sign) - 1, 0) for sign in "+-$")
    places = sum(plain.count(sign) for sign in "9Z*") + floating
    point = "V" if "V" in plain else "."
    _, _, behind = plain.partition(point)
    scale = sum(behind.count(sign) for sign in "9Z*")
    if point in plain and scale == 0:
        scale = max(0, sum(behind.count(sign) for sign in "+-$") - 1)
    if places == 0:
        raise _wrong(text, line, "has no place for a digit")
    return _checked(Picture(text, "edited", size, max(places, scale), scale, signed), line)


def _checked(picture: Picture, line: int) -> Picture:
    if max(picture.digits, picture.scale, picture.digits - picture.scale) > 38:
        raise _wrong(picture.text, line, "has more than the 38 digits that a decimal can hold")
    return picture


def _wrong(text: str, line: int, why: str) -> BadCopybook:
    return BadCopybook(
        f"Line {line} of the copybook: PICTURE {text[:40]} {why}.", fix="Correct the picture.", line=line
    )
