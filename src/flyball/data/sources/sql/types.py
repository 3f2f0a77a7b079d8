"""Types: which Arrow type keeps every value of a column, and how its values are brought over.

What no Arrow type holds exactly comes as text: decimals without a declared scale, spans of time,
times finer than a microsecond, JSON, network addresses, ranges, geometries.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects import mssql, mysql, oracle, postgresql
from sqlalchemy.types import TypeEngine

from flyball.data.sources.errors import BadSource

__all__ = ["Column", "column_of"]

Expression = sa.ColumnElement[Any]
Form = Callable[[Expression], Expression]
_DIGITS = 76  # of the widest decimal of Arrow
_MICROSECOND = pa.timestamp("us")
_UTC = pa.timestamp("us", "UTC")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    name : str
    declared : TypeEngine
        As the database describes it.
    arrow : DataType
        Keeps every value that the declared type allows; what it cannot hold is a `BadRecord`.
    nullable : bool
    form : callable, optional
        Wraps the column in the query, for values that the driver would not hand over exactly.
    back : callable, optional
        Turns what `form` gave into a value of the column again, to compare with it.
    """

    name: str
    declared: TypeEngine[Any]
    arrow: pa.DataType
    nullable: bool
    form: Form | None = None
    back: Form | None = None

    @property
    def field(self) -> pa.Field:
        """Return it as a field of the stream's schema."""
        return pa.field(self.name, self.arrow, nullable=self.nullable)

    @property
    def sql(self) -> Expression:
        """Return the bare column, for conditions and orders."""
        return sa.column(self.name, self.declared)

    def formed(self, expression: Expression) -> Expression:
        """Return a value of the column as it is read."""
        chosen = expression if self.form is None else self.form(expression)
        # Raw driver values: SQLAlchemy's own conversions go through floats and local rules.
        return sa.type_coerce(chosen, sa.types.NullType())


def column_of(described: Mapping[str, Any], dialect: str, *, table: str) -> Column:
    """Return a column from SQLAlchemy's description of it.

    Raises
    ------
    BadSource
        The type is not known, and the database cannot hand it over as text.
    """
    declared = described["type"]
    found = _OWN.get(dialect, _nothing)(declared) or _standard(declared)
    if found is None:
        if dialect not in ("postgresql", "mysql", "mariadb", "sqlite"):
            raise BadSource(
                f"{table}.{described['name']} has a type that cannot be read.",
                fix="Read a view that leaves the column out, or casts it to text.",
                table=table,
                column=described["name"],
            )
        found = (pa.string(), _as_text if dialect == "postgresql" else None)
    arrow, form = found
    back = None if form is None else _back(declared, dialect)
    return Column(str(described["name"]), declared, arrow, bool(described.get("nullable", True)), form, back)


def decimal(precision: int | None, scale: int | None) -> pa.DataType:
    """Return the decimal for a declared precision and scale; text where none is wide enough.

    A negative scale (Oracle's NUMBER(5, -2) holds 1234500) needs more digits before the point,
    a scale above the precision (NUMBER(3, 5) holds 0.00123) more behind it.
    """
    if precision is None:
        return pa.string()
    places = max(scale or 0, 0)
    digits = max(precision - min(scale or 0, 0), places)
    if digits > _DIGITS:
        return pa.string()
    return pa.decimal128(digits, places) if digits <= 38 else pa.decimal256(digits, places)


_Found = tuple[pa.DataType, Form | None] | None
_ORACLE_TIME = """'YYYY-MM-DD"T"HH24:MI:SS.FF9'"""
_ORACLE_ZONED = """'YYYY-MM-DD"T"HH24:MI:SS.FF9TZH:TZM'"""


def _back(declared: TypeEngine[Any], dialect: str) -> Form | None:
    if dialect == "oracle" and isinstance(declared, sa.TIMESTAMP):
        if _oracle_zoned(declared):
            return lambda text: sa.func.to_timestamp_tz(text, sa.literal_column(_ORACLE_ZONED))
        return lambda text: sa.func.to_timestamp(text, sa.literal_column(_ORACLE_TIME))
    if dialect == "oracle" and isinstance(declared, sa.Numeric | sa.Float):
        return lambda text: sa.func.to_number(text)
    if dialect == "mssql":
        return lambda text: sa.cast(text, declared)
    if dialect in ("mysql", "mariadb") and isinstance(declared, sa.Uuid | sa.Float):
        return lambda text: text
    return None


def _nothing(_: TypeEngine[Any]) -> _Found:
    return None


def _as_text(expression: Expression) -> Expression:
    return sa.cast(expression, sa.Text())


def _as_short_text(expression: Expression) -> Expression:
    return sa.cast(expression, sa.String(64))


def _as_char(expression: Expression) -> Expression:
    return sa.cast(expression, sa.CHAR())


def _to_char(*layout: str) -> Form:
    return lambda expression: sa.func.to_char(expression, *map(sa.literal_column, layout))


def _standard(declared: TypeEngine[Any]) -> _Found:
    """Return what the types of the SQL standard become."""
    for kind, arrow in _STANDARD:
        if isinstance(declared, kind):
            return arrow, None
    if isinstance(declared, sa.Float):
        return pa.float64(), None
    if isinstance(declared, sa.Numeric):
        return decimal(declared.precision, declared.scale), None
    if isinstance(declared, sa.DateTime):
        return (_UTC if declared.timezone else _MICROSECOND), None
    return None


_STANDARD: tuple[tuple[type[Any], pa.DataType], ...] = (
    (sa.Boolean, pa.bool_()),
    (sa.SmallInteger, pa.int16()),
    (sa.BigInteger, pa.int64()),
    (sa.Integer, pa.int32()),
    (sa.REAL, pa.float32()),
    (sa.Uuid, pa.string()),
    (sa.JSON, pa.string()),
    (sa.Date, pa.date32()),
    (sa.Time, pa.time64("us")),
    (sa.String, pa.string()),
    (sa.LargeBinary, pa.binary()),
    (sa.types._Binary, pa.binary()),
)


def _postgresql(declared: TypeEngine[Any]) -> _Found:
    if isinstance(declared, postgresql.DOMAIN):
        return _postgresql(declared.data_type) or _standard(declared.data_type)
    if isinstance(declared, postgresql.ARRAY):
        inner = _postgresql(declared.item_type) or _standard(declared.item_type)
        if inner is None or inner[1] is not None:
            return pa.string(), _as_text
        return pa.list_(inner[0]), None
    if isinstance(declared, postgresql.MONEY):
        return pa.decimal128(19, 2), lambda money: sa.cast(money, sa.Numeric())
    if isinstance(declared, postgresql.OID):
        return pa.int64(), lambda oid: sa.cast(oid, sa.BigInteger())
    if isinstance(declared, sa.Float) and not isinstance(declared, sa.REAL):
        short = declared.precision is not None and declared.precision <= 24
        return (pa.float32() if short else pa.float64()), None
    if isinstance(declared, sa.Time) and declared.timezone:
        return pa.string(), _as_text
    if isinstance(declared, postgresql.BIT | sa.Interval | sa.Enum | sa.Uuid | postgresql.INTERVAL):
        return pa.string(), _as_text
    if isinstance(declared, sa.JSON | postgresql.BYTEA):
        return _standard(declared)
    # Everything that PostgreSQL alone knows (inet, tsvector, ranges, hstore) has a text form.
    if type(declared).__module__.startswith("sqlalchemy.dialects.postgresql") and not isinstance(
        declared, sa.DateTime | sa.Time
    ):
        return pa.string(), _as_text
    return None


def _mysql(declared: TypeEngine[Any]) -> _Found:
    unsigned = bool(getattr(declared, "unsigned", False))
    for kind, signed, positive in (
        (mysql.TINYINT, pa.int8(), pa.uint8()),
        (mysql.SMALLINT, pa.int16(), pa.uint16()),
        (mysql.MEDIUMINT, pa.int32(), pa.uint32()),
        (mysql.BIGINT, pa.int64(), pa.uint64()),
        (mysql.INTEGER, pa.int32(), pa.uint32()),
    ):
        if isinstance(declared, kind):
            return (positive if unsigned else signed), None
    if isinstance(declared, mysql.YEAR):
        return pa.int16(), None
    if isinstance(declared, mysql.BIT):
        return pa.binary(), None
    if isinstance(declared, mysql.FLOAT):
        # MySQL rounds a FLOAT to six digits on the way out; as DOUBLE it keeps them all.
        return pa.float32(), lambda value: value + sa.literal_column("0e0")
    if isinstance(declared, sa.Time):
        return pa.string(), _as_char  # from -838:59:59 to 838:59:59: a span, not a time of day
    if isinstance(declared, sa.TIMESTAMP):
        return _UTC, None
    if isinstance(declared, sa.Uuid):
        return pa.string(), _as_char
    return None


def _oracle(declared: TypeEngine[Any]) -> _Found:
    if isinstance(declared, oracle.BINARY_FLOAT):
        return pa.float32(), None
    if isinstance(declared, oracle.BINARY_DOUBLE):
        return pa.float64(), None
    if isinstance(declared, sa.Float):  # FLOAT and REAL are decimal numbers in Oracle
        return pa.string(), _to_char("'TM9'")
    if isinstance(declared, sa.Integer) and not isinstance(declared, sa.Numeric):
        return pa.decimal128(38, 0), None
    if isinstance(declared, sa.Numeric):  # NUMBER is an Integer, too, in SQLAlchemy
        # NUMBER(p) is NUMBER(p, 0); NUMBER alone is a decimal with any scale.
        kept = decimal(declared.precision, declared.scale)
        return kept, (_to_char("'TM9'") if kept == pa.string() else None)
    if isinstance(declared, oracle.DATE):
        return _MICROSECOND, None  # a DATE of Oracle has a time of day
    if isinstance(declared, sa.TIMESTAMP):
        # Neither the dictionary's precision nor the driver tells nanoseconds: read what is there.
        return pa.string(), _to_char(_ORACLE_ZONED if _oracle_zoned(declared) else _ORACLE_TIME)
    if isinstance(declared, oracle.INTERVAL | sa.Interval):
        return pa.string(), _to_char()
    if isinstance(declared, oracle.ROWID | oracle.LONG):
        return pa.string(), None
    if isinstance(declared, oracle.BFILE):
        return None
    return None


def _oracle_zoned(declared: TypeEngine[Any]) -> bool:
    return bool(getattr(declared, "timezone", False) or getattr(declared, "local_timezone", False))


def _mssql(declared: TypeEngine[Any]) -> _Found:
    if isinstance(declared, mssql.TINYINT):
        return pa.uint8(), None
    if isinstance(declared, mssql.SMALLMONEY):
        return pa.decimal128(10, 4), None
    if isinstance(declared, mssql.MONEY):
        return pa.decimal128(19, 4), None
    if isinstance(declared, mssql.UNIQUEIDENTIFIER | mssql.XML):
        return pa.string(), None
    if isinstance(declared, mssql.TIMESTAMP):
        return pa.binary(), None  # ROWVERSION: eight bytes, no time
    if isinstance(declared, mssql.REAL):
        return pa.float32(), None
    if isinstance(declared, sa.Float):
        short = declared.precision is not None and declared.precision <= 24
        return (pa.float32() if short else pa.float64()), None
    if isinstance(declared, mssql.DATETIME2 | mssql.DATETIMEOFFSET | mssql.TIME):
        precision = getattr(declared, "precision", None)
        if precision is None or precision > 6:  # the declared default is 100 nanoseconds
            return pa.string(), _as_short_text
        if isinstance(declared, mssql.DATETIMEOFFSET):
            return _UTC, None
    return None


def _sqlite(declared: TypeEngine[Any]) -> _Found:
    if isinstance(declared, sa.Integer):
        return pa.int64(), None
    if isinstance(declared, sa.Float):  # REAL, too, is eight bytes wide
        return pa.float64(), None
    return None


def _hana(declared: TypeEngine[Any]) -> _Found:
    return (pa.uint8(), None) if type(declared).__name__ == "TINYINT" else None


_OWN: Mapping[str, Callable[[TypeEngine[Any]], _Found]] = {
    "postgresql": _postgresql,
    "mysql": _mysql,
    "mariadb": _mysql,
    "oracle": _oracle,
    "mssql": _mssql,
    "sqlite": _sqlite,
    "hana": _hana,
}
