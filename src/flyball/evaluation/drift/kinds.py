"""What a column holds, as far as drift goes, and its values in the one form that is summed up."""

from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["Kind", "Numbers", "flattened", "flattened_schema", "kind_of", "lengths_of", "numbers_of", "plain"]

Kind = Literal["number", "time", "category", "vector", "list", "empty", "other"]
"""`category` is text, flags and bytes; `vector` a list of numbers; `empty` a column without any value."""

Numbers = npt.NDArray[np.float64]


def kind_of(type_: pa.DataType) -> Kind:
    """Return the kind of a column by its Arrow type."""
    type_ = _value_type(type_)
    is_ = pa.types
    if is_.is_null(type_):
        return "empty"
    if is_.is_integer(type_) or is_.is_floating(type_) or is_.is_decimal(type_):
        return "number"
    if is_.is_temporal(type_):
        if is_.is_timestamp(type_) or is_.is_date(type_):
            return "time"
        return "other" if is_.is_interval(type_) else "number"
    if is_.is_boolean(type_) or _is_text(type_) or _is_bytes(type_):
        return "category"
    if is_.is_list(type_) or is_.is_large_list(type_) or is_.is_fixed_size_list(type_):
        of = _value_type(type_.value_type)
        return "vector" if is_.is_integer(of) or is_.is_floating(of) else "list"
    if is_.is_map(type_):
        return "list"
    return "other"


def plain(array: pa.Array) -> pa.Array:
    """Return the array without wrappings: extensions, run lengths; dictionaries of anything but text."""
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    if pa.types.is_run_end_encoded(array.type):
        array = pc.run_end_decode(array)
    if pa.types.is_dictionary(array.type) and not _is_text(array.type.value_type):
        array = array.dictionary_decode()
    return array


def numbers_of(array: pa.Array) -> tuple[Numbers, int]:
    """Return the values of a column of numbers or times, and how many are missing.

    Times are microseconds since 1970 whatever their unit and zone; NaN counts as missing, infinity as a
    number.
    """
    array = plain(array)
    type_ = array.type
    if pa.types.is_date(type_) or pa.types.is_timestamp(type_):
        zone = type_.tz if pa.types.is_timestamp(type_) else None
        array = pc.cast(array, pa.timestamp("us", zone), safe=False).cast(pa.int64())
    elif pa.types.is_time32(type_):
        array = array.cast(pa.int32())
    elif pa.types.is_time64(type_) or pa.types.is_duration(type_):
        array = array.cast(pa.int64())
    n = len(array)
    values = pc.cast(array.drop_null(), pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    if not pa.types.is_integer(array.type):
        values = values[~np.isnan(values)]
    return values, n - len(values)


def lengths_of(array: pa.Array) -> Numbers:
    """Return how many elements each list has, without the missing lists."""
    array = plain(array)
    if pa.types.is_map(array.type):
        found: Numbers = np.diff(np.asarray(array.offsets))[np.asarray(array.is_valid())].astype(np.float64)
        return found
    found = pc.list_value_length(array).drop_null().to_numpy(zero_copy_only=False).astype(np.float64)
    return found


def flattened_schema(schema: pa.Schema) -> pa.Schema:
    """Return the schema with the parts of structures as columns of their own: `address.city`."""
    fields: list[pa.Field] = []
    for field in schema:
        fields.extend(_leaves(field))
    return pa.schema(fields)


def flattened(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return the batch in the form of `flattened_schema`."""
    while any(pa.types.is_struct(field.type) and field.type.num_fields for field in batch.schema):
        columns: list[pa.Array] = []
        fields: list[pa.Field] = []
        for field, column in zip(batch.schema, batch.columns, strict=True):
            is_struct = pa.types.is_struct(field.type) and field.type.num_fields
            fields.extend(field.flatten() if is_struct else [field])
            columns.extend(column.flatten() if is_struct else [column])
        batch = pa.RecordBatch.from_arrays(columns, schema=pa.schema(fields))
    return batch


def _leaves(field: pa.Field) -> list[pa.Field]:
    if not pa.types.is_struct(field.type) or not field.type.num_fields:
        return [field]
    return [leaf for part in field.flatten() for leaf in _leaves(part)]


def _value_type(type_: pa.DataType) -> pa.DataType:
    if isinstance(type_, pa.BaseExtensionType):
        type_ = type_.storage_type
    if pa.types.is_dictionary(type_) or pa.types.is_run_end_encoded(type_):
        type_ = type_.value_type
    return type_


def _is_text(type_: pa.DataType) -> bool:
    is_ = pa.types
    return bool(is_.is_string(type_) or is_.is_large_string(type_) or is_.is_string_view(type_))


def _is_bytes(type_: pa.DataType) -> bool:
    is_ = pa.types
    whole = is_.is_binary(type_) or is_.is_large_binary(type_) or is_.is_binary_view(type_)
    return bool(whole or is_.is_fixed_size_binary(type_))
