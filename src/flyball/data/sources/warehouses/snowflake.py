"""Snowflake: a session over its Python connector."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NoReturn

import pyarrow as pa
import sqlalchemy as sa
from cryptography.hazmat.primitives import serialization

from flyball.core.errors import BadInput
from flyball.core.extras import optional_import
from flyball.core.secrets import Secret
from flyball.data.sources.errors import (
    BadCredentials,
    BadSource,
    CannotConnect,
    NothingThere,
    SchemaDrifted,
    SourceError,
    SourceGone,
)
from flyball.data.sources.sql.types import Column, Form, decimal
from flyball.data.sources.warehouses.session import Declared, Statement
from flyball.data.sources.warehouses.settings import WarehouseSettings

__all__ = ["SnowflakeSession", "SnowflakeSettings"]

_SECONDS = 15
_FETCH_ROWS = 10_000
# Numbers of https://docs.snowflake.com/en/developer-guide/python-connector/python-connector-api#type-codes
_FIXED, _REAL, _TEXT, _DATE, _TIMESTAMP, _LTZ, _TZ, _NTZ, _BINARY, _TIME, _BOOLEAN = (
    0,
    1,
    2,
    3,
    4,
    6,
    7,
    8,
    11,
    12,
    13,
)
_AS_TEXT = {5: "VARIANT", 9: "OBJECT", 10: "ARRAY", 14: "GEOGRAPHY", 15: "GEOMETRY"}
_LAYOUT = """'YYYY-MM-DD"T"HH24:MI:SS.FF9'"""


class SnowflakeSettings(WarehouseSettings, frozen=True, kw_only=True):
    """What is needed to read one schema of Snowflake.

    One of `password`, `private_key` (PEM text, with `passphrase` where it is encrypted) and `token`
    (OAuth, or a programmatic access token) signs in.
    """

    account: str
    database: str
    schema: str = "PUBLIC"
    user: str = ""
    password: Secret | None = None
    private_key: Secret | None = None
    passphrase: Secret | None = None
    token: Secret | None = None
    warehouse: str = ""
    role: str = ""
    host: str = ""
    finer_times: Literal["text", "cut"] = "text"
    statement_timeout_seconds: int = 600


class SnowflakeSession:
    """A connection through the connector, whose results come in Arrow.

    Parameters
    ----------
    settings : SnowflakeSettings
    source : str
        For messages.
    """

    quote = '"'
    paramstyle: Literal["named", "pyformat"] = "pyformat"

    def __init__(self, settings: SnowflakeSettings, *, source: str) -> None:
        self._settings, self._source = settings, source
        driver = optional_import("snowflake.connector", extra="snowflake")
        self._errors = driver.errors
        arguments = {**_plain(settings), **_signed(settings, source)}
        try:
            self._connection: Any = driver.connect(**arguments)
            self._cursor: Any = self._connection.cursor()
        except self._errors.Error as err:
            self._raise(err, "sign in", connecting=True)

    def _query(self, text: str, values: Mapping[str, str] | None = None) -> list[tuple[Any, ...]]:
        try:
            found: list[tuple[Any, ...]] = self._cursor.execute(text, values or None).fetchall()
        except self._errors.Error as err:
            self._raise(err, "look around")
        return found

    def facts(self) -> Mapping[str, str]:
        """Return facts for people."""
        ((version, user, role),) = self._query("SELECT CURRENT_VERSION(), CURRENT_USER(), CURRENT_ROLE()")
        server = self._settings.host or f"{self._settings.account}.snowflakecomputing.com"
        return {
            "server": server,
            "version": str(version),
            "user": str(user),
            "role": str(role),
            "database": self._settings.database,
        }

    def tables(self) -> Sequence[str]:
        """Return the names of the tables and views of the schema."""
        found = self._query(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = %(schema)s",
            {"schema": self._settings.schema},
        )
        return [str(name) for (name,) in found]

    def columns(self, table: str) -> tuple[Column, ...]:
        """Return the columns of a table, as a query would give them."""
        try:
            described = self._cursor.describe(f"SELECT * FROM {self._name(table)}")  # noqa: S608 - quoted by _name
        except self._errors.Error as err:
            self._raise(err, f"describe {table}")
        cut = self._settings.finer_times == "cut"
        return tuple(_column(one, cut=cut, table=table, source=self._source) for one in described)

    def primary_key(self, table: str) -> tuple[str, ...]:
        """Return the primary key that is declared; Snowflake does not enforce it."""
        found = self._query(f"SHOW PRIMARY KEYS IN TABLE {self._name(table)}")
        names = [column[0] for column in self._cursor.description]
        name, place = names.index("column_name"), names.index("key_sequence")
        return tuple(str(row[name]) for row in sorted(found, key=lambda row: int(row[place])))

    def run(self, statement: Statement) -> Iterator[pa.Table | Sequence[Sequence[Any]]]:
        """Yield the rows of one statement, whose result Snowflake keeps until it is read."""
        try:
            self._cursor.execute(statement.text, dict(statement.values) or None)
            if self._arrives_in_arrow():
                yield from self._cursor.fetch_arrow_batches()
                return
            while rows := self._cursor.fetchmany(_FETCH_ROWS):
                yield rows
        except (self._errors.Error, OSError) as err:
            self._raise(err, "read")

    def _arrives_in_arrow(self) -> bool:
        """Return whether the result is in Arrow; an account can be set to answer in JSON."""
        return getattr(self._cursor, "_query_result_format", None) == "arrow"

    def close(self) -> None:
        """End it; a connection that is broken already is no error."""
        with contextlib.suppress(self._errors.Error, OSError):
            self._connection.close()

    def _name(self, table: str) -> str:
        return ".".join('"' + one.replace('"', '""') + '"' for one in (self._settings.schema, table))

    def _raise(self, err: BaseException, doing: str, *, connecting: bool = False) -> NoReturn:
        number = getattr(err, "errno", None)
        kind, fix = _meaning(number, str(getattr(err, "sqlstate", "") or ""), connecting=connecting)
        # The cause is left out: the connector's text may quote rows, and its frames hold the secret.
        raise kind(
            f"Source {self._source} could not {doing}: Snowflake says {number or type(err).__name__}.",
            fix=fix,
            source=self._source,
            database_code=str(number or ""),
        ) from None


def _plain(settings: SnowflakeSettings) -> dict[str, Any]:
    given = {
        name: getattr(settings, name)
        for name in ("account", "database", "schema", "user", "warehouse", "role", "host")
    }
    return {
        **{name: value for name, value in given.items() if value},
        "application": "Flyball",
        "login_timeout": _SECONDS,
        "arrow_number_to_decimal": True,  # else NUMBER(12, 2) would come as a double
        "session_parameters": {
            "TIMEZONE": "UTC",
            "STATEMENT_TIMEOUT_IN_SECONDS": settings.statement_timeout_seconds,
            "QUERY_TAG": "flyball",
        },
    }


def _signed(settings: SnowflakeSettings, source: str) -> dict[str, Any]:
    given = [one for one in (settings.password, settings.private_key, settings.token) if one is not None]
    if len(given) != 1:
        raise BadSource(
            f"Source {source}: one of password, private_key and token signs in; {len(given)} are given.",
            fix='Write for instance private_key = { file = "/run/secrets/snowflake.p8" }.',
            source=source,
        )
    if settings.password is not None:
        return {"password": settings.password.reveal()}
    if settings.token is not None:
        return {"authenticator": "oauth", "token": settings.token.reveal()}
    return {"private_key": _key(given[0], settings.passphrase, source)}


def _key(key: Secret, passphrase: Secret | None, source: str) -> bytes:
    words = passphrase.reveal().encode() if passphrase is not None else None
    try:
        read = serialization.load_pem_private_key(key.reveal().encode(), words)
    except (ValueError, TypeError):  # their text may quote the key
        raise BadInput(
            f"Source {source}: the private key from {key.reference} cannot be read.",
            fix="Give it as PEM (PKCS#8), and its passphrase where it is encrypted.",
            source=source,
        ) from None
    return read.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _column(described: Any, *, cut: bool, table: str, source: str) -> Column:
    code, scale = described.type_code, described.scale
    # A result column says whether it may be NULL; a view's may, whatever it says of its table.
    nullable = described.is_nullable is not False

    def column(word: str, arrow: pa.DataType, form: Form | None = None) -> Column:
        return Column(described.name, Declared(word), arrow, nullable, form)

    if code == _FIXED:
        precision, scale = described.precision or 38, scale or 0
        whole = scale == 0 and precision <= 18
        word = f"NUMBER({precision}, {scale})"
        return column(word, pa.int64() if whole else decimal(precision, scale))
    if code in _PLAIN:
        return column(*_PLAIN[code])
    if code in _TIMES:
        word, arrow = _TIMES[code]
        finer = scale is None or scale > 6
        if finer and cut:
            return column(f"{word}(6)", arrow, lambda value: sa.cast(value, Declared(f"{word}(6)")))
        if finer:
            return column(f"{word}(9)", pa.string(), _written(code))
        return column(f"{word}({scale})", arrow)
    if code in _AS_TEXT:
        return column(_AS_TEXT[code], pa.string(), None if code < 14 else _as_geojson)
    raise BadSource(
        f"Source {source}: {table}.{described.name} has a type that cannot be read (number {code}).",
        fix="Read a view that leaves the column out, or casts it to text.",
        source=source,
        column=described.name,
    )


_PLAIN: dict[int, tuple[str, pa.DataType]] = {
    _REAL: ("FLOAT", pa.float64()),
    _TEXT: ("VARCHAR", pa.string()),
    _DATE: ("DATE", pa.date32()),
    _BINARY: ("BINARY", pa.binary()),
    _BOOLEAN: ("BOOLEAN", pa.bool_()),
}
_TIMES: dict[int, tuple[str, pa.DataType]] = {
    _TIMESTAMP: ("TIMESTAMP_NTZ", pa.timestamp("us")),
    _NTZ: ("TIMESTAMP_NTZ", pa.timestamp("us")),
    _LTZ: ("TIMESTAMP_LTZ", pa.timestamp("us", "UTC")),
    _TZ: ("TIMESTAMP_TZ", pa.timestamp("us", "UTC")),
    _TIME: ("TIME", pa.time64("us")),
}


def _written(code: int) -> Form:
    layout = "'HH24:MI:SS.FF9'" if code == _TIME else _LAYOUT
    if code in (_LTZ, _TZ):  # in UTC, so that texts sort as times
        utc: sa.ColumnClause[str] = sa.literal_column("'UTC'")
        zoned = _LAYOUT[:-1] + '"Z"\''
        return lambda value: sa.func.to_varchar(
            sa.func.convert_timezone(utc, value), sa.literal_column(zoned)
        )
    return lambda value: sa.func.to_varchar(value, sa.literal_column(layout))


def _as_geojson(value: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.func.to_varchar(sa.func.st_asgeojson(value))


_CREDENTIALS = {390100, 390101, 390102, 390144, 390189, 390303, 390318, 390400, 250001, 251001, 251007}
_FIX = "Check user, secret and role, and that the role has USAGE and SELECT."


def _meaning(number: object, state: str, *, connecting: bool) -> tuple[type[SourceError], str]:
    if number in _CREDENTIALS - {250001} or state.startswith("28") or number == 3001:
        return BadCredentials, _FIX
    if number in (2043, 2003) and not connecting:
        return SchemaDrifted, "A table is not there any more, or the role may not see it."
    if number in (390201, 2043, 2003):
        return (
            NothingThere,
            "Check the names of database, schema and warehouse: Snowflake has them in capitals.",
        )
    if number == 904:
        return SchemaDrifted, "A column is not there any more: look at the streams again."
    if number in (630, 604):
        return SourceGone, "Raise statement_timeout_seconds, or take a larger warehouse."
    if connecting:
        return CannotConnect, "Check account and host, and that port 443 is open to it."
    return SourceGone, "Run it again: it goes on behind the last batch that was kept."
