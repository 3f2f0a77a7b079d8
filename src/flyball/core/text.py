"""Text for people: plurals and sizes written out."""

import unicodedata

__all__ = ["count", "one_line", "sayable", "size"]

_NOT_IN_A_LINE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def count(number: int, singular: str, plural: str | None = None) -> str:
    """Return "1 case", "2 cases": the number with its noun."""
    noun = singular if number == 1 else (plural or singular + "s")
    return f"{number:,} {noun}"


def one_line(text: str, most: int) -> str:
    """Return text as one line of at most `most` characters.

    Line ends, control characters, and marks that turn the direction of writing become spaces: a name that
    somebody else gave can then neither begin a line of its own nor look like another one.
    """
    plain = "".join(" " if unicodedata.category(one) in _NOT_IN_A_LINE else one for one in text)
    short = " ".join(plain.split())
    return short if len(short) <= most else f"{short[: most - 1]}\u2026"


def sayable(name: str) -> str:
    """Return a file name without what no text can hold: bytes that are not UTF-8 become U+FFFD."""
    return name.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def size(n_bytes: int) -> str:
    """Return a size in bytes with a decimal unit: "14.2 MB"."""
    number = float(n_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"
