"""Sources: open what `[[source]]` names, with its paths made real and its secrets as references."""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from flyball.core.errors import BadInput, UnknownName
from flyball.core.secrets import is_reference, names_secret, secret
from flyball.data.documents.records import Limits
from flyball.data.sources.errors import BadSource, NothingThere
from flyball.data.sources.source import SOURCES, Source
from flyball.loop.deployment import Deployment
from flyball.loop.settings import SourceSettings

__all__ = [
    "check_url",
    "document_sources",
    "find_source",
    "kind_of",
    "limits_of",
    "open_source",
    "row_sources",
    "shown_settings",
    "shown_url",
]

_KINDS_OF_SCHEMES = {
    "postgresql": "database",
    "postgres": "database",
    "mysql": "database",
    "mariadb": "database",
    "mssql": "database",
    "oracle": "database",
    "db2": "database",
    "hana": "database",
    "sqlite": "database",
    "snowflake": "snowflake",
    "databricks": "databricks",
    "s3": "tables",
    "gs": "tables",
    "abfs": "tables",
    "abfss": "tables",
}
_PATHS = ("path", "copybook", "cache", "copies")
"""Settings that are paths: they start at the deployment folder."""


_OF_DATA = ("streams", "columns", "filter")
"""Settings that are tables of names in the data."""
_HOSTS = ("account", "host", "server_hostname", "connect")
"""Settings that say where a warehouse is, in the place of a URL."""
_SQLITE = "sqlite:///"
"""Followed by a path: one that begins with another "/" is absolute."""
_NAME = re.compile(r"[^\W_.][^/\\\x00-\x1f\x7f]{0,99}")
"""A name stands in names of files and of datasets: nothing in it may lead to another folder."""
_PASSWORD = re.compile(r"[^:/?#]*://[^/?#@]*:(?!\d{1,5}[/?#])[^@?]*@")
"""One whose "/" or "#" was not written as %2F or %23 ends the host, and no library finds it any more."""


def kind_of(source: SourceSettings) -> str:
    """Return the kind of a source: as written, or by the beginning of its URL; "files" for a path.

    Raises
    ------
    BadInput
        The URL does not tell.
    """
    if source.kind:
        return source.kind
    if not source.url:
        return "files"
    scheme = source.url.partition("://")[0].partition("+")[0].lower()
    if scheme not in _KINDS_OF_SCHEMES:
        raise BadInput(
            f"The source {source.name} names no kind, and {scheme}:// does not tell it.",
            fix=f"Write kind, one of: {', '.join(SOURCES.names())}.",
            source=source.name,
        )
    return _KINDS_OF_SCHEMES[scheme]


def document_sources(sources: Iterable[SourceSettings]) -> tuple[SourceSettings, ...]:
    """Return the sources of the cases of a turn: those of files, and those of rows that are cases."""
    return tuple(source for source in sources if kind_of(source) == "files" or source.cases)


def row_sources(sources: Iterable[SourceSettings]) -> tuple[SourceSettings, ...]:
    """Return the sources whose rows are the cases of a turn."""
    return tuple(source for source in sources if source.cases)


def limits_of(sources: Iterable[SourceSettings]) -> Limits:
    """Return within which limits, and how, documents of these sources are read."""
    given = tuple(sources)
    return Limits(
        file_bytes=max(one.largest_file_mb for one in given) * 1_000_000,
        ocr=any(one.ocr for one in given),
        ocr_languages=next((one.ocr_languages for one in given if one.ocr), "eng"),
        refuse_active=any(one.refuse_active for one in given),
    )


def find_source(deployment: Deployment, name: str) -> SourceSettings:
    """Return the `[[source]]` of a name.

    Raises
    ------
    UnknownName
        There is none; the message lists those that there are.
    """
    for source in deployment.settings.source:
        if source.name == name:
            return source
    known = ", ".join(source.name for source in deployment.settings.source)
    raise UnknownName(f"No source is called {name!r}.", fix=f"Declared: {known}.", name=name)


def open_source(deployment: Deployment, source: SourceSettings, *, cache: str = "") -> Source:
    """Make the source; nothing is read or connected to yet.

    Parameters
    ----------
    deployment : Deployment
    source : SourceSettings
    cache : str
        For sources of files: where digests of unchanged files are kept. "" keeps none.

    Returns
    -------
    Source

    Raises
    ------
    BadSource
        Both or neither of path and url, a password in the URL, or settings that its kind does not take.
    NothingThere
        A path is not there.
    BadInput
        Something secret is not a reference.
    """
    named = any(name in source.settings for name in _HOSTS)
    if bool(source.path) == bool(source.url) and not (named and not source.path):
        raise BadSource(
            f"The source {source.name} needs a path or a url, and not both.",
            fix='Write path = "folder" or url = "postgresql://host/database".',
            source=source.name,
        )
    if not _NAME.fullmatch(source.name):
        raise BadSource(
            f"A source cannot be called {source.name!r}: its name stands in names of files.",
            fix="Begin it with a letter or digit, and leave out slashes; for instance core-banking.",
            source=source.name,
        )
    for url in (source.url, str(source.settings.get("connect", ""))):
        check_url(source.name, url)
    given: dict[str, object] = {key: _value(deployment, key, one) for key, one in source.settings.items()}
    if not source.path and not source.url:
        pass  # the settings name the account or the host
    elif source.path:
        given["path"] = _path(deployment, source.path)
    elif source.url.startswith(_SQLITE) and not source.url.startswith(f"{_SQLITE}/"):
        given["url"] = f"{_SQLITE}/{_path(deployment, source.url.removeprefix(_SQLITE)).lstrip('/')}"
    else:
        given["url"] = source.url
    kind = kind_of(source)
    if kind == "tables" and not cache:
        cache = str(deployment.state / "schemas" / f"{source.name}.json")
    if cache:
        given["cache"] = cache
    if kind == "files" and source.url:
        given.setdefault("copies", str(deployment.state / "copies" / source.name))
    if source.stream:
        given["streams"] = {one.name: {"key": list(one.key), "cursor": one.cursor} for one in source.stream}
    opened: Source = SOURCES.load(kind)(source.name, given)
    return opened


def check_url(source: str, url: str) -> None:
    """Refuse a URL that holds a secret, or that is none.

    Raises
    ------
    BadSource
        The URL is not repeated.
    """
    try:
        parts = urlsplit(url)
        asked = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
    except ValueError:
        raise BadSource(
            f"The URL of the source {source} is none that can be read.",
            fix="Write it as scheme://host/path.",
            source=source,
        ) from None
    after = [part.partition("=")[0].strip() for part in url.split(";")[1:]]  # sc://host:port/;token=...
    if parts.password or _PASSWORD.match(url) or any(names_secret(name) for name in (*asked, *after)):
        raise BadSource(
            f"The URL of the source {source} holds a password, a token or a key.",
            fix='Take it out and write [source.settings] password = { env = "NAME" }.',
            source=source,
        )


def shown_url(url: str) -> str:
    """Return a URL for people: without password and without its query, wherever they may stand."""
    start, mark, rest = url.partition("://")
    if not mark:
        return url
    rest = rest.partition("?")[0].partition(";")[0]
    user, at, host = rest.rpartition("@")
    return f"{start}://{user.partition(':')[0]}{at}{host}"


def shown_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings for people: references, and whatever is called like a secret, as "***"."""
    return {
        key: "***"
        if is_reference(value) or names_secret(key)
        else shown_settings(value)
        if isinstance(value, Mapping)
        else shown_url(value)
        if isinstance(value, str)
        else value
        for key, value in settings.items()
    }


def _value(deployment: Deployment, key: str, value: Any) -> object:
    if is_reference(value) or (names_secret(key) and not isinstance(value, bool)):
        return secret(value)  # refuses anything but a reference
    if isinstance(value, Mapping):
        # Below these stand names of tables and columns; one may well be called "token".
        inside = "" if key in _OF_DATA else None
        return {
            name: _value(deployment, name if inside is None else inside, one) for name, one in value.items()
        }
    if key in _PATHS and isinstance(value, str):
        return _path(deployment, value)
    if key in _PATHS and isinstance(value, list):
        return [_path(deployment, str(one)) for one in value]
    return value


def _path(deployment: Deployment, written: str) -> str:
    """Return a real path; a pattern is left to the source, which says when nothing matches.

    Raises
    ------
    NothingThere
    """
    if set("*?[") & set(written):
        return str(deployment.root / written)
    try:
        return str(deployment.path(written))
    except BadInput as err:
        raise NothingThere(err.message, fix=err.fix, path=written) from None
