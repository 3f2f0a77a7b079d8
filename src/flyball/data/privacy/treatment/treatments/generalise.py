"""Generalise: dates to months, numbers to bands, codes to their first characters, addresses to networks."""

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from flyball.data.privacy.treatment.errors import BadTreatment
from flyball.data.privacy.treatment.treatment import Tools, take_settings

__all__ = ["generalise"]

_UNITS = ("year", "quarter", "month", "week", "day")


@dataclass(frozen=True, slots=True)
class _Generalise:
    column: str
    to: str
    size: float
    top: float
    fits: Callable[[pa.DataType], bool]
    change: Callable[["_Generalise", pa.Array], pa.Array]
    kind: pa.DataType | None = None

    def field(self, field: pa.Field) -> pa.Field | None:
        if not self.fits(field.type):
            raise BadTreatment(
                f"The column {self.column} is {field.type}, which cannot be generalised to {self.to!r}.",
                fix="Dates: year, quarter, month, week, day, decade. Numbers: band. Text: prefix, network.",
                column=self.column,
            )
        return pa.field(field.name, self.kind or field.type, field.nullable, field.metadata)

    def treat(self, values: pa.Array) -> pa.Array:
        return self.change(self, values)


def generalise(column: str, settings: Mapping[str, object], tools: Tools) -> _Generalise:
    """Make it.

    Settings: `to`, and for some of them `size` and `top`.

    - "year", "quarter", "month", "week", "day": the first moment of it; "decade" too
    - "band": the lower edge of bands of width `size`; from `top` on, where it is not 0, all are `top`
    - "prefix": the first `size` characters
    - "network": /24 of an IPv4 address, /48 of an IPv6 address
    """
    del tools
    read = take_settings("generalise", column, settings, {"to": "", "size": 0, "top": 0})
    to, size, top = str(read["to"]), float(str(read["size"])), float(str(read["top"]))
    if (to in ("band", "prefix") and size < 1) or to not in (*_UNITS, "decade", "band", "prefix", "network"):
        raise BadTreatment(
            f"The column {column} cannot be generalised to {to!r} with size {size:g}.",
            fix="to is year, quarter, month, week, day, decade, band, prefix or network; "
            "band and prefix need size, 1 or more.",
            column=column,
        )
    if to in _UNITS or to == "decade":
        return _Generalise(column, to, size, top, _is_date, _dates)
    if to == "band":
        return _Generalise(column, to, size, top, _is_number, _bands)
    change = _prefixes if to == "prefix" else _networks
    return _Generalise(column, to, size, top, _is_text, change, pa.string())


def _is_date(kind: pa.DataType) -> bool:
    return bool(pa.types.is_date(kind) or pa.types.is_timestamp(kind))


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _dates(how: _Generalise, values: pa.Array) -> pa.Array:
    if how.to == "decade":
        return pc.floor_temporal(values, multiple=10, unit="year", calendar_based_origin=False).cast(
            values.type
        )
    return pc.floor_temporal(values, unit=how.to).cast(values.type)


def _bands(how: _Generalise, values: pa.Array) -> pa.Array:
    edges = pc.multiply(pc.floor(pc.divide(values.cast(pa.float64()), how.size)), how.size)
    if how.top:
        edges = pc.if_else(pc.greater_equal(edges, how.top), how.top, edges)
    return edges.cast(values.type)


def _prefixes(how: _Generalise, values: pa.Array) -> pa.Array:
    return pc.utf8_slice_codeunits(values.cast(pa.string()), 0, int(how.size))


def _networks(how: _Generalise, values: pa.Array) -> pa.Array:
    del how
    return pa.array([None if one is None else _network(one) for one in values.to_pylist()], pa.string())


def _network(text: str) -> str:
    address = ipaddress.ip_address(text)
    return str(ipaddress.ip_network((address, 24 if address.version == 4 else 48), strict=False))
