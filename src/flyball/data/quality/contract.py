"""The data contract of a stream: a TOML file beside the source.

It says what each column holds, what must be true of the whole, which labels the values carry and how
personal data in them is treated. Its words follow the Open Data Contract Standard where that has one.
"""

import datetime as dt
import math
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from flyball.data.quality.errors import BadContract
from flyball.data.quality.types import arrow_type

__all__ = [
    "ColumnRule",
    "DataContract",
    "Freshness",
    "Reference",
    "as_value",
    "parse_contract",
    "read_contract",
]

Bound = int | float | str
"""Dates and times are written as text: "2026-01-31"."""


class Freshness(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The youngest value of a time column must not be older than this when the load ends."""

    column: str
    at_most_hours: float


class Reference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every value of `columns` must be there in another dataset: `dataset = "core_customers"`."""

    columns: tuple[str, ...]
    dataset: str
    there: tuple[str, ...] = ()


class ColumnRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[[column]]`: one column.

    `null_share_at_most` is a share of all rows, in [0, 1]; 1 allows nothing but nulls. `labels` are data
    labels ("personal-data", "residency:EU", "purpose:fraud"); `treatment` says what happens to personal
    data before the values are kept.
    """

    name: str
    type: str = ""
    required: bool = False
    unique: bool = False
    at_least: Bound | None = None
    at_most: Bound | None = None
    allowed: tuple[Bound, ...] = ()
    pattern: str = ""
    length_at_least: int | None = None
    length_at_most: int | None = None
    null_share_at_most: float = 1.0
    labels: tuple[str, ...] = ()
    treatment: str = ""
    treatment_settings: dict[str, Any] = {}
    description: str = ""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    column: tuple[ColumnRule, ...]
    owner: str = ""
    description: str = ""
    version: str = "1"
    extra_columns: Literal["refuse", "allow"] = "refuse"
    rows_at_least: int = 0
    rows_at_most: int | None = None
    unique: tuple[tuple[str, ...], ...] = ()
    freshness: tuple[Freshness, ...] = ()
    reference: tuple[Reference, ...] = ()
    labels: tuple[str, ...] = ()
    broken_rows_at_most: int = 0
    subject: str = ""
    untreated: Literal["report", "refuse"] = "report"


@dataclass(frozen=True, slots=True)
class DataContract:
    """What a stream must keep.

    Parameters
    ----------
    columns : tuple of ColumnRule
    unique : tuple of tuple of str
        Columns whose values together name a row; columns that are unique alone among them.
    freshness : tuple of Freshness
    references : tuple of Reference
    rows_at_least, rows_at_most : int, int or None
        Of the whole dataset after the load.
    broken_rows_at_most : int
        Rows that may break a column's rule and are then left out and counted. 0: none may.
    extra_columns : {"refuse", "allow"}
        What happens to a column that the contract does not name.
    labels : tuple of str
        Data labels of every column.
    subject : str
        The column that names the person whom a row is about; "" where rows are about nobody.
    untreated : {"report", "refuse"}
        What happens where personal data is found in a column that has no treatment.
    owner, version, description : str
    """

    columns: tuple[ColumnRule, ...]
    unique: tuple[tuple[str, ...], ...] = ()
    freshness: tuple[Freshness, ...] = ()
    references: tuple[Reference, ...] = ()
    rows_at_least: int = 0
    rows_at_most: int | None = None
    broken_rows_at_most: int = 0
    extra_columns: Literal["refuse", "allow"] = "refuse"
    labels: tuple[str, ...] = ()
    subject: str = ""
    untreated: Literal["report", "refuse"] = "report"
    owner: str = ""
    version: str = "1"
    description: str = ""

    def column(self, name: str) -> ColumnRule | None:
        """Return the rule of a column, None where the contract does not name it."""
        return next((rule for rule in self.columns if rule.name == name), None)


def read_contract(path: Path) -> DataContract:
    """Read a contract from its file.

    Raises
    ------
    BadContract
        It is not there, not TOML, or says something that cannot be checked.
    """
    try:
        return parse_contract(path.read_text(encoding="utf-8"), name=path.name)
    except (OSError, UnicodeDecodeError) as err:
        raise BadContract(
            f"The data contract {path.name} cannot be read ({type(err).__name__}).",
            fix="Correct `contract` of the [[source.stream]]; the path starts at the deployment folder.",
            contract=path.name,
        ) from err


def parse_contract(text: str, *, name: str = "contract") -> DataContract:
    """Read a contract from TOML.

    Parameters
    ----------
    text : str
    name : str
        For messages.

    Returns
    -------
    DataContract

    Raises
    ------
    BadContract
        As in `read_contract`; the message names the key.
    """
    try:
        read = msgspec.convert(tomllib.loads(text), _File, strict=True)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as err:
        raise BadContract(
            f"{name}: {err}.", fix="docs/data-contracts.md lists every key.", contract=name
        ) from err
    alone = tuple((rule.name,) for rule in read.column if rule.unique)
    contract = DataContract(
        columns=read.column,
        unique=tuple(dict.fromkeys((*alone, *read.unique))),
        freshness=read.freshness,
        references=read.reference,
        rows_at_least=read.rows_at_least,
        rows_at_most=read.rows_at_most,
        broken_rows_at_most=read.broken_rows_at_most,
        extra_columns=read.extra_columns,
        labels=read.labels,
        subject=read.subject,
        untreated=read.untreated,
        owner=read.owner,
        version=read.version,
        description=read.description,
    )
    for problem in _problems(contract):
        raise BadContract(f"{name}: {problem}.", fix="Correct the contract.", contract=name)
    return contract


def _problems(contract: DataContract) -> list[str]:
    names = [rule.name for rule in contract.columns]
    found = [f"column {name} is named twice" for name in sorted({n for n in names if names.count(n) > 1})]
    mentioned = [(column, "unique") for columns in contract.unique for column in columns]
    mentioned += [(one.column, "freshness") for one in contract.freshness]
    mentioned += [(column, "reference") for one in contract.references for column in one.columns]
    mentioned += [(contract.subject, "subject")] if contract.subject else []
    found += [
        f"{where} names the column {name!r}, which has no [[column]]"
        for name, where in mentioned
        if name not in names
    ]
    most = contract.rows_at_most
    if min(contract.broken_rows_at_most, contract.rows_at_least, most or 0) < 0:
        found.append("numbers of rows are 0 or more")
    if most is not None and most < contract.rows_at_least:
        found.append(
            f"rows_at_least is {contract.rows_at_least} and rows_at_most {most}: no load can keep both"
        )
    found += [
        f"freshness of {one.column}: at_most_hours is a number above 0, got {one.at_most_hours}"
        for one in contract.freshness
        if not 0 < one.at_most_hours < math.inf
    ]
    found += [
        f"reference to {one.dataset}: {len(one.columns)} columns are held against {len(one.there)}"
        for one in contract.references
        if not one.columns or len(one.there or one.columns) != len(one.columns)
    ]
    found += ["unique names no column"] if () in contract.unique else []
    for rule in contract.columns:
        found += [f"column {rule.name}: {problem}" for problem in _problems_of(rule)]
    return found


def _problems_of(rule: ColumnRule) -> list[str]:
    found = []
    kind = arrow_type(rule.type) if rule.type else None
    if rule.type and kind is None:
        found.append(f"{rule.type!r} is no type; for instance string, int64, decimal(12, 2), timestamp")
    if rule.pattern:
        try:
            pc.match_substring_regex(pa.array([""]), rule.pattern)
        except pa.ArrowException as err:
            found.append(f"the pattern {rule.pattern!r} cannot be used ({err})")
    if not 0.0 <= rule.null_share_at_most <= 1.0:
        found.append(f"null_share_at_most lies in 0 to 1, got {rule.null_share_at_most}")
    lengths = (rule.length_at_least or 0, rule.length_at_most)
    if lengths[0] < 0 or (lengths[1] is not None and lengths[1] < lengths[0]):
        found.append(f"length_at_least is {lengths[0]} and length_at_most {lengths[1]}: no value keeps both")
    if kind is not None:
        for bound in (rule.at_least, rule.at_most, *rule.allowed):
            if bound is not None and as_value(bound, kind) is None:
                found.append(f"{bound!r} is no value of the type {rule.type}")
        if not found and rule.at_least is not None and rule.at_most is not None:
            least, most = as_value(rule.at_least, kind), as_value(rule.at_most, kind)
            if least is not None and most is not None and least.as_py() > most.as_py():
                found.append(f"at_least is {rule.at_least} and at_most {rule.at_most}: no value keeps both")
    return found


def as_value(bound: Bound, kind: pa.DataType) -> pa.Scalar | None:
    """Return a bound as a value of a column's type; None where it is none."""
    try:
        if pa.types.is_timestamp(kind):
            moment = dt.datetime.fromisoformat(str(bound))
            return pa.scalar(
                moment if kind.tz is None or moment.tzinfo else moment.replace(tzinfo=dt.UTC), kind
            )
        if pa.types.is_date(kind):
            return pa.scalar(dt.date.fromisoformat(str(bound)), kind)
        if pa.types.is_decimal(kind):
            return pa.scalar(str(bound)).cast(kind)
        return pa.scalar(bound).cast(kind)
    except (ValueError, TypeError, pa.ArrowException):
        return None
