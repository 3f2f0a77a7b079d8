"""Show what a value looks like without showing it."""

import re

__all__ = ["masked", "shape_of"]

_LONGEST = 40
_LETTER, _DIGIT = re.compile(r"[^\W\d_]"), re.compile(r"\d")


def masked(text: str) -> str:
    """Return a text with its letters as x and its digits as 9, of the same length."""
    return _DIGIT.sub("9", _LETTER.sub("x", text))


def shape_of(value: object) -> str:
    """Return the shape of a value: letters as x, digits as 9, the rest as it is.

    Enough to see what is wrong with it ("99.9.9999" is no ISO date), too little to know whose it is.

    Parameters
    ----------
    value : object
        None is shown as "null".

    Returns
    -------
    str
        At most 40 characters, with "..." where it was longer.
    """
    if value is None:
        return "null"
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    shape = masked(text[: _LONGEST + 1])
    printable = "".join(one if one.isprintable() else "?" for one in shape)
    return printable if len(text) <= _LONGEST else f"{printable[:_LONGEST]}..."
