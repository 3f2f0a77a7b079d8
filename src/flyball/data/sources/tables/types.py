"""Types: find the narrowest one that keeps every value of a column, and turn text into it."""

import re

import pyarrow as pa
import pyarrow.compute as pc

from flyball.core.errors import BadInput

__all__ = ["Guess", "first_misfit", "from_text", "merged", "type_named"]

_DECIMAL_DIGITS = 38
_KINDS = ("bool", "int", "decimal", "float", "date", "timestamp", "timestamp_utc", "text")
_PATTERNS = {
    "bool": r"^(true|false|True|False|TRUE|FALSE)$",
    "int": r"^(0|-?[1-9][0-9]{0,17})$",
    "decimal": r"^-?(0|[1-9][0-9]{0,27})(\.[0-9]{1,10})?$",
    "float": r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)[eE][+-]?[0-9]{1,3}$",
    "date": r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$",
    "timestamp": r"^[0-9]{4}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?$",
    "timestamp_utc": (
        r"^[0-9]{4}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?"
        r"(Z|[+-][0-9]{2}:?[0-9]{2})$"
    ),
}
_NAMED = {
    "bool": pa.bool_(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "string": pa.string(),
    "binary": pa.binary(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "timestamp_utc": pa.timestamp("us", "UTC"),
}
_DECIMAL_NAME = re.compile(r"decimal\((\d{1,2}), ?(\d{1,2})\)")


def type_named(name: str) -> pa.DataType:
    """Return the type that settings name: "int64", "decimal(12,2)", "date".

    Raises
    ------
    BadInput
        No such type; the message lists the known ones.
    """
    if found := _DECIMAL_NAME.fullmatch(name):
        precision, scale = int(found[1]), int(found[2])
        if 1 <= precision <= _DECIMAL_DIGITS and scale <= precision:
            return pa.decimal128(precision, scale)
    if name in _NAMED:
        return _NAMED[name]
    raise BadInput(
        f"There is no type {name!r}.", fix=f"Known: {', '.join(sorted(_NAMED))}, decimal(12,2).", type=name
    )


class Guess:
    """What a column of text may be, after all values seen so far.

    A number that begins with a needless 0 or with + is text: it may be an account or a telephone. So
    are dates mixed with times, and numbers of more than 28 digits; whole ones above 18 are decimals.
    """

    __slots__ = ("kind", "scale")

    def __init__(self) -> None:
        self.kind = ""  # nothing seen yet
        self.scale = 0

    def look(self, values: pa.Array) -> None:
        """Take in values of type string; null says nothing."""
        present = values.drop_null()
        if not len(present) or self.kind == "text":
            return
        for kind in _KINDS if not self.kind else _widening(self.kind):
            if kind == "text" or _fits(present, kind):
                self.kind = kind
                break
        if self.kind == "decimal":
            point = pc.find_substring(present, ".")
            places = pc.if_else(pc.less(point, 0), 0, pc.subtract(pc.utf8_length(present), pc.add(point, 1)))
            self.scale = max(self.scale, pc.max(places).as_py())

    @property
    def type(self) -> pa.DataType:
        """The type; string where no value was seen."""
        if self.kind == "decimal":
            return pa.decimal128(_DECIMAL_DIGITS, self.scale)
        return _NAMED[
            {"": "string", "text": "string", "int": "int64", "float": "float64"}.get(self.kind, self.kind)
        ]


def _widening(kind: str) -> tuple[str, ...]:
    return (kind, "decimal", "text") if kind == "int" else (kind, "text")


def _fits(present: pa.Array, kind: str) -> bool:
    if not pc.all(pc.match_substring_regex(present, _PATTERNS[kind])).as_py():
        return False
    if kind in ("date", "timestamp", "timestamp_utc"):
        try:
            pc.cast(present, _NAMED[kind])  # 2026-02-30 has the form and is no date
        except pa.ArrowInvalid:
            return False
    return True


def merged(first: pa.DataType, second: pa.DataType) -> pa.DataType | None:
    """Return the type that keeps the values of both, None where only text would.

    Source: the lattice is that of `Guess`: int64 in decimal, decimals by the larger scale.
    """
    if first == second:
        return first
    if pa.types.is_null(first) or pa.types.is_null(second):
        return second if pa.types.is_null(first) else first
    if pa.types.is_decimal(first) and pa.types.is_decimal(second):
        return pa.decimal128(_DECIMAL_DIGITS, max(first.scale, second.scale))
    if {first, second} == {pa.int64(), pa.float64()}:
        return pa.float64()
    for one, other in ((first, second), (second, first)):
        if pa.types.is_int64(one) and pa.types.is_decimal(other):
            return other
    return None


def from_text(values: pa.Array, kind: pa.DataType, *, date_format: str = "", comma: bool = False) -> pa.Array:
    """Turn text into a type.

    Parameters
    ----------
    values : Array of string, shape (n,)
    kind : DataType
    date_format : str
        As for strptime, for dates and times in another form.
    comma : bool
        Whether a comma stands for the decimal point.

    Raises
    ------
    pyarrow.ArrowInvalid
        A value does not fit; `first_misfit` says which.
    """
    if kind == pa.string():
        return values
    if date_format:
        values = pc.strptime(values, format=date_format, unit="us", error_is_null=False)
        return pc.cast(values, kind)
    if comma and (pa.types.is_decimal(kind) or pa.types.is_floating(kind)):
        values = pc.replace_substring(values, ",", ".")
    return pc.cast(values, kind)


def first_misfit(values: pa.Array, kind: pa.DataType, *, date_format: str = "", comma: bool = False) -> int:
    """Return the index of the first value that does not turn into a type, by halving."""
    low, high = 0, len(values)
    while high - low > 1:
        middle = (low + high) // 2
        try:
            from_text(values.slice(low, middle - low), kind, date_format=date_format, comma=comma)
            low = middle
        except pa.ArrowInvalid:
            high = middle
    return low
