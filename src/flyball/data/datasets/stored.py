"""The types in which Iceberg keeps the columns of a batch, and the way there and back."""

import pyarrow as pa

from flyball.core.errors import BadInput

__all__ = ["storable", "stored_schema"]


def stored_schema(schema: pa.Schema) -> pa.Schema:
    """Return the schema as Iceberg keeps it: int8 becomes int32, seconds become microseconds.

    Raises
    ------
    BadInput
        A column of a type that Iceberg cannot keep, or two columns of one name.
    """
    doubled = sorted({name for name in schema.names if schema.names.count(name) > 1})
    if doubled:
        raise BadInput(
            f"There are several columns called {', '.join(doubled)}.",
            fix="Give each column a name of its own.",
            columns=", ".join(doubled),
        )
    return pa.schema([pa.field(one.name, _stored(one.name, one.type), one.nullable) for one in schema])


def storable(rows: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Return the rows in the types of `stored_schema`, with every value kept.

    Raises
    ------
    BadInput
        Other columns than those of the schema, a null where there may be none, or a value that does
        not fit (a time between two microseconds).
    """
    if sorted(rows.schema.names) != sorted(schema.names):
        raise BadInput(
            f"A batch has the columns {', '.join(rows.schema.names)}; the load was opened with "
            f"{', '.join(schema.names)}.",
            fix="Open the load with the schema of its batches.",
        )
    columns = []
    for one in schema:
        values = rows.column(one.name)
        if not one.nullable and values.null_count:
            raise BadInput(
                f"The column {one.name} may not be null, and {values.null_count} of "
                f"{rows.num_rows} rows of a batch are.",
                fix="Declare the column as nullable, or leave these rows out.",
                column=one.name,
            )
        if pa.types.is_dictionary(values.type):
            values = values.dictionary_decode()
        try:
            columns.append(values if values.type == one.type else values.cast(one.type))
        except pa.ArrowException as err:
            raise BadInput(
                f"A value of the column {one.name} ({values.type}) cannot be kept as {one.type}.",
                fix="Hand the column over as text or as a decimal, so that no digit is lost.",
                column=one.name,
            ) from err
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _stored(name: str, kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return _stored(name, kind.value_type)
    if pa.types.is_integer(kind):
        if kind == pa.uint64():
            return pa.decimal128(20, 0)
        return pa.int64() if kind in (pa.int64(), pa.uint32()) else pa.int32()
    if kind == pa.float16():
        return pa.float32()
    if pa.types.is_decimal(kind):
        if kind.precision <= 38:
            return pa.decimal128(kind.precision, kind.scale)
        raise _unstorable(name, kind)
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", "UTC" if kind.tz else None)
    if pa.types.is_date(kind):
        return pa.date32()
    if pa.types.is_time(kind):
        return pa.time64("us")
    if pa.types.is_null(kind):
        return pa.string()
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        inner = kind.value_field
        return pa.list_(pa.field("element", _stored(name, inner.type), inner.nullable))
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(one.name, _stored(name, one.type), one.nullable) for one in kind])
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or kind == pa.string_view():
        return pa.large_string()
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or kind == pa.binary_view():
        return pa.large_binary()
    if pa.types.is_boolean(kind) or pa.types.is_floating(kind) or pa.types.is_fixed_size_binary(kind):
        return kind
    raise _unstorable(name, kind)


def _unstorable(name: str, kind: pa.DataType) -> BadInput:
    return BadInput(
        f"The column {name} is of type {kind}, which a snapshot cannot keep.",
        fix="Turn it into text, a number, a date or a time before it is loaded.",
        column=name,
        type=str(kind),
    )
