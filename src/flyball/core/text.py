"""Text for people: plurals and sizes written out."""

__all__ = ["count", "sayable", "size"]


def count(number: int, singular: str, plural: str | None = None) -> str:
    """Return "1 case", "2 cases": the number with its noun."""
    noun = singular if number == 1 else (plural or singular + "s")
    return f"{number:,} {noun}"


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
