"""The settings of a database source."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

from flyball.core.secrets import Secret
from flyball.data.sources.errors import BadSource
from flyball.data.sources.sql.dialects import DIALECTS, Dialect

__all__ = ["Settings", "Wanted", "read_settings"]

_KNOWN = (
    "batch_rows",
    "isolation",
    "lookback",
    "password",
    "path",
    "schema",
    "statement_timeout_seconds",
    "streams",
    "tables",
    "url",
    "user",
)
_SECRET_WORDS = ("password", "passwd", "pwd", "secret", "token", "passphrase")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What flyball.toml says about one stream.

    Parameters
    ----------
    key : tuple of str
        Columns that name a row; () leaves it to the database's own primary key or unique index.
    cursor : str
        The column that grows whenever a row is written; "" for whole loads.
    lookback : float
        How far behind the last cursor the next load begins: seconds for times, units for numbers.
        0 reads again only the rows that share the last value.
    """

    key: tuple[str, ...] = ()
    cursor: str = ""
    lookback: float = 0.0


@dataclass(frozen=True, slots=True)
class Settings:
    """What is needed to read one database; `url` never holds a password."""

    dialect: Dialect
    url: URL
    user: Secret | str | None = None
    password: Secret | None = None
    schema: str | None = None
    tables: tuple[str, ...] = ()
    streams: Mapping[str, Wanted] = field(default_factory=dict)
    batch_rows: int = 50_000
    snapshot: bool = True
    statement_timeout_seconds: int = 600


def read_settings(name: str, settings: Mapping[str, object]) -> Settings:
    """Read the settings of `[[source]]` in flyball.toml; nothing is connected to.

    Raises
    ------
    BadSource
        An unknown setting, one of the wrong type, an unknown database, or a password in the URL.
    """
    unknown = sorted(set(settings) - set(_KNOWN))
    if unknown:
        raise BadSource(
            f"Source {name} has unknown settings: {', '.join(unknown)}.",
            fix=f"Known: {', '.join(_KNOWN)}.",
            source=name,
        )
    url = _url(name, settings)
    kind = url.drivername.partition("+")[0]
    dialect = DIALECTS.get(kind)
    if dialect is None or url.drivername not in (kind, f"{kind}+{dialect.driver}"):
        known = ", ".join(f"{one}://" for one in DIALECTS)
        raise BadSource(
            f"Source {name}: no database {url.drivername!r}.", fix=f"Known: {known}.", source=name
        )
    password, user = settings.get("password"), settings.get("user")
    if password is not None and not isinstance(password, Secret):
        raise _wrong(name, "password", 'a reference such as { env = "NAME" }')
    if user is not None and not isinstance(user, Secret | str):
        raise _wrong(name, "user", 'text or a reference such as { env = "NAME" }')
    lookback = _number(name, settings, "lookback", 0, smallest=0)
    return Settings(
        dialect=dialect,
        url=url,
        user=user,
        password=password,
        schema=_text(name, settings, "schema"),
        tables=_texts(name, "tables", settings.get("tables", ())),
        streams=_streams(name, settings.get("streams", {}), lookback),
        batch_rows=int(_number(name, settings, "batch_rows", 50_000, smallest=1)),
        snapshot=_snapshot(name, settings, dialect),
        statement_timeout_seconds=int(_number(name, settings, "statement_timeout_seconds", 600, smallest=1)),
    )


def _url(name: str, settings: Mapping[str, object]) -> URL:
    text, path = settings.get("url"), settings.get("path")
    if isinstance(path, str) and path and text is None:
        return URL.create("sqlite", database=str(Path(path)))
    if not isinstance(text, str) or not text or path is not None:
        raise _wrong(name, "url", 'one text such as "postgresql://server/database"')
    try:
        url = sa.make_url(text)
    except (ArgumentError, ValueError):  # its message would repeat the URL, password and all
        raise _wrong(name, "url", 'a URL such as "postgresql://server/database"') from None
    hidden = [word for word in url.query if any(part in word.lower() for part in _SECRET_WORDS)]
    if url.password is not None or hidden:
        raise BadSource(
            f"Source {name} has a password in its URL.",
            fix='Take it out, and write [source.settings] password = { env = "NAME" }.',
            source=name,
        )
    return url


def _snapshot(name: str, settings: Mapping[str, object], dialect: Dialect) -> bool:
    held = dialect.snapshot and dialect.snapshot_by_default
    wanted = settings.get("isolation", "snapshot" if held else "none")
    if wanted not in ("snapshot", "none"):
        raise _wrong(name, "isolation", '"snapshot" or "none"')
    if wanted == "snapshot" and not dialect.snapshot:
        raise BadSource(
            f"Source {name}: {dialect.name} cannot hold one snapshot for a whole load.",
            fix='Write isolation = "none".',
            source=name,
        )
    return wanted == "snapshot"


def _streams(name: str, value: object, lookback: float) -> dict[str, Wanted]:
    if not isinstance(value, Mapping):
        raise _wrong(name, "streams", 'a table such as { accounts = { cursor = "updated_at" } }')
    found = {}
    for stream, options in value.items():
        if not isinstance(options, Mapping) or set(options) - {"key", "cursor", "lookback"}:
            raise _wrong(name, f"streams.{stream}", "a table with key, cursor and lookback")
        found[str(stream)] = Wanted(
            _texts(name, f"streams.{stream}.key", options.get("key", ())),
            _text(name, options, "cursor") or "",
            _number(name, options, "lookback", lookback, smallest=0),
        )
    return found


def _texts(name: str, setting: str, value: object) -> tuple[str, ...]:
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list | tuple) or not all(isinstance(one, str) and one for one in listed):
        raise _wrong(name, setting, "a list of texts")
    return tuple(listed)


def _text(name: str, settings: Mapping[str, object], setting: str) -> str | None:
    value = settings.get(setting)
    if value is not None and not isinstance(value, str):
        raise _wrong(name, setting, "a text")
    return value or None


def _number(
    name: str, settings: Mapping[str, object], setting: str, default: float, *, smallest: int
) -> float:
    value = settings.get(setting, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not smallest <= value < 2**31:
        raise _wrong(name, setting, f"a number from {smallest}")
    return value


def _wrong(name: str, setting: str, form: str) -> BadSource:
    return BadSource(
        f"Source {name}: the setting {setting!r} cannot be used.",
        fix=f"Write {form}.",
        source=name,
        setting=setting,
    )
