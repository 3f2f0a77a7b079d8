"""Arrow: the type that keeps the values of an OData type."""

import pyarrow as pa

from flyball.data.sources.odata.metadata import EdmType, Property

__all__ = ["arrow_field", "arrow_type"]

_PRIMITIVES: dict[str, pa.DataType] = {
    "Edm.String": pa.string(),
    "Edm.Boolean": pa.bool_(),
    "Edm.Byte": pa.uint8(),
    "Edm.SByte": pa.int8(),
    "Edm.Int16": pa.int16(),
    "Edm.Int32": pa.int32(),
    "Edm.Int64": pa.int64(),
    "Edm.Single": pa.float32(),
    "Edm.Double": pa.float64(),
    "Edm.Guid": pa.string(),
    "Edm.Binary": pa.binary(),
    "Edm.Date": pa.date32(),
    "Edm.DateTime": pa.timestamp("us"),
    "Edm.DateTimeOffset": pa.timestamp("us", "UTC"),
    "Edm.Time": pa.time64("us"),
    "Edm.TimeOfDay": pa.time64("us"),
    "Edm.Duration": pa.duration("us"),
}
"""Every other primitive type (geometry, untyped) is kept as its JSON text."""

_NARROW, _WIDE = 38, 76  # digits that decimal128 and decimal256 hold


def arrow_type(edm: EdmType, *, decimals: tuple[int, int]) -> pa.DataType:
    """Return the Arrow type of an OData type.

    Parameters
    ----------
    edm : EdmType
    decimals : tuple of int
        Digits in all and behind the point, for decimals without a stated limit. A value that does not
        fit is an error when it is read, never rounded.

    Returns
    -------
    DataType
        A complex type is a struct, a collection a list, an enumeration text. A moment has microseconds;
        what a service says beyond them is cut off.
    """
    if edm.many:
        element = EdmType(edm.name, edm.kind, edm.precision, edm.scale, False, edm.calendar, edm.fields)
        return pa.list_(arrow_type(element, decimals=decimals))
    if edm.kind == "complex":
        return pa.struct([arrow_field(one, decimals=decimals) for one in edm.fields])
    if edm.kind == "enum":
        return pa.string()
    if edm.name == "Edm.Decimal":
        return _decimal(edm, decimals)
    if edm.calendar and edm.name == "Edm.DateTime":
        return pa.date32()
    return _PRIMITIVES.get(edm.name, pa.string())


def arrow_field(one: Property, *, decimals: tuple[int, int]) -> pa.Field:
    """Return the Arrow field of a property."""
    return pa.field(one.name, arrow_type(one.type, decimals=decimals), nullable=one.nullable)


def _decimal(edm: EdmType, decimals: tuple[int, int]) -> pa.DataType:
    """Return the smallest decimal that holds all values that the metadata allows.

    With a variable scale, up to `precision` digits may stand before the point or behind it, so both
    sides get that many.
    """
    digits, scale = edm.precision, edm.scale
    if digits is None or scale == "floating":
        digits, scale = decimals
    elif scale == "variable":
        digits, scale = 2 * digits, digits
    scale = int(scale or 0)
    digits = max(digits, scale, 1)
    if digits > _WIDE:
        digits, scale = decimals
    return pa.decimal128(digits, scale) if digits <= _NARROW else pa.decimal256(digits, scale)
