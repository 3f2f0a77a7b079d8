"""Databricks: a session over its SQL connector, or over Spark Connect, which Spark itself speaks too."""

import contextlib
import importlib
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, NoReturn

import pyarrow as pa
import sqlalchemy as sa

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

__all__ = ["ConnectSession", "DatabricksSettings", "SqlSession", "open_session"]

_FETCH_ROWS = 100_000
_DECIMAL = re.compile(r"decimal\((\d+),\s*(\d+)\)")


class DatabricksSettings(WarehouseSettings, frozen=True, kw_only=True):
    """What is needed to read one schema of Databricks.

    Either `host` and `http_path` (a SQL warehouse) or `connect` (Spark Connect, "sc://host:port"). One of
    `token` and, with `client_id`, `client_secret` (OAuth for machines, SQL warehouse only) signs in.
    """

    host: str = ""
    http_path: str = ""
    connect: str = ""
    token: Secret | None = None
    client_id: str = ""
    client_secret: Secret | None = None
    catalog: str = ""
    schema: str = "default"


def open_session(settings: DatabricksSettings, *, source: str) -> "_Session":
    """Connect and sign in, in the way the settings ask for.

    Raises
    ------
    BadSource
        Both ways or none, or secrets that do not fit together.
    CannotConnect, BadCredentials, MissingExtra
    """
    if bool(settings.connect) == bool(settings.host and settings.http_path):
        raise BadSource(
            f"Source {source} needs host and http_path of a SQL warehouse, or connect, and not both.",
            fix='Write for instance host = "adb-1.azuredatabricks.net", http_path = "/sql/1.0/warehouses/1".',
            source=source,
        )
    if settings.token is not None and settings.client_secret is not None:
        raise BadSource(
            f"Source {source} has a token and a client_secret.", fix="Leave one of them out.", source=source
        )
    if settings.connect:
        return ConnectSession(settings, source=source)
    return SqlSession(settings, source=source)


class _Session:
    """What both ways have in common: the statements, and what errors mean."""

    quote = "`"
    paramstyle: Literal["named", "pyformat"] = "named"

    def __init__(self, settings: DatabricksSettings, *, source: str) -> None:
        self._settings, self._source = settings, source

    def _arrow(self, text: str, values: Mapping[str, str]) -> Iterator[pa.Table]:
        raise NotImplementedError

    def _errors(self) -> tuple[type[BaseException], ...]:
        raise NotImplementedError

    def close(self) -> None:
        """End it, whatever state it is in."""
        raise NotImplementedError

    def run(self, statement: Statement) -> Iterator[pa.Table | Sequence[Sequence[Any]]]:
        """Yield the rows of one statement, which sees one version of its table."""
        try:
            yield from self._arrow(statement.text, statement.values)
        except self._errors() as err:
            self._raise(err, "read")

    def _rows(self, text: str) -> list[dict[str, Any]]:
        try:
            return [row for table in self._arrow(text, {}) for row in table.to_pylist()]
        except self._errors() as err:
            self._raise(err, "look around")

    def facts(self) -> Mapping[str, str]:
        """Return facts for people."""
        (row,) = self._rows(
            "SELECT version() AS version, current_user() AS user, current_catalog() AS catalog"
        )
        return {"server": self._settings.host or self._settings.connect.partition(";")[0], **row}

    def tables(self) -> Sequence[str]:
        """Return the names of the tables and views of the schema, without those of a session."""
        found = self._rows(f"SHOW TABLES IN {_quoted(self._settings.schema)}")
        return [str(row["tableName"]) for row in found if not row["isTemporary"]]

    def columns(self, table: str) -> tuple[Column, ...]:
        """Return the columns of a table, as DESCRIBE tells them."""
        found = []
        for row in self._rows(f"DESCRIBE TABLE {_quoted(self._settings.schema, table)}"):
            if not row["col_name"] or row["col_name"].startswith("#"):  # what follows is about partitions
                break
            found.append(_column(str(row["col_name"]), str(row["data_type"]), table, self._source))
        return tuple(found)

    def primary_key(self, table: str) -> tuple[str, ...]:
        """Return (): a primary key of Unity Catalog is informational; flyball.toml names the key."""
        return ()

    def _raise(self, err: BaseException, doing: str, *, connecting: bool = False) -> NoReturn:
        code = _code(err)
        kind, fix = _meaning(code, str(err), connecting=connecting)
        # The cause is left out: its text may quote rows, and its frames hold the token.
        raise kind(
            f"Source {self._source} could not {doing}: Databricks says {code or type(err).__name__}.",
            fix=fix,
            source=self._source,
            database_code=code,
        ) from None


class SqlSession(_Session):
    """A SQL warehouse, through the SQL connector, whose results come by CloudFetch in Arrow."""

    def __init__(self, settings: DatabricksSettings, *, source: str) -> None:
        super().__init__(settings, source=source)
        driver = optional_import("databricks.sql", extra="databricks")
        self._driver_error = driver.exc.Error
        try:
            self._connection: Any = driver.connect(
                server_hostname=settings.host,
                http_path=settings.http_path,
                catalog=settings.catalog or None,
                schema=settings.schema,
                session_configuration={"timezone": "UTC", "ansi_mode": "true"},
                user_agent_entry="Flyball",
                **_signed(settings),
            )
        except self._errors() as err:
            self._raise(err, "sign in", connecting=True)

    def _errors(self) -> tuple[type[BaseException], ...]:
        return (self._driver_error, OSError)

    def _arrow(self, text: str, values: Mapping[str, str]) -> Iterator[pa.Table]:
        with self._connection.cursor() as cursor:
            cursor.execute(text, parameters=dict(values) or None)
            while (part := cursor.fetchmany_arrow(_FETCH_ROWS)).num_rows:
                yield part

    def close(self) -> None:
        """End it; a connection that is broken already is no error."""
        with contextlib.suppress(self._driver_error, OSError):
            self._connection.close()


class ConnectSession(_Session):
    """A cluster, or any Spark, through Spark Connect."""

    def __init__(self, settings: DatabricksSettings, *, source: str) -> None:
        super().__init__(settings, source=source)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # about pandas, which is not used
            pyspark = optional_import("pyspark.sql.connect.session", extra="spark")
        address = settings.connect
        if settings.token is not None:
            address += f"{'' if ';' in address else '/'};token={settings.token.reveal()}"
        try:
            self._spark: Any = pyspark.SparkSession.builder.remote(address).create()
            self._spark.client.set_retry_policies([])  # a load that breaks off is resumed by its state
            self._spark.conf.set("spark.sql.session.timeZone", "UTC")
            if settings.catalog:
                self._spark.catalog.setCurrentCatalog(settings.catalog)
        except self._errors() as err:
            self._raise(err, "sign in", connecting=True)

    def _errors(self) -> tuple[type[BaseException], ...]:
        rpc = importlib.import_module("grpc").RpcError
        return (importlib.import_module("pyspark.errors").PySparkException, rpc)

    def _arrow(self, text: str, values: Mapping[str, str]) -> Iterator[pa.Table]:
        frame = self._spark.sql(text, args=dict(values) or None)
        client = self._spark.client
        # `toArrow` holds the whole result; `toLocalIterator` reads the same parts as these, row by row.
        for part in client.to_table_as_iterator(frame._plan.to_proto(client), frame._plan.observations):
            if isinstance(part, pa.Table):
                yield part

    def close(self) -> None:
        """End it; a session that is gone already is no error."""
        with contextlib.suppress(*self._errors()):
            self._spark.client.release_session()
        self._spark.client.close()


def _signed(settings: DatabricksSettings) -> dict[str, Any]:
    if settings.token is not None:
        return {"access_token": settings.token.reveal()}
    if settings.client_secret is None:
        return {}
    core = optional_import("databricks.sdk.core", extra="databricks")
    secret = settings.client_secret

    def signed() -> Callable[[], dict[str, str]]:
        config = core.Config(
            host=f"https://{settings.host}", client_id=settings.client_id, client_secret=secret.reveal()
        )
        found: Callable[[], dict[str, str]] = core.oauth_service_principal(config)
        return found

    return {"credentials_provider": signed}


def _quoted(*names: str) -> str:
    return ".".join("`" + name.replace("`", "``") + "`" for name in names)


def _column(name: str, word: str, table: str, source: str) -> Column:
    form: Form | None = None
    arrow = _TYPES.get(word.partition("(")[0] if word.startswith(("char", "varchar")) else word)
    digits = _DECIMAL.fullmatch(word)
    if digits:
        arrow = decimal(int(digits[1]), int(digits[2]))
    elif arrow is None and word.startswith(("array<", "map<", "struct<", "variant")):
        arrow, form = pa.string(), sa.func.to_json
    elif arrow is None and word.startswith(("interval", "time(")):
        arrow, form = pa.string(), _as_text
    if arrow is None:
        raise BadSource(
            f"Source {source}: {table}.{name} has a type that cannot be read, {word.partition('<')[0]}.",
            fix="Read a view that leaves the column out, or casts it to text.",
            source=source,
            column=name,
        )
    # DESCRIBE does not tell whether a column may be NULL.
    return Column(name, Declared("string" if arrow == pa.string() else word), arrow, True, form)


def _as_text(value: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.cast(value, Declared("string"))


_TYPES: dict[str, pa.DataType] = {
    "boolean": pa.bool_(),
    "tinyint": pa.int8(),
    "smallint": pa.int16(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", "UTC"),
    "timestamp_ntz": pa.timestamp("us"),
    "string": pa.string(),
    "char": pa.string(),
    "varchar": pa.string(),
    "binary": pa.binary(),
}


def _code(err: BaseException) -> str:
    condition = getattr(err, "getCondition", None)
    found = condition() if condition is not None else None
    if found:
        return str(found)
    status = getattr(err, "code", None)
    if callable(status):
        return str(getattr(status(), "name", ""))
    told = re.search(r"\[([A-Z][A-Z0-9_.]+)\]|\b(UNAUTHENTICATED|PERMISSION_DENIED|UNAVAILABLE)\b", str(err))
    return (told[1] or told[2]) if told else ""


def _meaning(code: str, text: str, *, connecting: bool) -> tuple[type[SourceError], str]:
    refused = ("UNAUTHENTICATED", "PERMISSION_DENIED", "INSUFFICIENT_PERMISSIONS")
    if code.startswith(refused) or re.search(r"\b(401|403)\b|Invalid access token", text):
        return (
            BadCredentials,
            "Check the token or client_secret, and that its owner may SELECT from the schema.",
        )
    if code.startswith(("SCHEMA_NOT_FOUND", "CATALOG_NOT_FOUND", "NO_SUCH_CATALOG")):
        return NothingThere, "Check the names of catalog and schema."
    if code.startswith(("TABLE_OR_VIEW_NOT_FOUND", "UNRESOLVED_COLUMN")):
        return SchemaDrifted, "A table or column is not there any more: look at the streams again."
    if connecting:
        return CannotConnect, "Check host and http_path, or connect, and that the warehouse runs."
    return SourceGone, "Run it again: it goes on behind the last batch that was kept."
