"""The catalogue: which datasets and snapshots there are. An Iceberg SQL catalogue on SQLite or PostgreSQL.

Importing pyiceberg takes a second or two; import this module only where datasets are read or written.
"""

import contextlib
import itertools
import re
import time
from pathlib import Path
from types import TracebackType

import sqlalchemy.exc
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import NamespaceAlreadyExistsError

from flyball.core.extras import optional_import
from flyball.data.datasets.errors import BadCatalogue

__all__ = ["NAMESPACE", "Catalogue", "open_catalogue", "silent"]

NAMESPACE = "flyball"

_ATTEMPTS = 5
_MADE_BY_ANOTHER = ("already exists", "unique", "locked")
_PASSWORD = re.compile(r"(?<=://)([^:/@]*):[^@/]*@")


class Catalogue:
    """An open catalogue; close it, or use it in a `with` statement.

    Parameters
    ----------
    sql : SqlCatalog
        The catalogue of pyiceberg, for whoever needs all of Iceberg.
    url : str
        Where it is, without the password.
    """

    def __init__(self, sql: SqlCatalog, url: str) -> None:
        self.sql = sql
        self.url = url

    def close(self) -> None:
        """Give back its database connections."""
        self.sql.close()

    def __enter__(self) -> "Catalogue":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def silent(url: str, error: Exception) -> BadCatalogue:
    """Return the error for a catalogue whose database does not do what it is asked.

    Parameters
    ----------
    url : str
        Without a password.
    error : Exception
        Only its class is told: its text may quote the address.
    """
    return BadCatalogue(
        f"The catalogue at {url} does not answer ({type(error).__name__}).",
        fix="Check that the file may be written, or that the server runs and the password is right.",
        url=url,
    )


def open_catalogue(url: str, warehouse: Path | str) -> Catalogue:
    """Open a catalogue, and make it where there is none yet.

    Parameters
    ----------
    url : str
        "sqlite:////folder/catalogue.db" or "postgresql://user:password@host/database".
    warehouse : Path or str
        Folder for the data files, or a URL such as "s3://bucket/prefix". It is written into the
        catalogue as an absolute address: a warehouse cannot be moved by moving its folder. A folder that
        is made here is for its owner alone; one that is there keeps its rights.

    Returns
    -------
    Catalogue

    Raises
    ------
    BadCatalogue
        The URL is of neither kind, or the database does not answer.
    MissingExtra
        PostgreSQL without the extra `postgres`.
    """
    shown = _PASSWORD.sub(r"\1:***@", url)
    scheme, _, rest = url.partition("://")
    if scheme in ("postgresql", "postgres"):
        optional_import("psycopg", extra="postgres")
        address = f"postgresql+psycopg://{rest}"
    elif scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        Path(rest.removeprefix("/")).resolve().parent.mkdir(parents=True, exist_ok=True)
        address = url
    else:
        raise BadCatalogue(
            f"A catalogue lives at sqlite:///FILE or postgresql://HOST/DATABASE, got {shown!r}.",
            fix="Set state.catalogue in flyball.toml, or leave it out for SQLite beside the data.",
            url=shown,
        )
    if isinstance(warehouse, Path):
        warehouse.mkdir(mode=0o700, parents=True, exist_ok=True)  # rows of people lie here
        warehouse = warehouse.resolve().as_uri()
    for attempt in itertools.count(1):
        try:
            sql = SqlCatalog(NAMESPACE, uri=address, warehouse=warehouse)
            with contextlib.suppress(NamespaceAlreadyExistsError):
                sql.create_namespace(NAMESPACE)
            return Catalogue(sql, shown)
        except sqlalchemy.exc.DBAPIError as err:
            # Another process may make the same tables in the same moment; then they are there now.
            if attempt == _ATTEMPTS or not any(word in str(err.orig).lower() for word in _MADE_BY_ANOTHER):
                raise silent(shown, err) from err
            time.sleep(0.05 * 2**attempt)
        except sqlalchemy.exc.SQLAlchemyError as err:
            raise silent(shown, err) from err
    raise silent(shown, TimeoutError())  # for the type checker: the loop ends in a return or an error
