"""The catalogue: which datasets and snapshots there are. An Iceberg SQL catalogue on SQLite or PostgreSQL.

Importing pyiceberg takes a second or two; import this module only where datasets are read or written.
"""

import contextlib
import itertools
import re
import time
from pathlib import Path
from types import TracebackType

import sqlalchemy
import sqlalchemy.exc
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import NamespaceAlreadyExistsError

from flyball.core.extras import optional_import
from flyball.core.text import count
from flyball.data.datasets.errors import BadCatalogue, Moved

__all__ = ["NAMESPACE", "Catalogue", "address_of", "connected", "open_catalogue", "recorded_places", "silent"]

NAMESPACE = "flyball"

_ATTEMPTS = 5
_MADE_BY_ANOTHER = ("already exists", "unique", "locked")
_NOT_IN_ADDRESSES = "#?\t\r\n"
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
        catalogue as an absolute address: a folder that was moved needs `relocate`. A folder that
        is made here is for its owner alone; one that is there keeps its rights.

    Returns
    -------
    Catalogue

    Raises
    ------
    BadCatalogue
        The URL is of neither kind, or the database does not answer.
    Moved
        The folder was moved or copied: the catalogue names files elsewhere.
    MissingExtra
        PostgreSQL without the extra `postgres`.
    """
    warehouse = _folder_or_url(warehouse)
    catalogue = connected(url, warehouse)
    if isinstance(warehouse, Path):
        try:
            _refuse_moved(catalogue, address_of(warehouse))
        except BaseException:
            catalogue.close()
            raise
    return catalogue


def address_of(folder: Path) -> str:
    """Return the address of a folder as pyiceberg reads it: "file://" and the path, letter by letter.

    Raises
    ------
    BadCatalogue
        The path holds a letter that no address may.
    """
    path = str(folder.resolve())
    bad = sorted(set(path) & set(_NOT_IN_ADDRESSES))
    if bad:
        raise BadCatalogue(
            f"The folder {path!r} has {', '.join(map(repr, bad))} in its name, which no address may have.",
            fix="Give the folder another name.",
            url=path,
        )
    return f"file://{path}"


def _folder_or_url(warehouse: Path | str) -> Path | str:
    return warehouse if "://" in str(warehouse) else Path(warehouse)


def recorded_places(catalogue: Catalogue) -> dict[str, str]:
    """Return where the metadata of each dataset is, as the catalogue has it written down."""
    try:
        with catalogue.sql.engine.connect() as database:
            rows = database.execute(
                sqlalchemy.text(
                    "SELECT table_name, metadata_location FROM iceberg_tables "
                    "WHERE catalog_name = :name AND table_namespace = :name ORDER BY table_name"
                ),
                {"name": NAMESPACE},
            )
            return {name: place for name, place in rows if place}
    except sqlalchemy.exc.SQLAlchemyError as err:
        raise silent(catalogue.url, err) from err


def _refuse_moved(catalogue: Catalogue, root: str) -> None:
    places = recorded_places(catalogue)
    moved = [place for place in places.values() if not place.startswith(f"{root}/")]
    if moved:
        raise Moved(
            f"The catalogue has {len(moved)} of {count(len(places), 'dataset')} elsewhere than in {root} "
            f"(first: {moved[0].rpartition('/metadata/')[0]}). Iceberg keeps absolute addresses.",
            fix="Was the folder moved or copied? flyball snapshot relocate writes its new place down. "
            "If not, set the place of the state back to what it was.",
            url=catalogue.url,
        )


def connected(url: str, warehouse: Path | str) -> Catalogue:
    """Open a catalogue wherever its tables are; everybody but `relocate` uses `open_catalogue`."""
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
    warehouse = _folder_or_url(warehouse)
    if isinstance(warehouse, Path):
        warehouse.mkdir(mode=0o700, parents=True, exist_ok=True)  # rows of people lie here
        warehouse = address_of(warehouse)
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
