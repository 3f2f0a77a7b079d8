"""Database: PostgreSQL, MySQL, MariaDB, Oracle, SQL Server, Db2, HANA or SQLite."""

from collections.abc import Mapping

from flyball.data.sources.sql.settings import read_settings
from flyball.data.sources.sql.source import DatabaseSource

__all__ = ["database"]


def database(name: str, settings: Mapping[str, object]) -> DatabaseSource:
    """Open a database source from its settings; nothing is connected to.

    Settings: `url` without a password (or `path` of a SQLite file), `user` and `password` by
    reference, `schema`, `tables` (names or patterns), `streams` (name -> key, cursor, lookback),
    `batch_rows`, `lookback`, `isolation` ("snapshot" or "none"), `statement_timeout_seconds`.

    Raises
    ------
    BadSource
        An unknown setting, one of the wrong type, an unknown database, or a password in the URL.
    """
    return DatabaseSource(name, read_settings(name, settings))
