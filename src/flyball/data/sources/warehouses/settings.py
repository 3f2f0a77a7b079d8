"""The settings that all warehouses share."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Annotated, Any, TypeVar

import msgspec

from flyball.core.secrets import Secret
from flyball.data.sources.errors import BadSource

__all__ = ["StreamSettings", "WarehouseSettings", "read_settings"]

_Read = TypeVar("_Read", bound="WarehouseSettings")


class StreamSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What flyball.toml says about one stream.

    Parameters
    ----------
    key : tuple of str
        Columns that name a row; () leaves it to the primary key that the warehouse tells.
    cursor : str
        The column that grows whenever a row is written; "" for whole loads.
    lookback : float
        How far behind the last cursor the next load begins: seconds for times, units for numbers.
    """

    key: tuple[str, ...] = ()
    cursor: str = ""
    lookback: Annotated[float, msgspec.Meta(ge=0)] = 0.0


class WarehouseSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is needed to read one schema of a warehouse.

    Parameters
    ----------
    schema : str
        Whose tables and views are read.
    tables : tuple of str
        Names or patterns; () for all.
    streams : mapping of str to StreamSettings
        Only these, where there are any.
    batch_rows : int
        Rows in a batch, at least 1.
    """

    schema: str
    tables: tuple[str, ...] = ()
    streams: dict[str, StreamSettings] = {}
    batch_rows: Annotated[int, msgspec.Meta(ge=1, lt=2**31)] = 50_000

    def options(self, table: str) -> StreamSettings | None:
        """Return what is said about a table, by its name or by schema and name; None for nothing."""
        return self.streams.get(f"{self.schema}.{table}", self.streams.get(table))

    def offered(self, tables: Sequence[str], *, source: str) -> dict[str, str]:
        """Return the streams that are wanted and there: stream -> table, sorted by stream.

        Raises
        ------
        BadSource
            A stream that flyball.toml names is not there.
        """
        found = {f"{self.schema}.{table}": table for table in sorted(tables)}
        for wanted in self.streams:
            if wanted not in found and wanted not in found.values():
                raise BadSource(
                    f"Source {source} has no table or view {wanted!r}, which its streams name.",
                    fix=f"There are: {', '.join(list(found)[:20]) or 'none'}.",
                    source=source,
                )
        return {
            stream: table
            for stream, table in sorted(found.items())
            if (not self.streams or self.options(table) is not None)
            and (
                not self.tables
                or any(fnmatchcase(stream, one) or fnmatchcase(table, one) for one in self.tables)
            )
        }


def read_settings(kind: type[_Read], name: str, settings: Mapping[str, object]) -> _Read:
    """Read the settings of `[[source]]` in flyball.toml; nothing is connected to.

    Raises
    ------
    BadSource
        An unknown setting or one of the wrong type; values are not repeated.
    """
    try:
        return msgspec.convert(dict(settings), kind, dec_hook=_secret)
    except msgspec.ValidationError as err:
        raise BadSource(
            f"Source {name}: {err}.",
            fix=f"Known: {', '.join(sorted(kind.__struct_fields__))}; a secret is a reference "
            'such as { env = "NAME" }.',
            source=name,
        ) from None


def _secret(kind: type, value: Any) -> Any:
    if kind is Secret and isinstance(value, Secret):
        return value
    raise ValueError("a reference to a secret expected")
