"""How the columns of a dataset may change: come, widen, be renamed; go only where that is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
from pyiceberg.table import Table
from pyiceberg.types import DecimalType, DoubleType, LongType, PrimitiveType

from flyball.core.errors import BadInput
from flyball.data.datasets.catalogue import Catalogue
from flyball.data.datasets.content import described
from flyball.data.datasets.errors import SchemaChanged
from flyball.data.datasets.tables import again_on_conflict, existing_table, told

__all__ = ["ColumnChange", "change_columns", "column_changes", "rename_columns"]


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """One change of a column.

    Parameters
    ----------
    column : str
    how : {"new", "wider", "optional", "gone", "other type"}
    before, after : str
        Types; "" where there is none.
    """

    column: str
    how: str
    before: str
    after: str


def column_changes(before: pa.Schema, after: pa.Schema) -> list[ColumnChange]:
    """Return what must change in `before` so that rows of `after` can be kept in it.

    Parameters
    ----------
    before, after : Schema
        As `stored_schema` gives them. A column of `after` that is narrower than it was needs no change.
    """
    old, new = dict(described(before)), dict(described(after))
    found = [ColumnChange(name, "new", "", kind) for name, kind in new.items() if name not in old]
    for name, kind in old.items():
        if name not in new:
            found.append(ColumnChange(name, "gone", kind, ""))
            continue
        was, will = before.field(name), after.field(name)
        if kind != new[name] and not _fits(will.type, was.type):
            how = "wider" if _fits(was.type, will.type) else "other type"
            found.append(ColumnChange(name, how, kind, new[name]))
        if will.nullable and not was.nullable:
            found.append(ColumnChange(name, "optional", kind, kind))
    return found


def change_columns(table: Table, dataset: str, after: pa.Schema, *, drop: bool = False) -> list[ColumnChange]:
    """Change the columns of a table so that rows of `after` can be kept in it.

    Snapshots that are there keep the columns with which they were written.

    Parameters
    ----------
    table : Table
    dataset : str
    after : Schema
        As `stored_schema` gives it.
    drop : bool
        Whether a column may go, or be replaced by one of another type.

    Returns
    -------
    list of ColumnChange

    Raises
    ------
    SchemaChanged
        A column would go or change its type, and that was not asked for. Nothing was changed.
    """
    before = table.schema().as_arrow()
    changes = column_changes(before, after)
    lost = [one for one in changes if one.how in ("gone", "other type")]
    if lost and not drop:
        raise SchemaChanged(
            f"Dataset {dataset} has {', '.join(f'{one.column} ({one.before})' for one in lost)}; "
            f"the new content has {', '.join(f'{name} ({kind})' for name, kind in described(after))}.",
            fix="Add columns, but keep those that are there; or write a dataset of another name.",
            dataset=dataset,
        )
    if not changes:
        return []
    with table.transaction() as transaction:
        if lost:
            with transaction.update_schema(allow_incompatible_changes=True) as update:
                for one in lost:
                    update.delete_column(one.column)
        with transaction.update_schema() as update:
            update.union_by_name(
                pa.schema(
                    [
                        after.field(one.column).with_nullable(True)
                        for one in changes
                        if one.how in ("new", "other type")
                    ]
                )
            )
            for one in changes:
                if one.how == "wider":
                    update.update_column(one.column, field_type=_iceberg_type(after.field(one.column).type))
                if one.how == "optional":
                    update.make_column_optional(one.column)
    return changes


def rename_columns(catalogue: Catalogue, dataset: str, names: Mapping[str, str]) -> list[ColumnChange]:
    """Give columns other names; their values, and older snapshots, stay as they are.

    The current content has the new names from its next snapshot on: digests are of names too.

    Parameters
    ----------
    catalogue : Catalogue
    dataset : str
    names : mapping of str to str
        Old name to new name.

    Returns
    -------
    list of ColumnChange
        With `how` "renamed", the old name as `column` and the new one as `after`.

    Raises
    ------
    BadInput
        There is no such column, or the new name is taken.
    """

    def renamed() -> list[ColumnChange]:
        table = existing_table(catalogue, dataset)
        there = set(table.schema().column_names)
        for old, new in names.items():
            if old not in there or new in there:
                raise BadInput(
                    f"The column {old} of {dataset} cannot be called {new}: "
                    + (f"there is no {old}." if old not in there else f"there is a {new} already."),
                    fix=f"Columns: {', '.join(sorted(there))}.",
                    dataset=dataset,
                )
        with told(catalogue, dataset, "Try again; nothing was changed."), table.update_schema() as update:
            for old, new in names.items():
                update.rename_column(old, new)
        return [ColumnChange(old, "renamed", old, new) for old, new in names.items()]

    return again_on_conflict(renamed)


def _fits(narrow: pa.DataType, wide: pa.DataType) -> bool:
    """Whether Iceberg can read every value of `narrow` as one of `wide`."""
    if dict(described(pa.schema([("x", narrow)]))) == dict(described(pa.schema([("x", wide)]))):
        return True
    if pa.types.is_decimal(narrow) and pa.types.is_decimal(wide):
        return bool(narrow.scale == wide.scale and narrow.precision <= wide.precision)
    return (narrow, wide) in ((pa.int32(), pa.int64()), (pa.float32(), pa.float64()))


def _iceberg_type(kind: pa.DataType) -> PrimitiveType:
    if pa.types.is_decimal(kind):
        return DecimalType(kind.precision, kind.scale)
    return LongType() if pa.types.is_integer(kind) else DoubleType()
