"""Position: where a load stands, as text that the next load reads."""

import datetime as dt
import json
import math
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flyball.data.sources.errors import BadSource, SchemaDrifted
from flyball.data.sources.sql.tables import Table
from flyball.data.sources.sql.types import Column

__all__ = ["Position", "earlier", "latest_believed", "order_of", "read_position"]

_FUTURE = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a load stands.

    Parameters
    ----------
    at : tuple
        Values of the order (cursor, then key) of the last row; () at the beginning of a phase.
    since : object
        Where this load began: the cursor's value, included; None for the whole table.
    horizon : object
        The largest cursor value when this load began: the next one begins there, less the lookback.
    without : bool
        Whether the rows whose cursor is NULL are being read; they come first.
    done : bool
        Whether the load is finished.
    """

    at: tuple[Any, ...] = ()
    since: Any = None
    horizon: Any = None
    without: bool = False
    done: bool = False

    def as_state(self, table: Table) -> str:
        """Return it as text, with the names of the columns that it is about."""
        return json.dumps(
            {
                "by": _names(table),
                "at": [_written(value) for value in self.at],
                "since": _written(self.since),
                "horizon": _written(self.horizon),
                "without": self.without,
                "done": self.done,
            },
            separators=(",", ":"),
        )


def read_position(state: str, table: Table) -> Position:
    """Read a state.

    Raises
    ------
    SchemaDrifted
        It is not about the key and cursor that the table has now.
    """
    try:
        told = json.loads(state)
        if told["by"] == _names(table):
            at = tuple(_read(value) for value in told["at"])
            if at and len(at) != len(table.key if told["without"] else order_of(table)):
                raise ValueError
            return Position(
                at,
                _read(told["since"]),
                _read(told["horizon"]),
                bool(told["without"]),
                bool(told["done"]),
            )
        was = ", ".join(str(one) for one in told["by"])
    except (ValueError, KeyError, TypeError, ArithmeticError):
        was = "something else"
    now = ", ".join(_names(table)) or "nothing"
    raise SchemaDrifted(
        f"The state of {table.stream} was kept by {was}; it is read by {now} now.",
        fix="Begin again with an empty state: the next load reads the whole table.",
        stream=table.stream,
    )


def order_of(table: Table) -> tuple[Column, ...]:
    """Return the columns that rows are read in the order of: the cursor, then the key."""
    if table.cursor is None:
        return table.key
    return (table.cursor, *(column for column in table.key if column.name != table.cursor.name))


def earlier(value: Any, lookback: float) -> Any:
    """Return the value that lies `lookback` seconds (times) or units (numbers) before `value`."""
    if not lookback or value is None:
        return value
    if isinstance(value, dt.datetime):
        return value - dt.timedelta(seconds=lookback)
    if isinstance(value, dt.date):
        return value - dt.timedelta(days=math.ceil(lookback / 86_400))
    if isinstance(value, Decimal):
        return value - Decimal(str(lookback))
    if isinstance(value, int):
        return value - math.ceil(lookback)
    if isinstance(value, float):
        return value - lookback
    moment = _moment(value) if isinstance(value, str) else None
    if moment is not None:
        return _in_the_form_of(value, moment - dt.timedelta(seconds=lookback))
    raise BadSource(
        "A lookback needs a cursor that is a time or a number.",
        fix="Leave the lookback out, or take another cursor.",
    )


def latest_believed(value: Any, now: dt.datetime) -> Any:
    """Return the latest time that a cursor may have and still move the horizon; None for no limit.

    One row of the year 9999 would otherwise hide every later change. A day is left for clocks that
    show the local time.
    """
    limit = now + _FUTURE
    if isinstance(value, dt.datetime):
        return limit if value.tzinfo else limit.replace(tzinfo=None)
    if isinstance(value, dt.date):
        return limit.date()
    if isinstance(value, str):
        return _in_the_form_of(value, limit) if _moment(value) else None
    return None


def _moment(text: str) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(text) if text[4:5] == "-" else None
    except ValueError:
        return None


def _in_the_form_of(text: str, moment: dt.datetime) -> str:
    """Return a moment as the database writes it: times that are text compare as text."""
    zone = text[-6:] if text[-6:-5] in ("+", "-") and len(text) > 16 else ""
    plain = moment.replace(tzinfo=None)
    # Cut to the same length, downwards: a little earlier loses nothing.
    written = plain.isoformat(sep=text[10:11] or " ", timespec="microseconds")
    return written[: len(text) - len(zone)] + zone


def _names(table: Table) -> list[str]:
    return [column.name for column in order_of(table)]


def _written(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return {"float": value.hex()}
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    for word, kind in _TEXTS.items():
        if type(value) is kind:
            return {word: str(value) if word in ("decimal", "uuid") else value.isoformat()}
    raise TypeError(type(value).__name__)


def _read(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    ((word, text),) = value.items()
    if word == "float":
        return float.fromhex(text)
    if word == "bytes":
        return bytes.fromhex(text)
    kind = _TEXTS[word]
    return kind(text) if word in ("decimal", "uuid") else kind.fromisoformat(text)


_TEXTS: dict[str, Any] = {
    "decimal": Decimal,
    "uuid": uuid.UUID,
    "datetime": dt.datetime,
    "date": dt.date,
    "time": dt.time,
}
