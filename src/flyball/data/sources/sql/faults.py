"""Faults: what an error of a driver means, in words that hold no value of a row and no secret."""

import configparser
import importlib
import re
import sys
from typing import NoReturn

from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from flyball.core.errors import MissingExtra
from flyball.data.sources.errors import (
    BadCredentials,
    BadRecord,
    CannotConnect,
    NothingThere,
    SchemaDrifted,
    SourceError,
    SourceGone,
)
from flyball.data.sources.sql.dialects import Dialect

__all__ = ["driver_errors", "option_errors", "raise_fault"]

# A refused connection has no code in libpq: its English text is all there is.
_LIBPQ = (
    (
        r"authentication failed|no password supplied|role .* does not exist|no pg_hba\.conf entry",
        "credentials",
    ),
    (r"database .* does not exist", "nothing"),
    (r"terminating connection|server closed the connection|no connection to the server", "gone"),
)
_CODE = re.compile(r"\b(ORA-\d{5}|DPY-\d{4}|SQL\d{4,5}N)\b")
_SQLSERVER = re.compile(r"\b(18456|18452|4060|Login failed|Cannot open database)\b")


def driver_errors() -> tuple[type[Exception], ...]:
    """Return the errors that drivers raise: through SQLAlchemy, through ADBC, through a socket."""
    try:
        adbc = importlib.import_module("adbc_driver_manager")
    except ImportError:
        return (SQLAlchemyError, OSError)
    return (SQLAlchemyError, OSError, adbc.Error)


def option_errors() -> tuple[type[Exception], ...]:
    """Return the errors of drivers that cannot use what a URL tells them; nothing was connected to."""
    known = (TypeError, ValueError, configparser.Error, ArgumentError)
    sql_server = sys.modules.get("mssql_python.exceptions")
    return known if sql_server is None else (*known, sql_server.ConnectionStringParseError)


def raise_fault(
    err: Exception, dialect: Dialect, *, source: str, doing: str, connecting: bool = False
) -> NoReturn:
    """Raise what a driver's error means.

    Parameters
    ----------
    err : Exception
        Of SQLAlchemy, of ADBC or of a driver.
    doing : str
        What was done, for people: "read public.accounts". The driver's own text is not repeated,
        because databases quote rows in theirs.
    connecting : bool
        Whether no connection had been made yet.
    """
    if isinstance(err, NoSuchModuleError):
        raise MissingExtra(
            f"The driver for {dialect.name} is not installed.",
            fix=f"Install it: pip install 'flyball[{dialect.extra}]'.",
            extra=dialect.extra,
        ) from err
    if "Failed to load the driver" in str(err):
        raise MissingExtra(
            f"The driver for {dialect.name} is installed, but system libraries that it needs are not.",
            fix="On Debian: apt-get install libltdl7 libkrb5-3 libgssapi-krb5-2.",
            extra=dialect.extra,
        ) from None
    original = err.orig if isinstance(err, DBAPIError) and err.orig is not None else err
    code = _code(original, dialect)
    meaning = _meaning(code, dialect)
    if not meaning and isinstance(err, DBAPIError) and err.connection_invalidated:
        meaning = "gone"
    if not meaning and dialect.name == "postgresql":
        text = str(original)
        meaning = next((word for pattern, word in _LIBPQ if re.search(pattern, text)), "")
        if (
            not meaning
            and getattr(original, "sqlstate", None) is None
            and "Operational" in type(original).__name__
        ):
            meaning = "gone"
    if connecting and not meaning:
        meaning = "gone"
    told = f"Source {source} could not {doing}: {dialect.name} says {code or type(original).__name__}."
    kind, fix = (
        _ERRORS[(meaning, connecting)] if (meaning, connecting) in _ERRORS else _ERRORS[(meaning, False)]
    )
    # The cause is left out: a driver's text may quote rows, and its frames hold the password.
    raise kind(told, fix=fix, source=source, database_code=code) from None


def _code(original: BaseException, dialect: Dialect) -> str:
    first: object = original.args[0] if original.args else None
    full_code = getattr(first, "full_code", None)
    if isinstance(full_code, str):
        return full_code
    if isinstance(first, int):
        return str(first)
    for attribute in ("sqlstate", "sqlite_errorname", "errorcode"):
        value = getattr(original, attribute, None)
        if value:
            return str(value)
    text = str(original)
    found = _CODE.search(text)
    if found:
        return found.group(1)
    if dialect.name == "mssql":
        return _sqlserver_code(text)
    return ""


def _sqlserver_code(text: str) -> str:
    found = _SQLSERVER.search(text)
    if found:
        return {"Login failed": "18456", "Cannot open database": "4060"}.get(found.group(1), found.group(1))
    for words, code in (
        ("Invalid column name", "207"),
        ("Invalid object name", "208"),
        ("Timeout expired", "HYT00"),
        ("ommunication link failure", "08S01"),
        ("connection is broken", "08S01"),
    ):
        if words in text:
            return code
    return ""


def _meaning(code: str, dialect: Dialect) -> str:
    if code in dialect.faults:
        return dialect.faults[code]
    begun = [one for one in dialect.faults if one.endswith("*") and code.startswith(one[:-1])]
    return dialect.faults[max(begun, key=len)] if code and begun else ""


_ERRORS: dict[tuple[str, bool], tuple[type[SourceError], str]] = {
    ("credentials", False): (
        BadCredentials,
        "Check user and password, and that the user may SELECT from what is read.",
    ),
    ("nothing", False): (NothingThere, "Check the name of the database in the URL."),
    ("gone", True): (
        CannotConnect,
        "Check host, port and TLS settings in the URL, and that the server runs.",
    ),
    ("gone", False): (SourceGone, "Run it again: it goes on behind the last batch that was kept."),
    ("slow", False): (
        SourceGone,
        "Make batch_rows smaller, raise statement_timeout_seconds, or index the key or cursor.",
    ),
    ("drift", False): (
        SchemaDrifted,
        "A table or column is not there any more, or the user may not see it: look at the streams again.",
    ),
    ("broken", False): (
        BadRecord,
        "The file is no SQLite database, or a broken one: check the path, or restore it.",
    ),
    ("record", False): (BadRecord, "Read a view that leaves out or casts the value that cannot be read."),
    ("", False): (SourceError, "Look the code up in the database's manual."),
}
