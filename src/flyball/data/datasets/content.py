"""The digest of a table's content, whatever the order of its rows or the layout of its files."""

import hashlib

import pyarrow as pa

from flyball.core.digests import canonical_json
from flyball.data.datasets.multiset import RowSum

__all__ = ["content_digest", "described", "digest_of_hashed", "hashed_rows", "row_digest"]

_BATCH_ROWS = 1_000


def content_digest(table: pa.Table) -> str:
    """Return the digest of the columns and the multiset of rows of a table.

    Each row is written as canonical JSON (by column name) and hashed; the sorted row hashes are
    hashed together with the names and types of the columns. So the order of rows and of columns,
    chunks, files, compression and the width of offsets do not matter; values, types, doubled rows
    and null against absent do.

    Parameters
    ----------
    table : Table
        Of any columns that have a JSON form; floats must be finite.

    Returns
    -------
    str
        "sha256:" and 64 digits.

    Raises
    ------
    BadInput
        A value has no JSON form: NaN, infinity.
    """
    rows = [one for batch in table.to_batches(max_chunksize=_BATCH_ROWS) for one in hashed_rows(batch)]
    return digest_of_hashed(table.schema, rows)


def hashed_rows(batch: pa.RecordBatch) -> list[bytes]:
    """Return the hash of each row, from which `digest_of_hashed` makes the digest: 32 bytes each."""
    return [hashlib.sha256(canonical_json(row)).digest() for row in batch.to_pylist()]


def digest_of_hashed(schema: pa.Schema, rows: list[bytes]) -> str:
    """Return the `content_digest` of rows that have been hashed."""
    whole = hashlib.sha256(canonical_json(sorted(described(schema))))
    for row in sorted(rows):
        whole.update(row)
    return "sha256:" + whole.hexdigest()


def row_digest(schema: pa.Schema, rows: int, total: RowSum) -> str:
    """Return the digest of a content whose rows have been summed: of its columns, row count and sum.

    Parameters
    ----------
    schema : Schema
        As `stored_schema` gives it.
    rows : int
    total : RowSum

    Returns
    -------
    str
        "lthash:" and 64 digits. How it differs from `content_digest`: docs/decisions/0008-content-digests.md.
    """
    whole = canonical_json([sorted(described(schema)), rows, total.hex()])
    return "lthash:" + hashlib.sha256(whole).hexdigest()


def described(schema: pa.Schema) -> tuple[tuple[str, str], ...]:
    """Return name and type of each column, the same before and after a round trip through Iceberg."""
    return tuple((field.name, _type(field.type)) for field in schema)


def _type(kind: pa.DataType) -> str:
    if pa.types.is_large_string(kind) or pa.types.is_string(kind):
        return "string"
    if pa.types.is_large_binary(kind) or pa.types.is_binary(kind):
        return "binary"
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return f"list<{_type(kind.value_type)}>"
    if pa.types.is_struct(kind):
        return "struct<" + ", ".join(f"{inner.name}: {_type(inner.type)}" for inner in kind) + ">"
    return str(kind)
